// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/m4bram.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>

#include "m4bram_cases.hpp"

using namespace bitloom;
using namespace bitloom::quant;

namespace {

/// The released rule by hand, in float: the share, the scale, the codes and the restored numbers.
struct ByHand {
  float share = 0;
  float scale = 0;
  std::vector<int> codes;
  std::vector<float> restored;
};

ByHand quantize_by_hand(const std::vector<float>& values, int bits, bool is_signed) {
  float largest = 0;
  for (const float x : values) largest = std::fmax(largest, std::fabs(x));
  const auto low = is_signed ? -std::ldexp(1.0F, bits - 1) : 0.0F;
  const auto high = std::ldexp(1.0F, is_signed ? bits - 1 : bits) - 1;
  ByHand best;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 1; i < 25; ++i) {
    ByHand now{.share = static_cast<float>(i / 25.0), .scale = 0, .codes = {}, .restored = {}};
    now.scale = std::fmax(now.share * largest, 1e-8F) / (high + 1);
    const float reciprocal = 1.0F / now.scale;
    double error = 0;
    for (const float x : values) {
      const float code = std::fmin(std::fmax(std::nearbyint(reciprocal * x), low), high);
      now.codes.push_back(static_cast<int>(code));
      now.restored.push_back(code * now.scale);
      const double difference = static_cast<double>(x) - static_cast<double>(now.restored.back());
      error += difference * difference;
    }
    if (!(error < least)) continue;
    least = error;
    best = std::move(now);
  }
  return best;
}

template <class Q>
bool agrees(const std::vector<float>& values) {
  using F = typename Q::format_type;
  const auto expected = quantize_by_hand(values, F::bits, F::is_signed);
  const Shape shape{std::ssize(values)};
  const auto tensor = Q::quantize(values, shape);
  const auto same_zero = [](float a, float b) { return a == b; };  // a code has no negative zero
  return Q::share(values) == expected.share && tensor.scales == std::vector{expected.scale} &&
         std::ranges::equal(tensor.codes.integers(), expected.codes) &&
         std::ranges::equal(Q::restore(values, shape), expected.restored, same_zero);
}

using Widths = core::TypeList<M4bramQuantizer<2>, M4bramQuantizer<3>, M4bramQuantizer<4>, M4bramQuantizer<5>,
                              M4bramQuantizer<6>, M4bramQuantizer<7>, M4bramQuantizer<8>>;
using UnsignedWidths =
    core::TypeList<M4bramQuantizer<2, format::Unsigned>, M4bramQuantizer<3, format::Unsigned>,
                   M4bramQuantizer<4, format::Unsigned>, M4bramQuantizer<5, format::Unsigned>,
                   M4bramQuantizer<6, format::Unsigned>, M4bramQuantizer<7, format::Unsigned>,
                   M4bramQuantizer<8, format::Unsigned>>;

}  // namespace

TEST_CASE("the rule worked out by hand gives the same share, scale, codes and numbers") {
  std::int64_t wrong = 0;
  const auto check = [&]<class Q>(std::type_identity<Q>) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      core::Random random(seed, static_cast<std::uint64_t>(Q::format_type::bits));
      std::vector<float> values(seed == 1 ? 1 : 50 * seed);
      const double deviation = std::ldexp(1.0, static_cast<int>(random.integer(-40, 40)));
      for (auto& x : values) x = static_cast<float>(random.normal() * deviation);
      wrong += agrees<Q>(values) ? 0 : 1;
      if (Q::format_type::is_signed) continue;
      for (auto& x : values) x = std::max(x, 0.0F);  // what a ReLU leaves
      wrong += agrees<Q>(values) ? 0 : 1;
    }
  };
  core::for_each_type(Widths{}, check);
  core::for_each_type(UnsignedWidths{}, check);
  CHECK(wrong == 0);
}

TEST_CASE("a negative number counts for the scale of unsigned codes, and becomes zero") {
  using Q = M4bramQuantizer<2, format::Unsigned>;
  const std::vector<float> values{-8, 1, 2, 3, 4};
  CHECK(Q::absmax(values) == 8.0F);
  const float share = Q::share(values);
  CHECK(Q::quantize(values, {5}).scales == std::vector{share * 8.0F / 4});
  CHECK(Q::quantize(values, {5}).codes.integers()[0] == 0);
}

TEST_CASE("zeros have the scale of 1e-8, and the first share on a tie") {
  using Q = M4bramQuantizer<4>;
  const std::vector<float> zeros(7);
  CHECK(Q::share(zeros) == 0.04F);
  CHECK(Q::quantize(zeros, {7}).scales == std::vector{1e-8F / 8});
  CHECK(Q::restore(zeros, {7}) == zeros);
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("the reference tensors have their percentile, scale, error and codes") {
  const auto cases = test::m4bram_cases();
  if (!cases) return;
  int checked = 0;
  for (const auto& item : cases->at("tensors")) {
    CAPTURE(checked);
    const auto values = item["x"].get<std::vector<float>>();
    const Shape shape{std::ssize(values)};
    const auto check = [&]<class Q>(std::type_identity<Q>) {
      if (Q::format_type::bits != item["bits"].get<int>()) return;
      CHECK(Q::share(values) == static_cast<float>(item["percentile"].get<double>()));
      const auto tensor = Q::quantize(values, shape);
      CHECK(static_cast<double>(tensor.scales.front()) == item["scale"].get<double>());
      CHECK(tensor.codes.integers() == item["codes"].get<std::vector<std::int16_t>>());
      const auto restored = Q::dequantize(tensor);
      double error = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double difference = static_cast<double>(values[i]) - static_cast<double>(restored[i]);
        error += difference * difference;
      }
      CHECK(error / static_cast<double>(values.size()) ==
            doctest::Approx(item["mse"].get<double>()).epsilon(1e-12));
      ++checked;
    };
    if (item["kind"] == "act_pos")
      core::for_each_type(UnsignedWidths{}, check);
    else
      core::for_each_type(Widths{}, check);
  }
  CHECK(checked == 36);
}
#endif
