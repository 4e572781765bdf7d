// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>

#include "support/summary.hpp"
#include "support/value_product.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands w4a6{.weight_bits = 4, .activation_bits = 6};

/// The peer is in bramac.cpp.
void m4bram_value_gemm_w4a6_1024(benchmark::State& state) {
  bench::value_product_1024<M4bram<Large, DoublePumped, 4>>(state, w4a6);
}
BENCHMARK(m4bram_value_gemm_w4a6_1024);

/// eFSM cycles of a block in a long run with instructions, copies and two readouts: 240 MAC2 of 8-bit weights, of which L
/// streams nearly half.
template <class B>
void cycle_rate(benchmark::State& state) {
  constexpr Operands o{.weight_bits = 8, .activation_bits = 6, .signed_activations = true};
  constexpr std::int64_t count = 240;
  core::Random random(3);
  std::vector<std::uint64_t> words(2 * count / B::duplication);
  for (auto& word : words) word = random() & core::low_mask(B::word_bits);
  std::vector<Mac2<B>> mac2(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      const auto column = static_cast<std::int64_t>(2 * i + j);
      mac2[i].words[j] = {column / B::duplication, static_cast<int>(column % B::duplication)};
    }
    for (auto& vector : mac2[i].activations)
      for (auto& a : vector) a = static_cast<std::int16_t>(random.integer(-32, 31));
    mac2[i].last = i % 120 == 119;
  }
  const auto machine = std::make_unique<typename B::Machine>();
  M4bramRun<B> run(*machine, o);
  const auto once = [&](auto&& on_readout) {
    return run.run(
        count, words, [&](std::int64_t i) -> const Mac2<B>& { return mac2[static_cast<std::size_t>(i)]; },
        on_readout);
  };

  std::int64_t readouts = 0;
  std::int64_t wrong = 0;
  const auto used = once([&](const auto& rows) {  // the sums of one lane of each vector
    for (int v = 0; v < B::vectors; ++v) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < 120; ++i) {
        const auto& m = mac2[static_cast<std::size_t>(120 * readouts) + i];
        for (std::size_t j = 0; j < 2; ++j)
          sum +=
              core::sign_extend(
                  words[static_cast<std::size_t>(m.words[j].word)] >> (m.words[j].slice * B::slice_bits), 8) *
              m.activations[static_cast<std::size_t>(v)][j];
      }
      const auto place = B::place(0, v, o);
      wrong += lanes::value(rows[static_cast<std::size_t>(place.array)], place.lane, B::lane_bits(o)) != sum;
    }
    ++readouts;
  });
  if (readouts != 2 || wrong != 0) return state.SkipWithError("a sum is wrong");
  if (used.cycles != B::clocking::prologue_cycles + count * B::mac2_cycles(o) + 2 * B::readout_cycles())
    return state.SkipWithError("the run takes another number of cycles");
  std::int64_t cycles = 0;
  for (auto _ : state)
    cycles +=
        once([](const auto& rows) { benchmark::DoNotOptimize(rows); }).cycles * B::clocking::clock_ratio;
  state.SetItemsProcessed(cycles);
}
void m4bram_cycle_rate_sy_s(benchmark::State& state) { cycle_rate<M4bram<Small, Synchronous>>(state); }
void m4bram_cycle_rate_sy_l(benchmark::State& state) { cycle_rate<M4bram<Large, Synchronous>>(state); }
void m4bram_cycle_rate_dp_s(benchmark::State& state) { cycle_rate<M4bram<Small, DoublePumped>>(state); }
void m4bram_cycle_rate_dp_l(benchmark::State& state) { cycle_rate<M4bram<Large, DoublePumped>>(state); }
BENCHMARK(m4bram_cycle_rate_sy_s);
BENCHMARK(m4bram_cycle_rate_sy_l);
BENCHMARK(m4bram_cycle_rate_dp_s);
BENCHMARK(m4bram_cycle_rate_dp_l);

const bench::AddRow value_row({.name = "m4bram_value_gemm_w4a6_1024",
                               .unit = "GMAC/s",
                               .items_per_unit = 1e9,
                               .benchmark = "m4bram_value_gemm_w4a6_1024",
                               .peer = "eigen_float",
                               .peer_benchmark = "eigen_float_gemm_1024",
                               .limit_benchmark = "limit_int8_macs"});
const bench::AddRow cycle_row({.name = "m4bram_cycle_rate",
                               .unit = "M block-cycles/s",
                               .items_per_unit = 1e6,
                               .benchmark = "m4bram_cycle_rate_sy_l",
                               .peer = {},
                               .peer_benchmark = {},
                               .limit_benchmark = {}});
const bench::AddRow double_pumped_row({.name = "m4bram_cycle_rate_dp",
                                       .unit = "M block-cycles/s",
                                       .items_per_unit = 1e6,
                                       .benchmark = "m4bram_cycle_rate_dp_l",
                                       .peer = {},
                                       .peer_benchmark = {},
                                       .limit_benchmark = {}});

}  // namespace
