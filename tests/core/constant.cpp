// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/constant.hpp>

#include <doctest/doctest.h>

namespace bitloom::core {
namespace {

constexpr Constant published{"clock", 586, "MHz", "a paper", Standing::Published};
constexpr Constant handbook{"columns", 40, "1", "a handbook", Standing::Handbook};
constexpr Constant derived{"area", 2.5, "µm²", "ratio of two figures", Standing::Derived};
constexpr Constant assumed{"energy", 1, "pJ", "a guess", Standing::Assumed};

}  // namespace

TEST_CASE("every standing has a name of its own") {
  static_assert(name(Standing::Published) == "published");
  static_assert(name(Standing::Handbook) == "handbook");
  static_assert(name(Standing::Derived) == "derived");
  static_assert(name(Standing::Assumed) == "assumed");
}

TEST_CASE("a result is worth as much as the weakest constant that went into it, in any order") {
  static_assert(weakest() == Standing::Published);
  static_assert(weakest(published) == Standing::Published);
  static_assert(weakest(published, handbook, published) == Standing::Handbook);
  static_assert(weakest(derived, handbook) == Standing::Derived);
  static_assert(weakest(handbook, derived) == Standing::Derived);
  static_assert(weakest(assumed, published, derived) == Standing::Assumed);
  static_assert(weakest(published, derived, assumed) == Standing::Assumed);
}

TEST_CASE("constants are equal when every field is") {
  static_assert(published == Constant{"clock", 586, "MHz", "a paper", Standing::Published});
  static_assert(published != Constant{"clock", 586, "MHz", "a paper", Standing::Derived});
  static_assert(published != Constant{"clock", 586, "GHz", "a paper", Standing::Published});
}

}  // namespace bitloom::core
