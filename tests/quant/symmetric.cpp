// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/symmetric.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

#include "int_scales.hpp"

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::quant;

namespace {

template <class F, class... Policies>
concept HasSymmetric = requires {
  typename Symmetric<F, Policies...>;
};
static_assert(HasSymmetric<Int<2>> && HasSymmetric<Int<1, Unsigned>> && HasSymmetric<Int<27>> &&
              HasSymmetric<E4m3fn> && HasSymmetric<Float32> && HasSymmetric<Fixed<16, 4>>);
static_assert(!HasSymmetric<Int<1>> && !HasSymmetric<Int<28>> && !HasSymmetric<Fixed<28, 4>> &&
              !HasSymmetric<E8m0fnu> && !HasSymmetric<int>);
static_assert(HasSymmetric<Int<8>, SaturateSymmetric> && !HasSymmetric<E4m3fn, SaturateSymmetric> &&
              HasSymmetric<E4m3fn, OverflowToInfinity> && !HasSymmetric<Int<8>, OverflowToInfinity>);
static_assert(!HasSymmetric<Int<8>, int> && !HasSymmetric<Int<8>, PerTensor, PerChannel>);
static_assert(std::is_same_v<decltype(Symmetric<Int<8>, NearestAway, PerChannel>::quantize({}, {})),
                             Quantized<Int<8>>>);
static_assert(std::is_empty_v<Symmetric<Int<8>>>);

using UInt4 = Int<4, Unsigned>;  // a comma inside a macro's argument would end it
using UInt8 = Int<8, Unsigned>;

constexpr float largest_float = std::numeric_limits<float>::max();
constexpr float smallest_float = std::numeric_limits<float>::denorm_min();

/// The code's value is x / scale to nearest even, clipped. By multiplication, and all of it exact in double.
template <class F>
bool is_nearest_even(std::int64_t value, float x, float scale) {
  const double twice = 2.0 * x;
  const auto below = twice <= (2.0 * static_cast<double>(value) + 1) * scale;
  const auto above = twice >= (2.0 * static_cast<double>(value) - 1) * scale;
  const auto tie = twice == (2.0 * static_cast<double>(value) + 1) * scale ||
                   twice == (2.0 * static_cast<double>(value) - 1) * scale;
  if (value == F::range.max && twice >= 2.0 * F::max() * scale) return true;
  if (value == F::range.lowest && twice <= 2.0 * F::lowest() * scale) return true;
  return below && above && (!tie || value % 2 == 0);
}

std::vector<float> normals(std::uint64_t seed, std::size_t count, double deviation = 1.0) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(deviation * random.normal());
  return values;
}

double squared_error(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

TEST_CASE("a tensor quantized by hand has the codes and the scale worked out") {
  using Quantizer = Symmetric<Int<4>>;
  const std::vector<float> values{-3.5F, 0.25F, 0.75F, -0.75F, 3.0F, 0.0F};
  const auto tensor = Quantizer::quantize(values, {2, 3});
  REQUIRE(tensor.scales == std::vector<float>{0.5F});
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{-7, 0, 2, -2, 6, 0});
  CHECK(Quantizer::dequantize(tensor) == std::vector<float>{-3.5F, 0.0F, 1.0F, -1.0F, 3.0F, 0.0F});
  CHECK(tensor.codes.shape() == Shape{2, 3});
}

TEST_CASE("each channel has a scale of its own") {
  using Quantizer = Symmetric<Int<4>, PerChannel>;
  const std::vector<float> values{7, -7, 1, 0.7F, 0.35F, 0, 0, 0, 0};
  const auto tensor = Quantizer::quantize(values, {3, 3});
  REQUIRE(tensor.scales == std::vector<float>{1.0F, 0.1F, 1.0F});
  CHECK(tensor.groups == PerChannel::groups({3, 3}));
  CHECK(tensor.codes.integers() ==
        std::vector<std::int16_t>{7, -7, 1, 7, 3, 0, 0, 0, 0});  // 0.35F / 0.1F is below 3.5
  for (std::size_t g = 0; g < 3; ++g)
    CHECK(Symmetric<Int<4>>::scales(std::span(values).subspan(3 * g, 3), {3}).front() == tensor.scales[g]);
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("the reference data is reproduced per tensor, per channel, per group and with powers of two") {
  int checked = 0;
  test::for_each_int_scales_case([&]<class F>(std::type_identity<F>, const test::IntScalesCase& item) {
    const auto check = [&](const auto& tensor, const char* key) {
      CAPTURE(key);
      CHECK(tensor.scales == test::floats(item.json[key]["scale_f32"]));
      CHECK(tensor.codes.integers() == item.codes(key));
      ++checked;
    };
    check(Symmetric<F, FlooredScaling, FloatReciprocal>::quantize(item.values, item.shape), "per_tensor");
    check(Symmetric<F, PerChannel, FlooredScaling, FloatReciprocal>::quantize(item.values, item.shape),
          "per_channel");
    using Grouped = Symmetric<F, GroupsOf, FlooredScaling, FloatReciprocal>;
    check(Grouped::quantize(item.values, item.shape, GroupsOf(item.group)), "per_group");
    const auto tensor = Symmetric<F, PowerOfTwoScaling>::quantize(item.values, item.shape);
    CHECK(tensor.scales == std::vector<float>{std::ldexp(1.0F, item.json["pot"]["exp"].get<int>())});
    CHECK(tensor.codes.integers() == item.codes("pot"));
  });
  CHECK((checked == 18 || checked == 0));
}
#endif

TEST_CASE("a group that does not divide a row leaves a short one") {
  const std::vector<float> values{1, 2, 4, 8, 16, 32};
  const auto tensor = Symmetric<Int<8>, PerGroup<2>>::quantize(values, {2, 3});
  CHECK(tensor.scales == std::vector<float>{2.0F / 127, 4.0F / 127, 16.0F / 127, 32.0F / 127});
  CHECK(Symmetric<Int<8>, PerGroup<2>>::dequantize(tensor)[2] == 4.0F);
  const auto same = Symmetric<Int<8>, GroupsOf>::quantize(values, {2, 3}, GroupsOf(2));
  CHECK(same.scales == tensor.scales);
  CHECK(same.codes == tensor.codes);
  CHECK(same.groups == tensor.groups);
  CHECK(Symmetric<Int<8>, GroupsOf>::quantize(values, {2, 3}, tensor.scales, GroupsOf(2)).codes ==
        tensor.codes);
}

TEST_CASE("scales along an axis are those of the tensor with that axis moved to the front") {
  const Shape shape{3, 4, 5};
  const auto values = normals(5, 60);
  const auto at = [](std::size_t a, std::size_t b, std::size_t c) { return 20 * a + 5 * b + c; };
  std::vector<float> middle;
  for (std::size_t b = 0; b < 4; ++b)
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t c = 0; c < 5; ++c) middle.push_back(values[at(a, b, c)]);
  std::vector<float> inner;
  for (std::size_t c = 0; c < 5; ++c)
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = 0; b < 4; ++b) inner.push_back(values[at(a, b, c)]);
  const auto along_middle = Symmetric<Int<4>, PerAxis<1>, LeastSquares>::quantize(values, shape);
  const auto along_inner = Symmetric<Int<4>, PerAxis<-1>, LeastSquares>::quantize(values, shape);
  using Front = Symmetric<Int<4>, PerChannel, LeastSquares>;
  const auto front_middle = Front::quantize(middle, {4, 3, 5});
  const auto front_inner = Front::quantize(inner, {5, 3, 4});
  CHECK(along_middle.scales == front_middle.scales);
  CHECK(along_inner.scales == front_inner.scales);
  const auto restored_middle = Symmetric<Int<4>>::dequantize(along_middle);
  const auto restored_inner = Symmetric<Int<4>>::dequantize(along_inner);
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b < 4; ++b)
      for (std::size_t c = 0; c < 5; ++c) {
        CHECK(restored_middle[at(a, b, c)] == Front::dequantize(front_middle)[15 * b + 5 * a + c]);
        CHECK(restored_inner[at(a, b, c)] == Front::dequantize(front_inner)[12 * c + 4 * a + b]);
      }
}

TEST_CASE("the order of evaluation shows where a quotient is a tie, or nearly one") {
  const auto code = [](auto order, float x, float scale) {
    using Q = Symmetric<Int<8>, PerTensor, AbsMax, format::NearestEven, decltype(order)>;
    return Int<8>::integer(Q::quantize_one(x, scale));
  };
  core::Random random(71);
  int divide = 0;
  int reciprocal = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto scale = static_cast<float>(random.uniform() + 0.5);
    const auto x = static_cast<float>((static_cast<double>(random.integer(-100, 99)) + 0.5) *
                                      static_cast<double>(scale));
    const auto exact = code(ExactQuotient{}, x, scale);
    divide += exact != code(FloatQuotient{}, x, scale) ? 1 : 0;
    reciprocal += exact != code(FloatReciprocal{}, x, scale) ? 1 : 0;
    REQUIRE(code(FloatQuotient{}, x, scale) == static_cast<int>(std::nearbyint(x / scale)));
    REQUIRE(code(FloatReciprocal{}, x, scale) == static_cast<int>(std::nearbyint(x * (1.0F / scale))));
  }
  CHECK(divide > 1000);
  CHECK(reciprocal > 1000);
}

TEST_CASE("zeros get the scale 1 and stay zeros") {
  for (const auto& scales :
       {Symmetric<Int<8>, PerChannel>::scales(std::vector<float>(6), {2, 3}),
        Symmetric<Int<8>, PerChannel, LeastSquares>::scales(std::vector<float>(6), {2, 3})})
    CHECK(scales == std::vector<float>{1, 1});
  const auto tensor = Symmetric<Int<2>>::quantize(std::vector<float>{0.0F, -0.0F}, {2});
  CHECK(Symmetric<Int<2>>::dequantize(tensor) == std::vector<float>{0, 0});
}

TEST_CASE("an unsigned format looks at positive numbers alone and clips the others to zero") {
  const std::vector<float> values{-100, 15, 7.5F, -0.1F};
  const auto tensor = Symmetric<UInt4>::quantize(values, {4});
  CHECK(tensor.scales == std::vector<float>{1});
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{0, 15, 8, 0});
  CHECK(Symmetric<UInt4>::scales(std::vector<float>{-1, -2}, {2}) == std::vector<float>{1});
}

TEST_CASE_TEMPLATE("random quotients round to nearest even exactly", F, Int<2>, Int<4>, Int<8>, UInt8,
                   Int<16>, Int<27>) {
  core::Random random(1);
  std::int64_t wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    const float scale = std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(1, 0x7F7FFFFF)));
    auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (i % 2 == 0)  // near a tie: half an odd multiple of the scale, or its neighbour
      x = static_cast<float>((static_cast<double>(random.integer(F::range.lowest, F::range.max)) + 0.5) *
                             scale);
    if (!std::isfinite(x)) continue;
    for (const float near : {x, std::nextafter(x, 0.0F), std::nextafter(x, 2 * x)})
      if (std::isfinite(near))
        wrong += is_nearest_even<F>(F::integer(Symmetric<F>::quantize_one(near, scale)), near, scale) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the rounding policy decides ties") {
  const std::vector<float> values{0.5F, 1.5F, -0.5F, -1.5F, 0.25F};
  const auto codes = [&]<class R>(R) {
    return Symmetric<Int<4>, PerTensor, AbsMax, R>::quantize(values, {5}, {1.0F}).codes.integers();
  };
  CHECK(codes(NearestEven{}) == std::vector<std::int16_t>{0, 2, 0, -2, 0});
  CHECK(codes(NearestAway{}) == std::vector<std::int16_t>{1, 2, -1, -2, 0});
  CHECK(codes(NearestUp{}) == std::vector<std::int16_t>{1, 2, 0, -1, 0});
  CHECK(codes(TowardZero{}) == std::vector<std::int16_t>{0, 1, 0, -1, 0});
  CHECK(codes(Down{}) == std::vector<std::int16_t>{0, 1, -1, -2, 0});
  CHECK(codes(Up{}) == std::vector<std::int16_t>{1, 2, 0, -1, 1});
}

TEST_CASE_TEMPLATE("a dequantized number differs from the original by half a scale at most", F, Int<2>,
                   Int<3>, Int<4>, Int<8>, Int<16>) {
  for (const double deviation : {1e-35, 1e-3, 1.0, 1e30}) {
    const auto values = normals(2, 5000, deviation);
    const auto tensor = Symmetric<F>::quantize(values, {std::ssize(values)});
    const auto back = Symmetric<F>::dequantize(tensor);
    const double scale = tensor.scales.front();
    bool close = true;
    for (std::size_t i = 0; i < values.size(); ++i)  // the float results are rounded once more
      close = close &&
              std::abs(static_cast<double>(back[i]) - values[i]) <= scale / 2 + std::abs(values[i]) * 0x1p-22;
    CAPTURE(deviation);
    CHECK(close);
  }
}

TEST_CASE_TEMPLATE("least squares are never worse than the largest magnitude, and better for few bits", F,
                   Int<2>, Int<4>, Int<8>, UInt4) {
  using Narrow = Symmetric<F, LeastSquares>;
  using Wide = Symmetric<F>;
  for (const double deviation : {1e-42, 1e-30, 1.0, 3e37})
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      auto values = normals(seed, 300, deviation);
      if (seed == 0) values.resize(1);
      const Shape shape{std::ssize(values)};
      const auto error = [&]<class Q>(Q) {
        return squared_error(values, Q::dequantize(Q::quantize(values, shape)));
      };
      CAPTURE(deviation);
      CHECK(error(Narrow{}) <= error(Wide{}));
      if (F::bits <= 4 && seed > 0 && deviation > 1e-40) CHECK(error(Narrow{}) < error(Wide{}));
    }
}

TEST_CASE("a searched scale is the one that a search by hand finds") {
  const auto values = normals(3, 200);
  const auto search = [&]<class Q>(Q, int first, int last, int steps) {
    const float widest = Q::absmax(values);
    double least = std::numeric_limits<double>::infinity();
    float best = 0;
    for (int step = first; step != last; step += first < last ? 1 : -1) {
      const float scale = Q::scale_of(widest * static_cast<float>(static_cast<double>(step) / steps));
      const auto error = squared_error(values, Q::dequantize(Q::quantize(values, {200}, {scale})));
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    CHECK(best < Q::scale_of(widest));
    return best;
  };
  CHECK(Symmetric<Int<3>, LeastSquares>::scales(values, {200}).front() ==
        search(Symmetric<Int<3>>{}, 100, 0, 100));
  CHECK(Symmetric<Int<3>, BestShare>::scales(values, {200}).front() ==
        search(Symmetric<Int<3>>{}, 1, 10, 10));
  using Authors = Symmetric<Int<4>, FlooredScaling, FloatReciprocal>;
  using AuthorsSearch = Symmetric<Int<4>, FlooredScaling, FloatReciprocal, BestShare>;
  CHECK(AuthorsSearch::scales(values, {200}).front() == search(Authors{}, 1, 10, 10));
  using Minifloat = Symmetric<E2m1fn, PowerOfTwoScaling>;
  CHECK(Symmetric<E2m1fn, PowerOfTwoScaling, BestShare>::scales(values, {200}).front() ==
        search(Minifloat{}, 1, 10, 10));
  CHECK(Symmetric<Int<3>, LeastSquares>::scales(std::vector<float>{3, -3}, {2}).front() == 1.0F);
}

TEST_CASE("a common share is the one of nine with the least error over all groups, the smallest on a tie") {
  using Q = Symmetric<Int<3>, PerChannel, FlooredScaling, FloatReciprocal>;
  const Shape shape{4, 100};
  auto values = normals(12, 400);
  for (std::size_t i = 0; i < 100; ++i) values[i] *= 50;  // this channel decides
  double least = std::numeric_limits<double>::infinity();
  std::vector<float> best;
  for (const float share : {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F}) {
    std::vector<float> scales;
    for (std::size_t c = 0; c < 4; ++c)
      scales.push_back(Q::scale_of(Q::absmax(std::span(values).subspan(100 * c, 100)) * share));
    const auto error = squared_error(values, Q::dequantize(Q::quantize(values, shape, scales)));
    if (error < least) {
      least = error;
      best = scales;
    }
  }
  CHECK(Q::scales_of_common_share(values, shape) == best);
  CHECK(best != Q::scales(values, shape));
  CHECK(best !=
        Symmetric<Int<3>, PerChannel, FlooredScaling, FloatReciprocal, BestShare>::scales(values, shape));
  using Whole = Symmetric<Int<3>, FlooredScaling, FloatReciprocal, BestShare>;
  CHECK(Whole::scales_of_common_share(values, shape) == Whole::scales(values, shape));
  CHECK(Q::scales_of_common_share(std::vector<float>(6), {2, 3}) == std::vector<float>(2, 1e-8F / 3));
  CHECK(Q::scales_of_common_share({}, {0, 3}).empty());
}

TEST_CASE("a percentile bounds the magnitudes of each group, of an unsigned format the positive numbers") {
  const std::vector<float> values{1, -2, 3, -4, 100, 1, 2, 3, 4, -100};
  using Magnitudes = Symmetric<Int<8>, PerChannel, Percentile<80>>;
  CHECK(Magnitudes::scales(values, {2, 5}) == std::vector<float>{4.0F / 127, 4.0F / 127});
  using Positive = Symmetric<UInt8, PerChannel, Percentile<80>>;
  CHECK(Positive::scales(values, {2, 5}) == std::vector<float>{3.0F / 255, 3.0F / 255});
  CHECK(Magnitudes::quantize(values, {2, 5}).codes.integers()[4] == 127);
  CHECK(Symmetric<Int<8>, AbsMaxShare<1, 2>>::scales(values, {10}) == std::vector<float>{50.0F / 127});
}

TEST_CASE(
    "every magnitude counts for an unsigned format if the policy says so, and signed formats do not care") {
  const std::vector<float> values{-100, 15, 7.5F, -0.1F};
  using Q = Symmetric<UInt4, EveryMagnitude>;
  CHECK(Q::absmax(values) == 100.0F);
  CHECK(Q::scales(values, {4}) == std::vector<float>{100.0F / 15});
  CHECK(Q::quantize(values, {4}).codes.integers() == std::vector<std::int16_t>{0, 2, 1, 0});
  CHECK(Symmetric<Int<4>, EveryMagnitude>::scales(values, {4}) == Symmetric<Int<4>>::scales(values, {4}));
  // the search is on numbers that the format can hold: a share that suits them, of another magnitude
  using Search = Symmetric<UInt4, EveryMagnitude, BestShareOf<25>>;
  CHECK(Search::scales(values, {4}).front() == 100.0F * Search::share(values) / 15);
  CHECK(Search::share(values) == 0.16F);
}

TEST_CASE("the share of a group is the one that its scale stands on") {
  const auto values = normals(21, 300);
  const auto check = [&]<class Q>(Q) {
    CHECK(Q::scales(values, {300}).front() == Q::scale_of(Q::absmax(values) * Q::share(values)));
  };
  check(Symmetric<Int<3>>{});
  check(Symmetric<Int<3>, LeastSquares>{});
  check(Symmetric<UInt4, BestShare, FloatReciprocal>{});
  check(Symmetric<UInt4, BestShareOf<25>, BinadeScaling, EveryMagnitude>{});
  check(Symmetric<E2m1fn, AbsMaxShare<2, 3>, PowerOfTwoScaling>{});
}

TEST_CASE("restored numbers are those of the codes") {
  const auto values = normals(22, 60);
  using Q = Symmetric<Int<3>, PerChannel, LeastSquares>;
  CHECK(Q::restore(values, {4, 15}) == Q::dequantize(Q::quantize(values, {4, 15})));
}

TEST_CASE_TEMPLATE("the narrow range has the same scale and codes, but for the most negative one", F, Int<2>,
                   Int<4>, Int<8>) {
  using Full =
      Symmetric<F, FlooredScaling, AbsMaxShare<1, 2>>;  // a share, so that half of the numbers are clipped
  using Narrow = Symmetric<F, FlooredScaling, AbsMaxShare<1, 2>, SaturateSymmetric>;
  const auto values = normals(6, 1000);
  const auto full = Full::quantize(values, {1000});
  const auto narrow = Narrow::quantize(values, {1000});
  CHECK(full.scales == narrow.scales);
  int moved = 0;
  for (std::int64_t i = 0; i < 1000; ++i) {
    const auto expected = std::max(F::integer(full.codes.code(i)), -static_cast<std::int32_t>(F::range.max));
    CHECK(F::integer(narrow.codes.code(i)) == expected);
    moved += full.codes.code(i) != narrow.codes.code(i) ? 1 : 0;
  }
  CHECK(moved > 0);
}

TEST_CASE("a group too small for a reciprocal of its scale becomes zeros, and such a scale is refused") {
  using Q = Symmetric<Int<8>, FloatReciprocal>;
  const std::vector<float> tiny{1e-38F, -1e-38F, 0};
  const auto tensor = Q::quantize(tiny, {3});
  CHECK(tensor.scales == std::vector<float>{1});
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{0, 0, 0});
  CHECK(Symmetric<Int<8>>::quantize(tiny, {3}).codes.integers() == std::vector<std::int16_t>{127, -127, 0});
  CHECK_THROWS_WITH_AS(Q::quantize(tiny, {3}, {1e-40F}),
                       "scale: it has no reciprocal in float, because it is 2^-128 or below", RangeError);
}

TEST_CASE("the ends of float keep a finite scale and their codes") {
  for (const auto& tensor :
       {Symmetric<Int<2>>::quantize(std::vector<float>{largest_float, -largest_float, 1}, {3}),
        Symmetric<Int<2>, PerTensor, LeastSquares>::quantize(
            std::vector<float>{largest_float, -largest_float, 1}, {3})}) {
    CHECK(tensor.scales == std::vector<float>{largest_float});
    CHECK(tensor.codes.integers() == std::vector<std::int16_t>{1, -1, 0});
  }
  // too small for a scale of their own: all of them become zero
  const auto tiny = Symmetric<Int<8>>::quantize(std::vector<float>{smallest_float, -smallest_float}, {2});
  CHECK(tiny.scales == std::vector<float>{1});
  CHECK(tiny.codes.integers() == std::vector<std::int16_t>{0, 0});
  // a tiny scale makes no infinity
  const auto clipped = Symmetric<Int<8>>::quantize(std::vector<float>{largest_float, -largest_float, 0}, {3},
                                                   {smallest_float});
  CHECK(clipped.codes.integers() == std::vector<std::int16_t>{127, -128, 0});
  const auto divided = Symmetric<Int<8>, FloatQuotient>::quantize(
      std::vector<float>{largest_float, -largest_float, 0}, {3}, {smallest_float});
  CHECK(divided.codes == clipped.codes);
}

TEST_CASE("an empty tensor has no codes, and an empty group the scale 1") {
  const std::vector<float> none;
  CHECK(Symmetric<Int<8>>::quantize(none, {0}).scales == std::vector<float>{1});
  CHECK(Symmetric<Int<8>, PerTensor, LeastSquares>::quantize(none, {0}).scales == std::vector<float>{1});
  CHECK(Symmetric<Int<8>, PerChannel>::quantize(none, {0, 5}).scales.empty());
  CHECK(Symmetric<Int<8>, PerGroup<4>>::quantize(none, {3, 0}).scales.empty());
  const auto tensor = Symmetric<Int<8>, PerChannel>::quantize(none, {3, 0});
  CHECK(tensor.scales == std::vector<float>{1, 1, 1});
  CHECK(Symmetric<Int<8>, PerChannel>::dequantize(tensor).empty());
}

TEST_CASE("NaN and infinities are refused") {
  using Limits = std::numeric_limits<float>;
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    const std::vector<float> values{1, bad};
    CHECK_THROWS_WITH_AS(Symmetric<Int<8>>::quantize(values, {2}),
                         "quantizer input: a value is NaN or infinite", RangeError);
    CHECK_THROWS_AS(Symmetric<UInt8>::quantize(values, {2}), RangeError);
    CHECK_THROWS_AS(Symmetric<Int<8>>::quantize(values, {2}, {1.0F}), RangeError);
    CHECK_THROWS_AS((Symmetric<Int<8>, PerTensor, LeastSquares>::scales(values, {2})), RangeError);
    CHECK_THROWS_AS(Symmetric<Int<8>>::quantize_one(bad, bad), RangeError);
  }
}

TEST_CASE("a scale that is not positive and finite is refused") {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> values{1, 2};
  for (const float scale : {0.0F, -1.0F, Limits::infinity(), Limits::quiet_NaN()})
    CHECK_THROWS_AS(Symmetric<Int<8>>::quantize(values, {2}, {scale}), RangeError);
}

TEST_CASE("values and scales that do not fit the shape are refused") {
  const std::vector<float> values{1, 2, 3, 4};
  CHECK_THROWS_WITH_AS(Symmetric<Int<8>>::quantize(values, {5}), "values is 4, but the tensor's shape is 5",
                       ShapeError);
  CHECK_THROWS_AS(Symmetric<Int<8>>::scales(values, {5}), ShapeError);
  CHECK_THROWS_AS((Symmetric<Int<8>, PerChannel>::quantize(values, {2, 2}, {1.0F})), ShapeError);
  CHECK_THROWS_AS(Symmetric<Int<8>>::quantize(values, {4}, {}), ShapeError);
  CHECK_THROWS_AS(Symmetric<Int<8>>::quantize(values, {-4}), ShapeError);
  const Quantized<Int<8>> unscaled{PackedTensor<Int<8>>({4}), {}, PerTensor::groups({4})};
  CHECK_THROWS_WITH_AS(Symmetric<Int<8>>::dequantize(unscaled), "scales is 0, but the groups is 1",
                       ShapeError);
}
