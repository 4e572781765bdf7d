// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/tape.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <bitloom/train/operations.hpp>
#include <train/backwards.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

namespace {

train::Parameter<double> scalar(double x) { return {"x", train::Matrix<double>::Constant(1, 1, x), {}}; }

/// An operation of a user's own; counts its backward calls.
train::Value<double> sine(train::Value<double> input, int* calls = nullptr) {
  return input.tape().record(input.value().array().sin().matrix(), {input}, [=](train::Value<double> result) {
    if (calls != nullptr) ++*calls;
    input.add_gradient((result.gradient().array() * input.value().array().cos()).matrix());
  });
}

}  // namespace

TEST_CASE("the derivative of x³ + x + sin x is 3x² + 1 + cos x") {
  auto x = scalar(1.5);
  train::Tape<double> tape;
  const auto v = tape.parameter(x);
  const auto loss = add(add(multiply(multiply(v, v), v), v), sine(v));
  CHECK(loss.value()(0, 0) == doctest::Approx(1.5 * 1.5 * 1.5 + 1.5 + std::sin(1.5)));
  tape.backward(loss);
  CHECK(x.gradient(0, 0) == doctest::Approx(3 * 1.5 * 1.5 + 1 + std::cos(1.5)).epsilon(1e-14));
  CHECK(v.gradient() == x.gradient);
}

TEST_CASE("an operation of a user's own passes the gradient check") {
  auto x = random_parameter<double>("x", 3, 4, 1);
  const std::vector<train::Parameter<double>*> all{&x};
  const auto check = train::check_gradients(
      all, [&](train::Tape<double>& tape) { return weighted_mean(sine(tape.parameter(x))); });
  CHECK(check.error < 1e-9);
  CHECK(x.gradient.norm() > 1e-3);
}

TEST_CASE("gradients add up over uses, over backward passes and over tapes") {
  auto x = scalar(3);
  train::Tape<double> tape;
  const auto loss = multiply(tape.parameter(x), tape.parameter(x));  // two leaves, one parameter
  tape.backward(loss);
  CHECK(x.gradient(0, 0) == 6);
  tape.backward(loss);
  CHECK(x.gradient(0, 0) == 12);
  tape.clear();
  tape.backward(tape.parameter(x));
  CHECK(x.gradient(0, 0) == 13);
}

TEST_CASE("what depends on no trained parameter is computed without recording") {
  auto x = scalar(2);
  const auto frozen = scalar(2);
  int calls = 0;
  train::Tape<double> tape;
  const auto inference = sine(sine(tape.parameter(frozen), &calls), &calls);
  CHECK_FALSE(inference.needs_gradient());
  tape.backward(inference);
  CHECK(calls == 0);
  CHECK(frozen.gradient.size() == 0);

  const auto unused = sine(tape.parameter(x), &calls);
  tape.backward(multiply(tape.parameter(x), inference));
  CHECK(calls == 0);  // neither the frozen branch nor the one that the loss does not depend on
  CHECK(unused.gradient()(0, 0) == 0);
  CHECK(x.gradient(0, 0) == inference.value()(0, 0));
}

TEST_CASE("a tape that is used again gives what a new one gives") {
  train::Tape<double> used;
  for (int step = 0; step < 5; ++step) {
    auto weight = random_parameter<double>("weight", 2 + step % 3, 4, 1);
    const auto run = [&](train::Tape<double>& tape) {
      weight.gradient.setZero(weight.value.rows(), weight.value.cols());
      tape.clear();
      const auto input = tape.constant(random_matrix<double>(4, 3 + step % 2, 2));
      tape.backward(weighted_mean(sine(matmul(tape.parameter(weight), input))));
      return weight.gradient;
    };
    train::Tape<double> fresh;
    CHECK(run(used) == run(fresh));
    CHECK(used.size() == fresh.size());
  }
}

TEST_CASE("a cleared tape gives the memory of its results to the next ones of the same size") {
  train::Tape<double> tape;
  auto x = scalar(2);
  const auto* const before = sine(tape.constant(train::Matrix<double>::Ones(30, 20))).value().data();
  const auto result = tape.matrix(30, 20);
  CHECK(result.data() != before);  // still in use
  tape.clear();
  const auto other = tape.matrix(20, 30), first = tape.matrix(30, 20), second = tape.matrix(30, 20),
             third = tape.matrix(30, 20);
  CHECK((other.rows() == 20 && first.rows() == 30 && first.cols() == 20));
  CHECK((first.data() == before || second.data() == before));
  CHECK((first.data() != second.data() && third.data() != before));
}

TEST_CASE("a result that is taken off the tape is moved, a parameter is copied") {
  train::Tape<double> tape;
  auto x = scalar(2);
  const auto v = tape.parameter(x), y = multiply(v, v);
  const auto* const data = y.value().data();
  const auto taken = tape.take(y);
  CHECK((taken.data() == data && taken(0, 0) == 4 && y.value().size() == 0));
  CHECK(tape.take(v)(0, 0) == 2);
  CHECK(x.value(0, 0) == 2);
  train::Tape<double> other;
  CHECK_THROWS_AS(static_cast<void>(other.take(v)), bitloom::Error);
}

TEST_CASE("blocks cover an extent once, for every executor") {
  for (const Eigen::Index extent : {0, 1, 7, 8, 9})
    for (const Eigen::Index width : {0, 1, 4, 100}) {
      std::vector<int> visits(static_cast<std::size_t>(extent));
      const train::Tape<double> tape{Backwards{}};
      tape.for_each_block(extent, width, [&](Eigen::Index begin, Eigen::Index count) {
        CHECK((count >= 1 && count <= std::max<Eigen::Index>(width, 1)));
        for (auto i = begin; i < begin + count; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      CHECK(visits == std::vector<int>(static_cast<std::size_t>(extent), 1));
    }
}

TEST_CASE("misuse is an error and no crash") {
  train::Tape<double> tape, other;
  auto x = scalar(1);
  auto wide = random_parameter<double>("wide", 1, 2, 1);
  CHECK_THROWS_WITH_AS(tape.backward(tape.parameter(wide)), "loss is 1x2, but has to be 1x1",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(tape.backward(other.parameter(x)), bitloom::Error);
  CHECK_THROWS_AS(add(tape.parameter(x), other.parameter(x)), bitloom::Error);
  CHECK_THROWS_AS(static_cast<void>(train::Value<double>().value()), bitloom::Error);

  const auto old = tape.parameter(x);
  tape.clear();
  tape.constant(train::Matrix<double>::Zero(1, 1));
  CHECK_THROWS_AS(static_cast<void>(old.value()), bitloom::Error);

  const auto wrong = tape.record(train::Matrix<double>::Zero(1, 1), {tape.parameter(wide)},
                                 [=, &tape](train::Value<double> result) {
                                   tape.parameter(std::as_const(wide)).add_gradient(result.gradient());
                                 });
  CHECK_NOTHROW(tape.backward(wrong));  // a frozen parameter ignores it
  const auto parent = tape.parameter(wide);
  const auto unfit =
      tape.record(train::Matrix<double>::Zero(1, 1), {parent},
                  [=](train::Value<double> result) { parent.add_gradient(result.gradient()); });
  CHECK_THROWS_WITH_AS(tape.backward(unfit), "gradient is 1x1, but value is 1x2", bitloom::ShapeError);

  x.gradient.setZero(2, 2);
  CHECK_THROWS_WITH_AS(tape.parameter(x), "parameter value is 1x1, but its gradient is 2x2",
                       bitloom::ShapeError);
}
