// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

namespace bitloom::format {

/// The formats that have a name, for choices made at run time: a search holds a FormatId and meets the type in `visit`.
using NamedFormats =
    core::TypeList<E4m3fn, E5m2, E4m3, E3m4, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, E3m2fn, E2m3fn, E2m1fn, E8m0fnu,
                   Half, Bfloat16, Tf32, Float32, Int<2>, Int<3>, Int<4>, Int<5>, Int<6>, Int<7>, Int<8>,
                   Int<16>, Int<1, Unsigned>, Int<2, Unsigned>, Int<3, Unsigned>, Int<4, Unsigned>,
                   Int<5, Unsigned>, Int<6, Unsigned>, Int<7, Unsigned>, Int<8, Unsigned>, Int<16, Unsigned>>;

inline constexpr std::array<std::string_view, NamedFormats::size> format_names{
    "e4m3fn", "e5m2",   "e4m3",    "e3m4",  "e4m3fnuz", "e5m2fnuz", "e4m3b11fnuz", "e3m2fn",
    "e2m3fn", "e2m1fn", "e8m0fnu", "f16",   "bf16",     "tf32",     "f32",         "int2",
    "int3",   "int4",   "int5",    "int6",  "int7",     "int8",     "int16",       "uint1",
    "uint2",  "uint3",  "uint4",   "uint5", "uint6",    "uint7",    "uint8",       "uint16"};

/// One of the named formats: its place in NamedFormats.
enum class FormatId : std::size_t {};

namespace detail {

template <class F, class... Formats>
constexpr std::size_t place_of(core::TypeList<Formats...>) noexcept {
  std::size_t place = 0;
  (void)((std::is_same_v<F, Formats> || (++place, false)) || ...);
  return place;
}

}  // namespace detail

/// A format that has a name.
template <class F>
concept NamedFormat = detail::place_of<F>(NamedFormats{})
< NamedFormats::size;

template <NamedFormat F>
inline constexpr FormatId format_id = static_cast<FormatId>(detail::place_of<F>(NamedFormats{}));

/// @throws RangeError  it is the place of no format
[[nodiscard]] constexpr std::string_view name_of(FormatId id) {
  const auto place = static_cast<std::size_t>(id);
  if (place >= format_names.size()) throw RangeError("format id: " + std::to_string(place) + " is no format");
  return format_names[place];
}

/// @throws ParseError  no format has that name
[[nodiscard]] constexpr FormatId find_format(std::string_view name) {
  for (std::size_t place = 0; place < format_names.size(); ++place)
    if (format_names[place] == name) return static_cast<FormatId>(place);
  throw ParseError("format: '" + std::string(name) + "' is not the name of one");
}

/// Calls f(std::type_identity<F>{}) with the format and returns what it returns, the same type for every format.
/// @throws RangeError  it is the place of no format
template <class Visitor>
constexpr decltype(auto) visit(FormatId id, Visitor&& f) {
  return core::visit_at(NamedFormats{}, static_cast<std::size_t>(id), std::forward<Visitor>(f));
}

}  // namespace bitloom::format
