// SPDX-License-Identifier: Apache-2.0
#include "support/format_training.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/optimizer.hpp>

template class bitloom::train::Trainer<bitloom::examples::FormatModel, bitloom::train::Adam<float>>;

namespace bitloom::examples {

FormatModel with_formats(const PlainModel& model) { return train::with_formats<MixedFormats::types>(model); }

FormatModel make_network(std::string_view kind, const op::TensorShape& input, std::int64_t classes,
                         std::uint64_t seed) {
  PlainModel model(input);
  if (kind == "mlp") {
    model.dense(64).relu().dense(32).relu().dense(classes);
  } else {
    if (input.height < 4 || input.width < 4)
      throw ShapeError("images of " + op::to_string(input) + " are too small; the network needs 4x4");
    const bool is_small = input.height * input.width < 256;
    const std::int64_t width = is_small ? 8 : 16;
    for (const auto channels : {width, 2 * width})
      model.conv2d(channels, {.kernel = 3, .padding = 1})
          .batch_norm()
          .relu()
          .max_pool({.kernel = 2, .stride = 2});
    if (!is_small) model.dense(128).relu();
    model.dense(classes);
  }
  model.initialize(seed);
  return with_formats(model);
}

FormatModel make_uniform_mlp(std::span<const std::int64_t> sizes, std::uint64_t seed) {
  core::check_range("sizes of the network", std::ssize(sizes), 2, 1 << 10);
  PlainModel plain({sizes.front()});
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    plain.dense(sizes[i]);
    if (i + 1 < sizes.size()) plain.relu();
  }
  auto model = with_formats(plain);
  std::uint64_t layer = 0;
  train::for_each_format_layer(model, [&](auto& dense) {
    core::Random random(seed, layer++);
    const double bound = 1 / std::sqrt(static_cast<double>(dense.fan_in()));
    for (auto* parameter : dense.parameters())
      for (Eigen::Index i = 0; i < parameter->value.size(); ++i)
        parameter->value.data()[i] = static_cast<float>((2 * random.uniform() - 1) * bound);
  });
  return model;
}

void train_network(FormatModel& model, const train::Dataset& data, const train::FitOptions& options,
                   const std::function<void(const train::Step&)>& on_step) {
  train::Adam<float> adam;
  train::Trainer trainer(model, data, options, adam);
  while (!trainer.done()) {
    const auto step = trainer.next();
    if (on_step) on_step(step);
  }
}

Answers answer(const FormatModel& model, const train::Dataset& data) {
  const auto logits = model.predict(data.images);
  const std::span<const int> labels(data.labels);
  train::Tape<float> tape;
  return {static_cast<double>(train::detail::count_right(logits, labels)) / static_cast<double>(data.count()),
          static_cast<double>(train::softmax_cross_entropy(tape.constant(logits), labels).value()(0, 0))};
}

std::vector<float> predict(const FormatModel& model, const train::Dataset& data) {
  const auto logits = model.predict(data.images);
  return {logits.data(), logits.data() + logits.size()};
}

void freeze_ranges(FormatModel& model, const train::Dataset& items, std::int64_t batch_size) {
  const auto size = std::min(batch_size, items.count());
  const auto batches = items.count() / size;
  std::vector<double> sums;
  for (std::int64_t i = 0; i < batches; ++i) {
    train::freeze_ranges(model, train::Matrix<float>(items.images.middleCols(i * size, size)));
    std::size_t index = 0;
    train::for_each_format_layer(model, [&](const auto& layer) {
      if (index == sums.size()) sums.push_back(0);
      sums[index++] += static_cast<double>(layer.frozen_range().value());
    });
  }
  std::size_t index = 0;
  train::for_each_format_layer(model, [&](auto& layer) {
    layer.freeze_range(static_cast<float>(sums[index++] / static_cast<double>(batches)));
  });
}

}  // namespace bitloom::examples
