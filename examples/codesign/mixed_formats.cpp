// SPDX-License-Identifier: Apache-2.0
#include "codesign/mixed_formats.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <bitloom/core/progress.hpp>
#include <bitloom/search/block_cost.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/model_formats.hpp>
#include <bitloom/train/schedule.hpp>

namespace bitloom::examples {

MixedResult search_mixed(const PlainModel& trained, const train::Split& data, const MixedOptions& options) {
  auto model = with_formats(trained);
  constexpr std::array widths{MixedFormats::place<format::Int<2>>, MixedFormats::place<format::Int<4>>,
                              MixedFormats::place<format::Int<8>>};
  auto space =
      search::format_space(MixedFormats::facts, search::layers_of(model), search::EachLayer{}, widths);
  search::CostTable costs(space, search::BlockCycles<DeploymentBlock>{options.blocks});
  const double eight_bit_cycles = costs.cost(space.uniform(widths.back()));

  constexpr std::int64_t batch = 32;
  const auto steps = (data.train.count() + batch - 1) / batch * options.epochs;
  auto controller = search::OpenCode::options(steps);
  controller.learning_rate = 0.02;  // of a thousand steps, not of hundred thousands
  controller.average_decay = 0.95;
  controller.max_entropy = 0.2;
  core::Progress progress("search", steps);
  std::int64_t done = 0;
  auto choice = search_formats(model, data.train, {}, space, costs, {},
                               {.fit = {.epochs = options.epochs,
                                        .batch_size = batch,
                                        .learning_rate = 2e-3,
                                        .seed = options.seed,
                                        .schedule = train::Cosine{}},
                                .controller = controller,
                                .target = options.share * eight_bit_cycles,
                                .seed = options.seed},
                               [&](const search::TraceRow&) { progress.update(++done); });
  auto deployment =
      deploy(model, data, {.batch = batch, .blocks = options.blocks, .sample = options.sample, .threads = 0});
  return {.space = std::move(space),
          .costs = std::move(costs),
          .choice = std::move(choice),
          .eight_bit_cycles = eight_bit_cycles,
          .deployment = std::move(deployment)};
}

}  // namespace bitloom::examples
