// expects: is_legal
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed.hpp>
int main() { return bitloom::format::Fixed<65, 8>::bits; }
