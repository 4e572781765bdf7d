// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/net/code_format.hpp>
#include <bitloom/net/code_network.hpp>
#include <bitloom/net/code_stage.hpp>
#include <bitloom/net/layer.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/net/layer_widths.hpp>
#include <bitloom/net/lowering.hpp>
#include <bitloom/net/network.hpp>
#include <bitloom/net/quantized_network.hpp>
#include <bitloom/net/tensor_shape.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>
