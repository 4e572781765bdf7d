// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Every query sees every key.
struct NoMask {
  static constexpr bool hides(Eigen::Index, Eigen::Index) { return false; }
};

/// A query sees the keys up to its own place.
struct Causal {
  static constexpr bool hides(Eigen::Index query, Eigen::Index key) { return key > query; }
};

/// What `attention` has to know beside its operands.
struct AttentionShape {
  std::int64_t queries{};  ///< of an item
  std::int64_t keys{};     ///< of an item
  std::int64_t heads = 1;  ///< equal parts of the widths
};

namespace detail {

template <Scalar S>
void check_attention(const Matrix<S>& query, const Matrix<S>& key, const Matrix<S>& value,
                     const AttentionShape& shape) {
  core::check_positive("attention: queries", shape.queries);
  core::check_positive("attention: keys", shape.keys);
  core::check_positive("attention: heads", shape.heads);
  core::check_equal("attention: width of the queries", query.rows(), "that of the keys", key.rows());
  core::check_equal("attention: number of values", value.cols(), "that of the keys", key.cols());
  if (query.cols() % shape.queries != 0 || key.cols() != query.cols() / shape.queries * shape.keys)
    throw ShapeError("attention: " + std::to_string(query.cols()) + " queries and " +
                     std::to_string(key.cols()) + " keys, but an item has " + std::to_string(shape.queries) +
                     " and " + std::to_string(shape.keys));
  if (query.rows() % shape.heads != 0 || value.rows() % shape.heads != 0)
    throw ShapeError("attention: heads " + std::to_string(shape.heads) + " have to divide the widths " +
                     std::to_string(query.rows()) + " and " + std::to_string(value.rows()));
}

/// Softmax of every column over the keys that its query sees; the others get 0.
template <class Mask, Scalar S, class Block>
void masked_softmax(Block scores) {
  using std::exp;
  for (Eigen::Index q = 0; q < scores.cols(); ++q) {
    Eigen::Index first = 0;
    while (first < scores.rows() && Mask::hides(q, first)) ++first;
    if (first == scores.rows()) {
      scores.col(q).setZero();
      continue;
    }
    S largest = scores(first, q), sum(0);
    for (auto k = first + 1; k < scores.rows(); ++k)
      if (!Mask::hides(q, k) && scores(k, q) > largest) largest = scores(k, q);
    for (Eigen::Index k = 0; k < scores.rows(); ++k)
      sum += scores(k, q) = Mask::hides(q, k) ? S(0) : S(exp(scores(k, q) - largest));
    scores.col(q) /= sum;
  }
}

}  // namespace detail

/// Scaled dot-product attention: every query's mean of the values, weighted by softmax(keyᵀ · query / √width), head by
/// head and item by item. A query that sees no key gets zeros.
///
/// @tparam Mask   which keys a query sees: `NoMask`, `Causal`
/// @param query   [width × queries · batch], the tokens of an item one after the other
/// @param key     [width × keys · batch]
/// @param value   [value width × keys · batch]
/// @return        [value width × queries · batch]
/// @throws ShapeError  the shapes do not fit together
/// Source: Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.
template <class Mask = NoMask, Scalar S>
Value<S> attention(Value<S> query, Value<S> key, Value<S> value, const AttentionShape& shape) {
  using Eigen::Index;
  using std::sqrt;
  detail::check_attention(query.value(), key.value(), value.value(), shape);
  const Index queries = shape.queries, keys = shape.keys, heads = shape.heads;
  const auto batch = query.columns() / queries;
  const auto width = query.rows() / heads, value_width = value.rows() / heads;
  const S factor = S(1) / sqrt(S(static_cast<double>(width)));
  // the part of a matrix that a head of an item works on
  const auto part = [=](auto& matrix, Index count, Index extent, Index item, Index head) {
    return matrix.block(head * extent, item * count, extent, count);
  };
  auto& tape = query.tape();
  auto output = tape.matrix(value.rows(), query.columns());
  auto kept = tape.matrix(keys, queries * heads * batch);  // weights of every head of every item
  tape.for_each_index(batch * heads, [&](std::int64_t i) {
    const auto item = i / heads, head = i % heads;
    auto weights = kept.middleCols(i * queries, queries);
    weights.noalias() = part(key.value(), keys, width, item, head).transpose() *
                        (part(query.value(), queries, width, item, head) * factor);
    detail::masked_softmax<Mask, S>(weights);
    part(output, queries, value_width, item, head).noalias() =
        part(value.value(), keys, value_width, item, head) * weights;
  });
  const auto all_weights = tape.constant(std::move(kept));
  return tape.record(std::move(output), {query, key, value}, [=](Value<S> result) {
    // the same value may be several operands, so the sums start at zero
    const auto sum_of = [](Value<S> operand) {
      return operand.needs_gradient() ? &operand.gradient_sum() : nullptr;
    };
    Matrix<S>* const query_sum = sum_of(query);
    Matrix<S>* const key_sum = sum_of(key);
    Matrix<S>* const value_sum = sum_of(value);
    result.tape().for_each_index(batch, [&](std::int64_t item) {
      Matrix<S> slope(keys, queries);
      for (Index head = 0; head < heads; ++head) {
        const auto weights = all_weights.value().middleCols((item * heads + head) * queries, queries);
        const auto gradient = part(result.gradient(), queries, value_width, item, head);
        if (value_sum != nullptr)
          part(*value_sum, keys, value_width, item, head).noalias() += gradient * weights.transpose();
        if (query_sum == nullptr && key_sum == nullptr) continue;
        slope.noalias() = part(value.value(), keys, value_width, item, head).transpose() * gradient;
        for (Index q = 0; q < queries; ++q) {
          const S mean = slope.col(q).cwiseProduct(weights.col(q)).sum();
          slope.col(q) = ((slope.col(q).array() - mean) * weights.col(q).array() * factor).matrix();
        }
        if (query_sum != nullptr)
          part(*query_sum, queries, width, item, head).noalias() +=
              part(key.value(), keys, width, item, head) * slope;
        if (key_sum != nullptr)
          part(*key_sum, keys, width, item, head).noalias() +=
              part(query.value(), queries, width, item, head) * slope.transpose();
      }
    });
  });
}

}  // namespace bitloom::train
