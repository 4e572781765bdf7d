// expects: FloatOverflow
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
int main() {
  return bitloom::format::E4m3fn::encode<bitloom::format::NearestEven, bitloom::format::Wrap>(1.0);
}
