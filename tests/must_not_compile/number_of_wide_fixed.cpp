// expects: has_scalars
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/number.hpp>
int main() { return bitloom::format::Number<bitloom::format::Fixed<33, 8>>().code() == 0; }
