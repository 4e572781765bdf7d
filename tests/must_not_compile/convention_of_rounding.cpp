// expects: Convention
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/format/number.hpp>
int main() { return bitloom::format::Number<bitloom::format::E4m3fn, bitloom::format::NearestEven>().code(); }
