// expects: F::bits <= 8
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/decode_table.hpp>
#include <bitloom/format/named.hpp>
int main() { return bitloom::format::decode_table<bitloom::format::Half>.size() == 0; }
