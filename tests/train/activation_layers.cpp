// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/activation_layers.hpp>

#include <utility>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

static_assert(train::Layer<train::Gelu<>, float> && train::Layer<train::Gelu<train::TanhForm>, double>);
static_assert(train::Layer<train::Dropout, float> && train::SelfInitializing<train::Dropout>);

TEST_CASE("gelu layers are their operation") {
  train::Tape<double> tape;
  const auto x = tape.constant(random_matrix<double>(3, 4, 1));
  CHECK(train::Gelu<>{}.forward(tape, x).value() == gelu(x).value());
  CHECK(train::Gelu<train::TanhForm>{}.forward(tape, x).value() == train::gelu<train::TanhForm>(x).value());
  CHECK(train::Gelu<>{}.output({2, 3, 4}) == bitloom::op::TensorShape{2, 3, 4});
}

TEST_CASE(
    "a dropout layer draws anew on each call, repeats itself from a seed, and does nothing when const") {
  train::Tape<double> tape;
  const auto x = tape.constant(Matrix::Ones(40, 30));
  train::Dropout layer(0.5, 9);
  const Matrix first = layer.forward(tape, x).value(), second = layer.forward(tape, x).value();
  CHECK(first == dropout(x, 0.5, 9, 0).value());
  CHECK(first != second);
  CHECK(std::as_const(layer).forward(tape, x).value() == x.value());
  layer.restart(9);
  CHECK(layer.forward(tape, x).value() == first);
  bitloom::core::Random random(1);
  layer.initialize(random);
  CHECK(layer.forward(tape, x).value() != first);
  CHECK(layer.output({2, 3, 4}) == bitloom::op::TensorShape{2, 3, 4});
  CHECK_THROWS_AS(train::Dropout(1.0), bitloom::RangeError);
}
