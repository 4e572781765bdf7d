// expects: Unsigned
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/number.hpp>
int main() { return (-bitloom::format::Number<bitloom::format::Int<4, bitloom::format::Unsigned>>()).code(); }
