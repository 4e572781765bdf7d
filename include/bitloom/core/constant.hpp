// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::core {

/// How far a number can be trusted.
enum class Standing {
  Published,  ///< in the paper, or in its released artefacts
  Handbook,   ///< in the manufacturer's documentation
  Derived,    ///< follows from published or handbook numbers
  Assumed,    ///< a guess, or without a source that can be cited: never to be quoted as measured
};

[[nodiscard]] constexpr std::string_view name(Standing standing) noexcept {
  switch (standing) {
    case Standing::Published: return "published";
    case Standing::Handbook: return "handbook";
    case Standing::Derived: return "derived";
    case Standing::Assumed: break;
  }
  return "assumed";
}

/// A number that came from outside: reports list those that touched a result.
struct Constant {
  std::string_view name;    ///< what it is, e.g. "BRAMAC-2SA clock"
  double value;             ///< in `unit`
  std::string_view unit;    ///< e.g. "MHz"; empty for a plain number
  std::string_view source;  ///< paper, section, file or reasoning
  Standing standing;

  friend constexpr bool operator==(const Constant&, const Constant&) = default;
};

/// What a result is worth when all of these went into it: assumed, if any of them is.
template <class... Constants>
[[nodiscard]] constexpr Standing weakest(const Constants&... constants) noexcept {
  auto result = Standing::Published;
  ((result = constants.standing > result ? constants.standing : result), ...);
  return result;
}

}  // namespace bitloom::core
