// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/decode_table.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/kernel/minifloat_gemm.hpp>
#include <bitloom/op/code_gemm.hpp>
#include <bitloom/op/plain_code_gemm.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;
using format::E4m3fn;

constexpr std::int64_t n = 512;
constexpr op::MatrixShape shape{.rows = n, .columns = n, .vectors = n};

struct Operands {
  std::vector<std::uint8_t> weights, activations;

  Operands() {
    core::Random random(1);
    for (auto* codes : {&weights, &activations})
      while (std::ssize(*codes) < n * n)
        if (const auto code = static_cast<std::uint8_t>(random()); !E4m3fn::is_nan(code))
          codes->push_back(code);
  }
};

/// The operator, after a check of some rows by the definition.
template <class A>
void multiply(benchmark::State& state) {
  const Operands operands;
  std::vector<float> result(static_cast<std::size_t>(n * n));
  const op::CodeGemm<E4m3fn, E4m3fn, A> gemm;
  gemm(shape, operands.weights, operands.activations, std::span(result));
  const auto weights = std::span<const std::uint8_t>(operands.weights).last(2 * n);
  std::vector<float> expected(2 * n);
  op::PlainCodeGemm<E4m3fn, E4m3fn, A>{}({.rows = 2, .columns = n, .vectors = n}, weights,
                                         operands.activations, std::span(expected));
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (std::bit_cast<std::uint32_t>(expected[i]) !=
        std::bit_cast<std::uint32_t>(result[result.size() - expected.size() + i]))
      return state.SkipWithError("a sum is wrong");
  for (auto _ : state) {
    gemm(shape, operands.weights, operands.activations, std::span(result));
    benchmark::DoNotOptimize(result.data());
  }
  state.SetItemsProcessed(state.iterations() * shape.macs());
}
void gemm_e4m3fn_512(benchmark::State& state) { multiply<op::FloatSum>(state); }
void gemm_e4m3fn_kulisch_512(benchmark::State& state) { multiply<op::ExactSum<E4m3fn>>(state); }
BENCHMARK(gemm_e4m3fn_512);
BENCHMARK(gemm_e4m3fn_kulisch_512);

/// The plain loops over decoded codes, on a part of the rows.
void scalar_gemm_e4m3fn(benchmark::State& state) {
  constexpr std::size_t size = n;
  constexpr std::size_t rows = 32;
  const Operands operands;
  constexpr auto& table = format::decode_table<E4m3fn, float>;
  std::vector<float> result(rows * size);
  for (auto _ : state) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < size; ++j) {
        float sum = 0;
        for (std::size_t k = 0; k < size; ++k)
          sum += table[operands.weights[i * size + k]] * table[operands.activations[k * size + j]];
        result[i * size + j] = sum;
      }
    benchmark::DoNotOptimize(result.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows * size * size));
}
BENCHMARK(scalar_gemm_e4m3fn);

/// One register a result, on a part of the rows.
void register_gemm_e4m3fn(benchmark::State& state) {
  constexpr op::MatrixShape part{.rows = 2, .columns = n, .vectors = n};
  const Operands operands;
  const auto weights = std::span<const std::uint8_t>(operands.weights).first(2 * n);
  std::vector<float> result(2 * n);
  for (auto _ : state) {
    op::PlainCodeGemm<E4m3fn>{}(part, weights, operands.activations, std::span(result));
    benchmark::DoNotOptimize(result.data());
  }
  state.SetItemsProcessed(state.iterations() * part.macs());
}
BENCHMARK(register_gemm_e4m3fn);

/// Multiply-adds in registers alone: what no product of matrices can exceed.
template <class T>
void multiply_adds(benchmark::State& state) {
  using Vector = xsimd::batch<T>;
  constexpr std::size_t chains = 12;  // enough independent sums to hide the latency
  T inputs[chains + 1] = {};          // unknown to the compiler, so that no two chains are one
  benchmark::DoNotOptimize(inputs);
  const auto each = [](auto f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::integral_constant<std::size_t, I>{}), ...); }
    (std::make_index_sequence<chains>{});
  };
  Vector a[chains];
  each([&](auto i) { a[i] = Vector(inputs[i]); });
  const Vector b(inputs[chains]);
  T out[Vector::size];
  for (auto _ : state) {
    Vector sums[chains];
    each([&](auto i) { sums[i] = Vector(T{}); });
    for (int repeat = 0; repeat < 1000; ++repeat)
      each([&](auto i) { sums[i] = kernel::detail::multiply_add(a[i], b, sums[i]); });
    each([&](auto i) {
      sums[i].store_unaligned(out);
      benchmark::DoNotOptimize(out);
    });
  }
  state.SetItemsProcessed(state.iterations() * 1000 * static_cast<std::int64_t>(chains * Vector::size));
}
void limit_float_macs(benchmark::State& state) { multiply_adds<float>(state); }
void limit_double_macs(benchmark::State& state) { multiply_adds<double>(state); }
BENCHMARK(limit_float_macs);
BENCHMARK(limit_double_macs);

const bench::AddRow float_row({.name = "gemm_e4m3fn_512",
                               .unit = "GMAC/s",
                               .items_per_unit = 1e9,
                               .benchmark = "gemm_e4m3fn_512",
                               .peer = "scalar loops",
                               .peer_benchmark = "scalar_gemm_e4m3fn",
                               .limit_benchmark = "limit_float_macs"});
const bench::AddRow exact_row({.name = "gemm_e4m3fn_kulisch_512",
                               .unit = "GMAC/s",
                               .items_per_unit = 1e9,
                               .benchmark = "gemm_e4m3fn_kulisch_512",
                               .peer = "Kulisch registers",
                               .peer_benchmark = "register_gemm_e4m3fn",
                               .limit_benchmark = "limit_double_macs"});

}  // namespace
