// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/frozen_share.hpp>

#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/quant/m4bram.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

using Weights = M4bramQuantizer<4>;
using Activations = M4bramQuantizer<4, format::Unsigned>;
static_assert(ShareQuantizer<Weights> && ShareQuantizer<Symmetric<format::Int<8>, LeastSquares>> &&
              ShareQuantizer<Symmetric<format::E4m3fn, AbsMaxShare<1, 2>>> &&
              !ShareQuantizer<Symmetric<format::Int<8>, PerChannel>> &&
              !ShareQuantizer<Symmetric<format::Int<8>, Percentile<99>>> && !ShareQuantizer<int>);

std::vector<float> normals(std::uint64_t seed, std::size_t count, double deviation = 1.0) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(deviation * random.normal());
  return values;
}

}  // namespace

TEST_CASE("the first batch decides the share, each batch its own scale") {
  FrozenShare<Activations> frozen;
  CHECK_FALSE(frozen.is_known());
  const auto first = normals(1, 200);
  frozen.observe(first);
  REQUIRE(frozen.is_known());
  const float share = Activations::share(first);
  CHECK(frozen.share() == share);
  int other_share = 0;
  for (std::uint64_t seed = 2; seed < 40; ++seed) {
    const auto batch = normals(seed, 30 * seed, static_cast<double>(seed));
    frozen.observe(batch);
    REQUIRE(frozen.share() == share);
    const float scale = share * Activations::absmax(batch) / 16;
    REQUIRE(frozen.scale(batch) == scale);
    const Shape shape{std::ssize(batch)};
    const auto tensor = frozen.quantize(batch, shape);
    REQUIRE(tensor.scales == std::vector{scale});
    REQUIRE(tensor.codes == Activations::quantize(batch, shape, {scale}).codes);
    REQUIRE(frozen.restore(batch, shape) == Activations::dequantize(tensor));
    other_share += Activations::share(batch) != share ? 1 : 0;
  }
  CHECK(other_share > 0);  // else nothing would tell the first batch from the others
}

TEST_CASE("on the values that it was found on, a frozen share quantizes as the search does") {
  const auto values = normals(7, 500);
  const auto check = [&]<class Q>(Q) {
    const auto tensor = FrozenShare<Q>(values).quantize(values, {500});
    const auto searched = Q::quantize(values, {500});
    CHECK((tensor.codes == searched.codes && tensor.scales == searched.scales));
  };
  check(Weights{});
  check(Activations{});
  check(Symmetric<format::Int<3>>{});
  check(Symmetric<format::Int<3>, LeastSquares, FloatQuotient>{});
  check(Symmetric<format::E2m1fn, BestShare, PowerOfTwoScaling>{});
}

TEST_CASE("a share can be given, and then no batch changes it") {
  FrozenShare<Weights> half(0.5F);
  half.observe(normals(1, 10));
  CHECK(half.share() == 0.5F);
  CHECK(half.scale(std::vector<float>{-4, 1}) == 0.25F);
}

TEST_CASE("no values, impossible shares and values that are no numbers are refused") {
  using Limits = std::numeric_limits<float>;
  FrozenShare<Weights> unknown;
  CHECK_THROWS_WITH_AS(static_cast<void>(unknown.share()), "share: no values have been observed", RangeError);
  CHECK_THROWS_AS(static_cast<void>(unknown.restore(std::vector<float>{1}, {1})), RangeError);
  CHECK_THROWS_AS(unknown.observe({}), ShapeError);
  for (const float share : {0.0F, -0.5F, 1.5F, Limits::quiet_NaN()})
    CHECK_THROWS_AS(FrozenShare<Weights>{share}, RangeError);
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity()}) {
    CHECK_THROWS_AS(unknown.observe(std::vector<float>{1, bad}), RangeError);
    CHECK_FALSE(unknown.is_known());
    CHECK_THROWS_AS(static_cast<void>(FrozenShare<Weights>(1.0F).restore(std::vector<float>{1, bad}, {2})),
                    RangeError);
  }
}
