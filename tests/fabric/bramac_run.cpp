// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_run.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class B>
Mac2<B> random_mac2(const Operands& o, core::Random& random) {
  Mac2<B> m;
  for (auto& word : m.words) word = random() & core::low_mask(40);
  for (auto& array : m.activations)
    for (auto& a : array) a = test::random_activation(o, random);
  return m;
}

/// Sum of the products of lane `e` in array `k`, modulo the lane.
template <class B>
std::int64_t lane_sum(const std::vector<Mac2<B>>& mac2, const Operands& o, std::size_t k, int e) {
  std::int64_t sum = 0;
  for (const auto& m : mac2)
    for (std::size_t i = 0; i < 2; ++i)
      sum += core::sign_extend(m.words[i] >> (e * o.weight_bits), o.weight_bits) * m.activations[k][i];
  return core::sign_extend(static_cast<std::uint64_t>(sum), B::lane_bits(o));
}

TEST_CASE_TEMPLATE(
    "every lane wraps at four times the width, and the first readout comes when the formula says", B,
    Bramac2sa, Bramac1da) {
  core::Random random(11);
  for (const auto& o : test::bramac_operands())
    for (const std::int64_t count : {1, 2, 7, 300}) {  // 300 wraps 2-bit lanes and streams its weights
      CAPTURE(o.weight_bits);
      CAPTURE(count);
      std::vector<Mac2<B>> mac2;
      for (std::int64_t i = 0; i < count; ++i) mac2.push_back(random_mac2<B>(o, random));
      mac2.back().last = true;
      const auto machine = std::make_unique<typename B::Machine>();
      BramacRun<B> run(*machine, o);
      std::int64_t steps = 0;
      std::int64_t first_readout = -1;
      int readouts = 0;
      const auto use = run.run(
          count, count, [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; },
          [&](const auto& rows) {
            ++readouts;
            for (std::size_t k = 0; k < B::arrays; ++k)
              for (int e = 0; e < B::lanes(o); ++e)
                REQUIRE(lanes::value(rows[k], e, B::lane_bits(o)) == lane_sum(mac2, o, k, e));
          },
          [&](const BramacStep& step, const auto&) {
            if (step.control.readout && first_readout < 0) first_readout = steps;
            ++steps;
          });
      CHECK(readouts == 1);
      CHECK(first_readout == B::first_readout_step(count, o));
      CHECK(use.cycles * B::variant::clock_ratio == steps);
      CHECK(use.busy_cycles == count * B::variant::busy_cycles);
      CHECK(use.load_cycles == std::min<std::int64_t>(count, 256));
      CHECK(use.streamed_words == 2 * std::max<std::int64_t>(count - 256, 0));
    }
}

TEST_CASE_TEMPLATE("dot products follow one another without a pause, also when weights repeat", B, Bramac2sa,
                   Bramac1da) {
  core::Random random(12);
  for (const auto& o : test::bramac_operands()) {
    std::vector<Mac2<B>> words;
    for (int i = 0; i < 12; ++i) words.push_back(random_mac2<B>(o, random));
    const auto at = [&](std::int64_t i) {
      auto m = words[static_cast<std::size_t>(i % 12)];
      for (auto& array : m.activations) array = {static_cast<std::int16_t>(i / 12), 1};
      m.last = i % 4 == 3;
      return m;
    };
    const auto machine = std::make_unique<typename B::Machine>();
    BramacRun<B> run(*machine, o);
    std::int64_t readout = 0;
    const auto use = run.run(24, 12, at, [&](const auto& rows) {
      std::vector<Mac2<B>> mine;
      for (std::int64_t i = 4 * readout; i < 4 * readout + 4; ++i) mine.push_back(at(i));
      for (std::size_t k = 0; k < B::arrays; ++k)
        for (int e = 0; e < B::lanes(o); ++e)
          REQUIRE(lanes::value(rows[k], e, B::lane_bits(o)) == lane_sum(mine, o, k, e));
      ++readout;
    });
    CHECK(readout == 6);
    CHECK(use.load_cycles == 12);
    CHECK(use.cycles == B::variant::prologue_cycles + 24 * B::mac2_cycles(o) + 6 * B::readout_cycles());
    CHECK(machine->state() == B::variant::Idle);
  }
}

TEST_CASE_TEMPLATE(
    "half the memory is enough to stream, in the same cycles, and the other half is left alone", B, Bramac2sa,
    Bramac1da) {
  core::Random random(17);
  for (const auto& o : test::bramac_operands()) {
    std::vector<Mac2<B>> mac2;
    for (int i = 0; i < 500; ++i) mac2.push_back(random_mac2<B>(o, random));
    mac2.back().last = true;
    const auto at = [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; };
    const auto machine = std::make_unique<typename B::Machine>();
    for (int row = 64; row < 128; ++row) machine->memory().set_word(row, row % 4, 7);
    BramacRun<B> run(*machine, o, 128);
    const auto use = run.run(500, 500, at, [&](const auto& rows) {
      for (std::size_t k = 0; k < B::arrays; ++k)
        REQUIRE(lanes::value(rows[k], 0, B::lane_bits(o)) == lane_sum(mac2, o, k, 0));
    });
    CHECK(use.streamed_words == 2 * (500 - 128));
    CHECK(use.cycles == B::variant::prologue_cycles + 500 * B::mac2_cycles(o) + B::readout_cycles());
    for (int row = 64; row < 128; ++row) REQUIRE(machine->memory().word(row, row % 4) == 7);
    CHECK(run.run(500, 500, at, [](const auto&) {}).streamed_words == use.streamed_words);
  }
}

TEST_CASE_TEMPLATE("a run that was stopped half-way leaves nothing to the next one", B, Bramac2sa,
                   Bramac1da) {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  core::Random random(18);
  for (const std::int64_t stop : {1, 2, 5}) {
    std::vector<Mac2<B>> mac2;
    for (int i = 0; i < 6; ++i) mac2.push_back(random_mac2<B>(o, random));
    mac2.back().last = true;
    auto broken = mac2;
    broken[static_cast<std::size_t>(stop)].activations[0][0] = 16;
    const auto machine = std::make_unique<typename B::Machine>();
    BramacRun<B> run(*machine, o);
    const auto nothing = [](const auto&) {};
    CHECK_THROWS_AS(run.run(
                        6, 6, [&](std::int64_t i) { return broken[static_cast<std::size_t>(i)]; }, nothing),
                    RangeError);
    const auto use = run.run(
        6, 6, [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; },
        [&](const auto& rows) {
          for (int e = 0; e < B::lanes(o); ++e)
            REQUIRE(lanes::value(rows[0], e, B::lane_bits(o)) == lane_sum(mac2, o, 0, e));
        });
    CHECK(use.cycles == B::variant::prologue_cycles + 6 * B::mac2_cycles(o) + B::readout_cycles());
  }
}

TEST_CASE("a run that no block can make is refused") {
  const auto machine = std::make_unique<Bramac2sa::Machine>();
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  CHECK_THROWS_AS(BramacRun<Bramac2sa>(*machine, {.weight_bits = 4, .activation_bits = 8}), RangeError);
  CHECK_THROWS_AS(BramacRun<Bramac2sa>(*machine, o, 257), RangeError);
  BramacRun<Bramac2sa> run(*machine, o);
  const auto nothing = [](const auto&) {};
  const auto at = [](std::int64_t) {
    return Mac2<Bramac2sa>{.activations = {{{16, 0}, {0, 0}}}, .last = true};
  };
  CHECK_THROWS_AS(run.run(0, 1, at, nothing), RangeError);
  CHECK_THROWS_AS(run.run(1, 2, at, nothing), RangeError);
  CHECK_THROWS_WITH_AS(run.run(1, 1, at, nothing), "activation: 16 is outside 0..15", RangeError);
}

}  // namespace
