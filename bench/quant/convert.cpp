// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/quant/convert.hpp>
#include <bitloom/quant/mx_tensor.hpp>
#include <bitloom/quant/nvfp4.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;

constexpr std::int64_t count = std::int64_t{16} << 20;  // 64 MiB of floats
constexpr float scale = 3.3F;

std::vector<float> random_floats() {
  core::Random random(1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = static_cast<float>((random.uniform() - 0.5) * 1000);
  return values;
}

// A conversion has a tensor of `count` elements, `encode` and `decode`, whether an element is the number x, rounded, and
// the bytes of all floats and codes and scales.

template <class F>
struct Floats {
  quant::PackedTensor<F> tensor{quant::Shape{count}};

  void encode(const std::vector<float>& values) { quant::encode_tensor(values, tensor); }
  void decode(std::vector<float>& values) const { quant::decode_tensor(tensor, values); }
  bool holds(std::int64_t i, float x, float decoded) const {
    const auto code = F::template encode<format::NearestEven, format::Saturate>(x);
    return tensor.code(i) == code && static_cast<double>(decoded) == F::decode(code);
  }
  static constexpr std::int64_t bytes = count * (32 + F::bits) / 8;
};

template <class F, class Order>
struct Integers {
  quant::PackedTensor<F> tensor{quant::Shape{count}};

  void encode(const std::vector<float>& values) { quant::quantize_tensor<Order>(values, scale, tensor); }
  void decode(std::vector<float>& values) const { quant::dequantize_tensor(tensor, scale, values); }
  bool holds(std::int64_t i, float x, float decoded) const {
    const auto code = F::template encode<format::NearestEven>(Order::quotient(x, scale));
    return tensor.code(i) == code && decoded == static_cast<float>(F::integer(code)) * scale;
  }
  static constexpr std::int64_t bytes = count * (32 + F::bits) / 8;
};

template <class Tensor, std::int64_t Size>
struct Blocks {
  Tensor tensor{quant::Shape{count}};

  void encode(const std::vector<float>& values) { tensor.encode(values); }
  void decode(std::vector<float>& values) const { tensor.decode(values); }
  bool holds(std::int64_t i, float x, float decoded) const {
    // a block's largest number is below 500: the largest element is 384, and below it they are 128 apart at most
    return decoded == tensor.value(i) && decoded - x <= 128 && x - decoded <= 128;
  }
  static constexpr std::int64_t bytes = count * 9 / 2 + count / Size;
};

using Mxfp4 = Blocks<quant::MxTensor<quant::MxFp4>, 32>;
using Nvfp4 = Blocks<quant::Nvfp4Tensor<>, 16>;

template <class Conversion>
void encode(benchmark::State& state) {
  const auto values = random_floats();
  Conversion conversion;
  conversion.encode(values);
  std::vector<float> decoded(values.size());
  conversion.decode(decoded);
  for (std::int64_t i = 0; i < count; i += 997) {
    const auto place = static_cast<std::size_t>(i);
    if (!conversion.holds(i, values[place], decoded[place])) return state.SkipWithError("a code is wrong");
  }
  for (auto _ : state) {
    conversion.encode(values);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Conversion::bytes);
}

template <class Conversion>
void decode(benchmark::State& state) {
  auto values = random_floats();
  Conversion conversion;
  conversion.encode(values);
  for (auto _ : state) {
    conversion.decode(values);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * Conversion::bytes);
}

/// Moves as many bytes as a conversion does, reads and writes counted.
template <class Conversion>
void copy(benchmark::State& state) {
  constexpr auto half = static_cast<std::size_t>(Conversion::bytes / 2);
  const std::vector<char> from(half, 1);
  std::vector<char> to(half);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), half);
    benchmark::DoNotOptimize(to.data());
  }
  state.SetItemsProcessed(state.iterations() * Conversion::bytes);
}

/// The benchmarks and the two lines of a conversion.
template <class Conversion>
struct Add {
  explicit Add(const std::string& name) {
    const auto peer = "memcpy_for_" + name;
    benchmark::RegisterBenchmark(("encode_" + name).c_str(), encode<Conversion>);
    benchmark::RegisterBenchmark(("decode_" + name).c_str(), decode<Conversion>);
    benchmark::RegisterBenchmark(peer.c_str(), copy<Conversion>);
    for (const auto& row : {"encode_" + name, "decode_" + name})
      bench::AddRow({.name = row,
                     .unit = "GB/s",
                     .items_per_unit = 1e9,
                     .items_per_element = static_cast<double>(Conversion::bytes) / count,
                     .benchmark = row,
                     .peer = "memcpy",
                     .peer_benchmark = peer,
                     .limit_benchmark = peer});
  }
};

const Add<Floats<format::E4m3fn>> e4m3fn("e4m3fn");
const Add<Floats<format::E5m2>> e5m2("e5m2");
const Add<Floats<format::E2m1fn>> e2m1fn("e2m1fn");
const Add<Floats<format::E3m2fn>> e3m2fn("e3m2fn");
const Add<Integers<format::Int<8>, quant::FloatReciprocal>> int8("int8");
const Add<Integers<format::Int<8>, quant::ExactQuotient>> int8_exact("int8_exact");
const Add<Integers<format::Int<4>, quant::FloatReciprocal>> int4("int4");
const Add<Mxfp4> mxfp4("mxfp4");
const Add<Nvfp4> nvfp4("nvfp4");

}  // namespace
