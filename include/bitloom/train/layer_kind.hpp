// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cctype>
#include <source_location>
#include <string>
#include <string_view>

namespace bitloom::train {

/// Name of a layer's type for messages: `batch_norm` for `BatchNorm<float>`. On compilers whose function names do not
/// say what a template was made with, it is `layer`.
template <class L>
[[nodiscard]] std::string layer_kind() {
  std::string_view text = std::source_location::current().function_name();
  const auto begin =
      text.find("L = ");  // g++: [with L = a::B<float>; std::string = …], clang++: [L = a::B<float>]
  if (begin == std::string_view::npos) return "layer";
  text = text.substr(begin + 4);
  text = text.substr(0, text.find_first_of("<;]"));
  text = text.substr(text.rfind(':') + 1);  // npos + 1 is the start
  std::string name;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (std::isupper(code) != 0 && !name.empty()) name += '_';
    name += static_cast<char>(std::tolower(code));
  }
  return name;
}

}  // namespace bitloom::train
