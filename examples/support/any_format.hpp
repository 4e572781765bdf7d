// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format.hpp>
#include <bitloom/format/text.hpp>

namespace bitloom::examples {

/// A rounding rule chosen at run time; by itself a rounding policy.
class AnyRounding {
 public:
  using Rules = core::TypeList<format::NearestEven, format::NearestAway, format::NearestZero,
                               format::NearestUp, format::NearestDown, format::NearestOdd, format::TowardZero,
                               format::Up, format::Down, format::AwayFromZero, format::ToOdd>;
  static constexpr std::array<std::string_view, Rules::size> names{"rne", "rna", "rhz", "rhu",  "rhd", "rho",
                                                                   "rtz", "rup", "rdn", "away", "odd"};

  constexpr AnyRounding() = default;
  template <class R>
  static AnyRounding of() {
    AnyRounding result;
    std::size_t index = 0;
    core::for_each_type(Rules{}, [&]<class Rule>(std::type_identity<Rule>) {
      if (std::is_same_v<R, Rule>) result.index_ = index;
      ++index;
    });
    return result;
  }
  explicit AnyRounding(std::size_t index) : index_(index) {}

  [[nodiscard]] bool stops_at_max(bool negative) const {
    return core::visit_at(Rules{}, index_,
                          [&]<class R>(std::type_identity<R>) { return R::stops_at_max(negative); });
  }
  [[nodiscard]] bool away_from_zero(bool negative, bool odd, format::Tail tail) const {
    return core::visit_at(Rules{}, index_, [&]<class R>(std::type_identity<R>) {
      return R::away_from_zero(negative, odd, tail);
    });
  }

 private:
  std::size_t index_ = 0;
};

/// What a conversion leaves open, chosen at run time: a convention, or one changed in single rules.
struct ConversionRules {
  AnyRounding rounding;
  std::size_t float_overflow = 0;  ///< index in FloatOverflows
  std::size_t overflow = 0;        ///< index in Overflows
  std::size_t nan = 0;             ///< index in NanPolicies
  bool flush_input = false;
  bool flush_output = false;
  bool scales_of_ml_dtypes = false;

  using FloatOverflows = core::TypeList<format::Saturate, format::SaturateFinite, format::OverflowToInfinity>;
  using Overflows =
      core::TypeList<format::Saturate, format::Wrap, format::SaturateZero, format::SaturateSymmetric>;
  using NanPolicies =
      core::TypeList<format::NanError, format::NanToMax, format::NanToZero, format::NanToNegativeZero>;
  using Conventions =
      core::TypeList<format::Saturating, format::Ieee754, format::MlDtypes, format::ApFixed, format::AcFixed,
                     format::OcpSaturating, format::Microxcaling, format::TransformerEngine, format::Aqt>;

  template <format::Convention C>
  static ConversionRules of() {
    ConversionRules rules;
    rules.rounding = AnyRounding::of<typename C::rounding>();
    rules.float_overflow = index_of<typename C::float_overflow>(FloatOverflows{});
    rules.overflow = index_of<typename C::overflow>(Overflows{});
    rules.nan = index_of<typename C::nan>(NanPolicies{});
    rules.flush_input = C::subnormals::flush_input;
    rules.flush_output = C::subnormals::flush_output;
    rules.scales_of_ml_dtypes = std::is_same_v<C, format::MlDtypes>;
    return rules;
  }

  /// The rules of words such as `ml_dtypes` or `rna,nosat`, later words over earlier ones; of none, the library's own.
  /// @throws ParseError  a word is unknown
  static ConversionRules parse(std::string_view text) {
    auto rules = of<format::Saturating>();
    while (!text.empty()) {
      const auto end = std::min(text.find(','), text.size());
      const auto word = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!rules.take(word))
        throw ParseError(fmt::format("rule '{}' is not known; rules are {}", word, words()));
    }
    return rules;
  }

  static std::string words() {
    std::string text;
    core::for_each_type(Conventions{},
                        [&]<class C>(std::type_identity<C>) { text += std::string(C::name) + ", "; });
    for (const auto name : AnyRounding::names) text += std::string(name) + ", ";
    return text +
           "sat, sat_keep_inf, nosat, wrap, sat_zero, sat_sym, nan_error, nan_max, nan_zero, nan_negzero, "
           "keep, flush_input, flush_output";
  }

 private:
  template <class T, class... Types>
  static std::size_t index_of(core::TypeList<Types...>) {
    std::size_t index = 0;
    (void)((std::is_same_v<T, Types> || (++index, false)) || ...);
    return index;
  }

  bool take(std::string_view word) {
    bool known = false;
    core::for_each_type(Conventions{}, [&]<class C>(std::type_identity<C>) {
      if (word != C::name) return;
      *this = of<C>();
      known = true;
    });
    for (std::size_t i = 0; i < AnyRounding::names.size(); ++i)
      if (word == AnyRounding::names[i]) {
        scales_of_ml_dtypes = false;
        rounding = AnyRounding(i);
        known = true;
      }
    const auto choose = [&](std::initializer_list<std::string_view> names, std::size_t& index) {
      std::size_t i = 0;
      for (const auto name : names) {
        if (word == name) {
          index = i;
          known = true;
        }
        ++i;
      }
    };
    choose({"sat", "sat_keep_inf", "nosat"}, float_overflow);
    if (word == "sat" || word == "sat_keep_inf" || word == "nosat") scales_of_ml_dtypes = false;
    choose({"sat", "wrap", "sat_zero", "sat_sym"}, overflow);
    choose({"nan_error", "nan_max", "nan_zero", "nan_negzero"}, nan);
    if (word == "keep" || word == "flush_input" || word == "flush_output") {
      flush_input = word == "flush_input";
      flush_output = word == "flush_output";
      known = true;
    }
    return known;
  }
};

/// The class of a number, in a word.
inline std::string_view class_name(const format::Dyadic& x) {
  if (x.kind == format::Dyadic::Kind::Nan) return "nan";
  if (x.kind == format::Dyadic::Kind::Infinite) return "inf";
  return x.is_zero() ? "zero" : x.subnormal ? "subnormal" : "normal";
}

/// A number as a table shows it: all digits, or where they are many, the shortest that mean the same double.
inline std::string short_text(const format::Dyadic& x) {
  auto text = format::to_text(x);
  return text.size() <= 24 || !x.is_finite() ? text : fmt::format("{}", format::to_double(x));
}

/// What both kinds of floating-point format offer at run time: a minifloat of any parameters, or E8M0.
class AnyFloat {
 public:
  /// @throws ParseError  there is no format of that name
  explicit AnyFloat(std::string_view name) : is_e8m0_(name == "e8m0fnu") {
    if (!is_e8m0_) layout_ = format::parse_layout(name);
  }

  [[nodiscard]] int bits() const { return is_e8m0_ ? 8 : layout_.bits(); }
  [[nodiscard]] bool is_e8m0() const { return is_e8m0_; }
  [[nodiscard]] const format::MinifloatLayout& layout() const { return layout_; }

  [[nodiscard]] format::Dyadic exact(std::uint64_t code) const {
    return is_e8m0_ ? format::E8m0fnu::exact(static_cast<std::uint8_t>(code)) : layout_.exact(code);
  }
  [[nodiscard]] bool is_nan(std::uint64_t code) const {
    return exact(code).kind == format::Dyadic::Kind::Nan;
  }
  [[nodiscard]] bool has_nan() const { return is_e8m0_ || layout_.has_nan(); }
  [[nodiscard]] std::uint64_t max_code() const {
    return is_e8m0_ ? format::E8m0fnu::max_code : layout_.max_code();
  }

  template <class R, class O>
  [[nodiscard]] std::uint64_t encode(const format::Dyadic& x, const R& rounding = {}) const {
    if (is_e8m0_) return format::E8m0fnu::encode<R, O>(x, rounding);
    return layout_.encode<R, O, format::NanToMax, format::KeepSubnormals>(x, rounding);
  }

 private:
  bool is_e8m0_;
  format::MinifloatLayout layout_{};
};

/// A format chosen at run time: a minifloat of any parameters, E8M0, an integer or fixed point.
class AnyFormat {
 public:
  /// @param name  `e4m3fn`, `e3m3_fin` …, `e8m0fnu`; `int8`, `uint4`; `fixed8_4`, `ufixed8_4` (width, integer bits)
  /// @throws ParseError  there is no format of that name
  explicit AnyFormat(std::string_view name) : name_(name) {
    auto rest = name;
    const bool is_unsigned = rest.starts_with('u');
    if (is_unsigned) rest.remove_prefix(1);
    if (rest.starts_with("int")) {
      rest.remove_prefix(3);
      const int width = number(rest);
      set_fixed({width, width, !is_unsigned}, rest.empty() && width <= 32);
    } else if (rest.starts_with("fixed")) {
      rest.remove_prefix(5);
      const int width = number(rest);
      const bool parted = rest.starts_with('_');
      if (parted) rest.remove_prefix(1);
      const int integer_bits = number(rest);
      set_fixed({width, integer_bits, !is_unsigned}, parted && rest.empty());
    } else {
      float_.emplace(name);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_fixed() const { return !float_; }
  [[nodiscard]] const format::FixedLayout& fixed_layout() const { return fixed_; }
  [[nodiscard]] int bits() const { return is_fixed() ? fixed_.width : float_->bits(); }
  [[nodiscard]] format::Dyadic exact(std::uint64_t code) const {
    return is_fixed() ? fixed_.exact(code) : float_->exact(code);
  }

  /// The largest finite value, and the lowest.
  [[nodiscard]] format::Dyadic max() const {
    return exact(is_fixed() ? fixed_.ends().max : float_->max_code());
  }
  [[nodiscard]] format::Dyadic lowest() const {
    if (is_fixed()) return exact(fixed_.ends().lowest & core::low_mask(fixed_.width));
    return float_->is_e8m0() ? exact(0) : format::negated(max());
  }

  /// The code of a number; none where the rules make it an error.
  [[nodiscard]] std::optional<std::uint64_t> encode(format::Dyadic x, const ConversionRules& rules) const {
    using format::Dyadic;
    if (rules.flush_input && x.subnormal) x = {.negative = x.negative};
    if (is_fixed()) {
      if (!x.is_finite()) return std::nullopt;
      return core::visit_at(ConversionRules::Overflows{}, rules.overflow,
                            [&]<class O>(std::type_identity<O>) {
                              return std::optional(fixed_.encode<AnyRounding, O>(x, rules.rounding));
                            });
    }
    const auto& layout = float_->layout();
    const bool nan_has_no_code = x.kind == Dyadic::Kind::Nan && !float_->has_nan();
    if (nan_has_no_code && rules.nan == 0) return std::nullopt;
    return core::visit_at(
        ConversionRules::FloatOverflows{}, rules.float_overflow,
        [&]<class O>(std::type_identity<O>) -> std::optional<std::uint64_t> {
          using namespace format;
          if (float_->is_e8m0())
            return rules.scales_of_ml_dtypes ? MlDtypes::encode_scale(x)
                                             : E8m0fnu::encode<AnyRounding, O>(x, rules.rounding);
          if (nan_has_no_code)
            return core::visit_at(ConversionRules::NanPolicies{}, rules.nan,
                                  [&]<class N>(std::type_identity<N>) {
                                    return layout.encode<NearestEven, Saturate, N, KeepSubnormals>(x);
                                  });
          if (rules.flush_output)
            return layout.encode<AnyRounding, O, NanError, FlushOutput>(x, rules.rounding);
          return layout.encode<AnyRounding, O, NanError, KeepSubnormals>(x, rules.rounding);
        });
  }

 private:
  /// Takes a whole number off the front; -2000, which is no parameter of any format, if there is none.
  static int number(std::string_view& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return -2000;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  }

  void set_fixed(const format::FixedLayout& layout, bool is_whole) {
    fixed_ = layout;
    if (!is_whole || !layout.is_legal())
      throw ParseError(
          "format: there is no '" + name_.substr(0, 40) +
          "'; integers are int1 to int32 and uint1 to uint32, fixed point is fixedW_I and ufixedW_I");
  }

  std::string name_;
  std::optional<AnyFloat> float_;  ///< none: integers and fixed point
  format::FixedLayout fixed_{};
};

/// A format and the rules of conversion to it: `e4m3fn` or `e4m3fn:rna,nosat`.
struct FormatWithRules {
  AnyFormat format;
  ConversionRules rules;
  std::string text;

  explicit FormatWithRules(const std::string& spec)
      : format(std::string_view(spec).substr(0, spec.find(':'))),
        rules(ConversionRules::parse(spec.find(':') == std::string::npos ? ""
                                                                         : spec.substr(spec.find(':') + 1))),
        text(spec) {}

  [[nodiscard]] std::optional<std::uint64_t> encode(float x) const {
    return format.encode(format::to_dyadic(x), rules);
  }
};

}  // namespace bitloom::examples
