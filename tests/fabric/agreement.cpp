// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/agreement.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// A slice whose value view is wrong for one pair of operands, or whose formula forgets a cycle.
template <bool WrongValue, bool WrongCycles>
struct Faulty : DspSlice {
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
    DspSlice::multiply(shape, o, weights, activations, result);
    if (WrongValue && shape.columns == 2) result[17] += 1;
  }
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    return DspSlice::cycles(shape, o) + (WrongCycles && shape.columns == 2 ? 1 : 0);
  }
};

TEST_CASE_TEMPLATE("the views of every block agree for every width that they share", B, Bramac2sa, Bramac1da,
                   DspSlice) {
  for (const int bits : {2, 4, 8}) {
    const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = bits == 4};
    const auto agreement = verify<B>(o, 5, 3);
    CHECK(agreement.holds());
    if (verifies_all(o)) CHECK(agreement.operands >= std::int64_t{1} << (4 * bits));
  }
}

TEST_CASE("one wrong sum or one forgotten cycle is found") {
  const Operands o{.weight_bits = 2, .activation_bits = 2};
  const auto right = verify<Faulty<false, false>>(o, 1, 2);
  CHECK(right.holds());
  const auto value = verify<Faulty<true, false>>(o, 1, 2);
  CHECK(value.mismatches == 1);
  CHECK(!value.holds());
  const auto cycles = verify<Faulty<false, true>>(o, 1, 2);
  CHECK(cycles.formula_cycles == cycles.machine_cycles + 1);
  CHECK(!cycles.holds());
}

TEST_CASE("nothing compared is no agreement, and the line says what was found") {
  CHECK(!Agreement{}.holds());
  CHECK(to_string(Agreement{7, 0, 9, 9}) == "value = machine on 7 operands, cycles = formula");
  CHECK(to_string(Agreement{7, 2, 9, 8}) ==
        "value != machine on 7 operands (2 sums differ), cycles 9 != formula 8");
}

TEST_CASE("verifying operands that the block lacks is refused") {
  CHECK_THROWS_AS(static_cast<void>(verify<Bramac2sa>({.weight_bits = 3, .activation_bits = 3}, 1)),
                  RangeError);
}

}  // namespace
