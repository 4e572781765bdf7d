// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/asymmetric.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

#include "int_scales.hpp"

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::quant;

namespace {

using UInt1 = Int<1, Unsigned>;  // a comma inside a macro's argument would end it
using UInt3 = Int<3, Unsigned>;
using UInt4 = Int<4, Unsigned>;
using UInt8 = Int<8, Unsigned>;
using UInt16 = Int<16, Unsigned>;
using UInt24 = Int<24, Unsigned>;

template <class F, class... Policies>
concept HasAsymmetric = requires {
  typename Asymmetric<F, Policies...>;
};
static_assert(HasAsymmetric<UInt8> && HasAsymmetric<Int<8>> && HasAsymmetric<UInt1> && HasAsymmetric<UInt24>);
static_assert(!HasAsymmetric<Int<25>> && !HasAsymmetric<E4m3fn> && !HasAsymmetric<int>);
static_assert(HasAsymmetric<UInt8, PerChannel, FloatReciprocal, NearestAway, BestShare>);
static_assert(!HasAsymmetric<UInt8, PowerOfTwoScaling> && !HasAsymmetric<UInt8, PerTensor, PerTensor>);
static_assert(std::is_empty_v<Asymmetric<UInt8>>);

constexpr float largest_float = std::numeric_limits<float>::max();
constexpr float smallest_float = std::numeric_limits<float>::denorm_min();

/// A natural number of 384 bits: every finite float is a whole number of units of 2^-149, of 277 bits at most.
class Natural {
 public:
  static Natural units_of(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(std::abs(x));
    const auto field = bits >> 23;
    const auto significand = (bits & 0x7FFFFF) | (field == 0 ? 0 : 0x800000);
    Natural result;
    for (std::uint32_t bit = 0; bit < 24; ++bit)
      if (((significand >> bit) & 1) != 0) {
        const auto place = bit + (field == 0 ? 0 : field - 1);
        result.words_[place / 32] |= std::uint32_t{1} << (place % 32);
      }
    return result;
  }

  friend Natural operator+(const Natural& a, const Natural& b) {
    Natural result;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < a.words_.size(); ++i) {
      carry += std::uint64_t{a.words_[i]} + b.words_[i];
      result.words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    return result;
  }
  friend Natural operator*(const Natural& a, std::int64_t factor) {  // 0 <= factor < 2^32
    Natural result;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < a.words_.size(); ++i) {
      carry += std::uint64_t{a.words_[i]} * static_cast<std::uint64_t>(factor);
      result.words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    return result;
  }
  friend std::strong_ordering operator<=>(const Natural& a, const Natural& b) {
    for (std::size_t i = a.words_.size(); i-- > 0;)
      if (a.words_[i] != b.words_[i]) return a.words_[i] <=> b.words_[i];
    return std::strong_ordering::equal;
  }
  friend bool operator==(const Natural&, const Natural&) = default;

 private:
  std::array<std::uint32_t, 12> words_{};
};

/// `x` between two midpoints, on one of them only if `even`.
bool is_between(const Natural& low, const Natural& x, const Natural& high, bool even) {
  return (low < x || (low == x && even)) && (x < high || (x == high && even));
}

/// `scale` is width / steps, rounded to nearest even: by multiplication with the doubled midpoints to its neighbours.
bool is_step(float scale, const Range& range, std::int64_t steps) {
  const auto twice_width = (Natural::units_of(range.max) + Natural::units_of(range.lowest)) * 2;
  const auto s = Natural::units_of(scale);
  if (s * (2 * steps) == twice_width) return true;
  const auto above = Natural::units_of(std::nextafter(scale, largest_float));
  const auto below = Natural::units_of(std::nextafter(scale, 0.0F));
  return is_between((s + below) * steps, twice_width, (s + above) * steps,
                    (std::bit_cast<std::uint32_t>(scale) & 1) == 0);
}

/// `n` is magnitude / scale to nearest even.
bool is_quotient(std::int64_t n, float magnitude, float scale) {
  const auto twice = Natural::units_of(magnitude) * 2;
  const auto s = Natural::units_of(scale);
  if (n == 0) return twice <= s;
  return is_between(s * (2 * n - 1), twice, s * (2 * n + 1), n % 2 == 0);
}

float any_float(core::Random& random) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(0, 0x7F7FFFFF)));
}

/// Ranges of every kind: of close and of distant ends, near powers of two, one-sided, subnormal.
std::vector<Range> ranges(std::uint64_t seed, int count) {
  core::Random random(seed);
  std::vector<Range> result{{0, 1},
                            {-1, 0},
                            {-largest_float, largest_float},
                            {-smallest_float, largest_float},
                            {-largest_float, smallest_float},
                            {-0x1p-126F, 0x1p-126F},
                            {-1, 0x1.fffffep0F}};
  for (int i = 0; i < count; ++i) {
    const float a = any_float(random);
    const auto gap = static_cast<int>(random.integer(-80, 80));
    const float b = i % 3 == 0
                        ? any_float(random)
                        : std::min(std::ldexp(static_cast<float>(random.uniform()) * a, gap), largest_float);
    result.push_back({-b, a});
    result.push_back({-a, b});
    // a whole number of steps, so that the width divides exactly or nearly so
    const auto steps = static_cast<float>(random.integer(1, 255));
    result.push_back({-steps * 0x1p-10F, (255 - steps) * 0x1p-10F});
  }
  return result;
}

std::vector<float> normals(std::uint64_t seed, std::size_t count, double shift = 0) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(random.normal() + shift);
  return values;
}

}  // namespace

TEST_CASE("a tensor quantized by hand has the codes, the scale and the zero point worked out") {
  const std::vector<float> values{-1, 0, 0.5F, 6.5F, 0.24F, 3};
  const auto tensor = Asymmetric<UInt4>::quantize(values, {2, 3});
  CHECK(tensor.scales == std::vector<AffineScale>{{.scale = 0.5F, .zero_point = 2}});
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{0, 2, 3, 15, 2, 8});
  CHECK(Asymmetric<UInt4>::dequantize(tensor) == std::vector<float>{-1, 0, 0.5F, 6.5F, 0, 3});
  const auto shifted = Asymmetric<Int<4>>::quantize(values, {2, 3});
  CHECK(shifted.scales == std::vector<AffineScale>{{.scale = 0.5F, .zero_point = -6}});
  CHECK(shifted.codes.integers() == std::vector<std::int16_t>{-8, -6, -5, 7, -6, 0});
  CHECK(Asymmetric<Int<4>>::dequantize(shifted) == Asymmetric<UInt4>::dequantize(tensor));
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("scales, zero points and codes of the reference data are reproduced") {
  test::for_each_int_scales_case<Unsigned>(
      []<class F>(std::type_identity<F>, const test::IntScalesCase& item) {
        const auto tensor = Asymmetric<F>::quantize(item.values, item.shape);
        const AffineScale expected{.scale = test::floats({item.json["asym"]["scale_f32"]}).front(),
                                   .zero_point = item.json["asym"]["zero_point"].get<std::int32_t>()};
        CHECK(tensor.scales == std::vector{expected});
        CHECK(tensor.codes.integers() == item.codes("asym"));
      });
}
#endif

TEST_CASE("a step is the exact width divided by the steps, rounded once") {
  std::int64_t wrong = 0;
  for (const auto& range : ranges(1, 20'000))
    for (const std::int64_t steps : {1, 2, 3, 7, 15, 63, 255, 65535, (1 << 24) - 1, 1 << 24}) {
      if (steps == 1 && static_cast<double>(range.max) - static_cast<double>(range.lowest) > 0x1p127)
        continue;
      const float step = step_of(range, steps);
      if (step > 0.0F)
        wrong += is_step(step, range, steps) ? 0 : 1;
      else  // half the smallest float at most
        wrong += (Natural::units_of(range.max) + Natural::units_of(range.lowest)) * 2 <=
                         Natural::units_of(smallest_float) * steps
                     ? 0
                     : 1;
    }
  CHECK(wrong == 0);
  CHECK(step_of({-largest_float, largest_float}, 1) == largest_float);
  CHECK(step_of({0, 0}, 255) == 0.0F);
  static_assert(step_of({-1, 2}, 3) == 1.0F);
}

TEST_CASE("a step differs from what arithmetic in float, and in double, gives") {
  int differ = 0;
  for (const auto& range : ranges(2, 2'000))
    differ += step_of(range, 255) != (range.max - range.lowest) / 255.0F ? 1 : 0;
  CHECK(differ > 100);
  // width / 255 = 16843513 · 2^21 + 1 / 255 is just above the midpoint of two floats; double drops the last bit of the
  // width, a sum of 54 bits, and the tie that is left goes down
  const Range range{-14680065.0F, 0x1p30F * 8388859.0F};
  const double width = static_cast<double>(range.max) - static_cast<double>(range.lowest);
  CHECK(step_of(range, 255) == 0x1p21F * 16843514.0F);
  CHECK(static_cast<float>(width / 255) == 0x1p21F * 16843512.0F);
  CHECK(is_step(step_of(range, 255), range, 255));
}

TEST_CASE("a step rounds the right way next to a midpoint, whatever the smaller end adds") {
  // 25165821 halves of a float's last place, times 2^23 - 1, are 2^24 · 12582909 + 3 of them
  constexpr std::int64_t steps = (1 << 23) - 1;
  const float large = 0x1p40F * 12582909.0F;
  // 3 and a bit that is below the 63 highest of the width: just above the midpoint
  CHECK(step_of({-196609.0F, large}, steps) == 0x1p16F * 25165822.0F);
  CHECK(step_of({-196608.0F, large}, steps) == 0x1p16F * 25165820.0F);  // a tie
  std::int64_t wrong = 0;
  for (int exponent = -149; exponent <= 60; ++exponent)
    for (const float significand : {0x1.fffffep0F, 1.0F, 0x1.000002p0F}) {
      const float small = std::ldexp(significand, exponent);
      wrong += is_step(step_of({-small, large}, steps), {-small, large}, steps) ? 0 : 1;
      wrong += is_step(step_of({-large, small}, steps), {-large, small}, steps) ? 0 : 1;
    }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("the zero point is the exact quotient of the lowest number, to nearest even", F, UInt1,
                   UInt3, UInt8, UInt16, UInt24, Int<2>, Int<8>, Int<16>) {
  std::int64_t wrong = 0;
  for (const auto& range : ranges(3, 10'000)) {
    const auto affine = Asymmetric<F>::scale_of(range);
    const auto steps = F::range.max - F::range.lowest;
    if (step_of(range, steps) == 0.0F) {
      wrong += affine == AffineScale{} ? 0 : 1;
      continue;
    }
    wrong += affine.scale == step_of(range, steps) ? 0 : 1;
    const auto zero = affine.zero_point - F::range.lowest;
    const auto limit = Natural::units_of(affine.scale) * (2 * steps - 1);
    const bool clamped = zero == steps && Natural::units_of(range.lowest) * 2 >= limit;
    wrong += zero >= 0 && zero <= steps && (clamped || is_quotient(zero, range.lowest, affine.scale)) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("codes are the exact quotients to nearest even, shifted and clamped", F, UInt1, UInt4,
                   UInt8, UInt16, Int<8>, UInt24) {
  core::Random random(4);
  std::int64_t wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const AffineScale affine{
        .scale = std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(1, 0x7F7FFFFF))),
        .zero_point = static_cast<std::int32_t>(random.integer(F::range.lowest, F::range.max))};
    float x = random.bernoulli(0.5) ? any_float(random) : -any_float(random);
    if (i % 4 != 0) {  // near a tie
      const auto units =
          static_cast<double>(random.integer(F::range.lowest, F::range.max) - affine.zero_point) + 0.5;
      x = static_cast<float>(std::clamp(units * static_cast<double>(affine.scale),
                                        -static_cast<double>(largest_float),
                                        static_cast<double>(largest_float)));
    }
    for (const float near :
         {x, std::nextafter(x, 0.0F), std::nextafter(x, x < 0 ? -largest_float : largest_float)}) {
      const auto value = std::int64_t{F::integer(Asymmetric<F>::quantize_one(near, affine))};
      const auto n = value - affine.zero_point;
      const auto magnitude = n < 0 ? -n : n;
      const auto twice = Natural::units_of(near) * 2;
      const auto s = Natural::units_of(affine.scale);
      bool ok =
          magnitude == 0 ? twice <= s : (n < 0) == (near < 0) && is_quotient(magnitude, near, affine.scale);
      // clamped: the quotient lies beyond that end of the range
      const auto reaches =
          [&](std::int64_t end) {  // |x| >= (end - 1/2) · scale, end counted from the zero point
            return end <= 0 || twice >= s * (2 * end - 1);
          };
      if (value == F::range.max && near >= 0) ok = ok || reaches(F::range.max - affine.zero_point);
      if (value == F::range.lowest && near <= 0) ok = ok || reaches(affine.zero_point - F::range.lowest);
      wrong += ok ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("zero is restored exactly, and the other numbers to within a step") {
  for (const double shift : {-5.0, -0.5, 0.0, 0.5, 5.0}) {
    auto values = normals(5, 2000, shift);
    values[7] = 0;
    const auto tensor = Asymmetric<UInt8, PerChannel>::quantize(values, {4, 500});
    const auto restored = Asymmetric<UInt8>::dequantize(tensor);
    CHECK(restored[7] == 0.0F);
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(values[i]) - static_cast<double>(restored[i])) /
                                  static_cast<double>(tensor.scales[i / 500].scale));
    // half a step, and where the zero point was rounded and an end is clamped, half of one more
    CHECK(worst <= 1.0001);
  }
}

TEST_CASE("a range without width, or too narrow for a scale, has the scale 1 and codes of zero") {
  for (const float x : {0.0F, -0.0F, smallest_float, -smallest_float}) {
    const std::vector<float> values{x, x, 0};
    const auto tensor = Asymmetric<UInt8>::quantize(values, {3});
    CHECK(tensor.scales == std::vector<AffineScale>{{}});
    CHECK(tensor.codes.integers() == std::vector<std::int16_t>{0, 0, 0});
    CHECK(Asymmetric<Int<8>>::quantize(values, {3}).codes.integers() == std::vector<std::int16_t>{0, 0, 0});
  }
  // equal numbers that are not zero have a range from zero
  const auto same = Asymmetric<UInt8>::quantize(std::vector<float>{2, 2}, {2});
  CHECK(same.codes.integers() == std::vector<std::int16_t>{255, 255});
  CHECK(same.scales.front().zero_point == 0);
  CHECK(Asymmetric<UInt8>::scale_of({-2, 0}).zero_point == 255);
  // a scale without a reciprocal
  const std::vector<float> tiny{1e-38F, -1e-38F};
  CHECK(Asymmetric<UInt8, FloatReciprocal>::scales(tiny, {2}) == std::vector<AffineScale>{{}});
  CHECK(Asymmetric<UInt8>::scales(tiny, {2}) != std::vector<AffineScale>{{}});
}

TEST_CASE("the order of evaluation changes codes at ties, and neither scales nor zero points") {
  const auto values = normals(6, 20'000, 0.7);
  const auto exact = Asymmetric<UInt16>::quantize(values, {20'000});
  const auto divided = Asymmetric<UInt16, FloatQuotient>::quantize(values, {20'000});
  const auto multiplied = Asymmetric<UInt16, FloatReciprocal>::quantize(values, {20'000});
  CHECK(exact.scales == divided.scales);
  CHECK(exact.scales == multiplied.scales);
  const auto [scale, zero] = exact.scales.front();
  int differ = 0;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const float x = values[static_cast<std::size_t>(i)];
    const auto code = [&](float quotient) {
      return std::clamp<std::int64_t>(std::lrint(quotient) + zero, 0, 65535);
    };
    REQUIRE(divided.codes.code(i) == code(x / scale));
    REQUIRE(multiplied.codes.code(i) == code(x * (1.0F / scale)));
    differ += exact.codes.code(i) != multiplied.codes.code(i) ? 1 : 0;
  }
  CHECK(differ > 0);
}

TEST_CASE("each group has a scale and a zero point of its own, along any axis") {
  const auto values = normals(7, 60, 0.3);
  const auto tensor = Asymmetric<UInt4, PerAxis<1>>::quantize(values, {3, 4, 5});
  REQUIRE(tensor.scales.size() == 4);
  for (std::size_t b = 0; b < 4; ++b) {
    std::vector<float> group;
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t c = 0; c < 5; ++c) group.push_back(values[20 * a + 5 * b + c]);
    const auto alone = Asymmetric<UInt4>::quantize(group, {15});
    CHECK(alone.scales.front() == tensor.scales[b]);
    for (std::size_t i = 0; i < 15; ++i)
      CHECK(alone.codes.code(static_cast<std::int64_t>(i)) ==
            tensor.codes.code(static_cast<std::int64_t>(20 * (i / 5) + 5 * b + i % 5)));
  }
  using Grouped = Asymmetric<UInt4, GroupsOf>;
  CHECK(Grouped::quantize(values, {6, 10}, GroupsOf(4)).scales.size() == 18);
  CHECK(
      Grouped::quantize(values, {6, 10}, Grouped::scales(values, {6, 10}, GroupsOf(4)), GroupsOf(4)).codes ==
      Grouped::quantize(values, {6, 10}, GroupsOf(4)).codes);
}

TEST_CASE("a searched range is never worse than the whole, and the percentiles cut the tails") {
  auto values = normals(8, 500, 1.0);
  values[3] = 30;
  const Shape shape{500};
  const auto error = [&]<class Q>(Q) {
    const auto restored = Q::dequantize(Q::quantize(values, shape));
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double difference = static_cast<double>(values[i]) - static_cast<double>(restored[i]);
      sum += difference * difference;
    }
    return sum;
  };
  CHECK(error(Asymmetric<UInt3, LeastSquares>{}) < error(Asymmetric<UInt3>{}));
  CHECK(error(Asymmetric<UInt3, LeastSquares>{}) <= error(Asymmetric<UInt3, BestShare>{}));
  const auto whole = Asymmetric<UInt8>::range_of(values);
  CHECK(whole.max == 30.0F);
  CHECK(Asymmetric<UInt8, AbsMaxShare<1, 2>>::scales(values, shape).front() ==
        Asymmetric<UInt8>::scale_of(whole * 0.5F));
  CHECK(Asymmetric<UInt8, Percentile<99>>::scales(values, shape).front().scale < 8.0F / 255);
}

TEST_CASE("empty tensors have no codes, and wrong shapes, scales and numbers are refused") {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> none;
  CHECK(Asymmetric<UInt8>::quantize(none, {0}).scales == std::vector<AffineScale>{{}});
  CHECK(Asymmetric<UInt8, PerChannel>::quantize(none, {2, 0}).scales == std::vector<AffineScale>{{}, {}});
  CHECK(Asymmetric<UInt8, PerChannel>::dequantize(Asymmetric<UInt8, PerChannel>::quantize(none, {0, 2}))
            .empty());
  const std::vector<float> values{1, 2};
  CHECK_THROWS_AS(Asymmetric<UInt8>::quantize(values, {3}), ShapeError);
  CHECK_THROWS_AS(Asymmetric<UInt8>::quantize(values, {2}, std::vector<AffineScale>{}), ShapeError);
  for (const float scale : {0.0F, -1.0F, Limits::infinity(), Limits::quiet_NaN()})
    CHECK_THROWS_AS(Asymmetric<UInt8>::quantize(values, {2}, {AffineScale{scale, 0}}), RangeError);
  CHECK_THROWS_WITH_AS(Asymmetric<UInt8>::quantize(values, {2}, {AffineScale{1, 256}}),
                       "zero point: 256 is outside 0..255", RangeError);
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK_THROWS_AS(Asymmetric<UInt8>::quantize(std::vector<float>{1, bad}, {2}), RangeError);
    CHECK_THROWS_AS(Asymmetric<UInt8>::scale_of({bad, 1}), RangeError);
    CHECK_THROWS_AS(Asymmetric<UInt8>::scale_of({-1, bad}), RangeError);
  }
  CHECK_THROWS_AS(Asymmetric<UInt8>::scale_of({1, 2}), RangeError);
}
