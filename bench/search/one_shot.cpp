// SPDX-License-Identifier: Apache-2.0
// What a one-shot search of formats costs: images per second of a search with 4 or 8 bits a layer on the network of
// bench/train/cnn.cpp. The peer is training that network in float.

#include <cstdint>

#include <benchmark/benchmark.h>

#include <bitloom/core/threads.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/one_shot.hpp>
#include <bitloom/train/optimizer.hpp>

#include "support/small_cnn.hpp"
#include "support/summary.hpp"

namespace {

using namespace bitloom;

void one_shot_cnn(benchmark::State& state, std::int64_t batch) {
  using Formats = search::FliqsSmallIntegers;
  const auto data = bench::noise_images(batch);
  auto model = train::with_formats<Formats::types>(bench::small_cnn());
  const auto space = search::format_space(Formats::facts, search::layers_of(model));
  const search::CostTable costs(space, search::Bops{});
  const double target = 0.5 * costs.cost(search::Choice(space.decisions().size(), 1));
  train::Sgd<float> sgd;
  search::OneShotSearch search(
      model, data, space, costs, sgd,
      {.fit = {.epochs = 1 << 30, .batch_size = batch, .executor = core::Threads(bench::cores())},
       .delay = 0,
       .target = target});
  const double first = search.next().quality;
  double last = first;
  for (int i = 0; i < 50; ++i) last = search.next().quality;
  if (!(last > first)) return state.SkipWithError("the network does not learn");
  for (auto _ : state) benchmark::DoNotOptimize(search.next());
  state.SetItemsProcessed(state.iterations() * batch);
}
void one_shot_cnn_batch32(benchmark::State& state) { one_shot_cnn(state, 32); }
void one_shot_cnn_batch256(benchmark::State& state) { one_shot_cnn(state, 256); }
BENCHMARK(one_shot_cnn_batch32)->UseRealTime();
BENCHMARK(one_shot_cnn_batch256)->UseRealTime();

const bench::AddRow batch32_row({.name = "one_shot_cnn_batch32",
                                 .unit = "images/s",
                                 .benchmark = "one_shot_cnn_batch32",
                                 .peer = "training in float",
                                 .peer_benchmark = "train_cnn_batch32",
                                 .limit_benchmark = ""});
const bench::AddRow batch256_row({.name = "one_shot_cnn_batch256",
                                  .unit = "images/s",
                                  .benchmark = "one_shot_cnn_batch256",
                                  .peer = "training in float",
                                  .peer_benchmark = "train_cnn_batch256",
                                  .limit_benchmark = ""});

}  // namespace
