// expects: MxPoliciesFor
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx.hpp>

using Block = bitloom::quant::MxBlock<bitloom::quant::MxFp4, bitloom::quant::NanElements>;  // FP4 has no NaN
