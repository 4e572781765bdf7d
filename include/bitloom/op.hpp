// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/block_dot.hpp>
#include <bitloom/op/code_gemm.hpp>
#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/op/fixed_sum.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/op/grouped_conv2d.hpp>
#include <bitloom/op/im2col.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/op/low_rank.hpp>
#include <bitloom/op/plain_code_gemm.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/quantized_gemm.hpp>
#include <bitloom/op/relu.hpp>
#include <bitloom/op/shape.hpp>
