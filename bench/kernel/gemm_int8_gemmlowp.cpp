// SPDX-License-Identifier: Apache-2.0
// The product of bytes by gemmlowp, on one thread, and the line that compares it with ours.
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>
#include <gemmlowp/public/gemmlowp.h>

#include "support/integer_product.hpp"
#include "support/summary.hpp"

namespace {

using namespace bitloom;
using bench::IntegerProduct;

/// gemmlowp takes unsigned bytes and an offset that it adds to them.
std::vector<std::uint8_t> shifted(const std::vector<std::int8_t>& values) {
  std::vector<std::uint8_t> bytes;
  for (const auto x : values) bytes.push_back(static_cast<std::uint8_t>(x + 128));
  return bytes;
}

void gemmlowp_gemm_int8_1024(benchmark::State& state) {
  using gemmlowp::MapOrder;
  using Operand = gemmlowp::MatrixMap<const std::uint8_t, MapOrder::RowMajor>;
  constexpr int n = IntegerProduct::n;
  IntegerProduct product(8);
  const auto weights = shifted(product.weights), activations = shifted(product.activations);
  gemmlowp::GemmContext context;
  context.set_max_num_threads(1);
  gemmlowp::MatrixMap<std::int32_t, MapOrder::RowMajor> result(product.sums.data(), n, n);
  const auto run = [&] {
    gemmlowp::GemmWithOutputPipeline<std::uint8_t, std::int32_t, gemmlowp::DefaultL8R8BitDepthParams>(
        &context, Operand(weights.data(), n, n), Operand(activations.data(), n, n), &result, -128, -128,
        std::tuple<>());
  };
  run();
  if (!product.right()) return state.SkipWithError("a sum is wrong");
  for (auto _ : state) {
    run();
    benchmark::DoNotOptimize(product.sums.data());
  }
  state.SetItemsProcessed(state.iterations() * IntegerProduct::macs);
}
BENCHMARK(gemmlowp_gemm_int8_1024);

const bench::AddRow row({.name = "gemm_int8_1024_gemmlowp",
                         .unit = "GMAC/s",
                         .items_per_unit = 1e9,
                         .benchmark = "gemm_int8_1024",
                         .peer = "gemmlowp",
                         .peer_benchmark = "gemmlowp_gemm_int8_1024",
                         .limit_benchmark = "limit_int8_macs"});

}  // namespace
