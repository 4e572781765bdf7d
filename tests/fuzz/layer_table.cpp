// SPDX-License-Identifier: Apache-2.0
// clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/layer_table.cpp
#include <bitloom/search/layer_table.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bitloom;
  std::string text = "name,type,cin,cout,kernel,stride,groups,in_hw,out_hw,macs,weights\n";
  text.append(reinterpret_cast<const char*>(data), size);
  try {
    const auto rows = search::parse_layer_table(core::Csv::parse(text, "table"));
    if (search::parse_layer_table(core::Csv::parse(search::to_csv(rows), "table")) != rows) std::abort();
  } catch (const ParseError&) {
  }
  return 0;
}
