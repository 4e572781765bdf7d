// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <bitloom/train/operations.hpp>
#include <train/random_parameter.hpp>

/// Items of a batch whose result or gradient has other bits when the item is alone, over several numbers of features so
/// that addresses of the items are aligned in every way.
///
/// @param operation  `operation(value)`, an item of `factor` · n features to anything, item by item
template <class S, class Operation>
std::int64_t items_that_differ_alone(Operation&& operation, std::int64_t factor = 1) {
  using namespace bitloom;
  const auto run = [&](const train::Matrix<S>& items) {
    train::Parameter<S> parameter{"items", items, {}};
    train::Tape<S> tape;
    const auto result = operation(tape.parameter(parameter));
    const train::Matrix<S> weights =
        random_matrix<S>(result.rows(), 1, 7).replicate(1, result.columns());  // the same for all items
    tape.backward(sum(multiply(result, tape.constant(weights))));
    return std::pair(train::Matrix<S>(result.value()), parameter.gradient);
  };
  std::int64_t different = 0;
  for (const std::int64_t n : {1, 3, 5, 7, 13, 21, 35, 77}) {
    const train::Matrix<S> items = random_matrix<S>(factor * n, 9, 5);
    const auto [results, gradients] = run(items);
    for (Eigen::Index i = 0; i < items.cols(); ++i) {
      const auto [result, gradient] = run(items.col(i));
      different += result != results.col(i) || gradient != gradients.col(i);
    }
  }
  return different;
}
