// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/minifloat.hpp>
#include <bitloom/format/registry.hpp>
#include <bitloom/op/product_width.hpp>

namespace bitloom::search {

/// What a search knows of a format at run time.
struct FormatFacts {
  std::string_view name;     ///< e.g. `int4`, `e2m1fn`, `e3m3_fin`
  int bits{};                ///< of a code
  bool is_signed{};          ///< some code has a negative value
  int significand_bits{};    ///< of an integer all, of a minifloat those of its fraction and one more
  int exponent_bits{};       ///< 0 of an integer
  int unit_exponent{};       ///< values are whole numbers of 2^unit_exponent
  format::Dyadic largest{};  ///< magnitude among the finite values

  [[nodiscard]] constexpr bool is_integer() const noexcept { return exponent_bits == 0; }
  friend constexpr bool operator==(const FormatFacts&, const FormatFacts&) = default;
};

/// A format that a search can choose: an integer or a minifloat with subnormals.
template <class F>
concept SearchFormat = format::ExactFormat<F> &&
    (format::IntegerFormat<F> || requires { requires F::layout.subnormals; });

namespace detail {

/// The name of a format that is not in the registry: `int9`, `e3m3_fin`, `e2m1_b2_fin`.
template <SearchFormat F>
struct BuiltName {
  std::array<char, 32> text{};
  std::size_t length = 0;

  constexpr BuiltName() {
    if constexpr (format::IntegerFormat<F>) {
      add(F::is_signed ? "int" : "uint");
      add(F::bits);
    } else {
      constexpr auto layout = F::layout;
      add("e");
      add(layout.exponent_bits);
      add("m");
      add(layout.fraction_bits);
      if (layout.bias != format::default_bias(layout.exponent_bits, layout.special)) {
        add("_b");
        add(layout.bias);
      }
      using enum format::Special;
      add(layout.special == Finite ? "_fin"
          : layout.special == Ieee ? "_ieee"
          : layout.special == Fnuz ? "_fnuz"
                                   : "_fn");
    }
  }

 private:
  constexpr void add(std::string_view part) {
    for (const char c : part) text[length++] = c;
  }
  constexpr void add(int number) {
    if (number < 0) add("-");
    const auto magnitude = number < 0 ? -number : number;
    int unit = 1;
    while (magnitude / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10) text[length++] = static_cast<char>('0' + magnitude / unit % 10);
  }
};

template <SearchFormat F>
inline constexpr BuiltName<F> built_name{};

template <class T, class... Types>
inline constexpr int occurrences = (0 + ... + (std::is_same_v<T, Types> ? 1 : 0));

}  // namespace detail

/// The facts of a format.
template <SearchFormat F>
inline constexpr FormatFacts format_facts = [] {
  FormatFacts facts{.name = {detail::built_name<F>.text.data(), detail::built_name<F>.length},
                    .bits = F::bits,
                    .is_signed = F::is_signed,
                    .significand_bits = op::significand_bits<F>,
                    .exponent_bits = 0,
                    .unit_exponent = op::unit_exponent<F>,
                    .largest = op::largest_magnitude<F>};
  if constexpr (format::NamedFormat<F>) facts.name = format::name_of(format::format_id<F>);
  if constexpr (!format::IntegerFormat<F>) facts.exponent_bits = F::layout.exponent_bits;
  return facts;
}();

/// The formats of a search: places at run time, types behind them.
///
/// A decision holds places; costs read `facts`; `visit` turns a place into the type, for training and arithmetic.
template <SearchFormat... Formats>
  requires(sizeof...(Formats) > 0 && ((detail::occurrences<Formats, Formats...> == 1) && ...))
struct FormatSet {
  using types = core::TypeList<Formats...>;
  static constexpr std::size_t size = sizeof...(Formats);
  static constexpr std::array<FormatFacts, size> facts{format_facts<Formats>...};

  /// The place of a format of the set.
  template <class F>
    requires(detail::occurrences<F, Formats...> == 1)
  static constexpr std::size_t place = format::detail::place_of<F>(types{});

  /// Calls f(std::type_identity<F>{}) with the format at a place, and returns what it returns, of one type for all.
  /// @throws RangeError  there is no such place
  template <class Visitor>
  static constexpr decltype(auto) visit(std::size_t place, Visitor&& f) {
    return core::visit_at(types{}, place, std::forward<Visitor>(f));
  }
};

/// The place of the format of a name.
/// @throws ParseError  no format has it
[[nodiscard]] inline std::size_t find_format(std::span<const FormatFacts> formats, std::string_view name) {
  std::string names;
  for (std::size_t place = 0; place < formats.size(); ++place) {
    if (formats[place].name == name) return place;
    names += (place == 0 ? "" : ", ") + std::string(formats[place].name);
  }
  throw ParseError("format: '" + std::string(name) + "' is not one of " + names);
}

namespace detail {

template <int Low, class Offsets>
struct IntegerRun;
template <int Low, int... Offsets>
struct IntegerRun<Low, std::integer_sequence<int, Offsets...>> {
  using type = FormatSet<format::Int<Low + Offsets>...>;
};

template <class... Sets>
struct Joined;
template <class Set>
struct Joined<Set> {
  using type = Set;
};
template <class... Left, class... Right, class... Rest>
struct Joined<FormatSet<Left...>, FormatSet<Right...>, Rest...> {
  using type = typename Joined<FormatSet<Left..., Right...>, Rest...>::type;
};

}  // namespace detail

/// Signed integers of Low to High bits.
template <int Low, int High>
  requires(Low <= High)
using IntegerFormats =
    typename detail::IntegerRun<Low, std::make_integer_sequence<int, High - Low + 1>>::type;

/// The formats of several sets, one after the other; no format may be in two of them.
template <class... Sets>
using JoinedFormats = typename detail::Joined<Sets...>::type;

/// The search spaces of the FLIQS paper (arXiv 2308.03290): S has 4 and 8 bits, L all widths between.
using FliqsSmallIntegers = FormatSet<format::Int<4>, format::Int<8>>;
using FliqsLargeIntegers = IntegerFormats<4, 8>;
using FliqsSmallFloats = FormatSet<format::E2m1fn, format::E4m3fn>;
/// Assumed: which minifloats of 5, 6 and 7 bits the paper has is not known. A set of your own is one line.
using FliqsLargeFloats =
    FormatSet<format::E2m1fn, format::Minifloat<2, 2, format::Special::Finite>, format::E3m2fn,
              format::Minifloat<3, 3, format::Special::Finite>, format::E4m3fn>;

}  // namespace bitloom::search
