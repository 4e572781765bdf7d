// expects: EncodesWith
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/quant/symmetric.hpp>

// A minifloat has no code that a narrow range could leave out.
using Quantizer = bitloom::quant::Symmetric<bitloom::format::E4m3fn, bitloom::format::SaturateSymmetric>;
