// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/train/concepts.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/fake_quant.hpp>
#include <bitloom/train/gradient_check.hpp>
#include <bitloom/train/idx.hpp>
#include <bitloom/train/image_operations.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/parameter.hpp>
#include <bitloom/train/quantize_model.hpp>
#include <bitloom/train/quantized_layer.hpp>
#include <bitloom/train/schedule.hpp>
#include <bitloom/train/sequential.hpp>
#include <bitloom/train/tape.hpp>
#include <bitloom/train/trainer.hpp>
