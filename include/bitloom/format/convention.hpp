// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string_view>

#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/minifloat_layout.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// Everything that a conversion leaves open, under one name.
template <class C>
concept Convention = requires {
  requires Rounding<typename C::rounding>;
  requires FloatOverflow<typename C::float_overflow>;  // of minifloats
  requires Overflow<typename C::overflow>;             // of integers and fixed point
  requires NanPolicy<typename C::nan>;                 // NaN into a minifloat that has none
  requires SubnormalPolicy<typename C::subnormals>;    // of minifloats
  { C::name } -> std::convertible_to<std::string_view>;
};

/// What this library does unless told otherwise: to nearest even, saturating, infinities too.
struct Saturating {
  static constexpr std::string_view name = "saturating";
  using rounding = NearestEven;
  using float_overflow = Saturate;
  using overflow = Saturate;
  using nan = NanError;
  using subnormals = KeepSubnormals;
};

/// Arithmetic of IEEE 754: what is too large becomes infinity, or NaN in a format without.
struct Ieee754 : Saturating {
  static constexpr std::string_view name = "ieee754";
  using float_overflow = OverflowToInfinity;
};

/// The Python package ml_dtypes: as IEEE 754; NaN into FP4 and FP6 becomes zero of the other sign.
struct MlDtypes : Ieee754 {
  static constexpr std::string_view name = "ml_dtypes";
  using nan = NanToNegativeZero;

  /// Scales: what lies between 2^-127 and 2^-126 is rounded as a subnormal number would be, and goes up.
  static constexpr E8m0fnu::code_type encode_scale(const Dyadic& x) {
    const bool between = x.is_finite() && !x.negative && x.significand != 0 && x.top_exponent() == -127 &&
                         (x.significand & (x.significand - 1)) != 0;
    return between ? E8m0fnu::code_type{1} : E8m0fnu::encode<rounding, float_overflow>(x);
  }
};

/// ap_fixed and ac_fixed without further parameters: rounded down, wrapped.
struct ApFixed : Saturating {
  static constexpr std::string_view name = "ap_fixed";
  using rounding = Down;
  using overflow = Wrap;
};
struct AcFixed : ApFixed {
  static constexpr std::string_view name = "ac_fixed";
};

/// The saturating mode of the OCP 8-bit floating point standard: infinities become the largest value as well
/// (unverified). NaN without a code is the largest value, as ONNX has it (unverified).
struct OcpSaturating : Saturating {
  static constexpr std::string_view name = "ocp_sat";
  using nan = NanToMax;
};

/// Elements of the Python package microxcaling by its default rounding: ties away from zero, saturating.
struct Microxcaling : Saturating {
  static constexpr std::string_view name = "microxcaling";
  using rounding = NearestAway;
  using nan = NanToMax;
};

/// FP8 and FP4 of NVIDIA's TransformerEngine: to nearest even, saturating.
struct TransformerEngine : Saturating {
  static constexpr std::string_view name = "transformer_engine";
  using nan = NanToMax;
};

/// Google's quantization library AQT: no subnormals, infinities pass. Its formats spend no code on special values.
struct Aqt : Saturating {
  static constexpr std::string_view name = "aqt";
  using float_overflow = SaturateFinite;
  using nan = NanToMax;
  using subnormals = FlushOutput;
};

/// The code of a number by a convention, in a format of any kind.
/// @throws RangeError  NaN, or an infinity in integers and fixed point, that neither format nor convention provides for
template <ExactFormat F, Convention C>
[[nodiscard]] constexpr typename F::code_type encode_by(const Dyadic& x) {
  using R = typename C::rounding;
  using O = typename C::float_overflow;
  if constexpr (std::same_as<F, E8m0fnu> && requires { C::encode_scale(x); })
    return C::encode_scale(x);
  else if constexpr (requires { F::template encode<R, O, typename C::nan, typename C::subnormals>(x); })
    return F::template encode<R, O, typename C::nan, typename C::subnormals>(x);
  else if constexpr (std::same_as<F, E8m0fnu>)
    return F::template encode<R, O>(x);
  else
    return F::template encode<R, typename C::overflow>(x);
}

}  // namespace bitloom::format
