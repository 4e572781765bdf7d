// expects: F::bits >= 2
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
#include <bitloom/quant/symmetric.hpp>

// The largest value of one signed bit is zero: no scale fits.
using Quantizer = bitloom::quant::Symmetric<bitloom::format::Int<1>>;
