// expects: RequantizeWay
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
#include <bitloom/quant/requantize.hpp>

// A rounding alone does not say what the accumulator is multiplied by: RoundedOnce<NearestEven> does.
using Requantize = bitloom::quant::Requantize<bitloom::format::Int<8>, bitloom::format::NearestEven>;
