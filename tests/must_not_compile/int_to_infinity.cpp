// expects: Overflow
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/int.hpp>
int main() {
  return bitloom::format::Int<8>::encode<bitloom::format::NearestEven, bitloom::format::OverflowToInfinity>(
      1.0);
}
