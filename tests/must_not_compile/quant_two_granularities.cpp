// expects: SymmetricKinds::distinguish
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
#include <bitloom/quant/symmetric.hpp>

using Quantizer =
    bitloom::quant::Symmetric<bitloom::format::Int<8>, bitloom::quant::PerTensor, bitloom::quant::PerChannel>;
