// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/padded.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/fabric/agreement.hpp>
#include <bitloom/fabric/bit_serial_product.hpp>
#include <bitloom/fabric/bit_serial_value.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_value.hpp>
#include <bitloom/fabric/dsp_value.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

using PaddedBramac = Padded<Bramac2sa>;
static_assert(Block<PaddedBramac> && Block<Padded<Bramac1da>> && Block<Padded<ComefaD>> &&
              Block<Padded<DspSlice>>);
static_assert(accel::StoresWeights<PaddedBramac> && StreamsWeights<PaddedBramac> &&
              !StopsForWeights<PaddedBramac>);
static_assert(StopsForWeights<Padded<ComefaD>> && !accel::StoresWeights<Padded<DspSlice>>);

TEST_CASE("operands are padded to the next width that holds both") {
  for (int w = 1; w <= 8; ++w)
    for (int a = 1; a <= 8; ++a)
      for (const bool is_signed : {false, true}) {
        const Operands o{.weight_bits = w, .activation_bits = a, .signed_activations = is_signed};
        const int widest = std::max(w, a);
        const int bits = widest <= 2 ? 2 : widest <= 4 ? 4 : 8;
        REQUIRE(PaddedBramac::padded(o) ==
                Operands{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed});
        REQUIRE(Padded<ComefaD>::padded(o) == Operands{.weight_bits = std::max(w, 2),
                                                       .activation_bits = std::max(a, 2),
                                                       .signed_activations = is_signed});
      }
  // an unsigned weight needs one more bit as a signed one
  CHECK(PaddedBramac::padded({.weight_bits = 3, .signed_weights = false, .activation_bits = 2}).weight_bits ==
        4);
  CHECK(PaddedBramac::padded({.weight_bits = 4, .signed_weights = false, .activation_bits = 2}).weight_bits ==
        8);
  CHECK(!PaddedBramac::supports({.weight_bits = 8, .signed_weights = false, .activation_bits = 2}));
  CHECK(!PaddedBramac::supports({.weight_bits = 0, .activation_bits = 2}));
  CHECK_THROWS_WITH_AS(
      static_cast<void>(PaddedBramac::padded({.weight_bits = 9, .activation_bits = 2})),
      "operands: BRAMAC-2SA does not compute int9 x uint2, even padded; it has int2, int4 and int8 "
      "weights with activations of the same width",
      RangeError);
}

TEST_CASE_TEMPLATE("padded views agree on every product of two narrow terms and on random matrices", B,
                   Padded<Bramac2sa>, Padded<Bramac1da>) {
  for (const auto& [weight, activation] : {std::pair{3, 3}, {3, 5}, {1, 2}, {6, 6}, {7, 1}})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed};
      CHECK(verify<B>(o, 1, 2).holds());
    }
  CHECK(verify<B>({.weight_bits = 3, .signed_weights = false, .activation_bits = 3}, 1, 2).holds());
}

TEST_CASE("padded products are exact and cost what those of the padded width cost") {
  core::Random random(2);
  for (int bits = 2; bits <= 8; ++bits) {
    const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = bits % 2 == 0};
    const MatrixShape shape{random.integer(1, 60), random.integer(1, 90), random.integer(1, 4)};
    const fabric::test::Product p(shape, o, random);
    std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
    PaddedBramac::multiply(shape, o, p.weights, p.activations, value);
    const auto machine = std::make_unique<PaddedBramac::Machine>();
    const auto cycles = PaddedBramac::run(*machine, shape, o, p.weights, p.activations, cycle);
    CHECK(value == p.result);
    CHECK(cycle == p.result);
    const auto wide = PaddedBramac::padded(o);
    CHECK(cycles == Bramac2sa::cycles(shape, wide));
    CHECK(PaddedBramac::lanes(o) == Bramac2sa::lanes(wide));
    CHECK(PaddedBramac::words(shape, o) == Bramac2sa::words(shape, wide));
    CHECK(PaddedBramac::busy(shape, o) == Bramac2sa::busy(shape, wide));
    CHECK(PaddedBramac::free(shape, o) == Bramac2sa::free(shape, wide));
    CHECK(PaddedBramac::streamed_pairs(shape, o, 4) == Bramac2sa::streamed_pairs(shape, wide, 4));
  }
  CHECK(PaddedBramac::area() == Bramac2sa::area());
  CHECK(PaddedBramac::constants() == Bramac2sa::constants());
}

TEST_CASE("padding does not let a value through that is wider than its format") {
  const Operands o{.weight_bits = 3, .activation_bits = 3};
  std::vector<std::int32_t> sum(1);
  const std::vector<std::int16_t> one{1}, wide{4}, wider{8};
  const auto machine = std::make_unique<PaddedBramac::Machine>();
  CHECK_THROWS_WITH_AS(PaddedBramac::multiply({1, 1}, o, wide, one, sum), "weight: 4 is outside -4..3",
                       RangeError);
  CHECK_THROWS_WITH_AS(PaddedBramac::run(*machine, {1, 1}, o, one, wider, sum),
                       "activation: 8 is outside 0..7", RangeError);
}

TEST_CASE("padded BRAMAC uses 1, 3/4, 1, 5/8, 3/4, 7/8 and 1 of its bits at 2 to 8 bits, 6/7 in the mean") {
  const std::vector<double> shares{1, 0.75, 1, 0.625, 0.75, 0.875, 1};
  for (int bits = 2; bits <= 8; ++bits)
    CHECK(storage_efficiency<PaddedBramac>({.weight_bits = bits, .activation_bits = bits}) ==
          shares[static_cast<std::size_t>(bits - 2)]);
  CHECK(mean_storage_efficiency<PaddedBramac>() == doctest::Approx(6.0 / 7));
}

}  // namespace
