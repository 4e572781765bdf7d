// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m4bram_run.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};
struct Drifting : Wrapping {
  using Timing = DriftingPeriod;
};

/// Random MAC2 that use the slices of random words one after the other.
template <class B>
struct Sequence {
  std::vector<std::uint64_t> words;
  std::vector<Mac2<B>> mac2;

  Sequence(const Operands& o, std::int64_t count, core::Random& random) {
    for (std::int64_t i = 0; i < core::ceil_div(2 * count, std::int64_t{B::duplication}); ++i)
      words.push_back(random() & core::low_mask(B::word_bits));
    for (std::int64_t i = 0; i < count; ++i) {
      auto& m = mac2.emplace_back();
      for (std::size_t j = 0; j < 2; ++j) {
        const auto column = 2 * i + static_cast<std::int64_t>(j);
        m.words[j] = {column / B::duplication, static_cast<int>(column % B::duplication)};
      }
      for (auto& vector : m.activations)
        for (auto& a : vector) a = test::random_activation(o, random);
    }
    mac2.back().last = true;
  }

  [[nodiscard]] auto at() const {
    return [this](std::int64_t i) -> const Mac2<B>& { return mac2[static_cast<std::size_t>(i)]; };
  }

  /// Number of lanes that do not hold their sum of MAC2 first..last-1, modulo the lane.
  template <class Rows>
  [[nodiscard]] int wrong(const Rows& rows, const Operands& o, std::size_t first, std::size_t last) const {
    int count = 0;
    for (int e = 0; e < B::lanes(o); ++e)
      for (int k = 0; k < B::vectors; ++k) {
        std::int64_t sum = 0;
        for (auto i = first; i < last; ++i)
          for (std::size_t j = 0; j < 2; ++j) {
            const auto& place = mac2[i].words[j];
            const auto number = static_cast<std::size_t>(place.word) % words.size();
            const auto slice = words[number] >> (place.slice * B::slice_bits);
            sum += core::sign_extend(slice >> (e * o.weight_bits), o.weight_bits) *
                   mac2[i].activations[static_cast<std::size_t>(k)][j];
          }
        const auto place = B::place(e, k, o);
        count += lanes::value(rows[static_cast<std::size_t>(place.array)], place.lane, B::lane_bits(o)) !=
                 core::sign_extend(static_cast<std::uint64_t>(sum), B::lane_bits(o));
      }
    return count;
  }
};

template <class B>
std::int64_t cycles(std::int64_t count, std::int64_t readouts, const Operands& o) {
  return B::clocking::prologue_cycles + count * B::mac2_cycles(o) + readouts * B::readout_cycles();
}

TEST_CASE_TEMPLATE(
    "every lane wraps at four times the width, and the first readout comes when the formula says", B,
    M4bram<Small, Synchronous, 1, Wrapping>, M4bram<Large, Synchronous, 4, Wrapping>,
    M4bram<Small, DoublePumped, 4, Wrapping>, M4bram<Large, DoublePumped, 2, Wrapping>,
    M4bram<Small, DoublePumped, 2, Drifting>, M4bram<Large, DoublePumped, 1, Drifting>) {
  constexpr bool aligned = B::clocking::clock_ratio == 1 || B::timing::aligned;
  core::Random random(11);
  for (const auto& o : test::m4bram_operands())
    for (const std::int64_t count : {1, 2, 7, 60}) {
      CAPTURE(to_string(o));
      CAPTURE(count);
      const Sequence<B> s(o, count, random);
      const auto machine = std::make_unique<typename B::Machine>();
      M4bramRun<B> run(*machine, o);
      std::int64_t steps = 0;
      std::int64_t first_readout = -1;
      int readouts = 0;
      const auto use = run.run(
          count, s.words, s.at(),
          [&](const auto& rows) {
            ++readouts;
            CHECK(s.wrong(rows, o, 0, s.mac2.size()) == 0);
          },
          [&](const M4bramStep& step, const auto&) {
            if (step.control.readout && first_readout < 0) first_readout = steps;
            ++steps;
          });
      CHECK(readouts == 1);
      CHECK(first_readout == B::first_readout_step(count, o));
      CHECK(use.cycles == steps / B::clocking::clock_ratio);
      CHECK(use.busy_cycles >= (aligned ? 2 : 1) * count);
      CHECK(use.streamed_words == 0);
      CHECK(use.load_cycles == core::ceil_div(std::ssize(s.words) * (B::word_bits / 32), std::int64_t{2}));
      if (!aligned) continue;
      CHECK(use.cycles == cycles<B>(count, 1, o));
      CHECK(use.busy_cycles == 2 * count);
      // with the start, and synchronous the first copies, which later ones lie under a MAC2 before
      CHECK(use.instruction_cycles == 2 * count + (B::clocking::clock_ratio == 1 ? 3 : 2));
    }
}

TEST_CASE_TEMPLATE("dot products follow one another without a pause, also when weights repeat", B,
                   M4bram<Small, Synchronous, 2>, M4bram<Large, DoublePumped, 4>) {
  core::Random random(12);
  for (const auto& o : test::m4bram_operands()) {
    if (B::stored_bits(o) != o.weight_bits) continue;
    Sequence<B> s(o, 24, random);
    s.words.resize(s.words.size() / 2);  // the second half of the MAC2 has the words of the first
    for (std::size_t i = 0; i < 24; ++i)
      s.mac2[i].last = i % 4 == 3 || i == 12 || i == 22;  // sums of 1, 3 and 4 MAC2
    for (auto& m : s.mac2)
      for (auto& vector : m.activations) vector = {static_cast<std::int16_t>(vector[0] % 2), 1};
    const auto machine = std::make_unique<typename B::Machine>();
    M4bramRun<B> run(*machine, o);
    for (int repetition = 0; repetition < 2; ++repetition) {
      std::size_t first = 0;
      int readouts = 0;
      const auto use = run.run(24, s.words, s.at(), [&](const auto& rows) {
        auto last = first;
        while (!s.mac2[last++].last) continue;
        CHECK(s.wrong(rows, o, first, last) == 0);
        first = last;
        ++readouts;
      });
      CHECK(readouts == 8);
      CHECK(use.cycles == cycles<B>(24, 8, o));
      CHECK(machine->state() == B::clocking::idle);
      CHECK(!machine->in_main_cycle());
    }
  }
}

TEST_CASE_TEMPLATE(
    "weights stream in time through few places, in the same cycles, and the rest is left alone", B,
    M4bram<Small, Synchronous, 1>, M4bram<Small, Synchronous, 2>, M4bram<Small, Synchronous, 4>,
    M4bram<Large, Synchronous, 1>, M4bram<Large, Synchronous, 2>, M4bram<Large, Synchronous, 4>,
    M4bram<Small, DoublePumped, 1>, M4bram<Small, DoublePumped, 2>, M4bram<Small, DoublePumped, 4>,
    M4bram<Large, DoublePumped, 1>, M4bram<Large, DoublePumped, 2>, M4bram<Large, DoublePumped, 4>) {
  core::Random random(17);
  for (int bits = 2; bits <= 8; ++bits)
    for (const bool is_signed : {false, true})
      for (const std::int64_t slots : {4, 5, 9, 64}) {
        const Operands o{.weight_bits = 8, .activation_bits = bits, .signed_activations = is_signed};
        CAPTURE(to_string(o));
        CAPTURE(slots);
        Sequence<B> s(o, 150, random);
        s.mac2[0].last = s.mac2[1].last = s.mac2[77].last = true;
        const auto machine = std::make_unique<typename B::Machine>();
        const AspectRatio port{512, 32};
        for (auto address = static_cast<std::uint32_t>(2 * slots); address < 512; ++address)
          machine->memory().write(address, port, address + 7);
        M4bramRun<B> run(*machine, o, slots);
        std::size_t readout = 0;
        const std::vector<std::size_t> ends{0, 1, 2, 78, 150};
        const auto use = run.run(150, s.words, s.at(), [&](const auto& rows) {
          CHECK(s.wrong(rows, o, ends[readout], ends[readout + 1]) == 0);
          ++readout;
        });
        CHECK(readout == 4);
        CHECK(use.cycles == cycles<B>(150, 4, o));
        const auto words = std::ssize(s.words) * (B::word_bits / 32);
        const auto places = 2 * slots / (B::word_bits / 32) * (B::word_bits / 32);
        CHECK(use.streamed_words == std::max<std::int64_t>(words - places, 0));
        int touched = 0;
        for (auto address = static_cast<std::uint32_t>(2 * slots); address < 512; ++address)
          touched += machine->memory().read(address, port) != address + 7;
        CHECK(touched == 0);
      }
}

/// A machine that notes whether memory is written on port A during a run.
template <class B>
struct Listener : B::Machine {
  bool on_a = false;

  void step(const M4bramPorts& ports) {
    on_a = on_a || (this->state() != B::clocking::idle && ports.a.enable);
    B::Machine::step(ports);
  }
};
template <class B>
struct Overheard : B {
  using Machine = Listener<B>;
};

template <class B>
bool streams_on_a(int bits) {
  const Operands o{.weight_bits = 4, .activation_bits = bits};
  core::Random random(3);
  const Sequence<Overheard<B>> s(o, 40, random);
  const auto machine = std::make_unique<Listener<B>>();
  M4bramRun<Overheard<B>> run(*machine, o, 4);
  run.run(40, s.words, s.at(), [](const auto&) {});
  return machine->on_a;
}

TEST_CASE("of all blocks only one is so fast that words stream through port A, too") {
  for (int bits = 2; bits <= 8; ++bits) {
    CHECK(streams_on_a<M4bram<Large, DoublePumped, 1>>(bits) == (bits == 2));
    CHECK(!streams_on_a<M4bram<Large, Synchronous, 1>>(bits));
    CHECK(!streams_on_a<M4bram<Small, DoublePumped, 1>>(bits));
  }
}

TEST_CASE_TEMPLATE("a run that was stopped half-way leaves nothing to the next one", B,
                   M4bram<Small, Synchronous>, M4bram<Small, DoublePumped, 2>,
                   M4bram<Small, DoublePumped, 2, Drifting>) {
  core::Random random(18);
  const Operands o{.weight_bits = 4, .activation_bits = 5, .signed_activations = true};
  for (const std::size_t stop : {1U, 2U, 5U}) {
    const Sequence<B> s(o, 6, random);
    auto broken = s;
    broken.mac2[stop].activations[0][0] = 16;
    const auto machine = std::make_unique<typename B::Machine>();
    M4bramRun<B> run(*machine, o);
    CHECK_THROWS_WITH_AS(run.run(6, broken.words, broken.at(), [](const auto&) {}),
                         "activation: 16 is outside -16..15", RangeError);
    run.run(6, s.words, s.at(), [&](const auto& rows) { CHECK(s.wrong(rows, o, 0, 6) == 0); });
  }
}

TEST_CASE("a run that no block can make is refused") {
  using B = M4bram<Small, Synchronous, 2>;
  const auto machine = std::make_unique<B::Machine>();
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  CHECK_THROWS_AS(M4bramRun<B>(*machine, {.weight_bits = 4, .activation_bits = 9}), RangeError);
  CHECK_THROWS_AS(M4bramRun<B>(*machine, o, 257), RangeError);
  CHECK_THROWS_AS(M4bramRun<B>(*machine, o, 3), RangeError);
  core::Random random(1);
  Sequence<B> s(o, 40, random);
  const auto nothing = [](const auto&) {};
  M4bramRun<B> run(*machine, o, 4);
  CHECK_THROWS_AS(run.run(0, s.words, s.at(), nothing), RangeError);
  CHECK_THROWS_AS(run.run(40, {}, s.at(), nothing), ShapeError);
  s.mac2[3].words[0].slice = 2;
  CHECK_THROWS_WITH_AS(run.run(40, s.words, s.at(), nothing), "slice: 2 is outside 0..1", RangeError);
  s.mac2[3].words[0] = {25, 0};  // long before its turn
  CHECK_THROWS_WITH_AS(run.run(40, s.words, s.at(), nothing),
                       "weights: word 25 of MAC2 3 is not in the block when it is copied", ScheduleError);
  s.mac2[3].words[0] = {3, 0};
  s.mac2[30].words[1] = {24, 0};  // overwritten a while ago
  CHECK_THROWS_AS(run.run(40, s.words, s.at(), nothing), ScheduleError);
  M4bramRun<B> all(*machine, o);  // where all words are in the block, the order does not matter
  CHECK(all.run(40, s.words, s.at(), nothing).streamed_words == 0);
  using Drift = M4bram<Large, DoublePumped, 1, Drifting>;
  const auto drifting = std::make_unique<Drift::Machine>();
  const Sequence<Drift> long_run(o, 129, random);
  M4bramRun<Drift> no_stream(*drifting, o);
  CHECK_THROWS_AS(no_stream.run(129, long_run.words, long_run.at(), nothing), ScheduleError);
}

TEST_CASE_TEMPLATE("as released, products are those of the literal controllers", B,
                   M4bram<Small, Synchronous, 1, M4bramAsReleased>,
                   M4bram<Small, DoublePumped, 2, M4bramAsReleased>) {
  core::Random random(5);
  for (const auto& o : test::m4bram_operands()) {
    CAPTURE(to_string(o));
    Sequence<B> s(o, 5, random);
    const auto machine = std::make_unique<typename B::Machine>();
    M4bramRun<B> run(*machine, o);
    auto expected = s;  // with what the controllers multiply with
    for (auto& m : expected.mac2)
      for (auto& vector : m.activations)
        for (auto& a : vector) {
          const bool doubles = B::clocking::clock_ratio == 2 && !o.signed_activations;
          if (doubles) a = static_cast<std::int16_t>(2 * a);
          if (a < 0) a = static_cast<std::int16_t>(a + (1 << (o.activation_bits - 2)));
        }
    run.run(5, s.words, s.at(), [&](const auto& rows) { CHECK(expected.wrong(rows, o, 0, 5) == 0); });
  }
}

}  // namespace
