// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/gemm.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::op;

namespace {

static_assert(Gemm<FloatGemm, float, float> && Gemm<PlainGemm, std::int16_t, std::int32_t>);
static_assert(!Gemm<FloatGemm, std::int16_t, std::int32_t> && !Gemm<PlainGemm, float, float> &&
              !Gemm<int, float, float>);
static_assert(std::is_empty_v<FloatGemm> && std::is_empty_v<PlainGemm>);

/// Three loops in `Sum`, in another order than the library's.
template <class Sum, class Element>
std::vector<Sum> slow_gemm(const MatrixShape& shape, const std::vector<Element>& weights,
                           const std::vector<Element>& activations) {
  std::vector<Sum> result(static_cast<std::size_t>(shape.rows * shape.vectors));
  for (std::int64_t c = 0; c < shape.columns; ++c)
    for (std::int64_t v = 0; v < shape.vectors; ++v)
      for (std::int64_t r = 0; r < shape.rows; ++r)
        result[static_cast<std::size_t>(r * shape.vectors + v)] +=
            static_cast<Sum>(weights[static_cast<std::size_t>(r * shape.columns + c)]) *
            static_cast<Sum>(activations[static_cast<std::size_t>(c * shape.vectors + v)]);
  return result;
}

template <class Visit>
void every_small_shape(Visit visit) {
  for (const std::int64_t rows : {1, 2, 5, 8, 17})
    for (const std::int64_t columns : {1, 3, 4, 16, 33})
      for (const std::int64_t vectors : {1, 2, 7, 16}) visit(MatrixShape{rows, columns, vectors});
}

template <class Element, class Draw>
std::vector<Element> filled(std::int64_t count, Draw draw) {
  std::vector<Element> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = static_cast<Element>(draw());
  return values;
}

}  // namespace

TEST_CASE("float products are close to loops in double") {
  core::Random random(1);
  const auto draw = [&] { return random.normal(); };
  every_small_shape([&](const MatrixShape& shape) {
    const auto weights = filled<float>(shape.rows * shape.columns, draw);
    const auto activations = filled<float>(shape.columns * shape.vectors, draw);
    std::vector<float> result(static_cast<std::size_t>(shape.rows * shape.vectors));
    FloatGemm{}(shape, weights, activations, result);
    const auto expected = slow_gemm<double>(shape, weights, activations);
    bool close = true;
    for (std::size_t i = 0; i < result.size(); ++i)
      close = close && std::abs(result[i] - expected[i]) <= 1e-5 * static_cast<double>(shape.columns);
    REQUIRE(close);
  });
}

TEST_CASE("plain products of 16-bit integers equal loops in 64 bits") {
  core::Random random(2);
  const auto draw = [&] { return random.integer(-8000, 8000); };  // 33 products stay inside 32 bits
  every_small_shape([&](const MatrixShape& shape) {
    const auto weights = filled<std::int16_t>(shape.rows * shape.columns, draw);
    const auto activations = filled<std::int16_t>(shape.columns * shape.vectors, draw);
    std::vector<std::int32_t> result(static_cast<std::size_t>(shape.rows * shape.vectors));
    PlainGemm{}(shape, weights, activations, result);
    const auto expected = slow_gemm<std::int64_t>(shape, weights, activations);
    REQUIRE(std::vector<std::int64_t>(result.begin(), result.end()) == expected);
  });
}

TEST_CASE("a sum that does not fit 32 bits is refused, the largest that does is not") {
  const MatrixShape shape{.rows = 1, .columns = 3};
  std::vector<std::int32_t> result(1);
  const auto sum = [&](std::vector<std::int16_t> weights, std::vector<std::int16_t> activations) {
    PlainGemm{}(shape, weights, activations, result);
    return result[0];
  };
  CHECK(sum({-32768, -32768, -1}, {-32768, -32767, -32767}) == INT32_MAX);
  CHECK(sum({-32768, -32768, 0}, {32767, 32767, 0}) == -2147418112);
  CHECK_THROWS_WITH_AS(sum({-32768, -32768, 0}, {-32768, -32768, 0}),
                       "sum: 2147483648 is outside -2147483648..2147483647", RangeError);
  CHECK_THROWS_AS(sum({-32768, -32768, -32768}, {32767, 32767, 32767}), RangeError);
  CHECK(sum({-32768, -32768, 1}, {-32768, -32768, -1}) == INT32_MAX);  // only the whole sum has to fit
}

TEST_CASE("operands that do not fit the shape are refused") {
  const MatrixShape shape{.rows = 2, .columns = 3, .vectors = 4};
  std::vector<float> result(8);
  CHECK_THROWS_WITH_AS(FloatGemm{}(shape, std::vector<float>(5), std::vector<float>(12), result),
                       "weights is 5, but rows x columns is 6", ShapeError);
  CHECK_THROWS_AS(FloatGemm{}(shape, std::vector<float>(6), std::vector<float>(11), result), ShapeError);
  std::vector<std::int32_t> sums(7);
  CHECK_THROWS_AS(PlainGemm{}(shape, std::vector<std::int16_t>(6), std::vector<std::int16_t>(12), sums),
                  ShapeError);
  CHECK_THROWS_AS(PlainGemm{}({.rows = 2, .columns = 0}, {}, {}, std::span(sums).first(2)), ShapeError);
}
