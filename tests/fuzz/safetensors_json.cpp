// SPDX-License-Identifier: Apache-2.0
// clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/safetensors_json.cpp
#include <bitloom/train/safetensors_json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

void parse(std::string_view bytes) {
  using namespace bitloom::train;
  try {
    const auto file = parse_safetensors(bytes);
    const auto written = to_safetensors(file);
    if (to_safetensors(parse_safetensors(written)) != written) std::abort();
  } catch (const bitloom::ParseError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse(text);
  // the input as a header of the right length, so that its grammar is reached, with what follows it as data
  const auto end = text.rfind('}');
  const auto length = static_cast<std::uint64_t>(end == std::string_view::npos ? size : end + 1);
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  parse(bytes.append(text));
  return 0;
}
