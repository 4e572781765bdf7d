// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/minifloat_gemm.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using kernel::MatrixView;

/// Codes are numbers of 12 bits with exponents far apart, so that sums in another order are other sums.
struct Decode {
  template <class Code>
  float operator()(Code code) const {
    const auto bits = static_cast<std::uint32_t>(code);
    const auto magnitude = std::ldexp(static_cast<float>(1 + bits % 8), static_cast<int>(bits / 8 % 16) - 8);
    return bits % 3 == 0 ? -magnitude : magnitude;
  }
};

template <class T, class Left, class Right>
void check(std::int64_t rows, std::int64_t columns, std::int64_t depth, std::int64_t spare, bool transposed,
           core::Random& random) {
  const auto matrix = [&]<class Code>(std::int64_t height, std::int64_t width, std::vector<Code>& data) {
    // `spare` elements between rows, or columns
    const auto stride = (transposed ? height : width) + spare;
    data.resize(static_cast<std::size_t>(stride * (transposed ? width : height)));
    for (auto& code : data) code = static_cast<Code>(random());
    return transposed ? MatrixView<Code>{data.data(), 1, stride} : MatrixView<Code>{data.data(), stride, 1};
  };
  std::vector<Left> left_data;
  std::vector<Right> right_data;
  const auto left = matrix(rows, depth, left_data);
  const auto right = matrix(depth, columns, right_data);
  const auto stride = columns + spare;
  const auto at = [&](std::int64_t i, std::int64_t j) {
    return static_cast<std::size_t>(transposed ? j * (rows + spare) + i : i * stride + j);
  };
  std::vector<T> result(at(rows - 1, columns - 1) + 1 + static_cast<std::size_t>(spare), T{-7});
  auto expected = result;
  const MatrixView<T> view =
      transposed ? MatrixView<T>{result.data(), 1, rows + spare} : MatrixView<T>{result.data(), stride, 1};
  kernel::gemm_in_order<T>(
      rows, columns, depth, MatrixView<const Left>{left.data, left.row_stride, left.column_stride}, Decode{},
      MatrixView<const Right>{right.data, right.row_stride, right.column_stride}, Decode{}, view);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) {
      T sum = 0;
      for (std::int64_t k = 0; k < depth; ++k) {
        const T term = static_cast<T>(Decode{}(left.data[i * left.row_stride + k * left.column_stride])) *
                       static_cast<T>(Decode{}(right.data[k * right.row_stride + j * right.column_stride]));
        sum += term;
      }
      expected[at(i, j)] = sum;
    }
  REQUIRE(result == expected);
}

TEST_CASE_TEMPLATE(
    "products of every small shape are the sums of the plain loops, and nothing beside them is written", T,
    float, double) {
  core::Random random(81);
  for (std::int64_t rows = 1; rows <= 15; ++rows)
    for (const std::int64_t columns : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40})
      for (const std::int64_t depth : {1, 2, 5})
        for (const bool transposed : {false, true})
          check<T, std::uint8_t, std::uint8_t>(rows, columns, depth, rows % 3, transposed, random);
}

TEST_CASE_TEMPLATE("long sums are taken in order across the blocks that the loops are cut into", T, float,
                   double) {
  core::Random random(82);
  constexpr auto depth = kernel::detail::OrderedTile<T>::depth;
  for (const std::int64_t terms : {depth - 1, depth, depth + 1, 2 * depth, 3 * depth + 7}) {
    check<T, std::uint8_t, std::uint16_t>(13, 35, terms, 0, false, random);
    check<T, std::uint16_t, std::uint8_t>(1, 35, terms, 2, false, random);
    check<T, std::uint8_t, std::uint8_t>(35, 1, terms, 1, false, random);
    check<T, std::uint8_t, std::uint8_t>(40, 3, terms, 0, true, random);
  }
}

TEST_CASE("a sum of negative zeros is +0, infinity by zero is NaN, and both stay in their results") {
  const std::vector<std::uint8_t> left{0, 0, 2, 1};   // rows: zeros; one and infinity
  const std::vector<std::uint8_t> right{2, 2, 2, 3};  // columns: ones; one and zero
  const auto decode = [](std::uint8_t code) {
    constexpr float values[] = {-0.0F, INFINITY, 1.0F, 0.0F};
    return values[code];
  };
  std::vector<float> result(4);
  kernel::gemm_in_order<float>(2, 2, 2, MatrixView<const std::uint8_t>{left.data(), 2, 1}, decode,
                               MatrixView<const std::uint8_t>{right.data(), 2, 1}, decode,
                               MatrixView<float>{result.data(), 2, 1});
  CHECK(std::bit_cast<std::uint32_t>(result[0]) == 0);
  CHECK(std::bit_cast<std::uint32_t>(result[1]) == 0);
  CHECK(std::isinf(result[2]));
  CHECK(std::isnan(result[3]));
}

}  // namespace
