// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/quant/convert.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;

constexpr std::size_t count = std::size_t{16} << 20;     // 64 MiB of floats
constexpr std::int64_t bytes = 5 * std::int64_t{count};  // a float and a code each

std::vector<float> random_floats() {
  core::Random random(1);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>((random.uniform() - 0.5) * 1000);
  return values;
}

template <class F>
void encode(benchmark::State& state) {
  const auto values = random_floats();
  std::vector<std::uint8_t> codes(count);
  quant::encode_array<F>(values, codes);
  for (std::size_t i = 0; i < count; i += 997)
    if (codes[i] != F::template encode<format::NearestEven, format::Saturate>(values[i]))
      return state.SkipWithError("a code is wrong");
  for (auto _ : state) {
    quant::encode_array<F>(values, codes);
    benchmark::DoNotOptimize(codes.data());
  }
  state.SetItemsProcessed(state.iterations() * bytes);
}

template <class F>
void decode(benchmark::State& state) {
  std::vector<std::uint8_t> codes(count);
  core::Random random(2);
  for (auto& code : codes) code = static_cast<std::uint8_t>(random() & ((1U << F::bits) - 1));
  std::vector<float> values(count);
  for (auto _ : state) {
    quant::decode_array<F>(codes, values);
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * bytes);
}

void encode_e4m3fn(benchmark::State& state) { encode<format::E4m3fn>(state); }
void encode_e5m2(benchmark::State& state) { encode<format::E5m2>(state); }
void decode_e4m3fn(benchmark::State& state) { decode<format::E4m3fn>(state); }
void decode_e5m2(benchmark::State& state) { decode<format::E5m2>(state); }
BENCHMARK(encode_e4m3fn);
BENCHMARK(encode_e5m2);
BENCHMARK(decode_e4m3fn);
BENCHMARK(decode_e5m2);

/// Moves as many bytes as a conversion does, reads and writes counted.
void memcpy_same_bytes(benchmark::State& state) {
  constexpr auto half = static_cast<std::size_t>(bytes / 2);
  const std::vector<char> from(half, 1);
  std::vector<char> to(half);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), half);
    benchmark::DoNotOptimize(to.data());
  }
  state.SetItemsProcessed(state.iterations() * bytes);
}
BENCHMARK(memcpy_same_bytes);

bench::Row row(const char* name) {
  return {.name = name,
          .unit = "GB/s",
          .items_per_unit = 1e9,
          .benchmark = name,
          .peer = "memcpy",
          .peer_benchmark = "memcpy_same_bytes",
          .limit_benchmark = "memcpy_same_bytes"};
}
const bench::AddRow all_rows[]{bench::AddRow(row("encode_e4m3fn")), bench::AddRow(row("encode_e5m2")),
                               bench::AddRow(row("decode_e4m3fn")), bench::AddRow(row("decode_e5m2"))};

}  // namespace
