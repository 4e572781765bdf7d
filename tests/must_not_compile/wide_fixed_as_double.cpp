// expects: W <= 53
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed.hpp>
int main() { return bitloom::format::Fixed<54, 8>::max() > 0; }
