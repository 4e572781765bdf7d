// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/format/minifloat.hpp>

namespace bitloom::format {

using E4m3fn = Minifloat<4, 3, Special::Fn>;             ///< OCP FP8 with the larger precision
using E5m2 = Minifloat<5, 2>;                            ///< OCP FP8 with the larger range
using E4m3 = Minifloat<4, 3>;                            ///< FP8 as in IEEE 754
using E3m4 = Minifloat<3, 4>;                            ///< FP8 as in IEEE 754
using E4m3fnuz = Minifloat<4, 3, Special::Fnuz>;         ///< FP8 without infinity and minus zero
using E5m2fnuz = Minifloat<5, 2, Special::Fnuz>;         ///< FP8 without infinity and minus zero
using E4m3b11fnuz = Minifloat<4, 3, Special::Fnuz, 11>;  ///< the same with bias 11
using E3m2fn = Minifloat<3, 2, Special::Finite>;         ///< OCP FP6
using E2m3fn = Minifloat<2, 3, Special::Finite>;         ///< OCP FP6
using E2m1fn = Minifloat<2, 1, Special::Finite>;         ///< OCP FP4
using Half = Minifloat<5, 10>;                           ///< IEEE 754 binary16
using Bfloat16 = Minifloat<8, 7>;
using Tf32 = Minifloat<8, 10>;     ///< 19 bits
using Float32 = Minifloat<8, 23>;  ///< IEEE 754 binary32

}  // namespace bitloom::format
