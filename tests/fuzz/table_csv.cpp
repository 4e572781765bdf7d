// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/table_csv.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

template <class Header>
void parse(std::string_view text) {
  try {
    const auto table = bitloom::train::parse_table_csv<Header>(text);
    check(table.dataset);
    if (!table.dataset.images.allFinite()) std::abort();
  } catch (const bitloom::ParseError&) {
  }
}

}  // namespace

/// Any text either is a table, whose data set is then consistent, or throws a ParseError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse<bitloom::train::SizesHeader>(text);
  parse<bitloom::train::NamesHeader>(text);
  parse<bitloom::train::NoHeader>(text);
  return 0;
}
