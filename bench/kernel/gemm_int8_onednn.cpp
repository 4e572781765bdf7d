// SPDX-License-Identifier: Apache-2.0
// The product of bytes by oneDNN, on one thread: the peer of gemm_int8_1024.
#include <cstdint>

#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include "support/integer_product.hpp"

namespace {

using bitloom::bench::IntegerProduct;

/// Keeps oneDNN to one thread, if it can be told to. It brings its OpenMP library along, which g++ and clang name
/// differently, so the function is looked up here.
bool use_one_thread() {
  const auto runtime = dnnl_version()->cpu_runtime;
  if (runtime == DNNL_RUNTIME_SEQ) return true;
  void* const function = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (runtime != DNNL_RUNTIME_OMP || function == nullptr) return false;
  reinterpret_cast<void (*)(int)>(function)(1);
  return true;
}

void onednn_gemm_int8_1024(benchmark::State& state) {
  constexpr auto n = IntegerProduct::n;
  IntegerProduct product(8);
  if (!use_one_thread()) return state.SkipWithError("oneDNN takes more than one thread");
  const auto run = [&] {
    const std::int32_t offset = 0;
    return dnnl_gemm_s8s8s32('N', 'N', 'F', n, n, n, 1.0F, product.weights.data(), n, 0,
                             product.activations.data(), n, 0, 0.0F, product.sums.data(), n, &offset);
  };
  if (run() != dnnl_success || !product.right()) return state.SkipWithError("a sum is wrong");
  for (auto _ : state) {
    run();
    benchmark::DoNotOptimize(product.sums.data());
  }
  state.SetItemsProcessed(state.iterations() * IntegerProduct::macs);
}
BENCHMARK(onednn_gemm_int8_1024);

}  // namespace
