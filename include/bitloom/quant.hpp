// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/quant/convert.hpp>
#include <bitloom/quant/mx.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/requantize.hpp>
#include <bitloom/quant/symmetric.hpp>
