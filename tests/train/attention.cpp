// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/attention.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

/// A query does not see keys that are multiples of three apart, and query 1 sees none.
struct Holes {
  static constexpr bool hides(Eigen::Index query, Eigen::Index key) {
    return query == 1 || (query - key) % 3 == 0;
  }
};

/// By the definition, element by element.
template <class Mask>
Matrix slow_attention(const Matrix& query, const Matrix& key, const Matrix& value,
                      const train::AttentionShape& shape) {
  const auto batch = query.cols() / shape.queries;
  const auto width = query.rows() / shape.heads, value_width = value.rows() / shape.heads;
  Matrix result = Matrix::Zero(value.rows(), query.cols());
  for (Eigen::Index item = 0; item < batch; ++item)
    for (Eigen::Index head = 0; head < shape.heads; ++head)
      for (Eigen::Index q = 0; q < shape.queries; ++q) {
        std::vector<double> weights;
        double sum = 0;
        for (Eigen::Index k = 0; k < shape.keys; ++k) {
          double score = 0;
          for (Eigen::Index i = 0; i < width; ++i)
            score += query(head * width + i, item * shape.queries + q) *
                     key(head * width + i, item * shape.keys + k);
          weights.push_back(Mask::hides(q, k) ? 0 : std::exp(score / std::sqrt(static_cast<double>(width))));
          sum += weights.back();
        }
        if (sum == 0) continue;
        for (Eigen::Index k = 0; k < shape.keys; ++k)
          for (Eigen::Index i = 0; i < value_width; ++i)
            result(head * value_width + i, item * shape.queries + q) +=
                weights[static_cast<std::size_t>(k)] / sum *
                value(head * value_width + i, item * shape.keys + k);
      }
  return result;
}

const std::vector<train::AttentionShape> shapes{{3, 3, 1}, {4, 4, 2}, {2, 5, 2}, {5, 1, 1}};

template <class Mask>
void check_mask() {
  for (const auto& shape : shapes) {
    const auto query = random_matrix<double>(6, shape.queries * 2, 1),
               key = random_matrix<double>(6, shape.keys * 2, 2),
               value = random_matrix<double>(4, shape.keys * 2, 3);
    Tape tape;
    const auto result =
        train::attention<Mask>(tape.constant(4 * query), tape.constant(key), tape.constant(value), shape);
    CHECK((result.value() - slow_attention<Mask>(4 * query, key, value, shape)).cwiseAbs().maxCoeff() <
          1e-14);
    if (shape.keys > 1)
      CHECK(gradient_error(
                {{6, shape.queries * 2}, {6, shape.keys * 2}, {4, shape.keys * 2}},
                [&](auto v) { return train::attention<Mask>(v[0], v[1], v[2], shape); }, 0, 2, 1) < 1e-8);
  }
}

}  // namespace

TEST_CASE("attention without mask is its definition, and its gradients agree with finite differences") {
  check_mask<train::NoMask>();
}

TEST_CASE("causal attention is its definition, and its gradients agree with finite differences") {
  check_mask<train::Causal>();
}

TEST_CASE("a query that sees no key gets zeros, with a mask of a user's own") { check_mask<Holes>(); }

TEST_CASE("one matrix may be query, key and value") {
  CHECK(gradient_error(
            {{4, 6}},
            [](auto v) {
              return train::attention<train::Causal>(v[0], v[0], v[0], {.queries = 3, .keys = 3, .heads = 2});
            },
            0, 2) < 1e-8);
}

TEST_CASE("causal attention does not look ahead") {
  Tape tape;
  Matrix x = random_matrix<double>(4, 5, 1);
  const train::AttentionShape shape{.queries = 5, .keys = 5, .heads = 2};
  const auto run = [&] {
    const auto v = tape.constant(x);
    return Matrix(train::attention<train::Causal>(v, v, v, shape).value());
  };
  const Matrix before = run();
  x.col(3).setConstant(7);
  const Matrix after = run();
  CHECK(before.leftCols(3) == after.leftCols(3));
  CHECK(before.rightCols(2) != after.rightCols(2));
}

TEST_CASE("attention refuses shapes that do not fit together") {
  Tape tape;
  const auto a = tape.constant(Matrix::Zero(4, 6)), b = tape.constant(Matrix::Zero(3, 6)),
             c = tape.constant(Matrix::Zero(4, 5));
  CHECK_THROWS_WITH_AS(train::attention(a, b, a, {3, 3, 1}),
                       "attention: width of the queries is 4, but that of the keys is 3",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(train::attention(a, a, c, {3, 3, 1}), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(train::attention(a, a, a, {3, 2, 1}),
                       "attention: 6 queries and 6 keys, but an item has 3 and 2", bitloom::ShapeError);
  CHECK_THROWS_AS(train::attention(a, a, a, {4, 4, 1}), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(train::attention(a, a, a, {3, 3, 3}),
                       "attention: heads 3 have to divide the widths 4 and 4", bitloom::ShapeError);
  CHECK_THROWS_AS(train::attention(a, a, a, {0, 0, 1}), bitloom::ShapeError);
  CHECK_THROWS_AS(train::attention(a, a, a, {3, 3, 0}), bitloom::ShapeError);
}
