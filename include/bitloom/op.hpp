// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/op/im2col.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/relu.hpp>
#include <bitloom/op/shape.hpp>
