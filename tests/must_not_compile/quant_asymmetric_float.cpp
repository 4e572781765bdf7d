// expects: IntegerFormat
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/quant/asymmetric.hpp>

// A zero point is an integer.
using Quantizer = bitloom::quant::Asymmetric<bitloom::format::E4m3fn>;
