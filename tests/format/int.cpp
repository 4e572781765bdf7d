// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>

#include "support/reference_table.hpp"

using namespace bitloom;
using namespace bitloom::format;

namespace {

template <int Bits>
concept HasInt = requires {
  typename Int<Bits>;
};
static_assert(HasInt<1> && HasInt<32> && !HasInt<0> && !HasInt<33> && !HasInt<-1>);

template <class F>
concept HasInteger = requires {
  F::integer(0);
};
static_assert(HasInteger<Int<32>> && HasInteger<Int<31, Unsigned>> && !HasInteger<Int<32, Unsigned>>);

static_assert(Signedness<Signed> && Signedness<Unsigned> && !Signedness<bool>);
static_assert(Format<Int<1>> && Format<Int<32, Unsigned>> && !Format<int> && !Format<NearestEven>);
static_assert(IntegerFormat<Int<32>> && !IntegerFormat<Int<32, Unsigned>> && !IntegerFormat<double>);
static_assert(std::is_empty_v<Int<4>> && std::is_trivially_copyable_v<Int<4>>);
static_assert(sizeof(Int<1>::code_type) == 1 && sizeof(Int<8>::code_type) == 1 &&
              sizeof(Int<9>::code_type) == 2 && sizeof(Int<16>::code_type) == 2 &&
              sizeof(Int<17>::code_type) == 4 && sizeof(Int<32>::code_type) == 4);
static_assert(noexcept(Int<4>::decode(0)) && noexcept(Int<4>::integer(0)) && noexcept(
    Int<4>::code(0)) && noexcept(Int<4>::max()) && noexcept(Int<4>::lowest()));
static_assert(!noexcept(Int<4>::encode<NearestEven>(0.0)));

using Roundings = core::TypeList<NearestEven, NearestAway, NearestUp, TowardZero, Down, Up>;

/// Calls visit(std::type_identity<Int<Bits, S>>{}) for First..Last bits, signed and unsigned.
template <int First, int Last, class Visit>
void every_int(Visit visit) {
  [&]<int... N>(std::integer_sequence<int, N...>) {
    (visit(std::type_identity<Int<First + N, Signed>>{}), ...);
    (visit(std::type_identity<Int<First + N, Unsigned>>{}), ...);
  }
  (std::make_integer_sequence<int, Last - First + 1>{});
}

// The rounding rules on doubles, with the mathematical library. Below 2^52 the middle between neighbours is exact;
// above there is nothing to round.
double middle(double x) { return std::floor(x) + 0.5; }
double slow_round(NearestEven, double x) {
  if (x != middle(x)) return x < middle(x) ? std::floor(x) : std::ceil(x);
  return std::fmod(std::floor(x), 2) == 0 ? std::floor(x) : std::ceil(x);
}
double slow_round(NearestAway, double x) {
  if (x != middle(x)) return x < middle(x) ? std::floor(x) : std::ceil(x);
  return x < 0 ? std::floor(x) : std::ceil(x);
}
double slow_round(NearestUp, double x) { return x < middle(x) ? std::floor(x) : std::ceil(x); }
double slow_round(TowardZero, double x) { return std::trunc(x); }
double slow_round(Down, double x) { return std::floor(x); }
double slow_round(Up, double x) { return std::ceil(x); }

/// Clips or wraps an integer of any size, as a double: what `decode` has to give.
double slow_fit(Saturate, double x, double lowest, double max) {
  return x < lowest ? lowest : (x > max ? max : x);
}
double slow_fit(Wrap, double x, double lowest, double max) {
  const double size = max - lowest + 1;
  const double rest = std::fmod(x, size);  // exact
  if (rest < lowest) return rest + size;
  return rest > max ? rest - size : rest;
}

/// Number of inputs that one of the two overflow rules encodes to another value than the twin says.
template <class F, class R>
std::int64_t mismatches(const std::vector<double>& inputs) {
  std::int64_t count = 0;
  for (const double x : inputs) {
    const double rounded = std::abs(x) < 0x1p52 ? slow_round(R{}, x) : x;
    const auto differs = [&]<class O>(O overflow) {
      const auto code = F::template encode<R, O>(x);
      return F::decode(code) != slow_fit(overflow, rounded, F::lowest(), F::max()) ||
             (code >> (F::bits - 1)) > 1;
    };
    count += differs(Saturate{}) ? 1 : 0;
    count += differs(Wrap{}) ? 1 : 0;
  }
  return count;
}

template <class F>
void check_encode(const std::vector<double>& inputs) {
  core::for_each_type(Roundings{}, [&]<class R>(std::type_identity<R>) {
    CAPTURE(F::bits);
    CAPTURE(F::is_signed);
    CHECK(mismatches<F, R>(inputs) == 0);
  });
}

/// Both signs of powers of two, halves and ties next to them and their neighbours, out to the ends of double.
std::vector<double> corner_inputs() {
  using Limits = std::numeric_limits<double>;
  std::vector<double> magnitudes{0.0,   Limits::denorm_min(), Limits::min() / 2, Limits::min(),
                                 1e300, Limits::max()};
  for (int power = -3; power <= 70; ++power)
    for (const double offset : {-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.5}) {
      const double x = std::abs(std::ldexp(1.0, power) + offset);
      for (const double y : {x, std::nextafter(x, 0.0), std::nextafter(x, Limits::infinity())})
        magnitudes.push_back(y);
    }
  for (const int power : {100, 500, 1023}) magnitudes.push_back(std::ldexp(1.0, power));
  std::vector<double> inputs;
  for (const double x : magnitudes) {
    inputs.push_back(x);
    inputs.push_back(-x);
  }
  return inputs;
}

/// Multiples of 1 / `steps` over three times the range.
template <class F>
std::vector<double> grid(int steps) {
  const auto size = static_cast<std::int64_t>(F::max() - F::lowest()) + 1;
  std::vector<double> inputs;
  for (auto i = (F::range.lowest - size) * steps; i <= (F::range.max + size) * steps; ++i)
    inputs.push_back(static_cast<double>(i) / steps);
  return inputs;
}

float from_bits(const std::string& hex) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16)));
}

}  // namespace

TEST_CASE("every code of up to 16 bits is its low bits in two's complement, and encodes back") {
  every_int<1, 16>([]<class F>(std::type_identity<F>) {
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < std::int64_t{1} << F::bits; ++i) {
      const auto code = static_cast<typename F::code_type>(i);
      const auto value =
          F::is_signed && i >= std::int64_t{1} << (F::bits - 1) ? i - (std::int64_t{1} << F::bits) : i;
      const auto real = static_cast<double>(value);
      wrong += F::decode(code) == real && F::integer(code) == value && F::code(value) == code &&
                       F::template encode<NearestEven>(real) == code &&
                       F::template encode<Up, Wrap>(real) == code
                   ? 0
                   : 1;
    }
    CAPTURE(F::bits);
    CAPTURE(F::is_signed);
    CHECK(wrong == 0);
  });
}

TEST_CASE("random codes of 17 to 32 bits decode to their two's complement and encode back") {
  core::Random random(1);
  every_int<17, 32>([&]<class F>(std::type_identity<F>) {
    std::int64_t wrong = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto bits = random.integer(0, (std::int64_t{1} << F::bits) - 1);
      const auto half = std::int64_t{1} << (F::bits - 1);
      const auto value = F::is_signed && bits >= half ? bits - 2 * half : bits;
      const auto code = static_cast<typename F::code_type>(bits);
      wrong += F::decode(code) == static_cast<double>(value) && F::code(value) == code &&
                       F::template encode<Down>(static_cast<double>(value)) == code
                   ? 0
                   : 1;
      if constexpr (HasInteger<F>) wrong += F::integer(code) == value ? 0 : 1;
    }
    CAPTURE(F::bits);
    CHECK(wrong == 0);
  });
}

TEST_CASE("the range's ends are the extreme values of the codes") {
  every_int<1, 10>([]<class F>(std::type_identity<F>) {
    double lowest = 0;
    double max = 0;
    for (int i = 0; i < 1 << F::bits; ++i) {
      lowest = std::min(lowest, F::decode(static_cast<typename F::code_type>(i)));
      max = std::max(max, F::decode(static_cast<typename F::code_type>(i)));
    }
    CHECK(lowest == F::lowest());
    CHECK(max == F::max());
    CHECK(static_cast<double>(F::range.lowest) == lowest);
    CHECK(static_cast<double>(F::range.max) == max);
  });
  static_assert(Int<32>::lowest() == -0x1p31 && Int<32, Unsigned>::max() == 0x1p32 - 1);
  static_assert(Int<1>::lowest() == -1 && Int<1>::max() == 0 && Int<1, Unsigned>::max() == 1);
}

TEST_CASE("bits above the code's width do not count") {
  static_assert(Int<4>::decode(0xFF) == -1 && Int<4>::integer(0x37) == 7 &&
                Int<4, Unsigned>::decode(0xF3) == 3);
  CHECK(Int<4>::code(-1) == 0xF);
  CHECK(Int<4>::code(0x123) == 3);
  CHECK(Int<32>::code(std::int64_t{-1} << 40 | 5) == 5);
}

TEST_CASE("eighths over three ranges are rounded and fitted as the twin does, for up to 8 bits") {
  every_int<1, 8>([]<class F>(std::type_identity<F>) { check_encode<F>(grid<F>(8)); });
}

TEST_CASE("quarters over three ranges are rounded and fitted as the twin does, for 16 bits") {
  every_int<16, 16>([]<class F>(std::type_identity<F>) { check_encode<F>(grid<F>(4)); });
}

TEST_CASE("corner cases of double are rounded and fitted as the twin does, for every width") {
  const auto inputs = corner_inputs();
  every_int<1, 32>([&]<class F>(std::type_identity<F>) { check_encode<F>(inputs); });
}

TEST_CASE("random bit patterns are rounded and fitted as the twin does, for every width") {
  core::Random random(2);
  std::vector<double> inputs;
  while (inputs.size() < 1000) {
    const double x = std::bit_cast<double>(random());
    if (std::isfinite(x)) inputs.push_back(x);
    inputs.push_back(std::ldexp(random.uniform() - 0.5, static_cast<int>(random.integer(-5, 70))));
  }
  every_int<1, 32>([&]<class F>(std::type_identity<F>) { check_encode<F>(inputs); });
}

TEST_CASE("huge numbers wrap to their low bits and saturate by their sign") {
  static_assert(Int<8>::encode<TowardZero, Wrap>(0x1p63 + 0x1p11) == 0);
  static_assert(Int<16>::encode<TowardZero, Wrap>(0x1p63 + 0x1p11) == 0x800);
  static_assert(Int<16>::encode<TowardZero, Wrap>(-(0x1p63 + 0x1p11)) == 0xF800);
  static_assert(Int<32>::encode<NearestEven>(0x1p63) == 0x7FFFFFFF);
  static_assert(Int<32>::encode<NearestEven>(-0x1p63) == 0x80000000);
  CHECK(Int<8>::encode<NearestEven, Wrap>(1e300) == 0);
  CHECK(Int<8>::encode<NearestEven>(1e300) == 0x7F);
  CHECK(Int<8, Unsigned>::encode<NearestEven>(-1e300) == 0);
}

TEST_CASE("encoding works at compile time") {
  static_assert(Int<4>::encode<NearestEven>(2.5) == 2 && Int<4>::encode<NearestEven>(-2.5) == 0xE);
  static_assert(Int<4>::encode<NearestAway>(2.5) == 3 && Int<4>::encode<NearestUp>(-2.5) == 0xE);
  static_assert(Int<4>::encode<Down>(-0x1p-1074) == 0xF && Int<4>::encode<Up>(0x1p-1074) == 1);
  static_assert(Int<4>::encode<NearestEven>(-0.0) == 0);
  static_assert(Int<4>::encode<NearestEven>(100.0) == 7);
  CHECK(Int<4>::encode<NearestEven, Wrap>(100.0) == 4);
}

TEST_CASE("NaN and infinities are refused by both overflow rules") {
  using Limits = std::numeric_limits<double>;
  for (const double x : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK_THROWS_WITH_AS((Int<4>::encode<NearestEven>(x)), "integer encode: the input is NaN or infinite",
                         RangeError);
    CHECK_THROWS_AS((Int<4, Unsigned>::encode<Down, Wrap>(x)), RangeError);
  }
}

TEST_CASE("quotients of the reference data round to its codes in four rounding rules") {
  const auto found = bitloom::test::reference_table("fliqs/int_quant.csv");
  if (!found) return;
  const auto& table = *found;
  std::int64_t by_format = 0;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    const double quotient =
        static_cast<double>(from_bits(table.text(row, "x_f32"))) / from_bits(table.text(row, "scale_f32"));
    const auto zero = table.integer(row, "zero_point");
    const auto low = table.integer(row, "qmin");
    const auto high = table.integer(row, "qmax");
    CAPTURE(table.where(row));
    const auto check = [&]<class R>(R, const char* column) {
      const auto expected = table.integer(row, column);
      const auto rounded = format::round_to_units<R>(format::to_dyadic(quotient), 0);
      REQUIRE(!rounded.huge);
      const auto magnitude = static_cast<std::int64_t>(rounded.low_bits);
      const auto shifted = (quotient < 0 ? -magnitude : magnitude) + zero;
      REQUIRE(std::min(std::max(shifted, low), high) == expected);
      if (zero != 0) return;
      every_int<2, 16>([&]<class F>(std::type_identity<F>) {
        if (F::range.lowest != low || F::range.max != high) return;
        ++by_format;
        REQUIRE(F::integer(F::template encode<R>(quotient)) == expected);
      });
    };
    check(NearestEven{}, "exact_rne");
    check(NearestAway{}, "exact_rna");
    check(TowardZero{}, "exact_rtz");
    check(NearestUp{}, "exact_rhu");
  }
  CHECK(table.row_count() == 720);
  CHECK(by_format >= 4 * 200);  // the rows whose range is that of a format
}
