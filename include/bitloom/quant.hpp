// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/quant/aqt.hpp>
#include <bitloom/quant/aqt_bound.hpp>
#include <bitloom/quant/asymmetric.hpp>
#include <bitloom/quant/block_format.hpp>
#include <bitloom/quant/block_shape.hpp>
#include <bitloom/quant/block_tensor.hpp>
#include <bitloom/quant/calibration.hpp>
#include <bitloom/quant/convert.hpp>
#include <bitloom/quant/evaluation.hpp>
#include <bitloom/quant/granularity.hpp>
#include <bitloom/quant/mx.hpp>
#include <bitloom/quant/mx_element.hpp>
#include <bitloom/quant/mx_scale.hpp>
#include <bitloom/quant/mx_tensor.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/policies.hpp>
#include <bitloom/quant/quantized.hpp>
#include <bitloom/quant/requantize.hpp>
#include <bitloom/quant/running.hpp>
#include <bitloom/quant/scaling.hpp>
#include <bitloom/quant/symmetric.hpp>
