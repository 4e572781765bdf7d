// expects: SymmetricKinds::cover
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
#include <bitloom/quant/symmetric.hpp>

// A rounding that has to be given its random bits is no policy; nor is a plain int.
using Quantizer = bitloom::quant::Symmetric<bitloom::format::Int<8>, bitloom::format::Stochastic>;
