// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/layer.hpp>
#include <bitloom/search/space.hpp>
#include <bitloom/train/dataset.hpp>

#include "support/deployment.hpp"
#include "support/format_training.hpp"

// The parts of `mixed_precision`, each in a source of its own so that they compile side by side.

namespace bitloom::examples {

inline constexpr std::array<std::string_view, 7> space_names{
    "fliqs-s-int", "fliqs-l-int", "fliqs-s-float", "fliqs-l-float", "int2to8", "m4bram", "both"};
inline constexpr std::array<std::string_view, 3> operand_names{"tied", "free", "weights"};
inline constexpr std::array<std::string_view, 3> grouping_names{"layer", "type", "network"};
inline constexpr std::array<std::string_view, 8> cost_names{"bops", "linear", "memory", "energy",
                                                            "mac",  "bramac", "m4bram", "m4bram-overlay"};

/// What a user asks for.
struct StudyOptions {
  std::string data;
  std::string digits = BITLOOM_EXAMPLE_DATA "/digits8x8.csv";
  std::string network = "cnn";
  std::string space{space_names[0]};
  std::string operands{operand_names[0]};
  std::string grouping{grouping_names[0]};
  std::string cost{cost_names[0]};
  SearchParts search;
  bool entropy_is_given = false;
  std::optional<double> beta;
  double policy_rate = 0.02;
  std::vector<double> targets{0.3, 0.5, 0.7};
  std::int64_t random = 2;
  int epochs = 30;
  std::int64_t batch = 32;
  double learning_rate = 4e-3;
  std::uint64_t seed = 1;
  int seeds = 1;
  int threads = 0;  ///< 0 for all cores
  std::string choose = "best";
  std::int64_t blocks = 16;
  std::int64_t sample = 2;
  std::string trace, assignment, from, checkpoint, json, html;
};

/// The decisions that a search has.
/// @throws RangeError  a name is not known
search::Space make_space(const StudyOptions& options, std::span<const search::WeightLayer> layers);

/// The costs of a space by a model that a user names.
/// @throws RangeError  the name is not known, or the model does not cover a format of the space
search::CostTable make_costs(const search::Space& space, std::string_view model, std::int64_t blocks);

/// A training with formats: one seed of a point.
struct TrainedRun {
  search::Choice choice;
  double accuracy{};  ///< on the test split
  double cost{};      ///< in the searched model
  double bops{};
};

/// Networks that one method found: one for each seed.
struct StudyPoint {
  std::string method;
  std::optional<double> target;  ///< of a search, as a share of the most expensive uniform format
  std::vector<TrainedRun> runs;

  [[nodiscard]] double mean(double TrainedRun::*number) const {
    double sum = 0;
    for (const auto& run : runs) sum += run.*number;
    return sum / static_cast<double>(runs.size());
  }
};

/// What came of it all.
struct Study {
  std::string data_name;
  train::Split data;
  search::Space space;
  search::CostTable costs;
  search::CostTable bops;
  double top_cost{};                     ///< of the most expensive uniform format
  std::vector<double> float_accuracies;  ///< one for each seed; none if the formats were given
  std::vector<StudyPoint> points;
  std::vector<std::size_t> front;  ///< places of points that none other beats in cost and accuracy
  std::size_t chosen{};
  FormatModel model;  ///< of the chosen point with the first seed
};

/// Trains the network in float, at uniform formats, at baselines, and searches; with `from` only its assignment.
/// @throws Error  a file is missing or damaged, or an option is out of range
Study run_study(const StudyOptions& options);

/// Prints the result, and writes the files that were asked for.
/// @return exit code
int report_study(const Study& study, const Deployment& deployment, const StudyOptions& options);

}  // namespace bitloom::examples
