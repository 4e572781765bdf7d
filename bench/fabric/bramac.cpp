// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands int4{.weight_bits = 4, .activation_bits = 4};

std::vector<std::int16_t> random_values(std::int64_t count, int low, int high, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<std::int16_t> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int16_t>(random.integer(low, high)));
  return values;
}

/// The value view on a product of 1024³, packing included, after a check of some sums.
void bramac_value_gemm_int4_1024(benchmark::State& state) {
  constexpr std::int64_t n = 1024;
  const MatrixShape shape{.rows = n, .columns = n, .vectors = n};
  const auto weights = random_values(n * n, -8, 7, 1);
  const auto activations = random_values(n * n, 0, 15, 2);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(n * n));
  Bramac2sa::multiply(shape, int4, weights, activations, sums);
  for (std::size_t i = 0; i < 1024; i += 37) {
    const std::size_t j = (i * 411) % 1024;
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < 1024; ++k) sum += weights[i * 1024 + k] * activations[k * 1024 + j];
    if (sum != sums[i * 1024 + j]) return state.SkipWithError("a sum is wrong");
  }
  for (auto _ : state) {
    Bramac2sa::multiply(shape, int4, weights, activations, sums);
    benchmark::DoNotOptimize(sums.data());
  }
  state.SetItemsProcessed(state.iterations() * shape.macs());
}
BENCHMARK(bramac_value_gemm_int4_1024);

void eigen_float_gemm_1024(benchmark::State& state) {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Constant(1024, 1024, 0.5F);
  const Eigen::MatrixXf b = Eigen::MatrixXf::Constant(1024, 1024, 0.25F);
  Eigen::MatrixXf c(1024, 1024);
  for (auto _ : state) {
    c.noalias() = a * b;
    benchmark::DoNotOptimize(c.data());
  }
  state.SetItemsProcessed(state.iterations() * 1024 * 1024 * 1024);
}
BENCHMARK(eigen_float_gemm_1024);

/// Cycles of dummy arrays in a long run of MAC2 with instructions, copies and readouts.
template <class B>
void cycle_rate(benchmark::State& state) {
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  constexpr std::int64_t count = 240;
  core::Random random(3);
  std::vector<Mac2<B>> mac2(count);
  for (std::size_t i = 0; i < mac2.size(); ++i) {
    for (auto& word : mac2[i].words) word = random() & core::low_mask(40);
    for (auto& array : mac2[i].activations)
      for (auto& a : array) a = static_cast<std::int16_t>(random.integer(-8, 7));
    mac2[i].last = i % 120 == 119;
  }
  const auto machine = std::make_unique<typename B::Machine>();
  BramacRun<B> run(*machine, o);
  std::int64_t cycles = 0;
  for (auto _ : state) {
    const auto use = run.run(
        count, count, [&](std::int64_t i) -> const Mac2<B>& { return mac2[static_cast<std::size_t>(i)]; },
        [](const auto& rows) { benchmark::DoNotOptimize(rows); });
    cycles += use.cycles * B::variant::clock_ratio * B::arrays;
  }
  state.SetItemsProcessed(cycles);
}
void bramac_cycle_rate_2sa(benchmark::State& state) { cycle_rate<Bramac2sa>(state); }
void bramac_cycle_rate_1da(benchmark::State& state) { cycle_rate<Bramac1da>(state); }
BENCHMARK(bramac_cycle_rate_2sa);
BENCHMARK(bramac_cycle_rate_1da);

const bench::AddRow value_row({.name = "bramac_value_gemm_int4_1024",
                               .unit = "GMAC/s",
                               .items_per_unit = 1e9,
                               .benchmark = "bramac_value_gemm_int4_1024",
                               .peer = "eigen_float",
                               .peer_benchmark = "eigen_float_gemm_1024",
                               .limit_benchmark = "limit_int8_macs"});
const bench::AddRow cycle_row({.name = "bramac_cycle_rate",
                               .unit = "M array-cycles/s",
                               .items_per_unit = 1e6,
                               .benchmark = "bramac_cycle_rate_2sa",
                               .peer = "verilator",
                               .peer_benchmark = "verilator_rate_2sa",
                               .limit_benchmark = {}});
const bench::AddRow double_pumped_row({.name = "bramac_cycle_rate_1da",
                                       .unit = "M array-cycles/s",
                                       .items_per_unit = 1e6,
                                       .benchmark = "bramac_cycle_rate_1da",
                                       .peer = "verilator",
                                       .peer_benchmark = "verilator_rate_1da",
                                       .limit_benchmark = {}});

}  // namespace
