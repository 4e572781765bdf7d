// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/dropout.hpp>

#include <cmath>

#include <doctest/doctest.h>
#include <train/backwards.hpp>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

TEST_CASE("dropout zeroes the wanted share and keeps the mean") {
  train::Tape<double> tape;
  const auto ones = tape.constant(Matrix::Ones(500, 200));
  for (const double probability : {0.0, 0.1, 0.5, 0.9}) {
    const Matrix y = dropout(ones, probability, 1, 0).value();
    const auto zeros = static_cast<double>((y.array() == 0).count()) / 1e5;
    CHECK(std::abs(zeros - probability) < 5 * std::sqrt(probability * (1 - probability) / 1e5) + 1e-12);
    CHECK(((y.array() == 0) || (y.array() == 1 / (1 - probability))).all());
  }
}

TEST_CASE("what is dropped depends on the seed, the call and the place alone") {
  train::Tape<double> tape, backwards{Backwards{}};
  train::Tape<float> single;
  const Matrix ones = Matrix::Ones(301, 130);
  const Matrix first = dropout(tape.constant(ones), 0.3, 5, 2).value();
  CHECK(dropout(tape.constant(ones), 0.3, 5, 2).value() == first);
  CHECK(dropout(backwards.constant(ones), 0.3, 5, 2).value() == first);
  CHECK(dropout(tape.constant(ones.leftCols(7)), 0.3, 5, 2).value() == first.leftCols(7));
  CHECK(dropout(single.constant(ones.cast<float>()), 0.3, 5, 2).value() == first.cast<float>());
  for (const Matrix& other :
       {dropout(tape.constant(ones), 0.3, 5, 3).value(), dropout(tape.constant(ones), 0.3, 6, 2).value()}) {
    const auto both = static_cast<double>((first.array() == 0 && other.array() == 0).count());
    CHECK(std::abs(both / (301 * 130) - 0.09) < 0.01);  // independent
  }
  const auto columns = static_cast<double>((first.col(0).array() == 0 && first.col(1).array() == 0).count());
  CHECK(std::abs(columns / 301 - 0.09) < 0.08);
}

TEST_CASE("dropout's gradient agrees with finite differences, and bad probabilities are refused") {
  CHECK(gradient_error({{5, 7}}, [](auto v) { return dropout(v[0], 0.4, 1, 0); }) < 1e-9);
  train::Tape<double> tape;
  const auto x = tape.constant(Matrix::Ones(2, 2));
  CHECK_THROWS_AS(dropout(x, 1.0, 1, 0), bitloom::RangeError);
  CHECK_THROWS_AS(dropout(x, -0.1, 1, 0), bitloom::RangeError);
  CHECK_THROWS_AS(dropout(x, 0.5, 1, std::uint64_t{1} << 32), bitloom::RangeError);
}
