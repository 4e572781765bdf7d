// expects: concept Format =
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/packed_tensor.hpp>

using Tensor = bitloom::quant::PackedTensor<int>;  // a type of C++, not a number format
