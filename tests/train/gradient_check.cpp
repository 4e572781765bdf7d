// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/gradient_check.hpp>

#include <limits>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Tape = train::Tape<double>;
using Value = train::Value<double>;

namespace {

/// x² with a gradient that is wrong by `excess` in the element (1, 2).
Value wrong_square(Value input, double excess) {
  return input.tape().record(input.value().cwiseAbs2(), {input}, [=](Value result) {
    train::Matrix<double> slope = 2 * input.value();
    slope(1, 2) += excess;
    input.add_gradient(slope.cwiseProduct(result.gradient()));
  });
}

}  // namespace

TEST_CASE("the check passes a right gradient and finds the one wrong element") {
  auto right = random_parameter<double>("right", 3, 1, 1), wrong = random_parameter<double>("wrong", 2, 3, 2);
  const auto before = wrong.value;
  const std::vector<train::Parameter<double>*> all{&right, &wrong};
  const auto check = [&](double excess) {
    return train::check_gradients(all, [&](Tape& tape) {
      return add(mean(tape.parameter(right)), mean(wrong_square(tape.parameter(wrong), excess)));
    });
  };
  CHECK(check(0).error < 1e-10);
  const auto found = check(6e-3);
  CHECK(found.error == doctest::Approx(1e-3));
  CHECK((found.parameter == "wrong" && found.row == 1 && found.column == 2));
  CHECK(found.recorded - found.numeric == doctest::Approx(1e-3));
  CHECK(wrong.value == before);
  CHECK_FALSE(check(std::numeric_limits<double>::quiet_NaN()).error < 1);
}

TEST_CASE("a step that is not positive is refused") {
  auto x = random_parameter<double>("x", 1, 1, 1);
  const std::vector<train::Parameter<double>*> all{&x};
  const auto loss = [&](Tape& tape) { return tape.parameter(x); };
  CHECK(train::check_gradients(all, loss).error < 1e-9);
  CHECK_THROWS_AS(static_cast<void>(train::check_gradients(all, loss, 0)), bitloom::RangeError);
  CHECK_THROWS_AS(
      static_cast<void>(train::check_gradients(all, loss, std::numeric_limits<double>::quiet_NaN())),
      bitloom::RangeError);
}
