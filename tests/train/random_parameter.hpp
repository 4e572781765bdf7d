// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/random.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/parameter.hpp>

/// [rows × columns] of distinct values in -1..1, none of them 0, so that no relu or maximum sits on a kink.
template <class S>
bitloom::train::Matrix<S> random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const auto count = rows * columns;
  std::vector<S> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<S>((2 * static_cast<double>(i) + 1.25) / static_cast<double>(count) - 1));
  bitloom::core::Random(seed).shuffle(values);
  return Eigen::Map<const bitloom::train::Matrix<S>>(values.data(), rows, columns);
}

template <class S>
bitloom::train::Parameter<S> random_parameter(std::string name, std::int64_t rows, std::int64_t columns,
                                              std::uint64_t seed) {
  return {std::move(name), random_matrix<S>(rows, columns, seed), {}};
}

/// A scalar that depends on every element with another weight.
template <class S>
bitloom::train::Value<S> weighted_mean(bitloom::train::Value<S> value) {
  const auto weights = random_matrix<S>(value.rows(), value.columns(), 77);
  return mean(multiply(value, value.tape().constant(weights)));
}
