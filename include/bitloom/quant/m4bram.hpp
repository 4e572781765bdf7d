// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/format/int.hpp>
#include <bitloom/quant/symmetric.hpp>

namespace bitloom::quant {

/// The quantizer of the M4BRAM authors: scale = max(share · largest magnitude, 1e-8) / 2^(b-1), or / 2^b without a sign;
/// code = x · (1 / scale) to nearest even, saturated; all of it in float. The share is the best of 1/25, …, 24/25.
///
/// Weights are signed; activations are unsigned where they come from a ReLU ("positive-only").
///
/// Source: open-source code of arXiv 2311.02758.
template <int Bits, format::Signedness S = format::Signed>
using M4bramQuantizer =
    Symmetric<format::Int<Bits, S>, BestShareOf<25>, BinadeScaling, FloatReciprocal, EveryMagnitude>;

}  // namespace bitloom::quant
