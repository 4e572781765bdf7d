// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/fabric/bramac_batch.hpp>

#include "support/summary.hpp"
#include "support/value_product.hpp"

namespace bitloom::fabric {

/// A block whose machine keeps what its ports carried, main cycle by main cycle.
template <class B>
struct Overheard : B {};

template <class B>
class BramacMachine<Overheard<B>> : public BramacMachine<B> {
 public:
  void step(const BlockPorts& ports) {
    if (!this->in_main_cycle()) heard.push_back(ports);
    BramacMachine<B>::step(ports);
  }
  void tick(const BlockPorts& ports) {
    for (int i = 0; i < B::variant::clock_ratio; ++i) step(ports);
  }

  std::vector<BlockPorts> heard;
};

}  // namespace bitloom::fabric

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands int4{.weight_bits = 4, .activation_bits = 4};

void bramac_value_gemm_int4_1024(benchmark::State& state) {
  bench::value_product_1024<Bramac2sa>(state, int4);
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

constexpr Operands signed_int4{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};

/// A long run: 240 MAC2 with two readouts.
template <class B>
std::vector<Mac2<B>> random_mac2(std::uint64_t stream) {
  core::Random random(3, stream);
  std::vector<Mac2<B>> mac2(240);
  for (std::size_t i = 0; i < mac2.size(); ++i) {
    for (auto& word : mac2[i].words) word = random() & core::low_mask(40);
    for (auto& array : mac2[i].activations)
      for (auto& a : array) a = static_cast<std::int16_t>(random.integer(-8, 7));
    mac2[i].last = i % 120 == 119;
  }
  return mac2;
}

/// Cycles of dummy arrays in a long run of MAC2 with instructions, copies and readouts.
template <class B>
void cycle_rate(benchmark::State& state) {
  const auto mac2 = random_mac2<B>(0);
  const auto count = std::ssize(mac2);
  const auto machine = std::make_unique<typename B::Machine>();
  BramacRun<B> run(*machine, signed_int4);
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

/// The same run on many blocks at once, each with weights and activations of its own: what the ports of all carry, and
/// what machines read out.
template <class B>
struct BatchedRun {
  static constexpr std::size_t words_of_readout = B::readout_cycles();

  std::vector<BlockPorts> ports;                           ///< [main cycle] of block 0
  std::vector<std::vector<std::uint64_t>> data_a, data_b;  ///< [main cycle][block]
  std::vector<std::vector<std::uint64_t>> words;           ///< [word of all readouts][block]
  std::int64_t cycles = 0;                                 ///< from the start instruction to the last readout

  explicit BatchedRun(std::size_t blocks) {
    for (std::size_t block = 0; block < blocks; ++block) {
      const auto mac2 = random_mac2<Overheard<B>>(block);
      const auto machine = std::make_unique<BramacMachine<Overheard<B>>>();
      BramacRun<Overheard<B>> run(*machine, signed_int4);
      std::size_t read = 0;
      const auto use = run.run(
          std::ssize(mac2), std::ssize(mac2),
          [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; },
          [&](const auto& rows) {
            words.resize(std::max(words.size(), read + words_of_readout));
            for (const auto& row : rows)
              for (int j = 0; j < 4; ++j) words[read++].push_back(row.extract(40 * j, 40));
          });
      cycles = use.cycles;
      if (block == 0) {
        ports = machine->heard;
        data_a.resize(ports.size());
        data_b.resize(ports.size());
      }
      for (std::size_t i = 0; i < ports.size(); ++i) {
        if (ports[i].a.enable) data_a[i].push_back(machine->heard[i].a.data);
        if (ports[i].b.enable) data_b[i].push_back(machine->heard[i].b.data);
      }
    }
  }

  /// Steps a batch through the run; on_word(number, words) gets the words of all readouts.
  template <class OnWord>
  void play(BramacBatch<B>& batch, std::vector<std::uint64_t>& buffer, OnWord on_word) const {
    std::size_t word = 0;
    for (std::size_t i = 0; i < ports.size(); ++i)
      for (int half = 0; half < B::variant::clock_ratio; ++half) {
        if (batch.readout()) {
          batch.readout_words(static_cast<int>(word / 4 % B::arrays), static_cast<int>(word % 4), buffer);
          on_word(word++, buffer);
        }
        batch.step({ports[i], data_a[i], data_b[i]});
      }
  }
};

template <class B>
void batched_cycle_rate(benchmark::State& state) {
  constexpr std::int64_t blocks = 64;
  const BatchedRun<B> run(blocks);
  BramacBatch<B> batch(blocks);
  std::vector<std::uint64_t> buffer(blocks);
  std::size_t right = 0;
  run.play(batch, buffer, [&](std::size_t word, const auto& found) {
    right += word < run.words.size() && found == run.words[word] ? 1 : 0;
  });
  if (right != run.words.size() || right != 2 * run.words_of_readout)
    return state.SkipWithError("a word of a readout is wrong");
  std::int64_t cycles = 0;
  for (auto _ : state) {
    run.play(batch, buffer, [](std::size_t, const auto& words) { benchmark::DoNotOptimize(words.data()); });
    cycles += run.cycles * B::variant::clock_ratio * B::arrays * blocks;
  }
  state.SetItemsProcessed(cycles);
}
void bramac_cycle_rate_batched_2sa(benchmark::State& state) { batched_cycle_rate<Bramac2sa>(state); }
void bramac_cycle_rate_batched_1da(benchmark::State& state) { batched_cycle_rate<Bramac1da>(state); }
BENCHMARK(bramac_cycle_rate_batched_2sa);
BENCHMARK(bramac_cycle_rate_batched_1da);

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
const bench::AddRow batched_row({.name = "bramac_cycle_rate_batched",
                                 .unit = "M array-cycles/s",
                                 .items_per_unit = 1e6,
                                 .benchmark = "bramac_cycle_rate_batched_2sa",
                                 .peer = "verilator",
                                 .peer_benchmark = "verilator_rate_2sa",
                                 .limit_benchmark = {}});
const bench::AddRow batched_double_pumped_row({.name = "bramac_cycle_rate_batched_1da",
                                               .unit = "M array-cycles/s",
                                               .items_per_unit = 1e6,
                                               .benchmark = "bramac_cycle_rate_batched_1da",
                                               .peer = "verilator",
                                               .peer_benchmark = "verilator_rate_1da",
                                               .limit_benchmark = {}});

}  // namespace
