// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/fake_quant.hpp>

#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/quant/aqt.hpp>
#include <bitloom/quant/m4bram.hpp>
#include <bitloom/train/operations.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace quant = bitloom::quant;

namespace {

using Weights = quant::FrozenShare<quant::M4bramQuantizer<2>>;
using Split = quant::SplitFilters<quant::M4bramQuantizer<4>, quant::M4bramQuantizer<2>, quant::WorstFirst>;
using PerChannel = quant::Symmetric<bitloom::format::Int<3>, quant::PerChannel>;
using UnitBinade = quant::AqtUnitBinade<bitloom::format::AqtFormat{.min_exponent = -6, .fraction_bits = 2}>;
static_assert(train::Restorer<UnitBinade> && train::Restorer<Weights> && train::Restorer<Split> &&
              train::Restorer<PerChannel> && train::Restorer<train::Unquantized> && !train::Restorer<int> &&
              !train::Restorer<PerChannel&>);
static_assert(train::ObservingRestorer<Weights> && !train::ObservingRestorer<Split> &&
              !train::ObservingRestorer<PerChannel>);

using Released = train::ReleasedGradients;
using Trainable = train::TrainableGradients;
static_assert(train::WeightGradients<Released> && train::WeightGradients<Trainable> &&
              !train::WeightGradients<int>);
static_assert(std::is_same_v<Released::Of<Split>, train::StraightThrough> &&
              std::is_same_v<Released::Of<Weights>, train::Detached> &&
              std::is_same_v<Released::Of<PerChannel>, train::Detached> &&
              std::is_same_v<Trainable::Of<Split>, train::StraightThrough> &&
              std::is_same_v<Trainable::Of<Weights>, train::StraightThrough>);

/// The elements row by row.
template <class S>
std::vector<float> rows(const train::Matrix<S>& matrix) {
  std::vector<float> values;
  for (Eigen::Index r = 0; r < matrix.rows(); ++r)
    for (Eigen::Index c = 0; c < matrix.cols(); ++c) values.push_back(static_cast<float>(matrix(r, c)));
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE(
    "a rounded matrix has the quantizer's numbers, row by row, and the gradient of what stood there before",
    S, float, double) {
  auto parameter = random_parameter<S>("weight", 6, 5, 1);
  const auto coefficients = random_matrix<S>(6, 5, 2);
  const auto check = [&](const auto& quantizer) {
    train::Tape<S> tape;
    const auto input = tape.parameter(parameter);
    const auto rounded = fake_quantize(input, quantizer);
    CHECK(rows(rounded.value()) == quantizer.restore(rows(parameter.value), {6, 5}));
    CHECK(rounded.value() != parameter.value);
    parameter.gradient.setZero();
    const auto loss = mean(multiply(rounded, tape.constant(coefficients)));
    tape.backward(loss);
    // exactly the coefficients' share of the mean, also where the number was clipped
    CHECK(rounded.gradient() == train::Matrix<S>(coefficients * (S(1) / S(30))));
    CHECK(parameter.gradient == rounded.gradient());
    bool clipped = false;
    for (Eigen::Index i = 0; i < 30; ++i)
      clipped = clipped || std::abs(rounded.value().data()[i]) + S(0.1) < std::abs(parameter.value.data()[i]);
    return clipped;
  };
  CHECK(check(Weights(std::span<const float>(rows(parameter.value)))));
  check(Split(rows(parameter.value), 6, 0.4));
  check(PerChannel{});
  check(UnitBinade{});
}

TEST_CASE("numbers without a quantizer stay, and a frozen matrix stays without a gradient") {
  const auto parameter = random_parameter<float>("weight", 3, 4, 1);
  train::Tape<float> tape;
  const auto input = tape.parameter(parameter);
  CHECK(fake_quantize(input, train::Unquantized{}).value() == parameter.value);
  CHECK_FALSE(fake_quantize(input, train::Unquantized{}).needs_gradient());
}

TEST_CASE("what a quantizer refuses is an error") {
  train::Tape<float> tape;
  const auto input = tape.constant(random_matrix<float>(3, 4, 1));
  CHECK_THROWS_AS(fake_quantize(input, Weights{}), bitloom::RangeError);
  const auto broken =
      tape.constant(train::Matrix<float>::Constant(2, 2, std::numeric_limits<float>::infinity()));
  CHECK_THROWS_AS(fake_quantize(broken, PerChannel{}), bitloom::RangeError);
}
