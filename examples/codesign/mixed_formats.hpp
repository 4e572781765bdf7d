// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/space.hpp>
#include <bitloom/train/dataset.hpp>

#include "support/deployment.hpp"
#include "support/format_training.hpp"

namespace bitloom::examples {

/// How `codesign` searches a format for every layer.
struct MixedOptions {
  double share = 0.5;  ///< cycles to search for, as a share of those with 8 bits in all layers
  int epochs = 20;
  std::uint64_t seed = 1;
  std::int64_t blocks = 16;
  std::int64_t sample = 4;  ///< test images that also run clock by clock
};

/// A trained network with a format for every layer, of 2, 4 or 8 bits, found for its cycles on M4BRAM blocks.
struct MixedResult {
  search::Space space;
  search::CostTable costs;    ///< cycles
  search::Choice choice;      ///< what the search found
  double eight_bit_cycles{};  ///< with 8 bits in all layers
  Deployment deployment;
};

/// Searches while it trains the network on, and runs what it found bit by bit.
/// @param trained  in float
/// @throws RangeError  the share is not positive
MixedResult search_mixed(const PlainModel& trained, const train::Split& data, const MixedOptions& options);

}  // namespace bitloom::examples
