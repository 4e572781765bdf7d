// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/quantized_gemm.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/quant/mx.hpp>

namespace {

using namespace bitloom;

using Weights = quant::Symmetric<format::E4m3fn, quant::PerChannel>;
using Fp8Gemm = op::QuantizedGemm<Weights, quant::Symmetric<format::E4m3fn>>;
using IntGemm = op::QuantizedGemm<quant::Symmetric<format::Int<4>, quant::PerChannel>,
                                  quant::Symmetric<format::Int<4, format::Unsigned>>>;
using Mxfp4Gemm = op::BlockGemm<quant::MxBlock<quant::MxFp4>>;
using Nvfp4Gemm = op::BlockGemm<quant::Nvfp4Block<>>;
static_assert(op::Gemm<Fp8Gemm, float, float> && op::Gemm<Mxfp4Gemm, float, float>);

std::vector<float> random_numbers(std::int64_t count, std::uint64_t seed, double low) {
  core::Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = static_cast<float>(low + random.uniform() * (1 - low));
  return values;
}

constexpr op::MatrixShape shape{.rows = 3, .columns = 70, .vectors = 5};

}  // namespace

TEST_CASE_TEMPLATE("a product of quantized matrices is that of the numbers that the codes stand for", G,
                   Fp8Gemm, IntGemm) {
  const auto weights = random_numbers(shape.rows * shape.columns, 1, -1);
  const auto activations = random_numbers(shape.columns * shape.vectors, 2, 0);
  const auto scale = G::scale_for(activations);
  std::vector<float> result(static_cast<std::size_t>(shape.rows * shape.vectors));
  G{scale}(shape, weights, activations, result);
  const auto check = [&]<class W, class A, class S>(std::type_identity<op::QuantizedGemm<W, A, S>>) {
    const auto w = W::quantize(weights, {shape.rows, shape.columns});
    const auto a = A::quantize(activations, {shape.columns, shape.vectors}, std::vector{scale});
    for (std::int64_t r = 0; r < shape.rows; ++r)
      for (std::int64_t v = 0; v < shape.vectors; ++v) {
        double sum = 0;  // exact: products of small numbers
        for (std::int64_t c = 0; c < shape.columns; ++c)
          sum += w.codes.value(r * shape.columns + c) * a.codes.value(c * shape.vectors + v);
        const float unit = w.scales[static_cast<std::size_t>(r)] * scale;
        CHECK(result[static_cast<std::size_t>(r * shape.vectors + v)] == static_cast<float>(sum) * unit);
      }
  };
  check(std::type_identity<G>{});
}

TEST_CASE_TEMPLATE("a product in blocks adds a rounded sum for every block", B, quant::MxBlock<quant::MxFp4>,
                   quant::MxBlock<quant::MxInt8, quant::Along<16>>, quant::Nvfp4Block<>) {
  constexpr auto size = op::detail::block_length<typename B::Shape>;
  const auto weights = random_numbers(shape.rows * shape.columns, 3, -1);
  const auto activations = random_numbers(shape.columns * shape.vectors, 4, -1);
  std::vector<float> result(static_cast<std::size_t>(shape.rows * shape.vectors));
  op::BlockGemm<B>{}(shape, weights, activations, result);
  std::vector<float> vectors(activations.size());
  for (std::int64_t c = 0; c < shape.columns; ++c)
    for (std::int64_t v = 0; v < shape.vectors; ++v)
      vectors[static_cast<std::size_t>(v * shape.columns + c)] =
          activations[static_cast<std::size_t>(c * shape.vectors + v)];
  const auto w = quant::BlockTensor<B>::quantize(weights, {shape.rows, shape.columns});
  const auto a = quant::BlockTensor<B>::quantize(vectors, {shape.vectors, shape.columns});
  float unit = 1;
  if constexpr (requires { w.common().unit; }) unit = w.common().unit * a.common().unit;
  const auto value = [](const auto& tensor, std::int64_t i) {  // without what the blocks have in common
    return tensor.codes().value(i) * format::to_double(B::Scale::exact(tensor.scale(i)));
  };
  for (std::int64_t r = 0; r < shape.rows; ++r)
    for (std::int64_t v = 0; v < shape.vectors; ++v) {
      float sum = 0;
      for (std::int64_t first = 0; first < shape.columns; first += size) {
        double block = 0;  // exact
        for (auto c = first; c < std::min(first + size, shape.columns); ++c)
          block += value(w, r * shape.columns + c) * value(a, v * shape.columns + c);
        sum = static_cast<float>(static_cast<double>(sum) + block);
      }
      CHECK(result[static_cast<std::size_t>(r * shape.vectors + v)] == sum * unit);
    }
}

TEST_CASE("a convolution runs on codes as on floats") {
  const op::ConvGeometry geometry{
      .input = {2, 5, 5}, .out_channels = 3, .window = {.kernel = 3, .padding = 1}};
  const auto weights = random_numbers(3 * 18, 5, -1);
  const auto images = random_numbers(2 * 50, 6, 0);
  std::vector<float> plain(2 * 75), fp8(plain.size()), mx(plain.size());
  op::conv2d<float, float>(op::FloatGemm{}, geometry, 2, weights, images, plain);
  op::conv2d<float, float>(Fp8Gemm{Fp8Gemm::scale_for(images)}, geometry, 2, weights, images, fp8);
  op::conv2d<float, float>(op::BlockGemm<quant::MxBlock<quant::MxFp8E4m3>>{}, geometry, 2, weights, images,
                           mx);
  double error = 0;
  for (std::size_t i = 0; i < plain.size(); ++i)
    error = std::max({error, std::abs(static_cast<double>(plain[i]) - fp8[i]),
                      std::abs(static_cast<double>(plain[i]) - mx[i])});
  CHECK(error > 0);
  CHECK(error < 0.5);
}

TEST_CASE("wrong shapes, scales and numbers are errors") {
  std::vector<float> result(15);
  const auto weights = random_numbers(210, 1, -1);
  auto activations = random_numbers(350, 2, 0);
  CHECK_THROWS_AS(Fp8Gemm{0.0F}(shape, weights, activations, result), RangeError);
  CHECK_THROWS_AS(Fp8Gemm{1.0F}(shape, activations, activations, result), ShapeError);
  CHECK_THROWS_AS(Mxfp4Gemm{}(shape, weights, weights, result), ShapeError);
  using Grouped = op::QuantizedGemm<quant::Symmetric<format::Int<4>, quant::PerGroup<10>>,
                                    quant::Symmetric<format::Int<4>>>;
  CHECK_THROWS_AS(Grouped{1.0F}(shape, weights, activations, result), ShapeError);
  activations[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(Fp8Gemm{1.0F}(shape, weights, activations, result), RangeError);
  Nvfp4Gemm{}(shape, weights, activations, result);  // a block of NaN
  CHECK(std::isnan(result[2]));
  CHECK(std::isfinite(result[3]));
}
