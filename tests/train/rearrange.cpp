// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/rearrange.hpp>

#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Value = train::Value<double>;
using train::Batch, train::Features;

TEST_CASE("elements go where transpose, reshape, slice, concatenate and embedding say") {
  train::Tape<double> tape;
  const Matrix a = random_matrix<double>(4, 6, 1), b = random_matrix<double>(2, 6, 2),
               c = random_matrix<double>(4, 1, 3);
  const auto va = tape.constant(a), vb = tape.constant(b), vc = tape.constant(c);
  CHECK(transpose(va).value() == a.transpose());
  CHECK(reshape(va, 8, 3).value() == Eigen::Map<const Matrix>(a.data(), 8, 3));
  CHECK(slice(va, Features{}, 1, 2).value() == a.middleRows(1, 2));
  CHECK(slice(va, Batch{}, 2, 3).value() == a.middleCols(2, 3));
  const std::vector<Value> rows{va, vb, va}, columns{vc, va};
  Matrix stacked(10, 6), wide(4, 7);
  stacked << a, b, a;
  wide << c, a;
  CHECK(concatenate(std::span<const Value>(rows), Features{}).value() == stacked);
  CHECK(concatenate(std::span<const Value>(columns), Batch{}).value() == wide);
  Matrix vectors(8, 2);
  vectors << a.col(5), a.col(0), a.col(0), a.col(3);
  vectors.col(0) << a.col(5), a.col(0);
  vectors.col(1) << a.col(0), a.col(3);
  CHECK(embedding(va, {5, 0, 0, 3}, 2).value() == vectors);
}

TEST_CASE("gradients find their way back") {
  constexpr double tolerance = 1e-9;
  CHECK(gradient_error({{4, 6}}, [](auto v) { return transpose(v[0]); }) < tolerance);
  CHECK(gradient_error({{4, 6}}, [](auto v) { return reshape(v[0], 3, 8); }) < tolerance);
  CHECK(gradient_error({{4, 6}}, [](auto v) { return slice(v[0], Features{}, 1, 2); }) < tolerance);
  CHECK(gradient_error({{4, 6}}, [](auto v) { return slice(v[0], Batch{}, 2, 3); }) < tolerance);
  CHECK(gradient_error({{4, 6}, {2, 6}}, [](auto v) {
          const std::vector<Value> parts{v[0], v[1], v[0]};
          return concatenate(std::span<const Value>(parts), Features{});
        }) < tolerance);
  CHECK(gradient_error({{4, 6}, {4, 2}}, [](auto v) {
          const std::vector<Value> parts{v[1], v[0], v[1]};
          return concatenate(std::span<const Value>(parts), Batch{});
        }) < tolerance);
  CHECK(gradient_error({{3, 5}}, [](auto v) { return embedding(v[0], {4, 0, 4, 2, 1, 4}, 3); }) < tolerance);
}

TEST_CASE("parts that do not exist or do not fit are refused") {
  train::Tape<double> tape;
  const auto a = tape.constant(Matrix::Zero(4, 6)), b = tape.constant(Matrix::Zero(2, 5));
  CHECK_THROWS_WITH_AS(reshape(a, 5, 5), "reshape: the input is 4x6, but was to become 5x5",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(reshape(a, -4, -6), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(slice(a, Features{}, 2, 3), "slice: features 2 to 5 are not within 0 to 4",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(slice(a, Features{}, -1, 2), bitloom::ShapeError);
  CHECK_THROWS_AS(slice(a, Batch{}, 7, 0), bitloom::ShapeError);
  CHECK_THROWS_AS(slice(a, Batch{}, 0, -1), bitloom::ShapeError);
  const std::vector<Value> parts{a, b}, none;
  CHECK_THROWS_WITH_AS(concatenate(std::span<const Value>(parts), Features{}),
                       "concatenate: batch is 5, but the first one is 6", bitloom::ShapeError);
  CHECK_THROWS_AS(concatenate(std::span<const Value>(parts), Batch{}), bitloom::ShapeError);
  CHECK_THROWS_AS(concatenate(std::span<const Value>(none), Batch{}), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(embedding(a, {0, 6}), "embedding: index: 6 is outside 0..5", bitloom::RangeError);
  CHECK_THROWS_AS(embedding(a, {0, -1}), bitloom::RangeError);
  CHECK_THROWS_AS(embedding(a, {0, 1, 2}, 2), bitloom::ShapeError);
}
