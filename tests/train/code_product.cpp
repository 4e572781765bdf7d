// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/code_product.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace format = bitloom::format;
using bitloom::op::value_range;

namespace {

/// Values of random finite codes.
template <class F>
train::Matrix<float> random_values(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  bitloom::core::Random random(seed);
  train::Matrix<float> matrix(rows, columns);
  for (auto& x : matrix.reshaped()) do {
      const auto code = static_cast<typename F::code_type>(random.integer(0, (1 << F::bits) - 1));
      x = static_cast<float>(F::decode(code));
    } while (!std::isfinite(x));
  return matrix;
}

}  // namespace

TEST_CASE_TEMPLATE("a product of codes is the exact sum, scaled, rounded and shifted in float", F,
                   format::Int<4>, format::Int<8>, format::E2m1fn, format::E4m3fn) {
  constexpr std::int64_t in = 1500, out = 9, batch = 7;
  train::Dense<float> layer(in, out);
  layer.bias.value = random_matrix<float>(out, 1, 3);
  const auto x = random_values<F>(in, batch, 1), w = random_values<F>(out, in, 2);
  constexpr float scale = 0x1.3579p-9F;
  train::Tape<float> tape;
  const auto result =
      train::detail::code_product<train::Rectified>(layer, tape, x, value_range<F>, w, value_range<F>, scale);
  const double unit = std::ldexp(1.0, value_range<F>.unit);
  const auto units = [&](float value) {
    return static_cast<std::int64_t>(static_cast<double>(value) / unit);
  };
  std::int64_t wrong = 0, positive = 0;
  for (Eigen::Index k = 0; k < out; ++k)
    for (Eigen::Index item = 0; item < batch; ++item) {
      std::int64_t sum = 0;
      for (Eigen::Index i = 0; i < in; ++i) sum += units(w(k, i)) * units(x(i, item));
      const auto rounded = static_cast<float>(static_cast<double>(sum) * unit * unit);
      const float scaled = rounded * scale;
      const float expected = std::max(scaled + layer.bias.value(k, 0), 0.0F);
      wrong += result(k, item) != expected;
      positive += expected > 0;
    }
  CHECK(wrong == 0);
  CHECK(positive > 10);
  CHECK(positive < out * batch);
  train::Tape<float> parallel(bitloom::core::Threads(2));
  CHECK(train::detail::code_product<train::Rectified>(layer, parallel, x, value_range<F>, w, value_range<F>,
                                                      scale) == result);
}

TEST_CASE("sums that float does not hold are scaled before they are rounded") {
  using Bfloat16 = format::Bfloat16;
  constexpr auto range = value_range<Bfloat16>;
  train::Dense<float> layer(3, 1);
  layer.bias.value(0, 0) = 0.5F;
  train::Tape<float> tape;
  const auto large = static_cast<float>(Bfloat16::max());
  const auto product = [&](float x, float w, double scale) {
    return train::detail::code_product<train::Linear>(layer, tape, train::Matrix<float>{{x}, {x}, {-x}},
                                                      range, train::Matrix<float>{{w, w, w}}, range,
                                                      scale)(0, 0);
  };
  const double one = static_cast<double>(large) * static_cast<double>(large);
  CHECK(product(large, large, 3 / one) == 3.5F);  // the scale is no float either
  CHECK(product(large, -1.0F, 1 / static_cast<double>(large)) == -0.5F);
}

TEST_CASE("a sum of negative zeros is a positive zero") {
  train::Dense<float> layer(2, 1);
  layer.bias.value(0, 0) = -0.0F;
  train::Tape<float> tape;
  constexpr auto e2m1 = value_range<format::E2m1fn>;
  const auto result =
      train::detail::code_product<train::Linear>(layer, tape, train::Matrix<float>{{-0.0F}, {-1.0F}}, e2m1,
                                                 train::Matrix<float>{{1.0F, 0.0F}}, e2m1, 1.0F);
  CHECK_FALSE(std::signbit(result(0, 0)));
}
