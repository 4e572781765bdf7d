// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/decoded_product.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::op::detail;

TEST_CASE_TEMPLATE("the limbs of every number add up to it", F, E4m3fn, E5m2, Half, Int<8>) {
  for (int limbs = 1; limbs <= 4; ++limbs) {
    const int width = core::ceil_div(magnitude_bits<F>, limbs);
    int wrong = 0;
    for (std::uint32_t code = 0; code < std::uint32_t{1} << F::bits; ++code) {
      const auto x = F::exact(static_cast<typename F::code_type>(code));
      if (!x.is_finite()) continue;
      double sum = 0;
      bool small = true;
      for (int i = 0; i < limbs; ++i) {
        const auto part =
            Limb{.unit = op::unit_exponent<F>, .first = i * width, .width = width}.template of<double>(x);
        small = small && std::abs(part) < std::ldexp(1.0, width);
        sum += std::ldexp(part, i * width);
      }
      if (!small || std::ldexp(sum, op::unit_exponent<F>) != to_double(x)) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("infinities and NaN pass a limb, and come back from a sum") {
  const Limb limb{.unit = -9};
  const auto back = [&](const Dyadic& x) { return from_units<-9>(limb.of<float>(x)); };
  const Dyadic infinity{.negative = true, .kind = Dyadic::Kind::Infinite};
  CHECK(back(infinity) == infinity);
  CHECK(back({.kind = Dyadic::Kind::Nan}) == Dyadic{.kind = Dyadic::Kind::Nan});
  CHECK(back({.significand = 3, .exponent = -8, .negative = true}) ==
        Dyadic{.significand = 6, .exponent = -9, .negative = true});
}

TEST_CASE("a format's products are floats where the smallest and the largest are") {
  CHECK(are_floats(format_span<E4m3fn>, format_span<E5m2>));
  CHECK(are_floats(format_span<Half>, format_span<Half>));
  CHECK(!are_floats(format_span<Bfloat16>, format_span<Bfloat16>));
  CHECK(!are_floats(format_span<Float32>, format_span<E2m1fn>));
  CHECK(are_floats({.lowest = -74, .end = 64}, {.lowest = -75, .end = 64}));
  CHECK(!are_floats({.lowest = -75, .end = 64}, {.lowest = -75, .end = 64}));
  CHECK(!are_floats({.lowest = -74, .end = 65}, {.lowest = -75, .end = 64}));
  CHECK(!are_floats({.lowest = -150, .end = 0}, {.lowest = 10, .end = 20}));  // a subnormal that no float is
  const std::vector<std::uint16_t> ones{0x3F80, 0xBF80, 0, 0x7F80, 0x4000};   // 1, -1, 0, infinity, 2 in BF16
  const auto span = span_of<Bfloat16>(ones);
  CHECK(span.lowest == -7);
  CHECK(span.end == 2);
  const auto empty = span_of<Bfloat16>(std::span(ones).subspan(2, 1));
  CHECK(are_floats(empty, span));
}

TEST_CASE_TEMPLATE("products of integers of every width are those of the plain loops", F, Int<2>, Int<3>,
                   Int<7>, Int<8>, Int<7, Unsigned>) {
  core::Random random(121);
  using G = Int<8, Unsigned>;
  constexpr op::MatrixShape shape{.rows = 5, .columns = 40, .vectors = 9};
  std::vector<std::uint8_t> weights(200), activations(360);
  for (auto& code : weights) code = static_cast<std::uint8_t>(random() & core::low_mask(F::bits));
  for (auto& code : activations) code = static_cast<std::uint8_t>(random());
  const auto sums = multiply_integers<F, G>(shape, weights, activations);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 9; ++j) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < 40; ++k)
        sum += F::integer(weights[i * 40 + k]) * G::integer(activations[k * 9 + j]);
      CHECK(sums[i * 9 + j] == sum);
    }
}

}  // namespace
