// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/digits_csv.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any text either is a file of digits, whose data set is then consistent, or throws a ParseError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check(bitloom::train::parse_digits_csv(std::string_view(reinterpret_cast<const char*>(data), size)));
  } catch (const bitloom::ParseError&) {
  }
  return 0;
}
