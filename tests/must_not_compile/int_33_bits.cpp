// expects: Bits <= 32
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>

using TooWide = bitloom::format::Int<33>;
