// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/symmetric.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif

#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::quant;

namespace {

template <class F>
concept HasSymmetric = requires {
  typename Symmetric<F>;
};
static_assert(HasSymmetric<Int<2>> && HasSymmetric<Int<1, Unsigned>> && HasSymmetric<Int<27>>);
static_assert(!HasSymmetric<Int<1>> && !HasSymmetric<Int<28>> && !HasSymmetric<int>);

static_assert(Granularity<PerTensor> && Granularity<PerChannel> && !Granularity<int>);
static_assert(std::is_empty_v<Symmetric<Int<8>>> && std::is_empty_v<LeastSquares>);

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
  CHECK(tensor.ends == std::vector<std::int64_t>{3, 6, 9});
  CHECK(tensor.codes.integers() ==
        std::vector<std::int16_t>{7, -7, 1, 7, 3, 0, 0, 0, 0});  // 0.35F / 0.1F is below 3.5
  for (std::size_t g = 0; g < 3; ++g)
    CHECK(Symmetric<Int<4>>::scales(std::span(values).subspan(3 * g, 3), {3}).front() == tensor.scales[g]);
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("scales and codes of the reference data are reproduced per tensor, per channel and per group") {
  const std::string path = BITLOOM_REFERENCE_DIR "/fliqs/int_scales.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data fliqs/int_scales.json is not there");
    return;
  }
  const auto floats = [](const nlohmann::json& words) {
    std::vector<float> values;
    for (const auto& word : words)
      values.push_back(
          std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(word.get<std::string>(), nullptr, 16))));
    return values;
  };
  int checked = 0;
  for (const auto& item : nlohmann::json::parse(core::read_file(path))) {
    const auto values = floats(item["x_f32"]);
    const auto rows = item["rows"].get<std::int64_t>();
    const auto group = item["group"].get<std::int64_t>();
    const auto check = [&]<class Quantizer>(Quantizer, const char* key, const Shape& shape) {
      if (Quantizer::format_type::bits != item["bits"].get<int>()) return;
      const auto tensor = Quantizer::quantize(values, shape);
      CHECK(tensor.scales == floats(item[key]["scale_f32"]));
      CHECK(tensor.codes.integers() == item[key]["codes"].get<std::vector<std::int16_t>>());
      ++checked;
    };
    core::for_each_type(core::TypeList<Int<3>, Int<6>, Int<8>>{}, [&]<class F>(std::type_identity<F>) {
      check(Symmetric<F>{}, "per_tensor", {std::ssize(values)});
      check(Symmetric<F, PerChannel>{}, "per_channel", {rows, std::ssize(values) / rows});
      const Shape shape{rows, std::ssize(values) / rows};
      if (group == 4) check(Symmetric<F, PerGroup<4>>{}, "per_group", shape);
      if (group == 8) check(Symmetric<F, PerGroup<8>>{}, "per_group", shape);
    });
  }
  CHECK(checked == 18);
}
#endif

TEST_CASE("groups run along a row, the last of a row may be short, and none goes over two rows") {
  CHECK(PerGroup<4>::ends({2, 10}) == std::vector<std::int64_t>{4, 8, 10, 14, 18, 20});
  CHECK(PerGroup<4>::ends({3}) == std::vector<std::int64_t>{3});
  CHECK(PerGroup<4>::ends({0, 3}) == std::vector<std::int64_t>{0});
  CHECK(PerGroup<1>::ends({2, 2}) == std::vector<std::int64_t>{1, 2, 3, 4});
  const std::vector<float> values{1, 2, 4, 8, 16, 32};
  const auto tensor = Symmetric<Int<8>, PerGroup<2>>::quantize(values, {2, 3});
  CHECK(tensor.scales == std::vector<float>{2.0F / 127, 4.0F / 127, 16.0F / 127, 32.0F / 127});
  CHECK(Symmetric<Int<8>, PerGroup<2>>::dequantize(tensor)[2] == 4.0F);
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
  using Narrow = Symmetric<F, PerTensor, LeastSquares>;
  using Wide = Symmetric<F, PerTensor, AbsMax>;
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

TEST_CASE("least squares try 100 steps and keep the best, the widest on a tie") {
  using Narrow = Symmetric<Int<3>, PerTensor, LeastSquares>;
  const auto values = normals(3, 200);
  const float widest = Symmetric<Int<3>>::scales(values, {200}).front();
  double least = std::numeric_limits<double>::infinity();
  float best = 0;
  for (int step = 100; step >= 1; --step) {
    const auto scale = static_cast<float>(step / 100.0 * widest);
    const auto error = squared_error(
        values, Symmetric<Int<3>>::dequantize(Symmetric<Int<3>>::quantize(values, {200}, {scale})));
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  CHECK(Narrow::scales(values, {200}).front() == doctest::Approx(best).epsilon(1e-6));
  CHECK(best < widest);
  CHECK(Narrow::scales(std::vector<float>{3, -3}, {2}).front() == 1.0F);
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
}

TEST_CASE("an empty tensor has no codes, and a scale of 1 a group") {
  const std::vector<float> none;
  CHECK(Symmetric<Int<8>>::quantize(none, {0}).scales == std::vector<float>{1});
  CHECK(Symmetric<Int<8>, PerTensor, LeastSquares>::quantize(none, {0}).scales == std::vector<float>{1});
  CHECK(Symmetric<Int<8>, PerChannel>::quantize(none, {0, 5}).scales == std::vector<float>{1});
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
  const Quantized<Int<8>> unscaled{PackedTensor<Int<8>>({4}), {}, {4}};
  CHECK_THROWS_WITH_AS(Symmetric<Int<8>>::dequantize(unscaled), "scales is 0, but the groups is 1",
                       ShapeError);
}
