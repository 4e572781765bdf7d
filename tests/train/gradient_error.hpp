// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

struct Shape {
  std::int64_t rows, columns;
};

/// Largest gradient error of an operation of parameters of the given shapes, over several seeds. Parameter i is mapped
/// by `offset + factor · p`, p in -1..1.
template <class Operation>
double gradient_error(const std::vector<Shape>& shapes, Operation&& operation, double offset = 0,
                      double factor = 1, std::uint64_t seeds = 3) {
  using namespace bitloom;
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    std::vector<train::Parameter<double>> parameters;
    for (const auto& shape : shapes) {
      parameters.push_back(
          random_parameter<double>("p", shape.rows, shape.columns, 10 * seed + parameters.size()));
      parameters.back().value = (parameters.back().value.array() * factor + offset).matrix();
    }
    std::vector<train::Parameter<double>*> pointers;
    for (auto& parameter : parameters) pointers.push_back(&parameter);
    const auto check = train::check_gradients(pointers, [&](train::Tape<double>& tape) {
      std::vector<train::Value<double>> values;
      for (auto& parameter : parameters) values.push_back(tape.parameter(parameter));
      return weighted_mean(operation(values));
    });
    for (const auto& parameter : parameters) REQUIRE(parameter.gradient.norm() > 1e-7);
    worst = std::max(worst, check.error);
  }
  return worst;
}
