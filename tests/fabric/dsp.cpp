// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/dsp_value.hpp>

#include <array>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

static_assert(Block<DspSlice>);

TEST_CASE("a packed multiplier gives every product of its weights with an activation") {
  for (int wb = 2; wb <= 8; ++wb)
    for (int ab = 2; ab <= 8; ++ab)
      for (const bool is_signed : {false, true}) {
        const Operands o{.weight_bits = wb, .activation_bits = ab, .signed_activations = is_signed};
        const int low = -(1 << (wb - 1));
        const int high = (1 << (wb - 1)) - 1;
        int mismatches = 0;
        for (int w = low; w <= high; ++w)
          for (int a = is_signed ? -(1 << (ab - 1)) : 0; a < 1 << (is_signed ? ab - 1 : ab); ++a)
            for (const int neighbour : {low, -1, 0, high}) {  // its borrow must not reach the next product
              std::array<std::int16_t, 8> weights{};
              for (std::size_t i = 0; i < weights.size(); ++i)
                weights[i] = static_cast<std::int16_t>(i % 2 == 0 ? neighbour : w);
              DspSlice::Machine machine;
              machine.step(o, weights, a);
              for (int i = 0; i < DspSlice::lanes(o); ++i)
                mismatches += machine.accumulator(i) == weights[static_cast<std::size_t>(i)] * a ? 0 : 1;
            }
        CAPTURE(wb);
        CAPTURE(ab);
        CHECK(mismatches == 0);
        // the packed weights fit the port of the multiplier
        CHECK((DspSlice::packed(o) - 1) * DspSlice::spacing(o) + wb <= DspSlice::operand_bits);
      }
}

TEST_CASE("a slice multiplies 8, 4 and 2 pairs a cycle at 2, 4 and 8 bits") {
  for (const auto& [bits, products] : {std::pair{2, 8}, {4, 4}, {8, 2}})
    CHECK(DspSlice::lanes({.weight_bits = bits, .activation_bits = bits}) == products);
}

TEST_CASE("value view, cycle view and formula of a slice agree") {
  core::Random random(15);
  for (const auto& o : test::bramac_operands())
    for (int i = 0; i < 10; ++i) {
      const test::Product p({random.integer(1, 20), random.integer(1, 40), random.integer(1, 4)}, o, random);
      std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
      DspSlice::multiply(p.shape, o, p.weights, p.activations, value);
      DspSlice::Machine machine;
      CHECK(DspSlice::run(machine, p.shape, o, p.weights, p.activations, cycle) ==
            DspSlice::cycles(p.shape, o));
      CHECK(value == p.result);
      CHECK(cycle == p.result);
    }
}

TEST_CASE("a slice refuses widths beyond 8 bits and values beyond their width") {
  const std::vector<std::int16_t> one(1, 1), big(1, 4);
  std::vector<std::int32_t> sum(1);
  DspSlice::Machine machine;
  CHECK_THROWS_AS(static_cast<void>(DspSlice::cycles({1, 1}, {.weight_bits = 9, .activation_bits = 4})),
                  RangeError);
  CHECK_THROWS_AS(DspSlice::multiply({1, 1}, {.weight_bits = 2, .activation_bits = 2}, one, big, sum),
                  RangeError);
  CHECK_THROWS_AS(DspSlice::run(machine, {1, 1}, {.weight_bits = 2, .activation_bits = 2}, big, one, sum),
                  RangeError);
}

}  // namespace

TEST_CASE("shapes whose cycles 63 bits cannot count are errors for a slice as well") {
  using namespace bitloom::fabric;
  constexpr auto large = std::int64_t{1} << 31;
  CHECK_THROWS_AS((void)DspSlice::cycles({large, large, large}, {.weight_bits = 4, .activation_bits = 4}),
                  bitloom::ShapeError);
}
