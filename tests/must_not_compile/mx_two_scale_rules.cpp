// expects: MxPoliciesFor
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx_tensor.hpp>

using namespace bitloom::quant;
using Tensor = MxTensor<MxInt8, ScaleFloor, Along<16>, ScaleEven>;  // floor or even?
