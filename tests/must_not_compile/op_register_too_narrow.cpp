// expects: AccumulatorOf
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/op/code_gemm.hpp>

using namespace bitloom;

// The register for E4M3 begins at 2^-18, products of E5M2 at 2^-32.
using Gemm = op::CodeGemm<format::E5m2, format::E5m2, op::ExactSum<format::E4m3fn>>;
