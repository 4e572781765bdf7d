// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/optimizer_state.hpp>

#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/optimizer.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

static_assert(train::ResumableOptimizer<train::Sgd<float>, float>);
static_assert(train::ResumableOptimizer<train::AdamW<double>, double>);
static_assert(!train::ResumableOptimizer<train::Sgd<float>, double>);

TEST_CASE_TEMPLATE("an optimizer with the state of another one goes on with the same bits", O,
                   train::Sgd<float>, train::Adam<float>, train::RmsProp<float, train::EpsilonInside>) {
  auto parameter = random_parameter<float>("w", 30, 40, 1);
  const auto step = [](O& optimizer, train::Parameter<float>& p, unsigned seed) {
    p.gradient = random_matrix<float>(30, 40, seed);
    const std::vector<train::Parameter<float>*> all{&p};
    optimizer.step(all, 0.1);
  };
  O first;
  for (unsigned i = 0; i < 3; ++i) step(first, parameter, i);
  auto copy = parameter;
  O second;
  second.restore(first.state());
  CHECK(second.state().steps == 3);
  O fresh;
  auto other = parameter;
  step(first, parameter, 3);
  step(second, copy, 3);
  step(fresh, other, 3);
  CHECK(copy.value == parameter.value);
  CHECK_FALSE(other.value == parameter.value);
}

TEST_CASE("an optimizer refuses the state of another kind, and one that contradicts itself") {
  auto parameter = random_parameter<float>("w", 2, 2, 1);
  parameter.gradient.setOnes(2, 2);
  const std::vector<train::Parameter<float>*> all{&parameter};
  train::Adam<float> adam;
  adam.step(all, 0.1);
  train::Sgd<float> sgd;
  CHECK_THROWS_WITH_AS(sgd.restore(adam.state()),
                       "optimizer state: it has mean square, but the optimizer keeps velocity",
                       bitloom::ShapeError);
  auto state = adam.state();
  state.slots[1].values.clear();
  CHECK_THROWS_AS(adam.restore(state), bitloom::ShapeError);
  state.slots[0].values.clear();
  CHECK_THROWS_AS(adam.restore(state), bitloom::ShapeError);  // one step without a memory
  state.steps = 0;
  adam.restore(state);
  adam.step(all, 0.1);
  state.steps = -1;
  CHECK_THROWS_AS(adam.restore(state), bitloom::ShapeError);
  CHECK(adam.state().steps == 1);
}
