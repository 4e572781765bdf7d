// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>
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

/// Numbers of a parameter in double, with what the formula of an optimizer remembers of each.
struct Twin {
  double w, g{}, first{}, second{};
};

/// Five steps of an optimizer beside those of `formula(twin, rate, step)`, which has to move `twin.w`; step from 1. The
/// second parameter is several chunks long. Returns the largest difference.
template <class S, class O, class Formula>
double largest_difference(O optimizer, double first_square, Formula&& formula) {
  auto small = random_parameter<S>("small", 2, 3, 1), large = random_parameter<S>("large", 43, 61, 2);
  const std::vector<train::Parameter<S>*> all{&small, &large};
  std::vector<Twin> twins;
  for (const auto* p : all)
    for (Eigen::Index i = 0; i < p->value.size(); ++i)
      twins.push_back({.w = static_cast<double>(p->value.data()[i]), .second = first_square});
  double difference = 0;
  for (int step = 0; step < 5; ++step) {
    std::size_t place = 0;
    for (auto* p : all) {
      set_gradient(*p, step);
      for (Eigen::Index i = 0; i < p->value.size(); ++i, ++place) {
        twins[place].g = static_cast<double>(p->gradient.data()[i]);
        formula(twins[place], rates[step], step + 1);
      }
    }
    optimizer.step(all, rates[step]);
    place = 0;
    for (const auto* p : all)
      for (Eigen::Index i = 0; i < p->value.size(); ++i, ++place)
        difference = std::max(difference, std::abs(static_cast<double>(p->value.data()[i]) - twins[place].w));
  }
  return difference;
}

template <class S>
constexpr double tolerance = std::is_same_v<S, float> ? 1e-5 : 1e-13;

}  // namespace

TEST_CASE_TEMPLATE("Sgd follows its formula, element by element", S, float, double) {
  const train::Sgd<S> sgd({.momentum = 0.8, .weight_decay = 0.02});
  CHECK(largest_difference<S>(sgd, 0, [](Twin& t, double rate, int) {
          t.first = 0.8 * t.first + t.g + 0.02 * t.w;
          t.w -= rate * t.first;
        }) < tolerance<S>);
}

TEST_CASE_TEMPLATE("Sgd with Nesterov's momentum follows its formula, element by element", S, float, double) {
  const train::Sgd<S, train::Nesterov> sgd({.momentum = 0.8, .weight_decay = 0.02});
  CHECK(largest_difference<S>(sgd, 0, [](Twin& t, double rate, int) {
          const double g = t.g + 0.02 * t.w;
          t.first = 0.8 * t.first + g;
          t.w -= rate * (g + 0.8 * t.first);
        }) < tolerance<S>);
}

TEST_CASE_TEMPLATE("Nesterov's momentum looks ahead", S, double) {
  // the original form: the gradient of w² / 2 at w + momentum · v, where v are the moves
  double w = 1, v = 0;
  train::Parameter<S> parameter{"w", train::Matrix<S>::Ones(1, 1), {}};
  const std::vector<train::Parameter<S>*> all{&parameter};
  train::Sgd<S, train::Nesterov> sgd({.momentum = 0.7});
  for (int step = 0; step < 6; ++step) {
    parameter.gradient = parameter.value;
    sgd.step(all, 0.1);
    const double ahead = w + 0.7 * v;
    v = 0.7 * v - 0.1 * ahead;
    w += v;
    CHECK(parameter.value(0, 0) == doctest::Approx(w + 0.7 * v).epsilon(1e-13));  // it holds the point ahead
  }
}

TEST_CASE_TEMPLATE("Adam follows its formula, element by element, with the decay in the gradient", S, float,
                   double) {
  const train::Adam<S> adam(
      {.first_decay = 0.8, .second_decay = 0.95, .epsilon = 1e-3, .weight_decay = 0.03});
  CHECK(largest_difference<S>(adam, 0, [](Twin& t, double rate, int step) {
          const double g = t.g + 0.03 * t.w;
          t.first = 0.8 * t.first + 0.2 * g;
          t.second = 0.95 * t.second + 0.05 * g * g;
          const double mean = t.first / (1 - std::pow(0.8, step)),
                       square = t.second / (1 - std::pow(0.95, step));
          t.w -= rate * mean / (std::sqrt(square) + 1e-3);
        }) < 10 * tolerance<S>);
}

TEST_CASE_TEMPLATE("AdamW follows its formula, element by element, with the decay apart", S, float, double) {
  const train::AdamW<S> adam(
      {.first_decay = 0.8, .second_decay = 0.95, .epsilon = 1e-3, .weight_decay = 0.03});
  CHECK(largest_difference<S>(adam, 0, [](Twin& t, double rate, int step) {
          t.first = 0.8 * t.first + 0.2 * t.g;
          t.second = 0.95 * t.second + 0.05 * t.g * t.g;
          const double mean = t.first / (1 - std::pow(0.8, step)),
                       square = t.second / (1 - std::pow(0.95, step));
          t.w -= rate * (mean / (std::sqrt(square) + 1e-3) + 0.03 * t.w);
        }) < 10 * tolerance<S>);
}

TEST_CASE("Adam's moments weigh the gradient by one minus the decay, rounded once") {
  train::Parameter<float> parameter{"w", train::Matrix<float>::Ones(1, 1), train::Matrix<float>::Ones(1, 1)};
  const std::vector<train::Parameter<float>*> all{&parameter};
  train::Adam<float> adam;
  adam.step(all, 0.1);
  CHECK(adam.state().slots[0].values[0](0, 0) == static_cast<float>(1 - 0.9));
  CHECK(adam.state().slots[1].values[0](0, 0) == static_cast<float>(1 - 0.999));
  CHECK(static_cast<float>(1 - 0.999) != 1 - 0.999f);
}

TEST_CASE_TEMPLATE("RmsProp follows its formula, element by element, ε outside or inside of the root", S,
                   float, double) {
  const train::RmsProp<S> outside({.decay = 0.95, .momentum = 0.8, .epsilon = 1e-2, .weight_decay = 0.03});
  CHECK(largest_difference<S>(outside, 0, [](Twin& t, double rate, int) {
          const double g = t.g + 0.03 * t.w;
          t.second = 0.95 * t.second + 0.05 * g * g;
          t.first = 0.8 * t.first + g / (std::sqrt(t.second) + 1e-2);
          t.w -= rate * t.first;
        }) < 10 * tolerance<S>);
  const train::RmsProp<S, train::EpsilonInside> inside(
      {.decay = 0.95, .momentum = 0.8, .epsilon = 1e-2, .weight_decay = 0.03});
  CHECK(largest_difference<S>(inside, 1, [](Twin& t, double rate, int) {
          const double g = t.g + 0.03 * t.w;
          t.second = 0.95 * t.second + 0.05 * g * g;
          t.first = 0.8 * t.first + rate * g / std::sqrt(t.second + 1e-2);
          t.w -= t.first;
        }) < 10 * tolerance<S>);
}

TEST_CASE("options that make no sense are refused by name") {
  CHECK_THROWS_WITH_AS(train::Sgd<float>({.momentum = 1}), doctest::Contains("sgd: momentum: 1.0"),
                       bitloom::RangeError);
  CHECK_THROWS_AS(train::Sgd<float>({.weight_decay = -1}), bitloom::RangeError);
  CHECK_THROWS_AS(train::Adam<float>({.first_decay = 1}), bitloom::RangeError);
  CHECK_THROWS_AS(train::Adam<float>({.second_decay = std::nan("")}), bitloom::RangeError);
  CHECK_THROWS_AS(train::AdamW<float>({.epsilon = -1e-9}), bitloom::RangeError);
  CHECK_THROWS_AS(train::RmsProp<float>({.decay = 1.5}), bitloom::RangeError);
  CHECK_THROWS_AS(train::RmsProp<float>({.momentum = -0.1}), bitloom::RangeError);
}

TEST_CASE_TEMPLATE("a number without a gradient stays where it is, so that no ε is refused", O,
                   train::Sgd<float>, train::Adam<float>, train::RmsProp<float>,
                   train::RmsProp<float, train::EpsilonInside>) {
  train::Parameter<float> parameter{"w", train::Matrix<float>::Ones(2, 1), train::Matrix<float>::Zero(2, 1)};
  const std::vector<train::Parameter<float>*> all{&parameter};
  O optimizer;
  for (int step = 0; step < 3; ++step) optimizer.step(all, 0.1);
  CHECK(parameter.value == train::Matrix<float>::Ones(2, 1));
  if constexpr (requires(typename O::Options options) { options.epsilon; }) {
    for (const double epsilon : {0.0, 1e-60, -1.0, std::nan(""), HUGE_VAL})  // the second is 0 as a float
      CHECK_THROWS_WITH_AS(O([=] {
                             typename O::Options options;
                             options.epsilon = epsilon;
                             return options;
                           }()),
                           doctest::Contains("epsilon: "), bitloom::RangeError);
  }
}

TEST_CASE_TEMPLATE("an optimizer refuses parameters other than those of its first step", O,
                   train::Sgd<double>, train::Adam<double>, train::RmsProp<double>) {
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
