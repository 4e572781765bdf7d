// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/reductions.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Rows become columns.
template <Scalar S>
Value<S> transpose(Value<S> input) {
  return input.tape().record(input.value().transpose(), {input},
                             [=](Value<S> result) { input.add_gradient(result.gradient().transpose()); });
}

/// The same elements, column by column, in another shape: [tokens · width × batch] to [width × tokens · batch].
/// @throws ShapeError  the number of elements differs
template <Scalar S>
Value<S> reshape(Value<S> input, Eigen::Index rows, Eigen::Index columns) {
  using Map = Eigen::Map<const Matrix<S>>;
  if (rows < 0 || columns < 0 || rows * columns != input.value().size())
    throw ShapeError("reshape: the input is " + detail::shape_text(input.value()) + ", but was to become " +
                     std::to_string(rows) + 'x' + std::to_string(columns));
  return input.tape().record(Map(input.value().data(), rows, columns), {input}, [=](Value<S> result) {
    input.add_gradient(Map(result.gradient().data(), input.rows(), input.columns()));
  });
}

namespace detail {

inline void check_slice(const char* axis, Eigen::Index begin, Eigen::Index count, Eigen::Index extent) {
  if (begin < 0 || count < 0 || begin > extent - count)
    throw ShapeError("slice: " + std::string(axis) + " " + std::to_string(begin) + " to " +
                     std::to_string(begin + count) + " are not within 0 to " + std::to_string(extent));
}

}  // namespace detail

/// Features `begin` to `begin + count` of every item.
/// @throws ShapeError  there are not so many features
template <Scalar S>
Value<S> slice(Value<S> input, Features, Eigen::Index begin, Eigen::Index count) {
  detail::check_slice("features", begin, count, input.rows());
  return input.tape().record(input.value().middleRows(begin, count), {input}, [=](Value<S> result) {
    if (input.needs_gradient()) input.gradient_sum().middleRows(begin, count) += result.gradient();
  });
}

/// Items `begin` to `begin + count` of the batch.
/// @throws ShapeError  there are not so many items
template <Scalar S>
Value<S> slice(Value<S> input, Batch, Eigen::Index begin, Eigen::Index count) {
  detail::check_slice("items", begin, count, input.columns());
  return input.tape().record(input.value().middleCols(begin, count), {input}, [=](Value<S> result) {
    if (input.needs_gradient()) input.gradient_sum().middleCols(begin, count) += result.gradient();
  });
}

/// Features of the parts one after the other.
/// @throws ShapeError  there is no part, or the batches differ
template <Scalar S>
Value<S> concatenate(std::span<const Value<S>> parts, Features) {
  core::check_positive("concatenate: parts", std::ssize(parts));
  Eigen::Index rows = 0;
  for (const auto& part : parts) {
    core::check_equal("concatenate: batch", part.columns(), "the first one", parts[0].columns());
    rows += part.rows();
  }
  auto& tape = parts[0].tape();
  auto output = tape.matrix(rows, parts[0].columns());
  Eigen::Index begin = 0;
  for (const auto& part : parts) {
    output.middleRows(begin, part.rows()) = part.value();
    begin += part.rows();
  }
  return tape.record(std::move(output), parts,
                     [all = std::vector(parts.begin(), parts.end())](Value<S> result) {
                       Eigen::Index row = 0;
                       for (const auto& part : all) {
                         part.add_gradient(result.gradient().middleRows(row, part.rows()));
                         row += part.rows();
                       }
                     });
}

/// Items of the parts one after the other.
/// @throws ShapeError  there is no part, or the numbers of features differ
template <Scalar S>
Value<S> concatenate(std::span<const Value<S>> parts, Batch) {
  core::check_positive("concatenate: parts", std::ssize(parts));
  Eigen::Index columns = 0;
  for (const auto& part : parts) {
    core::check_equal("concatenate: features", part.rows(), "the first ones", parts[0].rows());
    columns += part.columns();
  }
  auto& tape = parts[0].tape();
  auto output = tape.matrix(parts[0].rows(), columns);
  Eigen::Index begin = 0;
  for (const auto& part : parts) {
    output.middleCols(begin, part.columns()) = part.value();
    begin += part.columns();
  }
  return tape.record(std::move(output), parts,
                     [all = std::vector(parts.begin(), parts.end())](Value<S> result) {
                       Eigen::Index column = 0;
                       for (const auto& part : all) {
                         part.add_gradient(result.gradient().middleCols(column, part.columns()));
                         column += part.columns();
                       }
                     });
}

/// Columns of a table, by number: the vectors of discrete things. The gradient of a vector adds up over its uses, in
/// the order of the indices.
///
/// @param table    [width × entries]
/// @param indices  [tokens · batch] numbers of entries, item by item
/// @param tokens   how many make up an item
/// @return         [tokens · width × batch], an item's vectors one after the other
/// @throws RangeError  an index is outside 0..entries - 1
/// @throws ShapeError  `tokens` is not positive or does not divide the number of indices
template <Scalar S>
Value<S> embedding(Value<S> table, std::vector<std::int64_t> indices, std::int64_t tokens = 1) {
  core::check_positive("embedding: tokens", tokens);
  const auto count = std::ssize(indices);
  if (count % tokens != 0)
    throw ShapeError("embedding: tokens " + std::to_string(tokens) + " do not divide the " +
                     std::to_string(count) + " indices");
  const auto width = table.rows();
  auto output = table.tape().matrix(tokens * width, count / tokens);
  Eigen::Map<Matrix<S>> vectors(output.data(), width, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto index = indices[static_cast<std::size_t>(i)];
    core::check_range("embedding: index", index, 0, table.columns() - 1);
    vectors.col(i) = table.value().col(index);
  }
  return table.tape().record(std::move(output), {table}, [=, indices = std::move(indices)](Value<S> result) {
    const Eigen::Map<const Matrix<S>> gradient(result.gradient().data(), width, count);
    auto& sum = table.gradient_sum();
    for (Eigen::Index i = 0; i < count; ++i) sum.col(indices[static_cast<std::size_t>(i)]) += gradient.col(i);
  });
}

}  // namespace bitloom::train
