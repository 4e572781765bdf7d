// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/policies.hpp>

#include <concepts>

#include <doctest/doctest.h>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

using Kinds = PolicyKinds<GranularityKind, CalibrationKind, MagnitudeKind, ScalingKind, RoundingKind,
                          EvaluationKind, OverflowKind>;

/// Number of kinds that a policy is of.
template <class P>
constexpr int kinds_of =
    GranularityKind::has<P> + CalibrationKind::has<P> + MagnitudeKind::has<P> + ScalingKind::has<P> +
    RoundingKind::has<P> + EvaluationKind::has<P> + OverflowKind::has<P>;

}  // namespace

TEST_CASE("every policy is of one kind, and everything else of none") {
  const auto each_of_one_kind = []<class... P>(std::type_identity<P>...) {
    return ((kinds_of<P> == 1) && ...);
  };
  CHECK(each_of_one_kind(std::type_identity<PerTensor>{}, std::type_identity<PerAxis<3>>{},
                         std::type_identity<PerToken>{}, std::type_identity<GroupsOf>{},
                         std::type_identity<PerGroup<4>>{}, std::type_identity<AbsMax>{},
                         std::type_identity<AbsMaxShare<1, 2>>{}, std::type_identity<BestShare>{},
                         std::type_identity<BestShareOf<25>>{}, std::type_identity<LeastSquares>{},
                         std::type_identity<Percentile<99>>{}, std::type_identity<KeptMagnitude>{},
                         std::type_identity<EveryMagnitude>{}, std::type_identity<BinadeScaling>{},
                         std::type_identity<RealScaling>{}, std::type_identity<FlooredScaling>{},
                         std::type_identity<PowerOfTwoScaling>{}, std::type_identity<UnitScaling>{},
                         std::type_identity<format::NearestEven>{}, std::type_identity<format::ToOdd>{},
                         std::type_identity<ExactQuotient>{}, std::type_identity<FloatQuotient>{},
                         std::type_identity<FloatReciprocal>{}, std::type_identity<format::Saturate>{},
                         std::type_identity<format::SaturateSymmetric>{}, std::type_identity<format::Wrap>{},
                         std::type_identity<format::OverflowToInfinity>{}));
  CHECK(kinds_of<int> == 0);
  CHECK(kinds_of<Range> == 0);
  CHECK(kinds_of<format::Stochastic> == 0);  // it has to be given its random bits
}

TEST_CASE("a kind's policy is found wherever it stands, and its default where there is none") {
  static_assert(std::same_as<Chosen<GranularityKind>, PerTensor>);
  static_assert(std::same_as<Chosen<RoundingKind, PerChannel, BestShare>, format::NearestEven>);
  static_assert(std::same_as<Chosen<CalibrationKind, PerChannel, format::Up, BestShare>, BestShare>);
  static_assert(std::same_as<Chosen<CalibrationKind, BestShare, PerChannel, format::Up>, BestShare>);
  static_assert(std::same_as<Chosen<OverflowKind, format::Wrap, UnitScaling>, format::Wrap>);
  static_assert(Kinds::cover<> && Kinds::cover<PerChannel, AbsMax> && !Kinds::cover<PerChannel, int>);
  static_assert(Kinds::distinguish<> && Kinds::distinguish<PerChannel, AbsMax> &&
                !Kinds::distinguish<PerChannel, AbsMax, PerTensor> && !Kinds::distinguish<AbsMax, AbsMax>);
  CHECK(std::same_as<Chosen<EvaluationKind, AbsMax>, ExactQuotient>);
}
