// expects: Weight::is_signed
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
#include <bitloom/net/quantized_network.hpp>

using UInt8 = bitloom::format::Int<8, bitloom::format::Unsigned>;
using Network = bitloom::net::QuantizedNetwork<UInt8, UInt8>;
