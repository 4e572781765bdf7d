// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/agreement.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

TEST_CASE_TEMPLATE("value, machine and RTL agree on whole matrix products of every width and sign", B,
                   Bramac2sa, Bramac1da) {
  if (!rtl::test::can_simulate()) return;
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      const auto agreement = rtl::verify(rtl::test::simulation<B>(), o, 31, 1);
      CAPTURE(to_string(agreement));
      CHECK(agreement.holds());
      CHECK(agreement.rtl_cycles >
            agreement.views.formula_cycles * B::variant::clock_ratio);  // and the loading
      CHECK(agreement.views.operands == fabric::verify<B>(o, 31, 1).operands);
      if (verifies_all(o)) CHECK(agreement.views.operands >= std::int64_t{1} << (4 * bits));
    }
}

/// The block of a size and clocking with another duplication.
template <class B, int Duplication>
using Duplicated = M4bram<typename B::size, typename B::clocking, Duplication, typename B::policies>;

TEST_CASE_TEMPLATE("all widths of M4BRAM agree, each with one duplication of the module that serves all", B,
                   rtl::test::M4bramSyncSmall, rtl::test::M4bramSyncLarge, rtl::test::M4bramPumpedSmall,
                   rtl::test::M4bramPumpedLarge) {
  if (!rtl::test::can_simulate()) return;
  const auto check = [](const Operands& o, auto block) {
    using Block = typename decltype(block)::type;
    const auto agreement = rtl::verify<Block>(rtl::test::simulation<B>(), o, 34, 1);
    CAPTURE(to_string(o));
    CAPTURE(to_string(agreement));
    CHECK(agreement.holds());
    CHECK(agreement.rtl_cycles > agreement.views.formula_cycles * B::clocking::clock_ratio);
    return agreement.views.operands;
  };
  std::int64_t operands = 0;
  int i = B::word_bits / 64 + B::clocking::clock_ratio;  // so that the four together have every duplication
  for (const int weight : {2, 4, 8})
    for (int activation = 2; activation <= 8; ++activation)
      for (const bool is_signed : {false, true}) {
        const Operands o{
            .weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed};
        const int choice = i++ % 3;
        operands += choice == 0   ? check(o, std::type_identity<Duplicated<B, 1>>{})
                    : choice == 1 ? check(o, std::type_identity<Duplicated<B, 2>>{})
                                  : check(o, std::type_identity<Duplicated<B, 4>>{});
      }
  CHECK(operands > 370000);
}

TEST_CASE("the line says where the RTL differs, and nothing compared is no agreement") {
  CHECK(!rtl::Agreement{}.holds());
  const fabric::Agreement views{7, 0, 9, 9};
  CHECK(!rtl::Agreement{views, 0, ""}.holds());
  CHECK(rtl::Agreement{views, 40, ""}.holds());
  CHECK(!rtl::Agreement{views, 40, "FAIL cycle 3: carry is 1 instead of 0"}.holds());
  CHECK(to_string(rtl::Agreement{views, 40, ""}) == "value = machine = RTL on 7 operands, cycles = formula");
  CHECK(to_string(rtl::Agreement{views, 40, "FAIL cycle 3: carry is 1 instead of 0"}) ==
        "value = machine != RTL (FAIL cycle 3: carry is 1 instead of 0) on 7 operands, cycles = formula");
}

TEST_CASE("verifying operands that the block lacks is refused") {
  if (!rtl::test::can_simulate()) return;
  CHECK_THROWS_AS(static_cast<void>(rtl::verify(rtl::test::simulation<Bramac2sa>(),
                                                {.weight_bits = 3, .activation_bits = 3}, 1)),
                  RangeError);
}

}  // namespace
