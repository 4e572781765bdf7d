// expects: Multipliable
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed.hpp>
#include <bitloom/op/accumulator.hpp>

using bitloom::format::Fixed;
using Sum = bitloom::op::ExactSum<Fixed<48, 24>, Fixed<24, 12>>;
