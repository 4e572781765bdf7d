// expects: supports
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/dla_bramac.hpp>

// BRAMAC-2SA computes two output columns: with two in all, DSP slices would have none.
using Enhanced = bitloom::accel::DlaBramac<bitloom::fabric::TwoSync>;
using Design = bitloom::accel::TiledOverlay<Enhanced, 4, bitloom::accel::Tile{.q = 2, .c = 16, .k = 100}>;
constexpr auto slices = Design::dsp();
