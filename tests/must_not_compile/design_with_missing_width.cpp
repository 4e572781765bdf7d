// expects: Computes
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/design.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/format/int.hpp>

// BRAMAC has no activations of another width than its weights.
using Design =
    bitloom::accel::Design<bitloom::fabric::Bramac2sa, bitloom::format::Int<4>, bitloom::format::Int<6>>;
constexpr auto blocks = Design::blocks;
