// expects: HasFastFloats
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <bitloom/format/named.hpp>
#include <bitloom/quant/convert.hpp>

void copy(const std::vector<float>& values, std::vector<std::uint32_t>& codes) {
  bitloom::quant::encode_array<bitloom::format::Float32>(values, codes);  // a float is its own code
}
