// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/weight_storage.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/bit_serial_product.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/padded.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

static_assert(StreamsWeights<Bramac2sa> && !StopsForWeights<Bramac2sa>);
static_assert(StopsForWeights<ComefaD> && !StreamsWeights<ComefaD>);
static_assert(!StopsForWeights<DspSlice> && !StreamsWeights<DspSlice>);

TEST_CASE("persistent matrix-vector products take the closed forms of BRAMAC") {
  core::Random random(1);
  const auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  for (const auto& o : fabric::test::bramac_operands())
    for (int i = 0; i < 50; ++i) {
      const int n = o.weight_bits;
      MatrixShape shape{.rows = random.integer(1, 120), .columns = random.integer(1, 80)};
      if (words_taken<Bramac1da>(shape, o) > 512) continue;
      const std::int64_t limit = n == 2 ? (o.signed_activations ? 15 : 10) : 1000;
      const auto mac2 = up(shape.columns, 2);
      CHECK(latency_cycles<Bramac1da>(shape, o, Weights::Persistent) ==
            1 + up(shape.rows, 40 / n) * (mac2 * (n + 4) / 2 + 4 * up(mac2, limit)));
      shape.vectors = 2;
      CHECK(latency_cycles<Bramac2sa>(shape, o, Weights::Persistent) ==
            3 + up(shape.rows, 40 / n) *
                    (mac2 * (n + 2 + (o.signed_activations ? 1 : 0)) + 8 * up(mac2, limit)));
    }
}

TEST_CASE_TEMPLATE("a BRAMAC machine that gets its weights just in time takes the tiled latency", B,
                   Bramac2sa, Bramac1da) {
  core::Random random(2);
  for (const auto& o : fabric::test::bramac_operands())
    for (int i = 0; i < 6; ++i) {
      const MatrixShape shape{random.integer(1, 90), i == 0 ? 1 : random.integer(1, 200),
                              random.integer(1, 3)};
      const fabric::test::Product p(shape, o, random);
      std::vector<std::int32_t> sums(p.result.size());
      const auto machine = std::make_unique<typename B::Machine>();
      const auto use = run_product<B>(*machine, shape, o, p.weights, p.activations, sums, leading_pairs);
      CHECK(sums == p.result);
      CHECK(use.load_cycles + use.cycles == latency_cycles<B>(shape, o, Weights::Tiled));
    }
}

TEST_CASE_TEMPLATE("a bit-serial machine that loads all weights takes the tiled latency", B, ComefaD,
                   Ccb<2>) {
  core::Random random(3);
  for (const auto& o : fabric::test::bramac_operands())
    for (int i = 0; i < 4; ++i) {
      const MatrixShape shape{random.integer(1, 200), random.integer(1, i < 2 ? 8 : 100),
                              random.integer(1, 3)};
      const fabric::test::Product p(shape, o, random);
      std::vector<std::int32_t> sums(p.result.size());
      const auto machine = std::make_unique<typename B::Machine>();
      const auto use = BitSerialRun<B>(*machine, shape, o, p.weights, p.activations, sums).run();
      CHECK(use.load_cycles + use.cycles == latency_cycles<B>(shape, o, Weights::Tiled));
      if (use.load_cycles > 0) CHECK(use.cycles == latency_cycles<B>(shape, o, Weights::Persistent));
    }
}

TEST_CASE("persistent weights that do not fit are refused, with both sizes") {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  CHECK(latency_cycles<Bramac2sa>({10, 512}, o, Weights::Persistent) > 0);
  CHECK_THROWS_WITH_AS(static_cast<void>(latency_cycles<Bramac2sa>({10, 513}, o, Weights::Persistent)),
                       "weights: 514 words of 40 bits, but BRAMAC-2SA keeps 512", RangeError);
  CHECK(latency_cycles<ComefaD>({160, 26}, o, Weights::Persistent) > 0);
  CHECK_THROWS_WITH_AS(static_cast<void>(latency_cycles<ComefaD>({160, 27}, o, Weights::Persistent)),
                       "weights: 432 words of 40 bits, but CoMeFa-D keeps 416", RangeError);
}

TEST_CASE("M4BRAM keeps words of 32 bits, and leaves at least the cycles that a run does not touch") {
  using B = M4bram<Large, DoublePumped, 2>;
  const Operands o{.weight_bits = 4, .activation_bits = 6};
  CHECK(weight_words<B>(o) == 512);
  CHECK(memory_word_bits<B>() == 32);
  CHECK(latency_cycles<B>({8, 512}, o, Weights::Persistent) == B::cycles({8, 512}, o));
  CHECK_THROWS_WITH_AS(static_cast<void>(latency_cycles<B>({8, 513}, o, Weights::Persistent)),
                       "weights: 514 words of 32 bits, but M4BRAM-DP-L x2 keeps 512", RangeError);
  core::Random random(7);
  for (const MatrixShape& shape : {MatrixShape{20, 600, 5}, {3, 3, 1}}) {
    const fabric::test::Product p(shape, o, random);
    std::vector<std::int32_t> sums(p.result.size());
    const auto machine = std::make_unique<B::Machine>();
    const auto use = run_product<B>(*machine, shape, o, p.weights, p.activations, sums);
    CHECK(free_cycles<B>(shape, o, Weights::Tiled) ==
          std::max<std::int64_t>(latency_cycles<B>(shape, o, Weights::Tiled) - use.busy_cycles -
                                     2 * use.load_cycles - use.streamed_words,
                                 0));
  }
  CHECK(free_cycles<B>({8, 512}, o, Weights::Persistent) == B::cycles({8, 512}, o) - 2 * 256);
  // the busiest: two of three cycles copy, and all of port B brings words
  using Busiest = M4bram<Large, DoublePumped, 1>;
  CHECK(free_cycles<Busiest>({4, 4000}, {.weight_bits = 8, .activation_bits = 2}, Weights::Tiled) == 0);
}

TEST_CASE("a slice has no memory: nothing is stored, nothing waits") {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  const MatrixShape shape{100, 1000};
  CHECK(weight_words<DspSlice>(o) == 0);
  CHECK(words_taken<DspSlice>(shape, o) == 0);
  CHECK(storage_efficiency<DspSlice>(o) == 0);
  for (const auto weights : {Weights::Persistent, Weights::Tiled}) {
    CHECK(latency_cycles<DspSlice>(shape, o, weights) == DspSlice::cycles(shape, o));
    CHECK(free_cycles<DspSlice>(shape, o, weights) == 0);
  }
}

TEST_CASE("BRAMAC leaves its memory free between copies, blocks that compute in the memory never") {
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  const MatrixShape shape{10, 400};
  const auto cycles = Bramac2sa::cycles(shape, o);
  CHECK(free_cycles<Bramac2sa>(shape, o, Weights::Persistent) == cycles - 200 * 2);
  CHECK(free_cycles<Bramac2sa>(shape, o, Weights::Tiled) == 4 + cycles - 200 * 2 - 200);
  for (const auto weights : {Weights::Persistent, Weights::Tiled}) {
    CHECK(free_cycles<ComefaD>({10, 20}, o, weights) == 0);
    CHECK(free_cycles<Ccb<2>>({10, 20}, o, weights) == 0);
  }
}

TEST_CASE("tiled weights that do not fit take a free cycle for each pair, whenever it is used") {
  core::Random random(6);
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  const MatrixShape shape{20, 600, 3};
  const fabric::test::Product p(shape, o, random);
  std::vector<std::int32_t> sums(p.result.size());
  const auto machine = std::make_unique<Bramac1da::Machine>();
  const auto use = run_product<Bramac1da>(*machine, shape, o, p.weights, p.activations, sums);
  CHECK(free_cycles<Bramac1da>(shape, o, Weights::Tiled) ==
        latency_cycles<Bramac1da>(shape, o, Weights::Tiled) - use.busy_cycles - use.load_cycles -
            use.streamed_words / 2);
}

TEST_CASE("mean storage efficiencies relate as 1.10 to CoMeFa, 1.22 and 1.38 to CCB with 2 and 4 inputs") {
  const auto bramac = mean_storage_efficiency<Padded<Bramac1da>>();
  CHECK(bramac == doctest::Approx(0.857).epsilon(0.001));
  CHECK(bramac / mean_storage_efficiency<ComefaD>() == doctest::Approx(1.10).epsilon(0.005));
  CHECK(bramac / mean_storage_efficiency<Ccb<2>>() == doctest::Approx(1.22).epsilon(0.005));
  CHECK(bramac / mean_storage_efficiency<Ccb<4>>() == doctest::Approx(1.38).epsilon(0.005));
}

}  // namespace
