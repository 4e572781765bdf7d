// expects: MatrixFormats
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/e8m0.hpp>
#include <bitloom/op/code_gemm.hpp>

// E8M0 has no zero to pad an image with.
using Gemm = bitloom::op::CodeGemm<bitloom::format::E8m0fnu>;
