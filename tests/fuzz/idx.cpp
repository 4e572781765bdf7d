// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/idx.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// Any bytes either are an IDX file or throw a ParseError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto parsed = bitloom::train::parse_idx_images(bytes);
    if (parsed.images.rows() != parsed.shape.size()) std::abort();
  } catch (const bitloom::ParseError&) {
  }
  try {
    for (const int label : bitloom::train::parse_idx_labels(bytes))
      if (label < 0 || label > 9) std::abort();
  } catch (const bitloom::ParseError&) {
  }
  return 0;
}
