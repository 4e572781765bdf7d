// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace bitloom::search {

/// The option of every decision of a space, in their order.
using Choice = std::vector<std::size_t>;

/// Options that are formats: places among the formats of the space.
struct FormatOptions {
  std::vector<std::size_t> places;
};

/// Options about the architecture: kernel sizes, width factors, numbers of blocks.
struct ValueOptions {
  std::vector<double> values;
};

/// Another decision took one of these options, and matters itself.
struct Condition {
  std::size_t decision{};
  std::vector<std::size_t> options;

  [[nodiscard]] bool holds(std::size_t option) const {
    return std::ranges::find(options, option) != options.end();
  }
};

/// One choice that a search makes.
struct Decision {
  std::string name;
  std::variant<FormatOptions, ValueOptions> options;
  std::vector<Condition> conditions;  ///< it matters where all of them hold

  [[nodiscard]] bool is_format() const noexcept { return std::holds_alternative<FormatOptions>(options); }

  /// Number of options.
  [[nodiscard]] std::size_t size() const noexcept {
    if (const auto* formats = std::get_if<FormatOptions>(&options)) return formats->places.size();
    return std::get<ValueOptions>(options).values.size();
  }
};

/// A format that a decision chooses.
struct ByDecision {
  std::size_t decision{};
};

/// A format that is given: its place among the formats of the space.
struct FixedFormat {
  std::size_t place{};
};

/// Where weights or activations of a layer have their format from.
using FormatSource = std::variant<ByDecision, FixedFormat>;

namespace detail {

/// The shortest decimal text that is read as the same number.
template <class Number>
std::string number_text(Number number) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

}  // namespace detail
}  // namespace bitloom::search
