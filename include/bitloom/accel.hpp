// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/accel/block_array.hpp>
#include <bitloom/accel/design.hpp>
#include <bitloom/accel/network_cost.hpp>
