// expects: is_legal
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/minifloat.hpp>
int main() { return bitloom::format::Minifloat<1, 0>::bits; }
