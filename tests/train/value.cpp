// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/value.hpp>

#include <span>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/tape.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

namespace {

train::Parameter<double> scalar(double x) { return {"x", train::Matrix<double>::Constant(1, 1, x), {}}; }

}  // namespace

TEST_CASE("a value knows its tape, its shape and whether it learns") {
  static_assert(std::is_trivially_copyable_v<train::Value<double>>);
  train::Tape<double> tape;
  auto x = random_parameter<double>("x", 3, 2, 1);
  const auto learned = tape.parameter(x), fixed = tape.constant(x.value);
  CHECK((&learned.tape() == &tape && &learned.value() == &x.value));
  CHECK((learned.rows() == 3 && learned.columns() == 2));
  CHECK((learned.needs_gradient() && !fixed.needs_gradient()));
  CHECK(learned.gradient() == train::Matrix<double>::Zero(3, 2));
  fixed.add_gradient(x.value);  // nobody asked for it
  CHECK(fixed.gradient() == train::Matrix<double>::Zero(3, 2));
  CHECK_THROWS_WITH_AS(learned.add_gradient(train::Matrix<double>::Zero(2, 3)),
                       "gradient is 2x3, but value is 3x2", bitloom::ShapeError);
}

TEST_CASE("values stay where they are while the tape grows") {
  train::Tape<double> tape;
  const auto first = tape.constant(train::Matrix<double>::Constant(1, 1, 42));
  const auto* const address = &first.value();
  for (int i = 0; i < 1000; ++i) tape.constant(train::Matrix<double>::Zero(2, 2));
  CHECK(&first.value() == address);
  CHECK(first.value()(0, 0) == 42);
}

TEST_CASE("gradients that are filled in part by part are set first and added to later") {
  auto x = random_parameter<double>("x", 3, 7, 1);
  train::Tape<double> tape;
  const auto v = tape.parameter(x);
  const auto twice = [](train::Value<double> input) {
    return input.tape().record(input.value() * 2.0, {input}, [=](train::Value<double> result) {
      input.add_gradient_columns(2, [&](Eigen::Index begin, Eigen::Index count) {
        return result.gradient().middleCols(begin, count) * 2.0;
      });
    });
  };
  tape.backward(sum(add(twice(v), twice(v))));
  CHECK(x.gradient == train::Matrix<double>::Constant(3, 7, 4));
  tape.backward(sum(twice(v)));
  CHECK(x.gradient == train::Matrix<double>::Constant(3, 7, 6));
  const auto fixed = tape.constant(x.value);
  fixed.add_gradient_columns(
      2, [](Eigen::Index, Eigen::Index) { return train::Matrix<double>(); });  // not called
}

TEST_CASE("a result may have any number of parents") {
  auto x = scalar(1), y = scalar(2), z = scalar(3);
  train::Tape<double> tape;
  const std::vector<train::Value<double>> all{tape.parameter(x), tape.parameter(y), tape.parameter(z)};
  train::Matrix<double> total(1, 1);
  total(0, 0) = 6;
  tape.backward(
      tape.record(total, std::span<const train::Value<double>>(all), [=](train::Value<double> result) {
        for (const auto& parent : all) parent.add_gradient(result.gradient());
      }));
  CHECK((x.gradient(0, 0) == 1 && y.gradient(0, 0) == 1 && z.gradient(0, 0) == 1));
}
