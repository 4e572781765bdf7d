// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/low_rank.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>
#include <Eigen/LU>
#include <bitloom/core/random.hpp>

using namespace bitloom;
using op::LowRank;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace {

std::vector<float> normals(std::uint64_t seed, std::int64_t count) {
  core::Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = static_cast<float>(random.normal());
  return values;
}

Matrix matrix(const std::vector<float>& values, std::int64_t rows) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Floats>(values.data(), rows, std::ssize(values) / rows).cast<double>();
}

/// Eigenvalues of a symmetric matrix, the smallest first, by rotations that each make one pair of elements zero.
std::vector<double> eigenvalues(Matrix a) {
  for (int sweep = 0; sweep < 50; ++sweep)
    for (Eigen::Index p = 0; p < a.rows(); ++p)
      for (Eigen::Index q = p + 1; q < a.rows(); ++q) {
        const double angle = 0.5 * std::atan2(2 * a(p, q), a(p, p) - a(q, q));
        const double c = std::cos(angle), s = std::sin(angle);
        for (Eigen::Index i = 0; i < a.rows(); ++i) {
          const double x = a(p, i), y = a(q, i);
          a(p, i) = c * x + s * y;
          a(q, i) = c * y - s * x;
        }
        for (Eigen::Index i = 0; i < a.rows(); ++i) {
          const double x = a(i, p), y = a(i, q);
          a(i, p) = c * x + s * y;
          a(i, q) = c * y - s * x;
        }
      }
  std::vector<double> values;
  for (Eigen::Index i = 0; i < a.rows(); ++i) values.push_back(a(i, i));
  std::ranges::sort(values);
  return values;
}

Matrix product(const LowRank& layer) {
  return matrix(layer.left, layer.outputs) * matrix(layer.right, layer.rank);
}

}  // namespace

TEST_CASE("a full rank gives the weights back") {
  for (const auto& [outputs, inputs] : {std::pair{7, 12}, {12, 7}, {9, 9}, {1, 5}, {5, 1}}) {
    const auto weights = normals(1, outputs * inputs);
    const auto layer = LowRank::factor(weights, outputs, inputs, std::min(outputs, inputs));
    CHECK((product(layer) - matrix(weights, outputs)).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(layer.relative_error < 1e-6);
  }
  std::vector<float> identity(25);
  for (std::size_t i = 0; i < 5; ++i) identity[6 * i] = 1;
  const auto layer = LowRank::factor(identity, 5, 5, 5);
  CHECK((product(layer) - Matrix::Identity(5, 5)).cwiseAbs().maxCoeff() < 1e-6);
  CHECK(LowRank::factor(identity, 5, 5, 2).error == doctest::Approx(std::sqrt(3.0)));
}

TEST_CASE("weights of a low rank are found whole at that rank, and not below it") {
  const auto left = normals(2, 20 * 3), right = normals(3, 3 * 16);
  const Matrix exact = matrix(left, 20) * matrix(right, 3);
  std::vector<float> weights(320);
  Eigen::Map<Eigen::Matrix<float, 20, 16, Eigen::RowMajor>>(weights.data()) = exact.cast<float>();
  CHECK(LowRank::factor(weights, 20, 16, 3).relative_error < 1e-6);
  CHECK((product(LowRank::factor(weights, 20, 16, 3)) - exact).norm() < 1e-6 * exact.norm());
  CHECK(LowRank::factor(weights, 20, 16, 2).relative_error > 0.1);
}

TEST_CASE("the reported error is that of the product, and of the eigenvalues of the squared weights") {
  for (const auto& [outputs, inputs] : {std::pair{24, 40}, {40, 24}}) {
    const auto weights = normals(4, outputs * inputs);
    const Matrix w = matrix(weights, outputs);
    // another decomposition: the eigenvalues of the Gram matrix are the squared singular values, the smallest first
    const Matrix gram = outputs < inputs ? Matrix(w * w.transpose()) : Matrix(w.transpose() * w);
    const auto squares = eigenvalues(gram);
    for (const std::int64_t rank : {1, 2, 12, 23}) {
      const auto layer = LowRank::factor(weights, outputs, inputs, rank);
      CHECK(layer.error == doctest::Approx((product(layer) - w).norm()).epsilon(1e-12));
      const double left_out = std::accumulate(squares.begin(), squares.end() - rank, 0.0);
      CHECK(layer.error == doctest::Approx(std::sqrt(left_out)).epsilon(1e-6));
      for (std::size_t i = 0; i < 24; ++i)
        CHECK(layer.singular_values[i] == doctest::Approx(std::sqrt(squares[23 - i])).epsilon(1e-9));
      CHECK(layer.relative_error == doctest::Approx(layer.error / w.norm()).epsilon(1e-9));
      CHECK(std::ranges::is_sorted(layer.singular_values, std::greater{}));
      CHECK(layer.weight_count() == rank * 64);
      CHECK((std::ssize(layer.left) == outputs * rank && std::ssize(layer.right) == rank * inputs));
    }
  }
}

TEST_CASE("no factors of the same rank are closer: neither random ones, fitted, nor disturbed ones") {
  const auto weights = normals(5, 15 * 10);
  const Matrix w = matrix(weights, 15);
  const auto layer = LowRank::factor(weights, 15, 10, 4);
  const auto norm_from = [&](std::size_t first) {
    return std::sqrt(std::inner_product(
        layer.singular_values.begin() + static_cast<std::ptrdiff_t>(first), layer.singular_values.end(),
        layer.singular_values.begin() + static_cast<std::ptrdiff_t>(first), 0.0));
  };
  const double least = norm_from(4);
  CHECK(norm_from(0) == doctest::Approx(w.norm()).epsilon(1e-12));
  CHECK(layer.error == doctest::Approx(least).epsilon(1e-6));
  core::Random random(6);
  const auto draw = [&](std::int64_t rows, std::int64_t columns) {
    Matrix m(rows, columns);
    for (auto& x : m.reshaped()) x = random.normal();
    return m;
  };
  const Matrix left = matrix(layer.left, 15), right = matrix(layer.right, 4);
  double closest = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < 500; ++trial) {
    // a random row space, then both factors fitted in turn
    Matrix r = draw(4, 10);
    Matrix l;
    for (int turn = 0; turn < (trial < 5 ? 200 : 2); ++turn) {
      l = w * r.transpose() * Eigen::Matrix4d(r * r.transpose()).inverse();
      r = Eigen::Matrix4d(l.transpose() * l).inverse() * l.transpose() * w;
    }
    const double fitted = (l * r - w).norm();
    REQUIRE(fitted >= least * (1 - 1e-9));
    closest = std::min(closest, fitted);
    const double size = std::ldexp(1.0, -(trial % 12));
    REQUIRE(((left + size * draw(15, 4)) * (right + size * draw(4, 10)) - w).norm() >= least * (1 - 1e-9));
  }
  CHECK(closest < least * (1 + 1e-3));  // the bound is reached
}

TEST_CASE("two products give what the product of the factors gives") {
  const auto weights = normals(7, 30 * 20);
  const auto layer = LowRank::factor(weights, 30, 20, 6);
  const auto activations = normals(8, 20 * 5);
  std::vector<float> result(30 * 5);
  layer.apply(op::FloatGemm{}, 5, activations, result);
  const Matrix expected = product(layer) * matrix(activations, 20);
  CHECK((matrix(result, 30) - expected).cwiseAbs().maxCoeff() < 1e-4);

  std::vector<op::MatrixShape> shapes;
  layer.apply(
      [&](const op::MatrixShape& shape, std::span<const float> w, std::span<const float> a,
          std::span<float> r) {
        shapes.push_back(shape);
        op::FloatGemm{}(shape, w, a, r);
      },
      5, activations, result);
  CHECK(shapes == std::vector<op::MatrixShape>{{.rows = 6, .columns = 20, .vectors = 5},
                                               {.rows = 30, .columns = 6, .vectors = 5}});
}

TEST_CASE("a ratio of the full rank is rounded down, and is 1 at least") {
  CHECK(op::rank_of_ratio(100, 40, 0.5) == 20);
  CHECK(op::rank_of_ratio(100, 41, 0.5) == 20);
  CHECK(op::rank_of_ratio(3, 1000, 0.1) == 1);
  CHECK(op::rank_of_ratio(64, 64, 1) == 64);
  for (const double ratio : {0.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(static_cast<void>(op::rank_of_ratio(4, 4, ratio)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(op::rank_of_ratio(0, 4, 0.5)), ShapeError);
}

TEST_CASE("zeros have no error, and impossible shapes, ranks and numbers are refused") {
  const std::vector<float> zeros(12);
  const auto layer = LowRank::factor(zeros, 3, 4, 1);
  CHECK((layer.error == 0 && layer.relative_error == 0));
  CHECK_THROWS_WITH_AS(LowRank::factor(zeros, 3, 5, 1), "weights is 12, but outputs x inputs is 15",
                       ShapeError);
  CHECK_THROWS_AS(LowRank::factor({}, 0, 4, 1), ShapeError);
  CHECK_THROWS_AS(LowRank::factor(zeros, 3, 4, 0), RangeError);
  CHECK_THROWS_WITH_AS(LowRank::factor(zeros, 3, 4, 4), "rank: 4 is outside 1..3", RangeError);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto broken = zeros;
    broken[5] = bad;
    CHECK_THROWS_AS(LowRank::factor(broken, 3, 4, 1), RangeError);
  }
  std::vector<float> result(3);
  CHECK_THROWS_AS(layer.apply(op::FloatGemm{}, 1, std::span(zeros).first(3), result), ShapeError);
  CHECK_THROWS_AS(layer.apply(op::FloatGemm{}, 0, std::span(zeros).first(4), result), ShapeError);
}
