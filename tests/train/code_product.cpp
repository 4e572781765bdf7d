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
using train::detail::code_range;
using train::detail::sums_exactly;

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

TEST_CASE("sums are exact as long as their largest magnitude, in the unit of the products, fits the digits") {
  constexpr auto int8 = code_range<format::Int<8>>, e4m3 = code_range<format::E4m3fn>,
                 e2m1 = code_range<format::E2m1fn>, bf16 = code_range<format::Bfloat16>;
  static_assert(int8.largest == 128 && int8.unit == 0 && e4m3.largest == 448 && e4m3.unit == -9 &&
                e2m1.largest == 6 && e2m1.unit == -1);
  CHECK(sums_exactly<float>(int8, int8, 1024));
  CHECK_FALSE(sums_exactly<float>(int8, int8, 1025));
  CHECK(sums_exactly<float>(e2m1, e2m1, (1 << 24) / 144));
  CHECK_FALSE(sums_exactly<float>(e2m1, e2m1, (1 << 24) / 144 + 1));
  CHECK_FALSE(sums_exactly<float>(e4m3, e4m3, 1));
  CHECK(sums_exactly<double>(e4m3, e4m3, 1 << 16));
  CHECK_FALSE(sums_exactly<double>(bf16, e4m3, 1));
}

TEST_CASE_TEMPLATE("a product of codes is the exact sum, scaled, rounded and shifted in float", F,
                   format::Int<4>, format::Int<8>, format::E2m1fn, format::E4m3fn) {
  constexpr std::int64_t in = 1500, out = 9, batch = 7;
  train::Dense<float> layer(in, out);
  layer.bias.value = random_matrix<float>(out, 1, 3);
  const auto x = random_values<F>(in, batch, 1), w = random_values<F>(out, in, 2);
  constexpr float scale = 0x1.3579p-9F;
  train::Tape<float> tape;
  const auto result =
      train::detail::code_product<train::Rectified>(layer, tape, x, code_range<F>, w, code_range<F>, scale);
  const double unit = std::ldexp(1.0, code_range<F>.unit);
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
  CHECK(train::detail::code_product<train::Rectified>(layer, parallel, x, code_range<F>, w, code_range<F>,
                                                      scale) == result);
}

TEST_CASE("a sum of negative zeros is a positive zero") {
  train::Dense<float> layer(2, 1);
  layer.bias.value(0, 0) = -0.0F;
  train::Tape<float> tape;
  constexpr auto e2m1 = code_range<format::E2m1fn>;
  const auto result =
      train::detail::code_product<train::Linear>(layer, tape, train::Matrix<float>{{-0.0F}, {-1.0F}}, e2m1,
                                                 train::Matrix<float>{{1.0F, 0.0F}}, e2m1, 1.0F);
  CHECK_FALSE(std::signbit(result(0, 0)));
}
