// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/block_tensor.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/quant/mx.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

std::vector<float> random_values(std::int64_t count, core::Random& random) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& x : values)
    x = random.bernoulli(0.1)
            ? (random.bernoulli(0.5) ? 0.0F : -0.0F)
            : static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.integer(-30, 30))));
  return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y) ||
           (std::isnan(x) && std::isnan(y));
  });
}

/// The tensor's blocks, gathered element by element, padded with zeros, and encoded one by one.
template <class B>
void is_made_of_blocks(const Shape& shape, const std::vector<float>& values) {
  const auto tensor = BlockTensor<B>::quantize(values, shape);
  const auto extents = B::Shape::extents(shape.size());
  std::vector<std::vector<std::size_t>> members(tensor.scales().size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    std::int64_t block = 0, stride = 1;
    for (std::size_t a = shape.size(); a-- > 0; rest /= shape[a]) {
      block += rest % shape[a] / extents[a] * stride;
      stride *= (shape[a] + extents[a] - 1) / extents[a];
    }
    members[static_cast<std::size_t>(block)].push_back(i);
  }
  const auto whole = static_cast<std::size_t>(element_count(extents));
  const auto restored = tensor.dequantize();
  bool same = tensor.size() == std::ssize(values) && restored.size() == values.size() &&
              element_count(tensor.scale_shape()) == std::ssize(tensor.scales());
  for (std::size_t b = 0; b < members.size(); ++b) {
    std::vector<float> block;
    for (const auto i : members[b]) block.push_back(values[i]);
    block.resize(whole);
    std::vector<typename B::code_type> codes(whole);
    const auto scale = B::encode(block, codes);
    same = same && tensor.scales()[b] == scale;
    for (std::size_t k = 0; k < members[b].size(); ++k) {
      const auto i = static_cast<std::int64_t>(members[b][k]);
      const float decoded = B::decode(scale, codes[k]);
      same = same && tensor.codes().code(i) == codes[k] && tensor.scale(i) == scale &&
             same_bits({decoded, decoded}, {tensor.value(i), restored[members[b][k]]});
    }
  }
  CAPTURE(shape.size());
  CAPTURE(values.size());
  REQUIRE(same);
}

TEST_CASE_TEMPLATE("a tensor is made of blocks, along any axis and over tiles, the last ones shorter", B,
                   MxBlock<MxFp4>, MxBlock<MxFp4, Along<32, 0>>, MxBlock<MxInt8, Along<3, 1>>,
                   MxBlock<MxFp8E4m3, Along<16, -2>>, MxBlock<MxFp6E3m2, Tile<4, 4>>,
                   MxBlock<MxFp6E2m3, Tile<2, 3, 0, -1>, ScaleEven>, MxBlock<MxFp8E5m2, Tile<3, 2, -1, 0>>,
                   MxBlock<MxInt<4>, Along<1>>, MxBlock<MxInt<2>, Along<64, 0>, ScaleToMax>,
                   MxBlock<MxFloat<format::E2m1fn, format::NearestAway>, Along<16>>,
                   MxBlock<MxFp8E4m3, NanElements>) {
  core::Random random(11);
  for (int n = 0; n < 60; ++n) {
    Shape shape{random.integer(1, 5), random.integer(1, n % 2 == 0 ? 9 : 40)};
    if (n % 3 == 0) shape.push_back(random.integer(1, 70));
    if (n % 7 == 0) shape.push_back(random.integer(1, 3));
    auto values = random_values(element_count(shape), random);
    if (n % 4 == 0) {
      values[static_cast<std::size_t>(random.integer(0, std::ssize(values) - 1))] = NAN;
      values[static_cast<std::size_t>(random.integer(0, std::ssize(values) - 1))] = -INFINITY;
    }
    is_made_of_blocks<B>(shape, values);
  }
}

TEST_CASE("long rows of whole blocks, with and without a rest, are made of blocks as well") {
  core::Random random(12);
  for (const std::int64_t count : {1024, 1056, 3000, 4096 + 17}) {
    auto values = random_values(count, random);
    std::fill_n(values.begin() + 64, 32, -0.0F);
    values[200] = INFINITY;
    is_made_of_blocks<MxBlock<MxFp4>>({count}, values);
    is_made_of_blocks<MxBlock<MxFp4, Along<16>>>({count}, values);
    is_made_of_blocks<MxBlock<MxInt8>>({count}, values);
    is_made_of_blocks<MxBlock<MxFp8E5m2, Along<2000>>>({count}, values);
  }
}

TEST_CASE("a tensor without elements has no blocks") {
  const auto tensor = BlockTensor<MxBlock<MxFp4>>::quantize({}, {0, 32});
  CHECK(tensor.scales().empty());
  CHECK(tensor.dequantize().empty());
  CHECK(tensor.scale_shape() == Shape{0, 1});
}

TEST_CASE("a tensor can be taken apart and put together, and written anew") {
  using Tensor = BlockTensor<MxBlock<MxFp4, Tile<2, 2>>>;
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const auto tensor = Tensor::quantize(values, {2, 3});
  const std::vector<std::uint8_t> scales(tensor.scales().begin(), tensor.scales().end());
  CHECK(tensor.scale_shape() == Shape{1, 2});
  CHECK(Tensor(tensor.codes(), scales) == tensor);
  Tensor other(Shape{2, 3});
  CHECK(other != tensor);
  CHECK(other.dequantize() == std::vector<float>(6, 0.0F));
  other.encode(values);
  CHECK(other == tensor);
  std::vector<float> restored(6);
  other.decode(restored);
  CHECK(restored == tensor.dequantize());
}

TEST_CASE("what does not fit together is refused") {
  using Tensor = BlockTensor<MxBlock<MxFp4, ScaleBits<4>>>;
  const std::vector<float> values(6);
  CHECK_THROWS_WITH_AS(static_cast<void>(Tensor::quantize(values, {2, 4})),
                       "values is 6, but the tensor's elements is 8", ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Tensor::quantize(std::vector<float>(1), {})),
                  ShapeError);  // a scalar has no axis
  CHECK_THROWS_AS(static_cast<void>(BlockTensor<MxBlock<MxFp4, Along<32, 2>>>::quantize(values, {2, 3})),
                  ShapeError);
  const PackedTensor<format::E2m1fn> codes({2, 3});
  CHECK_THROWS_WITH_AS(Tensor(codes, std::vector<std::uint8_t>(3)),
                       "scales is 3, but the tensor's blocks is 2", ShapeError);
  CHECK_THROWS_WITH_AS(Tensor(codes, std::vector<std::uint8_t>(2, 16)), "scale: 16 is outside 0..15",
                       RangeError);
  CHECK_NOTHROW(Tensor(codes, std::vector<std::uint8_t>(2, 15)));
  auto tensor = Tensor::quantize(values, {6});
  CHECK_THROWS_AS(static_cast<void>(tensor.value(6)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(tensor.scale(-1)), RangeError);
  CHECK_THROWS_AS(tensor.encode(std::vector<float>(5)), ShapeError);
  std::vector<float> out(7);
  CHECK_THROWS_AS(tensor.decode(out), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(BlockTensor<MxBlock<MxFp4, NanBlockError>>::quantize(
                      std::vector<float>(100, NAN), {100})),
                  RangeError);
}

}  // namespace
