// expects: BlockFormat
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx_tensor.hpp>

using Tensor = bitloom::quant::BlockTensor<bitloom::quant::MxFp4>;  // elements without a scale
