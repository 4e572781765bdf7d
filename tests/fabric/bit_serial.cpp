// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bit_serial.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

#include "support/reference_table.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands same(int bits) { return {.weight_bits = bits, .activation_bits = bits}; }

std::vector<Operands> all_operands() {
  std::vector<Operands> all;
  for (int w = 2; w <= 8; ++w)
    for (int a = 2; a <= 8; ++a)
      for (const bool is_signed : {false, true})
        all.push_back({.weight_bits = w, .activation_bits = a, .signed_activations = is_signed});
  return all;
}

TEST_CASE("a multiply-accumulate takes 16, 42 and 113 cycles at 2, 4 and 8 bits") {
  for (const auto& [bits, cycles] : {std::pair{2, 16}, {4, 42}, {8, 113}}) {
    CHECK(ComefaD::mac_cycles(same(bits)) == cycles);
    CHECK(ComefaA::mac_cycles(same(bits)) == cycles);
    CHECK(Ccb<2>::mac_cycles(same(bits)) == cycles);
  }
}

TEST_CASE("peak throughputs are those of the reference table") {
  const auto file = bitloom::test::reference_table("bramac/peak_throughput_model.csv");
  if (!file) return;
  int checked = 0;
  const auto check = [&]<class B>(std::type_identity<B>, std::size_t i) {
    const auto o = same(file->integer(i, "precision", 2, 8));
    CAPTURE(file->where(i));
    CHECK(file->integer(i, "macs_in_parallel_per_block") == B::lanes(o));
    CHECK(file->integer(i, "cycles_per_group") == B::mac_cycles(o));
    CHECK(file->integer(i, "fmax_mhz") == static_cast<std::int64_t>(B::clock().value));
    const auto blocks = static_cast<double>(file->integer(i, "blocks"));
    const auto tera = blocks * B::lanes(o) * B::clock().value / B::mac_cycles(o) * 1e-6;
    CHECK(std::abs(tera - std::stod(file->text(i, "tmac_per_s"))) < 6e-5);
    ++checked;
  };
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    if (file->text(i, "engine") == "CCB") check(std::type_identity<Ccb<2>>{}, i);
    if (file->text(i, "engine") == "CoMeFa-D") check(std::type_identity<ComefaD>{}, i);
    if (file->text(i, "engine") == "CoMeFa-A") check(std::type_identity<ComefaA>{}, i);
  }
  CHECK(checked == 9);
}

TEST_CASE("accumulators hold a product, grow with it, and are 8, 16 and 27 bits wide at 2, 4 and 8 bits") {
  for (const auto& [bits, accumulator] :
       {std::pair{2, 8}, {3, 12}, {4, 16}, {5, 19}, {6, 22}, {7, 25}, {8, 27}})
    CHECK(ComefaD::accumulator_bits(same(bits)) == accumulator);
  for (const auto& o : all_operands()) {
    CHECK(ComefaD::accumulator_bits(o) > ComefaD::product_bits(o));
    auto wider = o;
    ++wider.activation_bits;
    CHECK(ComefaD::accumulator_bits(wider) > ComefaD::accumulator_bits(o));
  }
  static_assert(BitSerial<ComefaDelay, FixedAccumulator<20>>::accumulator_bits(same(8)) == 20);
  static_assert(!BitSerial<ComefaDelay, FixedAccumulator<15>>::supports(same(8)));
  static_assert(BitSerial<ComefaDelay, FixedAccumulator<16>>::supports(same(8)));
}

TEST_CASE("as many of the largest products as are safe fit an accumulator, and no more") {
  for (const auto& o : all_operands()) {
    const auto largest =
        ((std::int64_t{1} << o.weight_bits) - 1) * ((std::int64_t{1} << o.activation_bits) - 1);
    const auto end = std::int64_t{1} << ComefaD::accumulator_bits(o);
    CHECK(ComefaD::safe_terms(o) >= 1);
    CHECK(ComefaD::safe_terms(o) * largest < end);
    CHECK((ComefaD::safe_terms(o) + 1) * largest >= end);
  }
}

template <class B>
void check_rows() {
  for (const auto& o : all_operands()) {
    REQUIRE(B::supports(o));
    std::vector<int> used(128, 0);
    const auto use = [&](const comefa::Field& field) {
      for (int i = 0; i < field.bits; ++i) ++used.at(static_cast<std::size_t>(field.row(i)));
    };
    use(B::accumulator_field(o));
    use(B::product_field(o));
    for (int i = 0; i < B::variant::stored_inputs; ++i) use(B::input_field(o, i));
    for (int i = 0; i < B::resident_terms(o); ++i) use(B::weight_field(o, i));
    int free_rows = 0;
    for (const int count : used) {
      REQUIRE(count <= 1);
      free_rows += count == 0 ? 1 : 0;
    }
    CHECK(free_rows < o.weight_bits);  // no further weight fits
    CHECK(B::weight_words(o) == 4 * o.weight_bits * B::resident_terms(o));
    CHECK(B::storage_efficiency(o) == (128.0 - o.weight_bits - o.activation_bits - B::accumulator_bits(o) -
                                       B::variant::stored_inputs * o.activation_bits) /
                                          128);
  }
}

TEST_CASE("the numbers of a column lie in rows of their own, and fill the block") {
  check_rows<ComefaD>();
  check_rows<Ccb<2>>();
  check_rows<Ccb<4>>();
  static_assert(ComefaD::resident_terms(same(2)) == 58);
  static_assert(ComefaD::resident_terms(same(8)) == 10);
}

/// Counts cycles as a controller would spend them.
template <class B>
std::int64_t slow_cycles(const MatrixShape& shape, const Operands& o, bool loads_all) {
  std::int64_t cycles = 1;
  const std::int64_t places = B::resident_terms(o);
  const auto groups = (shape.rows + 159) / 160;
  const bool resident = groups * shape.columns <= places;
  for (std::int64_t group = 0; group < groups; ++group) {
    std::int64_t products = 0;
    for (std::int64_t first = 0; first < shape.columns;) {
      auto last = resident ? shape.columns : std::min(shape.columns, first + places);
      if (!resident || loads_all) cycles += (last - first) * o.weight_bits * 2;
      for (std::int64_t vector = 0; vector < shape.vectors; ++vector)
        for (auto term = first; term < last; ++term) {
          if (B::variant::stored_inputs > 0) cycles += 2 * o.activation_bits;
          cycles += B::mac_cycles(o);
          const bool keeps = shape.vectors == 1 && term + 1 < shape.columns;
          if (++products == B::safe_terms(o) || (term + 1 == last && !keeps)) {
            cycles += 2 * B::accumulator_bits(o);
            products = 0;
          }
        }
      first = last;
    }
  }
  return cycles;
}

TEST_CASE("cycles by formula are those of a controller that goes through the product") {
  core::Random random(1);
  int resident = 0;
  for (const auto& o : all_operands())
    for (int i = 0; i < 40; ++i) {
      MatrixShape shape{.rows = random.integer(1, 500), .columns = random.integer(1, 400), .vectors = 1};
      if (i % 2 == 0) shape.columns = random.integer(1, 20);
      if (i % 3 != 0) shape.vectors = random.integer(2, 9);
      CAPTURE(shape.rows);
      CAPTURE(shape.columns);
      CAPTURE(shape.vectors);
      REQUIRE(ComefaD::cycles(shape, o) == slow_cycles<ComefaD>(shape, o, false));
      REQUIRE(ComefaD::tiled_cycles(shape, o) == slow_cycles<ComefaD>(shape, o, true));
      REQUIRE(Ccb<4>::cycles(shape, o) == slow_cycles<Ccb<4>>(shape, o, false));
      REQUIRE(Ccb<4>::tiled_cycles(shape, o) == slow_cycles<Ccb<4>>(shape, o, true));
      resident += ComefaD::cut(shape, o).resident ? 1 : 0;
      CHECK(ComefaD::cut(shape, o).resident == (ComefaD::words(shape, o) <= ComefaD::weight_words(o)));
    }
  CHECK(resident > 100);
}

TEST_CASE("impossible shapes and operands are refused") {
  CHECK_THROWS_AS(static_cast<void>(ComefaD::cycles({0, 1, 1}, same(4))), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(ComefaD::cycles({1, 1, 0}, same(4))), ShapeError);
  CHECK_THROWS_WITH_AS(
      static_cast<void>(ComefaD::cycles({1, 1, 1}, same(9))),
      "operands: CoMeFa-D does not compute int9 x uint9; it has signed weights and activations of 2 "
      "to 8 bits, if the accumulator holds a product and the rows a weight",
      RangeError);
  CHECK_THROWS_AS(static_cast<void>(ComefaD::cycles(
                      {1, 1, 1}, {.weight_bits = 4, .signed_weights = false, .activation_bits = 4})),
                  RangeError);
  constexpr auto huge = std::int64_t{1} << 40;
  CHECK_THROWS_AS(static_cast<void>(ComefaD::cycles({huge, 1 << 20, huge}, same(4))), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Ccb<2>::weight_words(same(1))), RangeError);
}

TEST_CASE("everything without a source is assumed, and so is what follows from it") {
  for (const auto& c : ComefaD::constants())
    CHECK((c.standing == core::Standing::Assumed) == (c != M20k::area()));
  CHECK(ComefaA::area().value == doctest::Approx(40 * 1.081));
  CHECK(Ccb<2>::area().standing == core::Standing::Assumed);
  CHECK(ComefaD::accumulator(same(8)).value == 27);
  CHECK(ComefaD::accumulator(same(8)).standing == core::Standing::Assumed);
}

TEST_CASE("the assumed area factors fit the published core areas with one share of block RAM") {
  const auto share = []<class V>(std::type_identity<V>) {
    return V::core_area_increase.value / 100 / (V::area_factor.value - 1);
  };
  CHECK(share(std::type_identity<ComefaDelay>{}) ==
        doctest::Approx(share(std::type_identity<ComefaArea>{})).epsilon(0.02));
}

template <int Inputs>
concept HasCcb = requires {
  typename Ccb<Inputs>;
};
static_assert(HasCcb<2> && HasCcb<4> && !HasCcb<0> && !HasCcb<3>);

}  // namespace
