// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/quantized.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/format/int.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

using Format = format::Int<8>;

/// Quantizers of this test add or subtract the scale.
Format::code_type encode(float x, float scale) { return Format::encode<format::NearestEven>(x + scale); }
double decode(Format::code_type code, float scale) { return Format::decode(code) - scale; }

const std::vector<float> values{1, 2, 3, 4, 5, 6};

}  // namespace

TEST_CASE("every element meets the scale of its group, both ways") {
  const Shape shape{2, 3};
  const auto tensor = detail::encode_groups<Format>(values, shape, std::vector<float>{10, 20, 30},
                                                    PerAxis<1>::groups(shape), encode);
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{11, 22, 33, 14, 25, 36});
  CHECK(tensor.codes.shape() == shape);
  CHECK(detail::decode_groups(tensor, decode) == values);
  const auto grouped = detail::encode_groups<Format>(values, shape, std::vector<float>{10, 20, 30, 40},
                                                     GroupsOf(2).groups(shape), encode);
  CHECK(grouped.codes.integers() == std::vector<std::int16_t>{11, 12, 23, 34, 35, 46});
  CHECK(detail::decode_groups(grouped, decode) == values);
}

TEST_CASE("each group's scale is chosen from its own values, in the order of the groups") {
  const Shape shape{2, 3};
  const auto sums = [&](const Groups& groups) {
    return detail::scales_of_groups<float>(values, groups, [](std::span<const float> group) {
      float sum = 0;
      for (const float x : group) sum += x;
      return sum;
    });
  };
  CHECK(sums(PerTensor::groups(shape)) == std::vector<float>{21});
  CHECK(sums(PerChannel::groups(shape)) == std::vector<float>{6, 15});
  CHECK(sums(PerAxis<1>::groups(shape)) == std::vector<float>{5, 7, 9});
  CHECK(sums(GroupsOf(2).groups(shape)) == std::vector<float>{3, 3, 9, 6});
}

TEST_CASE("values, scales and groups that do not fit are refused") {
  const Shape shape{2, 3};
  const auto groups = PerChannel::groups(shape);
  CHECK_THROWS_WITH_AS(detail::groups_of(values, {7}, PerTensor{}),
                       "values is 6, but the tensor's shape is 7", ShapeError);
  CHECK_THROWS_WITH_AS(detail::encode_groups<Format>(values, shape, std::vector<float>{1}, groups, encode),
                       "scales is 1, but the groups of the tensor is 2", ShapeError);
  const Quantized<Format> few{PackedTensor<Format>({6}), {1}, groups};
  CHECK_THROWS_AS(detail::decode_groups(few, decode), ShapeError);
  const Quantized<Format> other{PackedTensor<Format>({5}), {1, 1}, groups};
  CHECK_THROWS_WITH_AS(detail::decode_groups(other, decode), "groups is 6, but the codes is 5", ShapeError);
  const std::vector<float> bad{1, 2, 3, 4, 5, std::numeric_limits<float>::infinity()};
  CHECK_THROWS_AS(detail::encode_groups<Format>(bad, shape, std::vector<float>{1, 1}, groups, encode),
                  RangeError);
}

TEST_CASE("the squared error is that of the restored floats") {
  const std::vector<float> x{1, 2};
  CHECK(detail::squared_error(x, [](float v) { return static_cast<double>(v) + 0.5; }) == 0.5);
  CHECK(detail::squared_error(x, [](float v) { return static_cast<double>(v) + 0x1p-40; }) == 0.0);
}
