// expects: 1 <= Bits
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>

using Nothing = bitloom::format::Int<0>;
