// SPDX-License-Identifier: Apache-2.0
// clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/assignment_json.cpp
#include <bitloom/search/assignment_json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bitloom::search;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto assignment = parse_assignment(text);
    if (parse_assignment(to_json(assignment)) != assignment) std::abort();
  } catch (const bitloom::ParseError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
