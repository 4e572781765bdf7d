// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/evaluation.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::quant;

static_assert(EvaluationOrder<ExactQuotient> && EvaluationOrder<FloatQuotient> &&
              EvaluationOrder<FloatReciprocal> && !EvaluationOrder<int>);

TEST_CASE("the orders differ at ties and near them, and the exact one misses and makes up none") {
  core::Random random(71);
  int divide = 0;
  int reciprocal = 0;
  std::int64_t wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto scale = static_cast<float>(random.uniform() + 0.5);
    // a half-integer quotient, if the product with the scale is a float, else close to one
    const double tie = static_cast<double>(random.integer(-100, 99)) + 0.5;
    const auto x = static_cast<float>(tie * static_cast<double>(scale));
    const double product = tie * static_cast<double>(scale);  // 8 + 24 bits: exact
    const auto exact = ExactQuotient::quotient(x, scale);
    const auto order = static_cast<double>(x) <=> product;
    wrong += (exact <=> tie) == order ? 0 : 1;
    divide += FloatQuotient::quotient(x, scale) == tie && order != 0 ? 1 : 0;
    reciprocal += FloatReciprocal::quotient(x, scale) == tie && order != 0 ? 1 : 0;
    wrong += FloatQuotient::quotient(x, scale) == static_cast<double>(x / scale) ? 0 : 1;
    wrong += FloatReciprocal::quotient(x, scale) == static_cast<double>(x * (1.0F / scale)) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(divide > 1000);  // made up by rounding the quotient to float
  CHECK(reciprocal > 1000);
}

TEST_CASE("a scale of 2^-128 or below has no reciprocal in float, and all have a quotient") {
  const float edge = 0x1p-128F;
  const float smallest = std::numeric_limits<float>::denorm_min();
  CHECK(can_divide_by<FloatReciprocal>(std::nextafter(edge, 1.0F)));
  for (const float scale : {edge, smallest}) {
    CHECK_FALSE(can_divide_by<FloatReciprocal>(scale));
    CHECK(can_divide_by<FloatQuotient>(scale));
    CHECK(can_divide_by<ExactQuotient>(scale));
  }
  CHECK(can_divide_by<FloatReciprocal>(std::numeric_limits<float>::max()));
  static_assert(can_divide_by<FloatReciprocal>(1.0F));
}
