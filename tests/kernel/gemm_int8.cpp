// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/gemm_int8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::kernel;
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

  template <class Path, class Weights, class Activations>
  std::vector<std::int32_t> product(const Weights& w, const Activations& a) const {
    auto result = empty_result();
    gemm_int8<Path>(rows, vectors, depth, w, a, result.data(), result_stride);
    return result;
  }
  template <class Path>
  std::vector<std::int32_t> by_path() const {
    return product<Path>(WideIntegers{weights.data(), weight_stride, true},
                         WideIntegers{activations.data(), activation_stride, signed_activations});
  }
};

/// The low bits of values, as bytes or as a bit string that begins with `skipped` codes.
std::vector<std::uint8_t> packed(const std::vector<std::int16_t>& values, int bits, std::int64_t skipped) {
  const auto begin = static_cast<std::size_t>(skipped), width = static_cast<std::size_t>(bits);
  std::vector<std::uint8_t> string(((begin + values.size()) * width + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t b = 0; b < width; ++b) {
      const auto place = (begin + i) * width + b;
      string[place / 8] |= static_cast<std::uint8_t>(((values[i] >> b) & 1) << place % 8);
    }
  return string;
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE(
    "a path equals the scalar product for 1..40 rows and vectors, at depths around every border of a group",
    Path, shapes) {
  constexpr std::int64_t most = 40, deepest = 33;
  for (const bool is_signed : {false, true}) {
    core::Random random(1);
    Problem problem{.rows = most, .vectors = most, .depth = deepest, .signed_activations = is_signed};
    problem.fill(random);
    // the smaller products are parts of the largest: the sums up to a depth
    std::vector<std::int32_t> sums(most * most);
    std::vector<std::int32_t> result(most * most);
    std::int64_t wrong = 0;
    for (std::int64_t depth = 1; depth <= deepest; ++depth) {
      for (std::int64_t i = 0; i < most; ++i)
        for (std::int64_t j = 0; j < most; ++j)
          sums[static_cast<std::size_t>(i * most + j)] +=
              problem.weight(i, depth - 1) * problem.activation(depth - 1, j);
      if (depth > 9 && depth < 31) continue;
      for (std::int64_t rows = 1; rows <= most; ++rows)
        for (std::int64_t vectors = 1; vectors <= most; ++vectors) {
          std::fill_n(result.begin(), rows * vectors, untouched);
          gemm_int8<Path>(rows, vectors, depth,
                          WideIntegers{problem.weights.data(), problem.weight_stride, true},
                          WideIntegers{problem.activations.data(), problem.activation_stride, is_signed},
                          result.data(), vectors);
          for (std::int64_t i = 0; i < rows; ++i)
            if (!std::equal(&result[static_cast<std::size_t>(i * vectors)],
                            &result[static_cast<std::size_t>(i * vectors)] + vectors,
                            &sums[static_cast<std::size_t>(i * most)]))
              ++wrong;
        }
    }
    CHECK(wrong == 0);
  }
}
TEST_CASE_TEMPLATE_APPLY(shapes, Paths);

TEST_CASE_TEMPLATE_DEFINE(
    "a path equals the scalar product around every border of its blocks, and touches no gap", Path, borders) {
  core::Random random(2);
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
  constexpr auto wide = vector_block<Path>;
  for (const std::int64_t rows : {1, 4, 7, 12, 13})
    for (const std::int64_t vectors : {1, 31, 33})
      for (const auto depth : {-1, 0, 1, 2, 3, 5}) check(rows, vectors, depth_block + depth);
  for (const auto vectors : {wide - 1, wide, wide + 1, wide + 17, 2 * wide + 33}) check(13, vectors, 5);
  check(13, wide + 33, 2 * depth_block + 7);
}
TEST_CASE_TEMPLATE_APPLY(borders, Paths);

TEST_CASE_TEMPLATE_DEFINE("all kinds of operands give the scalar product, with any depth and first code",
                          Path, operands) {
  core::Random random(3);
  const auto with_bits = [&](auto constant, std::int64_t rows, std::int64_t vectors, std::int64_t depth,
                             bool is_signed) {
    constexpr int bits = decltype(constant)::value;
    const std::int64_t half = 1 << (bits - 1);
    Problem problem{.rows = rows, .vectors = vectors, .depth = depth, .signed_activations = is_signed};
    std::fill(problem.weights.begin(), problem.weights.end(), std::int16_t{1});
    std::fill(problem.activations.begin(), problem.activations.end(), std::int16_t{1});
    problem.fill_weights([&] { return random.integer(-half, half - 1); });
    problem.fill_activations([&] { return random.integer(0, 2 * half - 1) - (is_signed ? half : 0); });
    const auto expected = problem.scalar();
    const WideIntegers w{problem.weights.data(), problem.weight_stride, true};
    const WideIntegers a{problem.activations.data(), problem.activation_stride, is_signed};
    CAPTURE(bits);
    CAPTURE(rows);
    CAPTURE(vectors);
    CAPTURE(depth);
    CAPTURE(is_signed);
    if constexpr (bits == 8) {
      const std::vector<std::int8_t> weights(problem.weights.begin(), problem.weights.end());
      const Integers bytes{weights.data(), problem.weight_stride};
      const auto activations = packed(problem.activations, 8, 0);
      REQUIRE(problem.product<Path>(bytes, a) == expected);
      if (is_signed) {
        const std::vector<std::int8_t> values(activations.begin(), activations.end());
        REQUIRE(problem.product<Path>(bytes, Integers{values.data(), problem.activation_stride}) == expected);
      } else {
        REQUIRE(problem.product<Path>(bytes, Integers{activations.data(), problem.activation_stride}) ==
                expected);
      }
    } else {
      const auto skipped = random.integer(0, 9);
      const auto weights = packed(problem.weights, bits, skipped);
      const auto activations = packed(problem.activations, bits, skipped + 1);
      const PackedIntegers<bits> packed_weights{weights.data(), problem.weight_stride, true, skipped};
      const PackedIntegers<bits> packed_activations{activations.data(), problem.activation_stride, is_signed,
                                                    skipped + 1};
      REQUIRE(problem.product<Path>(packed_weights, packed_activations) == expected);
      REQUIRE(problem.product<Path>(w, packed_activations) == expected);
      REQUIRE(problem.product<Path>(packed_weights, a) == expected);
    }
  };
  const auto check = [&](std::int64_t rows, std::int64_t vectors, std::int64_t depth) {
    for (const bool is_signed : {false, true}) {
      with_bits(std::integral_constant<int, 8>(), rows, vectors, depth, is_signed);
      with_bits(std::integral_constant<int, 4>(), rows, vectors, depth, is_signed);
      with_bits(std::integral_constant<int, 2>(), rows, vectors, depth, is_signed);
    }
  };
  for (const std::int64_t rows : {1, 5, 12})
    for (const std::int64_t vectors : {1, 7, 16, 33, 34, 35, 36})
      for (const std::int64_t depth : {1, 2, 3, 4, 5, 63, 64, 65, 131}) check(rows, vectors, depth);
  check(3, 70, depth_block + 9);
}
TEST_CASE_TEMPLATE_APPLY(operands, Paths);

TEST_CASE_TEMPLATE_DEFINE("a path multiplies every pair of operands right, in every place of a group", Path,
                          pairs) {
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
TEST_CASE_TEMPLATE_APPLY(pairs, Paths);

TEST_CASE_TEMPLATE_DEFINE("extreme operands neither saturate nor carry into a neighbour", Path, extremes) {
  constexpr std::int64_t depth = depth_block + 100;
  for (const bool is_signed : {false, true})
    for (const int weight : {-128, 127})
      for (const int activation : {is_signed ? -128 : 0, is_signed ? 127 : 255}) {
        Problem problem{.rows = 13, .vectors = 33, .depth = depth, .signed_activations = is_signed};
        problem.fill_weights([&] { return weight; });
        problem.fill_activations([&] { return activation; });
        const auto result = problem.by_path<Path>();
        REQUIRE(result == problem.scalar());
        REQUIRE(result[0] == depth * weight * activation);
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
  core::Random random(4);
  for (const bool is_signed : {false, true}) {
    Problem problem{.rows = 29, .vectors = 70, .depth = 700, .signed_activations = is_signed};
    problem.fill(random);
    CHECK(problem.by_path<BestPath>() == problem.scalar());
    auto result = problem.empty_result();
    gemm_int8(29, 70, 700, WideIntegers{problem.weights.data(), problem.weight_stride, true},
              WideIntegers{problem.activations.data(), problem.activation_stride, is_signed}, result.data(),
              problem.result_stride);
    CHECK(result == problem.scalar());
  }
}
