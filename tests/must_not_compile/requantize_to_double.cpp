// expects: IntegerFormat
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/requantize.hpp>

using Requantize = bitloom::quant::Requantize<double>;
