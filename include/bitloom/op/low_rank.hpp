// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Eigenvalues>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// The rank that a share of the full one gives: its product with min(outputs, inputs), rounded down, at least 1.
///
/// Source: open-source code of M4BRAM (arXiv 2311.02758).
/// @throws ShapeError  an extent is below 1
/// @throws RangeError  the ratio is outside (0, 1]
[[nodiscard]] inline std::int64_t rank_of_ratio(std::int64_t outputs, std::int64_t inputs, double ratio) {
  core::check_positive("outputs", outputs);
  core::check_positive("inputs", inputs);
  if (!(ratio > 0 && ratio <= 1))
    throw RangeError("rank ratio: " + std::to_string(ratio) + " is outside (0, 1]");
  const auto full = std::min(outputs, inputs);
  return std::max(std::int64_t{1}, static_cast<std::int64_t>(static_cast<double>(full) * ratio));
}

/// A dense layer as two smaller ones: weights [outputs × inputs] ≈ left [outputs × rank] · right [rank × inputs].
///
/// The truncated singular value decomposition: no factors of that rank are closer in the sum of squared differences
/// (Eckart, Young 1936). One factor holds singular vectors, the other one the weights seen along them.
struct LowRank {
  std::int64_t outputs{};
  std::int64_t inputs{};
  std::int64_t rank{};
  std::vector<float> left;   ///< [outputs × rank], row-major
  std::vector<float> right;  ///< [rank × inputs], row-major
  std::vector<double>
      singular_values;      ///< all min(outputs, inputs) of them, the largest first, to 1e-7 of it
  double error{};           ///< Frobenius norm of weights - left · right, of the floats as they are
  double relative_error{};  ///< error / the weights' norm; 0 for zeros

  /// Factors weights.
  ///
  /// The singular vectors of the smaller side are the eigenvectors of the weights times their transpose, in double; that
  /// loses what lies below 1e-7 of the largest singular value, which rounding the factors to float loses anyway. Their
  /// last bits depend on the machine's vector width, as Eigen's sums do.
  /// @tparam Real    of the decomposition; a template, so that only who calls it compiles it
  /// @param weights  [outputs × inputs], row-major
  /// @param rank     1..min(outputs, inputs)
  /// @throws ShapeError   the weights do not fit the extents, or an extent is below 1
  /// @throws RangeError   an impossible rank, or a weight is NaN or infinite
  /// @throws SolverError  the decomposition does not converge
  template <std::floating_point Real = double>
    requires(std::numeric_limits<Real>::digits >= 53)
  static LowRank factor(std::span<const float> weights, std::int64_t outputs, std::int64_t inputs,
                        std::int64_t rank) {
    core::check_equal("weights", std::ssize(weights), "outputs x inputs",
                      core::checked_product("low rank weights", {outputs, inputs}));
    core::check_range("rank", rank, 1, std::min(outputs, inputs));
    for (const float w : weights)
      if (!std::isfinite(w)) throw RangeError("low rank: a weight is NaN or infinite");
    using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
    using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const bool tall = outputs >= inputs;
    Matrix matrix = Eigen::Map<const Floats>(weights.data(), outputs, inputs).template cast<Real>();
    if (!tall) matrix.transposeInPlace();  // [longer side × shorter side]
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix.transpose() * matrix);
    if (solver.info() != Eigen::Success) throw SolverError("low rank: the eigenvalues did not converge");
    const Matrix vectors = solver.eigenvectors().rowwise().reverse().leftCols(rank);  // the largest first
    const Matrix images = matrix * vectors;

    LowRank result{.outputs = outputs,
                   .inputs = inputs,
                   .rank = rank,
                   .left = std::vector<float>(static_cast<std::size_t>(outputs * rank)),
                   .right = std::vector<float>(static_cast<std::size_t>(rank * inputs)),
                   .singular_values = {}};
    Eigen::Map<Floats> left(result.left.data(), outputs, rank), right(result.right.data(), rank, inputs);
    left = (tall ? images : vectors).template cast<float>();
    right = (tall ? vectors : images).transpose().template cast<float>();
    for (const auto& factor : {result.left, result.right})
      for (const float value : factor)
        if (!std::isfinite(value)) throw RangeError("low rank: a factor exceeds the range of float");
    for (auto i = solver.eigenvalues().size(); i-- > 0;)
      result.singular_values.push_back(
          std::sqrt(static_cast<double>(std::max(Real{0}, solver.eigenvalues()[i]))));

    const auto norm = static_cast<double>(matrix.norm());
    if (!tall) matrix.transposeInPlace();
    matrix -= left.template cast<Real>() * right.template cast<Real>();
    result.error = static_cast<double>(matrix.norm());
    result.relative_error = norm > 0 ? result.error / norm : 0;
    return result;
  }

  /// Weights of both factors, rank · (outputs + inputs); also the products for one vector.
  [[nodiscard]] std::int64_t weight_count() const noexcept { return rank * (outputs + inputs); }

  /// Two matrix products: left · (right · activations).
  /// @param gemm         multiplies floats; with QuantizedGemm by way of codes
  /// @param activations  [inputs × vectors]
  /// @param result       [outputs × vectors]
  /// @throws ShapeError  a span does not fit
  template <Gemm<float, float> G>
  void apply(G&& gemm, std::int64_t vectors, std::span<const float> activations,
             std::span<float> result) const {
    core::check_positive("vectors", vectors);
    std::vector<float> inner(static_cast<std::size_t>(rank * vectors));
    gemm(MatrixShape{.rows = rank, .columns = inputs, .vectors = vectors}, std::span<const float>(right),
         activations, std::span(inner));
    gemm(MatrixShape{.rows = outputs, .columns = rank, .vectors = vectors}, std::span<const float>(left),
         std::span<const float>(inner), result);
  }
};

}  // namespace bitloom::op
