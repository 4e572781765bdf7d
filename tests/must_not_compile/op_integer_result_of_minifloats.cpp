// expects: CodeProductSum
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/op/code_gemm.hpp>

// Sums of products of E4M3 are no integers.
void multiply(const bitloom::op::MatrixShape& shape, std::span<const std::uint8_t> codes,
              std::span<std::int32_t> result) {
  bitloom::op::CodeGemm<bitloom::format::E4m3fn>{}(shape, codes, codes, result);
}
