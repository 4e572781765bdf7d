// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/tensor_file.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace train = bitloom::train;

TEST_CASE("a matrix is written row by row, and read with its first axis as rows") {
  const train::Matrix<float> matrix{{1, 2, 3}, {4, 5, 6}};
  const auto tensor = train::to_tensor("w", matrix);
  CHECK(tensor.shape == std::vector<std::int64_t>{2, 3});
  CHECK(std::get<std::vector<float>>(tensor.values) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(train::describe(tensor) == "F32 2x3");
  CHECK(train::to_matrix<float>({{tensor}, {}}, "w", 2, 3) == matrix);

  const train::Matrix<double> column{{1}, {2}};
  CHECK(train::to_tensor("b", column).shape == std::vector<std::int64_t>{2});
  CHECK(train::to_matrix<double>({{train::to_tensor("b", column)}, {}}, "b", 2, 1) == column);

  const train::Tensor four_axes{"c", {2, 1, 3, 1}, std::vector<float>{1, 2, 3, 4, 5, 6}};
  CHECK(train::to_matrix<float>({{four_axes}, {}}, "c", 2, 3) == matrix);
  const train::Tensor number{"n", {}, std::vector<float>{7}};
  CHECK(train::to_matrix<float>({{number}, {}}, "n", 1, 1)(0, 0) == 7);
  CHECK(train::to_matrix<float>({{{"e", {0, 3}, std::vector<float>{}}}, {}}, "e", 0, 3).cols() == 3);
}

TEST_CASE("a tensor that is missing or does not fit is refused with both shapes") {
  const train::TensorFile file{{train::to_tensor("w", train::Matrix<float>(2, 3))}, {}};
  CHECK_THROWS_WITH_AS(static_cast<void>(train::to_matrix<float>(file, "w", 3, 2)),
                       "the tensor w is F32 2x3, but has to be 3x2", bitloom::ParseError);
  CHECK_THROWS_AS(static_cast<void>(train::to_matrix<float>(file, "w", 6, 1)), bitloom::ParseError);
  CHECK_THROWS_WITH_AS(static_cast<void>(train::to_matrix<double>(file, "w", 2, 3)),
                       "the tensor w is F32 2x3, but its numbers have to be F64", bitloom::ParseError);
  CHECK_THROWS_WITH_AS(static_cast<void>(train::to_matrix<float>(file, "v", 2, 3)), "the tensor v is missing",
                       bitloom::ParseError);
}

TEST_CASE("the elements of a shape are its product, which never wraps around") {
  using Shape = std::vector<std::int64_t>;
  CHECK(train::element_count(Shape{}) == 1);
  CHECK(train::element_count(Shape{3, 4, 5}) == 60);
  CHECK(train::element_count(Shape{3, 0, 5}) == 0);
  CHECK_THROWS_AS(static_cast<void>(train::element_count(Shape{-1})), bitloom::ShapeError);
  CHECK_THROWS_AS(
      static_cast<void>(train::element_count(Shape{std::int64_t{1} << 32, std::int64_t{1} << 31})),
      bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(train::element_count(Shape{std::int64_t{1} << 62, 0, 4})),
                  bitloom::ShapeError);
  CHECK(train::element_count(Shape{std::int64_t{1} << 32, std::int64_t{1} << 30}) == std::int64_t{1} << 62);
}

TEST_CASE("types of numbers are called by a letter and their bits") {
  CHECK(train::number_type<double>() == "F64");
  CHECK(train::number_type<float>() == "F32");
  CHECK(train::number_type<std::int64_t>() == "I64");
  CHECK(train::number_type<std::uint8_t>() == "U8");
}
