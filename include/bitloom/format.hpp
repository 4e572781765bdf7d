// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/format/concepts.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>
