// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/kernel/gemm_int8.hpp>

#include "support/integer_product.hpp"
#include "support/summary.hpp"

namespace {

using namespace bitloom;
using bench::IntegerProduct;

constexpr auto n = IntegerProduct::n;

/// Our product, both operands packed anew each time.
template <class Weights, class Activations>
void multiply(benchmark::State& state, IntegerProduct& product, const Weights& weights,
              const Activations& activations) {
  const auto run = [&] { kernel::gemm_int8(n, n, n, weights, activations, product.sums.data(), n); };
  run();
  if (!product.right()) return state.SkipWithError("a sum is wrong");
  for (auto _ : state) {
    run();
    benchmark::DoNotOptimize(product.sums.data());
  }
  state.SetItemsProcessed(state.iterations() * IntegerProduct::macs);
}

/// The integers as a string of `Bits` bits each.
template <int Bits>
std::vector<std::uint8_t> packed(const std::vector<std::int8_t>& values) {
  constexpr std::size_t per_byte = 8 / Bits;
  std::vector<std::uint8_t> bytes(values.size() / per_byte);
  for (std::size_t i = 0; i < values.size(); ++i)
    bytes[i / per_byte] |=
        static_cast<std::uint8_t>((values[i] & ((1 << Bits) - 1)) << (i % per_byte * Bits));
  return bytes;
}

template <int Bits>
void multiply_packed(benchmark::State& state) {
  IntegerProduct product(Bits);
  const auto weights = packed<Bits>(product.weights);
  const auto activations = packed<Bits>(product.activations);
  multiply(state, product, kernel::PackedIntegers<Bits>{weights.data(), n, true},
           kernel::PackedIntegers<Bits>{activations.data(), n, true});
}

void gemm_int8_1024(benchmark::State& state) {
  IntegerProduct product(8);
  multiply(state, product, kernel::Integers{product.weights.data(), n},
           kernel::Integers{product.activations.data(), n});
}
void gemm_int4_1024(benchmark::State& state) { multiply_packed<4>(state); }
void gemm_int2_1024(benchmark::State& state) { multiply_packed<2>(state); }
BENCHMARK(gemm_int8_1024);
BENCHMARK(gemm_int4_1024);
BENCHMARK(gemm_int2_1024);

/// Multiply-accumulates in registers alone, by the kernel's instruction.
template <std::size_t... I>
void multiply_registers(benchmark::State& state, std::index_sequence<I...>) {
  using Path = kernel::detail::BestPath;
  std::uint32_t inputs[sizeof...(I) + 1] = {};  // unknown to the compiler, so that no two sums are one
  benchmark::DoNotOptimize(inputs);
  typename Path::Vector a[] = {Path::broadcast(inputs[I])...};
  const auto b = Path::broadcast(inputs[sizeof...(I)]);
  std::uint32_t out[Path::lanes];
  for (auto _ : state) {
    typename Path::Vector sums[] = {Path::broadcast(inputs[I])...};
    for (int repeat = 0; repeat < 1000; ++repeat) ((sums[I] = Path::multiply_add(sums[I], a[I], b)), ...);
    ((Path::store(out, sums[I]), benchmark::DoNotOptimize(out)), ...);
  }
  state.SetItemsProcessed(state.iterations() * 1000 * static_cast<std::int64_t>(sizeof...(I)) * Path::lanes *
                          Path::group);
}

/// What no product of bytes can exceed. Twelve sums are enough to hide the instruction's latency.
void limit_int8_macs(benchmark::State& state) { multiply_registers(state, std::make_index_sequence<12>()); }
BENCHMARK(limit_int8_macs);

bench::Row row(const char* name, const char* peer, const char* peer_benchmark) {
  return {.name = name,
          .unit = "GMAC/s",
          .items_per_unit = 1e9,
          .benchmark = name,
          .peer = peer,
          .peer_benchmark = peer_benchmark,
          .limit_benchmark = "limit_int8_macs"};
}
const bench::AddRow all_rows[]{
    bench::AddRow(row("gemm_int8_1024", "oneDNN s8s8s32", "onednn_gemm_int8_1024")),
    bench::AddRow(row("gemm_int4_1024", "our int8", "gemm_int8_1024")),
    bench::AddRow(row("gemm_int2_1024", "our int8", "gemm_int8_1024"))};

}  // namespace
