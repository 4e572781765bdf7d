// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/optimizer.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

namespace {

/// The gradient of a step, some function of the step and of the value.
template <class S>
void set_gradient(train::Parameter<S>& parameter, int step) {
  parameter.gradient =
      parameter.value * static_cast<S>(0.3) +
      random_matrix<S>(parameter.value.rows(), parameter.value.cols(), 100 + static_cast<unsigned>(step));
}

constexpr double rates[] = {0.1, 0.05, 0.2, 0.1, 0.01};

}  // namespace

TEST_CASE_TEMPLATE("Sgd follows its formula, element by element", S, float, double) {
  auto first = random_parameter<S>("first", 2, 3, 1), second = random_parameter<S>("second", 4, 1, 2);
  const std::vector<train::Parameter<S>*> all{&first, &second};
  train::Sgd<S> sgd({.momentum = 0.8, .weight_decay = 0.02});
  std::vector<double> velocity(10), value;
  for (const auto* p : all) value.insert(value.end(), p->value.data(), p->value.data() + p->value.size());
  for (int step = 0; step < 5; ++step) {
    set_gradient(first, step);
    set_gradient(second, step);
    for (std::size_t i = 0; i < 10; ++i) {
      const double g = static_cast<double>(i < 6 ? first.gradient.data()[i] : second.gradient.data()[i - 6]);
      velocity[i] = 0.8 * velocity[i] + g + 0.02 * value[i];
      value[i] -= rates[step] * velocity[i];
    }
    sgd.step(all, rates[step]);
    for (std::size_t i = 0; i < 10; ++i)
      CHECK(static_cast<double>(i < 6 ? first.value.data()[i] : second.value.data()[i - 6]) ==
            doctest::Approx(value[i]).epsilon(std::is_same_v<S, float> ? 1e-5 : 1e-13));
  }
}

TEST_CASE_TEMPLATE("Adam follows its formula, element by element", S, float, double) {
  auto first = random_parameter<S>("first", 2, 3, 1), second = random_parameter<S>("second", 4, 1, 2);
  const std::vector<train::Parameter<S>*> all{&first, &second};
  train::Adam<S> adam({.first_decay = 0.8, .second_decay = 0.95, .epsilon = 1e-3, .weight_decay = 0.03});
  std::vector<double> m(10), v(10), value;
  for (const auto* p : all) value.insert(value.end(), p->value.data(), p->value.data() + p->value.size());
  for (int step = 0; step < 5; ++step) {
    set_gradient(first, step);
    set_gradient(second, step);
    for (std::size_t i = 0; i < 10; ++i) {
      const double g = static_cast<double>(i < 6 ? first.gradient.data()[i] : second.gradient.data()[i - 6]);
      m[i] = 0.8 * m[i] + 0.2 * g;
      v[i] = 0.95 * v[i] + 0.05 * g * g;
      const double mean = m[i] / (1 - std::pow(0.8, step + 1)),
                   square = v[i] / (1 - std::pow(0.95, step + 1));
      value[i] -= rates[step] * (mean / (std::sqrt(square) + 1e-3) + 0.03 * value[i]);
    }
    adam.step(all, rates[step]);
    for (std::size_t i = 0; i < 10; ++i)
      CHECK(static_cast<double>(i < 6 ? first.value.data()[i] : second.value.data()[i - 6]) ==
            doctest::Approx(value[i]).epsilon(std::is_same_v<S, float> ? 1e-4 : 1e-12));
  }
}

TEST_CASE_TEMPLATE("an optimizer refuses parameters other than those of its first step", O,
                   train::Sgd<double>, train::Adam<double>) {
  auto first = random_parameter<double>("first", 2, 3, 1),
       second = random_parameter<double>("second", 4, 1, 2);
  first.gradient.setZero(2, 3);
  second.gradient.setZero(4, 1);
  O optimizer;
  const std::vector<train::Parameter<double>*> both{&first, &second}, one{&first}, swapped{&second, &first};
  optimizer.step(both, 0.1);
  CHECK_THROWS_AS(optimizer.step(one, 0.1), bitloom::ShapeError);
  CHECK_THROWS_AS(optimizer.step(swapped, 0.1), bitloom::ShapeError);
  first.gradient.resize(0, 0);
  CHECK_THROWS_AS(optimizer.step(both, 0.1), bitloom::ShapeError);
}
