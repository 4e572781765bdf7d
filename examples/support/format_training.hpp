// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/op/shape.hpp>
#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/one_shot.hpp>
#include <bitloom/search/space.hpp>
#include <bitloom/search/trace.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/format_layer.hpp>
#include <bitloom/train/sequential.hpp>
#include <bitloom/train/trainer.hpp>

// Training with formats that are chosen at run time, compiled once for the whole program.

namespace bitloom::examples {

/// Every format that a space of the program may offer; a search chooses among some of its places.
using MixedFormats = search::JoinedFormats<search::IntegerFormats<2, 8>, search::FliqsLargeFloats>;

using PlainModel = train::Sequential<float>;
using FormatModel = train::Sequential<float, train::FormatLayer<train::Dense<float>, MixedFormats::types>,
                                      train::FormatLayer<train::Conv2d<float>, MixedFormats::types>>;

/// A trained network whose layers can be given formats.
FormatModel with_formats(const PlainModel& model);

/// The network that a program's users name: `cnn` or `mlp`, without formats yet.
/// @throws ShapeError  the images are too small for it
FormatModel make_network(std::string_view kind, const op::TensorShape& input, std::int64_t classes,
                         std::uint64_t seed);

/// Dense layers with ReLU between them; weights and biases uniform in ±1/sqrt(inputs), as PyTorch starts them.
/// @param sizes  inputs, hidden layers, classes; at least two
FormatModel make_uniform_mlp(std::span<const std::int64_t> sizes, std::uint64_t seed);

/// Trains by Adam with the formats that the layers have.
void train_network(FormatModel& model, const train::Dataset& data, const train::FitOptions& options,
                   const std::function<void(const train::Step&)>& on_step = {});

/// Of the answers on a data set.
struct Answers {
  double accuracy{};
  double mean_loss{};  ///< cross-entropy
};
Answers answer(const FormatModel& model, const train::Dataset& data);

/// The outputs, [items × classes].
std::vector<float> predict(const FormatModel& model, const train::Dataset& data);

/// Freezes the ranges of all inputs at the mean of the largest magnitudes in batches of these items, as training had
/// them: the largest of all would waste codes on outliers.
void freeze_ranges(FormatModel& model, const train::Dataset& items, std::int64_t batch_size);

/// The parts that a one-shot search is made of, by the names that a user gives.
struct SearchParts {
  static constexpr std::array<std::string_view, 4> rewards{"absolute", "one-sided", "soft", "hard"};
  static constexpr std::array<std::string_view, 4> entropies{"cosine", "linear", "constant", "heaviside"};
  static constexpr std::array<std::string_view, 2> controllers{"open-code", "tunas"};
  static constexpr std::array<std::string_view, 3> qualities{"batch", "loss", "held-out"};

  std::string reward{rewards[0]};
  std::string entropy{entropies[0]};
  std::string controller{controllers[0]};
  std::string quality{qualities[0]};
};

/// Searches formats while the model trains, by Adam; the model then has those of the likeliest choice, which is returned.
/// @param held_out  for the quality of that name
search::Choice search_formats(FormatModel& model, const train::Dataset& data, const train::Dataset& held_out,
                              const search::Space& space, const search::CostTable& costs,
                              const SearchParts& parts, const search::OneShotOptions& options,
                              const std::function<void(const search::TraceRow&)>& on_step = {});

}  // namespace bitloom::examples
