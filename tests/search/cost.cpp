// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/cost.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

static_assert(CostModel<Bops> && CostModel<LinearCost> && CostModel<WeightBits<>> &&
              CostModel<WeightMebibytes<WideBias>> && CostModel<AuthorsOpenSourceCompute<>>);
static_assert(!ConstantCostModel<Bops> && !CostModel<int>);

const net::LayerShape conv = net::ConvShape{.r = 3, .s = 3, .c = 8, .p = 10, .q = 10, .k = 16};
constexpr auto weight_count = 3 * 3 * 8 * 16;
constexpr auto& int4 = format_facts<format::Int<4>>;
constexpr auto& int8 = format_facts<format::Int<8>>;
constexpr auto& e2m1 = format_facts<format::E2m1fn>;
constexpr auto& bf16 = format_facts<format::Bfloat16>;

TEST_CASE("bit operations count all bits of both operands") {
  CHECK(Bops::cost(conv, int4, int8) == 100.0 * weight_count * 32);
  CHECK(Bops::cost(conv, e2m1, e2m1) == Bops::cost(conv, int4, int4));
  CHECK(Bops::cost(conv, bf16, bf16) == 16 * Bops::cost(conv, int4, int4));
}

TEST_CASE("the linear cost knows 4, 8 and 16 bits") {
  for (int bits = 2; bits <= 16; ++bits) {
    FormatFacts format = int4;
    format.bits = bits;
    CHECK(LinearCost::cost(conv, format, int4) == 100.0 * weight_count *
                                                      (bits <= 4   ? 4
                                                       : bits <= 8 ? 8
                                                                   : 16));
    CHECK(LinearCost::cost(conv, format, int4) == LinearCost::cost(conv, int4, format));
  }
  CHECK_THROWS_AS(static_cast<void>(LinearCost::cost(conv, format_facts<format::Tf32>, int4)), RangeError);
}

TEST_CASE("memory counts weights, and biases if asked to") {
  CHECK(WeightBits<>::cost(conv, int4, bf16) == weight_count * 4);
  CHECK(WeightBits<WideBias>::cost(conv, int4, bf16) == weight_count * 4 + 16 * 16);
  const net::LayerShape dense = net::FcShape{.c = 1 << 10, .k = 1 << 12};
  CHECK(WeightMebibytes<>::cost(dense, int8, int4) == 4);
  CHECK(WeightMebibytes<WideBias>::cost(dense, int8, int4) == 4 + 2.0 / 256);
}

TEST_CASE("the authors' compute is per weight") {
  CHECK(AuthorsOpenSourceCompute<>::cost(conv, int4, int8) == doctest::Approx(weight_count * 36 / 1e6));
  CHECK(AuthorsOpenSourceCompute<WideBias>::cost(conv, int8, int8) ==
        doctest::Approx((weight_count * 64 + 16 * 256) / 1e6));
}

TEST_CASE("a cost of one's own is a cost model") {
  const UserCost outputs_only(
      "outputs", "outputs", [](const net::LayerShape& layer, const FormatFacts& weight, const FormatFacts&) {
        return static_cast<double>(outputs(layer) * weight.bits);
      });
  static_assert(CostModel<decltype(outputs_only)>);
  CHECK(outputs_only.cost(conv, int8, int4) == 128);
  const std::vector<AssignedLayer> layers{{{"a", conv}, int4, int4}, {{"b", net::FcShape{2, 3}}, int8, int4}};
  CHECK(total_cost(outputs_only, layers) == 16 * 4 + 3 * 8);
  CHECK(total_cost(Bops{}, layers) == 100.0 * weight_count * 16 + 6 * 32);
  CHECK(constants_of(outputs_only).empty());
}

TEST_CASE("counts that do not fit are refused") {
  const net::LayerShape huge = net::FcShape{std::int64_t{1} << 31, std::int64_t{1} << 30};
  CHECK_THROWS_AS(static_cast<void>(Bops::cost(huge, int4, int4)), ShapeError);
}

}  // namespace
