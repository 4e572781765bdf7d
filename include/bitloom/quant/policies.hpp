// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>
#include <bitloom/quant/calibration.hpp>
#include <bitloom/quant/evaluation.hpp>
#include <bitloom/quant/granularity.hpp>
#include <bitloom/quant/magnitude.hpp>
#include <bitloom/quant/scaling.hpp>

namespace bitloom::quant {

// The kinds of policy that quantizers take, in any order. A kind has a default and says which types are of it.

/// Which elements share a scale.
struct GranularityKind {
  using Default = PerTensor;
  template <class P>
  static constexpr bool has = Granularity<P>;
};
/// What of a group's range is kept.
struct CalibrationKind {
  using Default = AbsMax;
  template <class P>
  static constexpr bool has = Calibration<P>;
};
/// Which numbers a group's range covers.
struct MagnitudeKind {
  using Default = KeptMagnitude;
  template <class P>
  static constexpr bool has = Magnitude<P>;
};
/// How a scale follows from the range.
struct ScalingKind {
  using Default = RealScaling;
  template <class P>
  static constexpr bool has = Scaling<P>;
};
/// How a quotient becomes a code; a rounding that needs random bits is none.
struct RoundingKind {
  using Default = format::NearestEven;
  template <class P>
  static constexpr bool has = format::Rounding<P>&& std::is_default_constructible_v<P>;
};
/// How the quotient is computed.
struct EvaluationKind {
  using Default = ExactQuotient;
  template <class P>
  static constexpr bool has = EvaluationOrder<P>;
};
/// What a quotient out of range becomes.
struct OverflowKind {
  using Default = format::Saturate;
  template <class P>
  static constexpr bool has = format::Overflow<P> || format::FloatOverflow<P>;
};

/// A list of kinds, and what a quantizer asks of its policies.
template <class... Kinds>
struct PolicyKinds {
  template <class P>
  static constexpr bool has = (Kinds::template has<P> || ...);
  template <class Kind, class... Policies>
  static constexpr int count = (0 + ... + (Kind::template has<Policies> ? 1 : 0));

  /// Every policy is of one of the kinds.
  template <class... Policies>
  static constexpr bool cover = (has<Policies> && ...);
  /// No two policies are of the same kind.
  template <class... Policies>
  static constexpr bool distinguish = ((count<Kinds, Policies...> <= 1) && ...);
};

namespace detail {

template <class Kind>
constexpr auto chosen() {
  return std::type_identity<typename Kind::Default>{};
}
template <class Kind, class First, class... Rest>
constexpr auto chosen() {
  if constexpr (Kind::template has<First>)
    return std::type_identity<First>{};
  else
    return chosen<Kind, Rest...>();
}

}  // namespace detail

/// The policy of a kind in a list, or the kind's default.
template <class Kind, class... Policies>
using Chosen = typename decltype(detail::chosen<Kind, Policies...>())::type;

}  // namespace bitloom::quant
