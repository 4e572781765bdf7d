// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/split_filters.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/quant/m4bram.hpp>

#include "m4bram_cases.hpp"

using namespace bitloom;
using namespace bitloom::quant;

namespace {

template <class High, class Low, class Order = InOrder>
concept HasSplit = requires {
  typename SplitFilters<High, Low, Order>;
};
static_assert(HasSplit<M4bramQuantizer<8>, M4bramQuantizer<4>> &&
              HasSplit<M4bramQuantizer<4>, M4bramQuantizer<4>> &&
              !HasSplit<M4bramQuantizer<2>, M4bramQuantizer<4>> &&
              HasSplit<Symmetric<format::E4m3fn>, Symmetric<format::Int<4>>, WorstFirst> &&
              !HasSplit<M4bramQuantizer<8>, Symmetric<format::Int<4>, PerChannel>> &&
              !HasSplit<M4bramQuantizer<8>, M4bramQuantizer<4>, PerTensor>);

/// Filters of very different spread, so that their errors differ.
std::vector<float> weights(std::int64_t filters, std::int64_t size, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<float> values;
  for (std::int64_t f = 0; f < filters; ++f) {
    const double deviation = 0.02 + random.uniform();
    for (std::int64_t i = 0; i < size; ++i) values.push_back(static_cast<float>(random.normal() * deviation));
  }
  return values;
}

/// The order with the worst filters first, by picking one maximum after the other.
template <class Low>
std::vector<std::int64_t> slow_order(const std::vector<float>& values, std::int64_t filters,
                                     std::int64_t ranked) {
  const auto size = std::ssize(values) / filters;
  const auto restored =
      Low::dequantize(Low::quantize(values, {filters, size}, {Low::scale_of(Low::absmax(values))}));
  std::vector<double> errors(static_cast<std::size_t>(filters));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(values[i]) - static_cast<double>(restored[i]);
    errors[i / static_cast<std::size_t>(size)] += difference * difference;
  }
  std::vector<std::int64_t> order;
  std::vector<bool> taken(errors.size());
  for (std::int64_t n = 0; n < ranked; ++n) {
    std::size_t worst = 0;
    while (taken[worst]) ++worst;
    for (std::size_t f = 0; f < errors.size(); ++f)
      if (!taken[f] && errors[f] > errors[worst]) worst = f;
    taken[worst] = true;
    order.push_back(static_cast<std::int64_t>(worst));
  }
  for (std::size_t f = 0; f < errors.size(); ++f)
    if (!taken[f]) order.push_back(static_cast<std::int64_t>(f));
  return order;
}

}  // namespace

TEST_CASE_TEMPLATE("every filter has the codes that its precision's quantizer gives the filters of that part",
                   Order, InOrder, WorstFirst) {
  using High = M4bramQuantizer<8>;
  using Low = M4bramQuantizer<3>;
  for (const std::int64_t filters : {1, 2, 7, 12, 21})
    for (const double ratio : {0.0, 0.05, 0.15, 0.25, 0.5, 0.9, 1.0}) {
      CAPTURE(filters);
      CAPTURE(ratio);
      constexpr std::int64_t size = 10;
      const auto values = weights(filters, size, 3);
      const SplitFilters<High, Low, Order> split(values, filters, ratio);
      const auto high = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(filters) * ratio));
      const auto ranked = static_cast<std::int64_t>(static_cast<double>(filters) * ratio);
      REQUIRE(split.high_filters() == high);
      if constexpr (std::is_same_v<Order, WorstFirst>)
        REQUIRE(std::ranges::equal(split.order(), slow_order<Low>(values, filters, ranked)));
      else
        REQUIRE(std::ranges::is_sorted(split.order()));

      std::vector<float> parts[2];
      for (std::int64_t place = 0; place < filters; ++place) {
        const auto first = values.begin() + split.order()[static_cast<std::size_t>(place)] * size;
        auto& part = parts[place < high ? 0 : 1];
        part.insert(part.end(), first, first + size);
      }
      const auto tensor = split.quantize(values);
      const auto high_tensor = High::quantize(parts[0], {high, size});
      const auto low_tensor = Low::quantize(parts[1], {filters - high, size});
      CHECK((tensor.high.codes == high_tensor.codes && tensor.high.scales == high_tensor.scales));
      CHECK((tensor.low.codes == low_tensor.codes && tensor.low.scales == low_tensor.scales));
      CHECK(tensor.bits() == size * (8 * high + 3 * (filters - high)));
      CHECK((split.high().is_known() == (high > 0) && split.low().is_known() == (high < filters)));

      const auto codes = tensor.integers();
      const auto restored = split.restore(values, {filters, 2, size / 2});
      CHECK(restored == split.dequantize(tensor));
      for (std::int64_t place = 0; place < filters; ++place)
        for (std::int64_t i = 0; i < size; ++i) {
          const auto original =
              static_cast<std::size_t>(split.order()[static_cast<std::size_t>(place)] * size + i);
          const auto code = place < high ? high_tensor.codes.value(place * size + i)
                                         : low_tensor.codes.value((place - high) * size + i);
          const float scale = place < high ? high_tensor.scales[0] : low_tensor.scales[0];
          REQUIRE(codes[original] == static_cast<int>(code));
          REQUIRE(restored[original] == static_cast<float>(code) * scale);
        }
    }
}

TEST_CASE("order and shares stay when the weights move, and the scales follow them") {
  using Split = SplitFilters<M4bramQuantizer<8>, M4bramQuantizer<2>, WorstFirst>;
  const auto before = weights(9, 20, 5);
  const Split split(before, 9, 0.4);
  auto after = before;
  for (auto& x : after) x *= 2;  // exact in float, so that codes stay
  const auto old = split.quantize(before);
  const auto moved = split.quantize(after);
  CHECK((moved.order == old.order && moved.integers() == old.integers()));
  CHECK((moved.high.scales[0] == 2 * old.high.scales[0] && moved.low.scales[0] == 2 * old.low.scales[0]));

  const auto other = weights(9, 20, 6);
  const auto tensor = split.quantize(other);
  CHECK(tensor.order == old.order);
  std::vector<float> first;
  for (std::int64_t place = 0; place < split.high_filters(); ++place) {
    const auto begin = other.begin() + split.order()[static_cast<std::size_t>(place)] * 20;
    first.insert(first.end(), begin, begin + 20);
  }
  using High = M4bramQuantizer<8>;
  CHECK(tensor.high.scales[0] == High::scale_of(High::absmax(first) * split.high().share()));
}

TEST_CASE("the worst filters in the high precision mostly leave less error than the first ones") {
  int better = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto values = weights(32, 18, seed);
    const auto error = [&]<class Order>(Order) {
      const auto restored = SplitFilters<M4bramQuantizer<8>, M4bramQuantizer<2>, Order>(values, 32, 0.25)
                                .restore(values, {32, 18});
      double sum = 0;
      for (std::size_t i = 0; i < values.size(); ++i)
        sum += std::pow(static_cast<double>(values[i]) - static_cast<double>(restored[i]), 2);
      return sum;
    };
    better += error(WorstFirst{}) < error(InOrder{}) ? 1 : 0;
  }
  CHECK(better >= 15);
}

TEST_CASE("filters of equal error keep their order") {
  const std::vector<float> values{1, 0.3F, 1, 0.3F, 1, 0.3F, 1, 0.3F};
  const SplitFilters<M4bramQuantizer<8>, M4bramQuantizer<2>, WorstFirst> split(values, 4, 0.75);
  CHECK(std::ranges::is_sorted(split.order()));
}

TEST_CASE("weights that are no filters, impossible ratios and numbers are refused") {
  using Split = SplitFilters<M4bramQuantizer<8>, M4bramQuantizer<4>>;
  const std::vector<float> values(12, 1.0F);
  const auto make = [&](std::span<const float> w, std::int64_t filters, double ratio) {
    return Split(w, filters, ratio);
  };
  CHECK_THROWS_WITH_AS(make(values, 5, 0.5), "weights is 12, but filters x their size is 10", ShapeError);
  CHECK_THROWS_AS(make(values, 0, 0.5), ShapeError);
  CHECK_THROWS_AS(make(values, 13, 0.5), ShapeError);
  CHECK_THROWS_AS(make({}, 1, 0.5), ShapeError);
  for (const double ratio : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(make(values, 4, ratio), RangeError);
  auto broken = values;
  broken[7] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(make(broken, 4, 0.5), RangeError);
  const Split split(values, 4, 0.5);
  CHECK_THROWS_AS(static_cast<void>(split.quantize(broken)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(split.quantize(std::span(values).first(9))), ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(split.restore(values, {3, 4})),
                       "first extent is 3, but the split filters is 4", ShapeError);
  CHECK_THROWS_AS(static_cast<void>(split.restore(values, {4, 4})), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(split.restore(values, {})), ShapeError);
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("the reference splits have their order, percentiles, scales, codes and memory") {
  const auto cases = test::m4bram_cases();
  if (!cases) return;
  int checked = 0;
  const auto run = [&]<class Split>(const nlohmann::json& item, std::type_identity<Split>) {
    std::vector<float> values;
    for (const auto& filter : item["weights"])
      for (const auto& x : filter) values.push_back(x.get<float>());
    const Split split(values, item["K"].get<std::int64_t>(), item["high_ratio"].get<double>());
    CHECK(std::ranges::equal(split.order(), item["order"].get<std::vector<std::int64_t>>()));
    const auto tensor = split.quantize(values);
    const auto part = [](const auto& share, const auto& quantized, const nlohmann::json& segment) {
      using F = typename std::remove_cvref_t<decltype(quantized.codes)>::format_type;
      CHECK(F::bits == segment["bits"].get<int>());
      CHECK(quantized.codes.shape().front() == segment["count"].get<std::int64_t>());
      if (!share.is_known()) return;
      CHECK(share.share() == static_cast<float>(segment["percentile"].get<double>()));
      CHECK(static_cast<double>(quantized.scales.front()) == segment["scale"].get<double>());
    };
    part(split.high(), tensor.high, item["segments"][0]);
    part(split.low(), tensor.low, item["segments"][1]);
    std::vector<std::int16_t> codes;
    for (const auto& filter : item["codes_original_order"])
      for (const auto& x : filter) codes.push_back(x.get<std::int16_t>());
    CHECK(tensor.integers() == codes);
    CHECK(split.nominal_bits() == doctest::Approx(item["memory_bits"].get<double>()).epsilon(1e-12));
    ++checked;
  };
  for (const auto& item : cases->at("split_filters")) {
    CAPTURE(checked);
    core::for_each_type(
        core::TypeList<M4bramQuantizer<8>, M4bramQuantizer<4>>{}, [&]<class High>(std::type_identity<High>) {
          core::for_each_type(
              core::TypeList<M4bramQuantizer<4>, M4bramQuantizer<2>>{},
              [&]<class Low>(std::type_identity<Low>) {
                if (item["bits"] != nlohmann::json{High::format_type::bits, Low::format_type::bits}) return;
                if (item["permute"].get<bool>())
                  run(item, std::type_identity<SplitFilters<High, Low, WorstFirst>>{});
                else
                  run(item, std::type_identity<SplitFilters<High, Low>>{});
              });
        });
  }
  CHECK(checked == 6);
}
#endif
