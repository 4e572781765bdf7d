// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/gemm_int8.hpp>

#include <cstdint>
#include <initializer_list>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::kernel::detail;

namespace {

constexpr std::int16_t poison = 12345;  // between the rows, where nothing may be read
constexpr std::int32_t untouched = -987654321;

/// One product with gaps between the rows of all three matrices.
struct Problem {
  std::int64_t rows, vectors, depth;
  bool signed_activations;
  std::int64_t weight_stride = depth + 3;
  std::int64_t activation_stride = vectors + 5;
  std::int64_t result_stride = vectors + 2;
  std::vector<std::int16_t> weights =
      std::vector<std::int16_t>(static_cast<std::size_t>(rows * weight_stride), poison);
  std::vector<std::int16_t> activations =
      std::vector<std::int16_t>(static_cast<std::size_t>(depth * activation_stride), poison);

  std::int16_t& weight(std::int64_t i, std::int64_t k) {
    return weights[static_cast<std::size_t>(i * weight_stride + k)];
  }
  std::int16_t& activation(std::int64_t k, std::int64_t j) {
    return activations[static_cast<std::size_t>(k * activation_stride + j)];
  }

  template <class Draw>
  void fill_weights(Draw draw) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t k = 0; k < depth; ++k) weight(i, k) = static_cast<std::int16_t>(draw());
  }
  template <class Draw>
  void fill_activations(Draw draw) {
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t j = 0; j < vectors; ++j) activation(k, j) = static_cast<std::int16_t>(draw());
  }
  void fill(core::Random& random) {
    fill_weights([&] { return random.integer(-128, 127); });
    fill_activations([&] { return signed_activations ? random.integer(-128, 127) : random.integer(0, 255); });
  }

  std::vector<std::int32_t> empty_result() const {
    return std::vector<std::int32_t>(static_cast<std::size_t>(rows * result_stride), untouched);
  }

  /// The definition, modulo 2^32.
  std::vector<std::int32_t> scalar() const {
    auto result = empty_result();
    std::vector<std::uint32_t> sums(static_cast<std::size_t>(vectors));
    for (std::int64_t i = 0; i < rows; ++i) {
      sums.assign(sums.size(), 0);
      for (std::int64_t k = 0; k < depth; ++k) {
        const std::int32_t w = weights[static_cast<std::size_t>(i * weight_stride + k)];
        const auto* a = &activations[static_cast<std::size_t>(k * activation_stride)];
        for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += static_cast<std::uint32_t>(w * a[j]);
      }
      for (std::size_t j = 0; j < sums.size(); ++j)
        result[static_cast<std::size_t>(i * result_stride) + j] = static_cast<std::int32_t>(sums[j]);
    }
    return result;
  }

  template <class Path>
  std::vector<std::int32_t> by_path() const {
    auto result = empty_result();
    gemm_int8_by<Path>(rows, vectors, depth, {weights.data(), weight_stride},
                       {activations.data(), activation_stride}, signed_activations,
                       {result.data(), result_stride});
    return result;
  }
};

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("a path equals the scalar product around every border of its tiles and blocks",
                          Path, borders) {
  core::Random random(1);
  const auto check = [&](std::int64_t rows, std::int64_t vectors, std::int64_t depth) {
    for (const bool is_signed : {false, true}) {
      Problem problem{.rows = rows, .vectors = vectors, .depth = depth, .signed_activations = is_signed};
      problem.fill(random);
      CAPTURE(rows);
      CAPTURE(vectors);
      CAPTURE(depth);
      CAPTURE(is_signed);
      REQUIRE(problem.by_path<Path>() == problem.scalar());
    }
  };
  for (std::int64_t rows = 1; rows <= 13; ++rows)
    for (std::int64_t vectors = 1; vectors <= 33; ++vectors)
      for (std::int64_t depth = 1; depth <= 9; ++depth) check(rows, vectors, depth);
  for (const std::int64_t rows : {1, 3, 4, 5, 6, 7, 12, 13, 25})
    for (const std::int64_t vectors : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65})
      for (const std::int64_t depth : {511, 512, 513, 514, 515, 1024, 1029}) check(rows, vectors, depth);
}
TEST_CASE_TEMPLATE_APPLY(borders, Paths);

TEST_CASE_TEMPLATE_DEFINE("a path multiplies every pair of operands right, in every place of a group", Path,
                          operands) {
  for (const bool is_signed : {false, true})
    for (std::int64_t place = 0; place < 8; ++place) {
      Problem problem{.rows = 256, .vectors = 256, .depth = 8, .signed_activations = is_signed};
      problem.fill_weights([] { return 0; });
      problem.fill_activations([&] { return is_signed ? -128 : 255; });
      for (std::int64_t i = 0; i < 256; ++i) {
        problem.weight(i, place) = static_cast<std::int16_t>(i - 128);
        problem.activation(place, i) = static_cast<std::int16_t>(is_signed ? i - 128 : i);
      }
      CAPTURE(place);
      CAPTURE(is_signed);
      REQUIRE(problem.by_path<Path>() == problem.scalar());
    }
}
TEST_CASE_TEMPLATE_APPLY(operands, Paths);

TEST_CASE_TEMPLATE_DEFINE("extreme operands neither saturate nor carry into a neighbour", Path, extremes) {
  for (const bool is_signed : {false, true})
    for (const int weight : {-128, 127})
      for (const int activation : {is_signed ? -128 : 0, is_signed ? 127 : 255}) {
        Problem problem{.rows = 13, .vectors = 33, .depth = 600, .signed_activations = is_signed};
        problem.fill_weights([&] { return weight; });
        problem.fill_activations([&] { return activation; });
        REQUIRE(problem.by_path<Path>() == problem.scalar());
        REQUIRE(problem.by_path<Path>()[0] == 600 * weight * activation);
      }
}
TEST_CASE_TEMPLATE_APPLY(extremes, Paths);

TEST_CASE_TEMPLATE_DEFINE("sums wrap modulo 2^32", Path, wrapping) {
  Problem problem{.rows = 2, .vectors = 3, .depth = 200'000, .signed_activations = false};
  problem.fill_weights([] { return -128; });
  problem.fill_activations([] { return 255; });
  const std::int64_t sum = std::int64_t{200'000} * -128 * 255;
  REQUIRE(sum < 2 * std::int64_t{INT32_MIN});
  const auto result = problem.by_path<Path>();
  CHECK(result[0] == static_cast<std::int32_t>(static_cast<std::uint32_t>(sum)));
  CHECK(result == problem.scalar());
}
TEST_CASE_TEMPLATE_APPLY(wrapping, Paths);

TEST_CASE("the public product takes the best path that is compiled in") {
  core::Random random(2);
  for (const bool is_signed : {false, true}) {
    Problem problem{.rows = 29, .vectors = 70, .depth = 700, .signed_activations = is_signed};
    problem.fill(random);
    auto result = problem.empty_result();
    kernel::gemm_int8(29, 70, 700, problem.weights.data(), problem.weight_stride, problem.activations.data(),
                      problem.activation_stride, is_signed, result.data(), problem.result_stride);
    CHECK(result == problem.scalar());
  }
}
