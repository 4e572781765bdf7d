// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bitloom/accel/network_cost.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/train/dataset.hpp>

#include "support/format_training.hpp"

namespace bitloom::examples {

/// What executes networks with a format for every layer.
using DeploymentBlock = fabric::M4bram<fabric::Large, fabric::DoublePumped>;

/// A trained network with a format for every layer, run on codes.
struct Deployment {
  double model_accuracy{};        ///< of the fake-quantized network with frozen ranges
  double code_accuracy{};         ///< of the chain of codes
  std::int64_t code_images{};     ///< test images on which both have the same bits in all outputs
  bool on_blocks = false;         ///< all formats are integers, and the following is known
  std::string block{};            ///< its name
  std::int64_t integer_images{};  ///< test images whose outputs from plain integers are the same
  std::int64_t value_images{};    ///< and from the value view
  std::int64_t
      machine_images{};  ///< of the sample, those from the clocked machine in the cycles of the formula
  std::int64_t sample{};
  std::vector<std::string> operands{};  ///< of every stage, as the block computes it
  std::vector<accel::NetworkCost> stages{};
  std::int64_t cycles{}, blocks{}, weight_words{}, memory_words{};
  double latency_us{}, area{};

  /// All views gave the same bits.
  [[nodiscard]] bool agrees(std::int64_t test_images) const {
    return code_images == test_images &&
           (!on_blocks ||
            (integer_images == test_images && value_images == test_images && machine_images == sample));
  }
};

/// How to run it.
struct DeployOptions {
  std::int64_t batch = 32;  ///< of the training, whose batches ranges are frozen for
  std::int64_t blocks = 16;
  std::int64_t sample = 2;  ///< test images that also run clock by clock
  int threads = 0;          ///< 0 for all cores
};

/// Freezes the ranges of the model on training images, and runs all test images by every view of the network.
Deployment deploy(FormatModel& model, const train::Split& data, const DeployOptions& options);

}  // namespace bitloom::examples
