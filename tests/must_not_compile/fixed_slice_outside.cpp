// expects: High < W
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed_number.hpp>
int main() { return bitloom::format::FixedNumber<8, 4>().slice<8, 0>().code(); }
