// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/search/step_quality.hpp>
#include <bitloom/train/optimizer.hpp>

#include "support/format_training.hpp"
#include "support/names.hpp"

// compiled with the training
extern template class bitloom::train::Trainer<bitloom::examples::FormatModel, bitloom::train::Adam<float>>;

namespace bitloom::examples {

namespace {

using Rewards = core::TypeList<search::AbsoluteReward, search::OneSidedReward,
                               search::SoftExponentialReward<>, search::HardExponentialReward<>>;
using Entropies = core::TypeList<search::CosineEntropy, search::LinearEntropy, search::ConstantEntropy,
                                 search::HeavisideEntropy>;
using Controllers = core::TypeList<search::OpenCode, search::TuNas>;

template <search::Reward R, search::EntropySchedule E, search::ControllerPolicies C>
struct Policies : search::OneShotPolicies {
  struct Control : C {
    using Entropy = E;
  };
  using RewardPolicy = R;
};

/// One type for all qualities, so that a search is compiled once for them.
using Quality = std::function<double(const train::Step&, const FormatModel&)>;

Quality quality_of(const SearchParts& parts, const train::Dataset& held_out, std::uint64_t seed) {
  switch (place_of(SearchParts::qualities, parts.quality, "quality")) {
    case 0: return search::BatchAccuracy{};
    case 1: return search::MinusLoss{};
    default: {
      constexpr std::int64_t batch = 256;
      return search::HeldOutAccuracy(held_out, batch, seed);
    }
  }
}

template <class P>
search::Choice run_search(FormatModel& model, const train::Dataset& data, const search::Space& space,
                          const search::CostTable& costs, const search::OneShotOptions& options,
                          const Quality& quality,
                          const std::function<void(const search::TraceRow&)>& on_step) {
  train::Adam<float> adam;
  search::OneShotSearch one_shot(model, data, space, costs, adam, options, quality, P{});
  while (!one_shot.done()) {
    const auto row = one_shot.next();
    if (on_step) on_step(row);
  }
  return one_shot.finish();
}

}  // namespace

search::Choice search_formats(FormatModel& model, const train::Dataset& data, const train::Dataset& held_out,
                              const search::Space& space, const search::CostTable& costs,
                              const SearchParts& parts, const search::OneShotOptions& options,
                              const std::function<void(const search::TraceRow&)>& on_step) {
  const auto quality = quality_of(parts, held_out, options.seed);
  search::Choice found;
  core::visit_at(
      Rewards{}, place_of(SearchParts::rewards, parts.reward, "reward"), [&]<class R>(std::type_identity<R>) {
        core::visit_at(Entropies{}, place_of(SearchParts::entropies, parts.entropy, "entropy"),
                       [&]<class E>(std::type_identity<E>) {
                         core::visit_at(Controllers{},
                                        place_of(SearchParts::controllers, parts.controller, "controller"),
                                        [&]<class C>(std::type_identity<C>) {
                                          found = run_search<Policies<R, E, C>>(model, data, space, costs,
                                                                                options, quality, on_step);
                                        });
                       });
      });
  return found;
}

}  // namespace bitloom::examples
