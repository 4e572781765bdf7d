// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/accel.hpp>
#include <bitloom/core.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/format.hpp>
#include <bitloom/kernel.hpp>
#include <bitloom/net.hpp>
#include <bitloom/op.hpp>
#include <bitloom/quant.hpp>
#include <bitloom/rtl.hpp>
#include <bitloom/search.hpp>
#include <bitloom/train.hpp>
