// expects: <= 64
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed_number.hpp>
int main() { return (bitloom::format::FixedNumber<33, 1>() * bitloom::format::FixedNumber<32, 1>()).width; }
