// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <bitloom/core/error.hpp>
#include <bitloom/format/minifloat.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/format/registry.hpp>

namespace bitloom::format {

namespace detail {

/// Of the first formats of NamedFormats, in their order; E8M0 has none.
inline constexpr std::array<MinifloatLayout, 15> named_layouts{
    E4m3fn::layout,    E5m2::layout,        E4m3::layout,     E3m4::layout,   E4m3fnuz::layout,
    E5m2fnuz::layout,  E4m3b11fnuz::layout, E3m2fn::layout,   E2m3fn::layout, E2m1fn::layout,
    MinifloatLayout{}, Half::layout,        Bfloat16::layout, Tf32::layout,   Float32::layout};

/// Takes a decimal number of up to six digits off the front; false if there is none.
constexpr bool take_number(std::string_view& text, int& number) noexcept {
  std::size_t length = 0;
  for (number = 0; length < text.size() && length < 6 && text[length] >= '0' && text[length] <= '9'; ++length)
    number = 10 * number + (text[length] - '0');
  text.remove_prefix(length);
  return length > 0;
}

constexpr bool take(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace detail

/// The layout of a name: one of `format_names`, or `eEmM` with `_fin`, `_ieee`, `_fn` or `_fnuz` behind it, and `_bN`
/// for another bias than the usual one, e.g. `e3m3_fin` or `e5m1_b12_ieee`.
/// @throws ParseError  the name is something else, or no minifloat has these parameters
[[nodiscard]] constexpr MinifloatLayout parse_layout(std::string_view name) {
  for (std::size_t place = 0; place < detail::named_layouts.size(); ++place)
    if (name == format_names[place] && detail::named_layouts[place].exponent_bits > 0)
      return detail::named_layouts[place];
  MinifloatLayout layout;
  auto rest = name;
  bool ok = detail::take(rest, "e") && detail::take_number(rest, layout.exponent_bits) &&
            detail::take(rest, "m") && detail::take_number(rest, layout.fraction_bits);
  bool has_bias = false;
  bool has_special = false;
  while (ok && !rest.empty()) {
    if (!has_bias && detail::take(rest, "_b")) {
      has_bias = true;
      const bool negative = detail::take(rest, "-");
      ok = detail::take_number(rest, layout.bias);
      if (negative) layout.bias = -layout.bias;
      continue;
    }
    ok = !has_special;
    has_special = true;
    if (detail::take(rest, "_finite") || detail::take(rest, "_fin"))
      layout.special = Special::Finite;
    else if (detail::take(rest, "_ieee"))
      layout.special = Special::Ieee;
    else if (detail::take(rest, "_fnuz"))
      layout.special = Special::Fnuz;
    else if (detail::take(rest, "_fn"))
      layout.special = Special::Fn;
    else
      ok = false;
  }
  ok = ok && has_special && 1 <= layout.exponent_bits && layout.exponent_bits <= 8;
  if (ok && !has_bias) layout.bias = default_bias(layout.exponent_bits, layout.special);
  if (!ok || !layout.is_legal() || !layout.fits_double())
    throw ParseError("format: there is no minifloat '" + std::string(name) + "'");
  return layout;
}

}  // namespace bitloom::format
