// SPDX-License-Identifier: Apache-2.0
#include "support/deployment.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <bitloom/accel/network_cost.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/fabric/padded.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/search/deploy.hpp>

namespace bitloom::examples {

namespace {

using Block = DeploymentBlock;

std::span<const float> images_of(const train::Dataset& data, std::int64_t first, std::int64_t count) {
  const auto size = data.images.rows();  // a column is an image
  return {data.images.data() + first * size, static_cast<std::size_t>(count * size)};
}

/// Images whose outputs are the same to the bit, but for the sign of zero.
std::int64_t equal_images(std::span<const float> a, std::span<const float> b, std::int64_t outputs) {
  std::int64_t count = 0;
  for (std::size_t begin = 0; begin < a.size(); begin += static_cast<std::size_t>(outputs)) {
    const auto part = a.subspan(begin, static_cast<std::size_t>(outputs));
    count += std::equal(part.begin(), part.end(), b.begin() + static_cast<std::ptrdiff_t>(begin)) ? 1 : 0;
  }
  return count;
}

double accuracy_of(std::span<const float> outputs, std::span<const int> labels) {
  const auto classes = std::ssize(outputs) / std::ssize(labels);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto* row = outputs.data() + static_cast<std::ptrdiff_t>(i) * classes;
    right += std::max_element(row, row + classes) - row == labels[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

template <class Network>
void run_on_blocks(const Network& network, const train::Dataset& test, std::span<const float> expected,
                   const core::Threads& threads, const DeployOptions& options, Deployment& result) {
  const auto outputs = network.output_size();
  const auto images = images_of(test, 0, test.count());
  result.on_blocks = true;
  result.block = Block::name;
  result.integer_images = equal_images(network.run(images, op::PlainGemm{}, threads), expected, outputs);
  result.value_images = equal_images(
      network.run(images, search::value_engine<Block>(network, options.blocks), threads), expected, outputs);
  const auto costs = search::stage_costs<Block>(network, options.blocks);
  for (std::size_t stage = 0; stage < costs.size(); ++stage) {
    const auto& cost = *costs[stage];
    result.operands.push_back(
        fabric::to_string(fabric::Padded<Block>::padded(search::stage_operands(network, stage))));
    result.stages.push_back(cost);
    result.cycles = core::checked_sum("cycles", result.cycles, cost.cycles);
    result.weight_words = core::checked_sum("weight words", result.weight_words, cost.weight_words);
    result.blocks = std::max(result.blocks, cost.blocks);
    result.area = std::max(result.area, cost.area);
    result.latency_us += cost.latency_us;
  }
  result.memory_words = fabric::Padded<Block>::weight_words;
  result.sample = std::min(options.sample, test.count());
  core::Progress progress("clock by clock", result.sample);
  for (std::int64_t i = 0; i < result.sample; ++i) {
    auto machines = search::machine_engine<Block>(network, options.blocks, threads);
    const auto sums = network.run(images_of(test, i, 1), machines);
    bool same =
        equal_images(
            sums, expected.subspan(static_cast<std::size_t>(i * outputs), static_cast<std::size_t>(outputs)),
            outputs) == 1;
    for (std::size_t stage = 0; stage < costs.size(); ++stage)
      same = same && machines.gemms[stage]->cycles == costs[stage]->cycles;
    result.machine_images += same ? 1 : 0;
    progress.update(i + 1);
  }
}

}  // namespace

Deployment deploy(FormatModel& model, const train::Split& data, const DeployOptions& options) {
  const auto threads = options.threads > 0 ? core::Threads(options.threads) : core::Threads();
  const auto& test = data.test;
  const auto calibration = std::min<std::int64_t>(data.train.count(), 2048);
  freeze_ranges(model, train::split(data.train, calibration).train, options.batch);
  const auto model_outputs = predict(model, test);
  const auto network = search::code_network<MixedFormats::types>(model);
  const auto images = images_of(test, 0, test.count());
  const auto outputs = network.run(images, threads);
  Deployment result{.model_accuracy = accuracy_of(model_outputs, test.labels),
                    .code_accuracy = accuracy_of(outputs, test.labels),
                    .code_images = equal_images(outputs, model_outputs, network.output_size())};
  bool all_integers = true;
  for (std::size_t stage = 0; stage < network.stages().size(); ++stage)
    all_integers = all_integers && network.is_integer(stage);
  if (all_integers) run_on_blocks(network, test, model_outputs, threads, options, result);
  return result;
}

}  // namespace bitloom::examples
