// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/search/controller.hpp>
#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/model_formats.hpp>
#include <bitloom/search/reward.hpp>
#include <bitloom/search/step_quality.hpp>
#include <bitloom/search/switching_error.hpp>
#include <bitloom/search/trace.hpp>
#include <bitloom/train/checkpoint.hpp>
#include <bitloom/train/trainer.hpp>

namespace bitloom::search {

/// Mean over the layers of any format of how far their quantized weights move from one choice to another.
/// @throws ShapeError  the space has another number of layers, or a choice another number of decisions
/// @throws RangeError  a choice is none of the space, or a weight is NaN or infinite
template <train::Model Model>
[[nodiscard]] double mean_switching_error(const Model& model, const Space& space, const Choice& from,
                                          const Choice& to) {
  detail::check_layer_count(model, space);
  space.check(from);
  space.check(to);
  double sum = 0;
  std::size_t index = 0;
  train::for_each_format_layer(
      model, [&]<class L, class Types, class Gradient>(const train::FormatLayer<L, Types, Gradient>& layer) {
        const auto& source = space.layers()[index++].weight;
        const auto& weight = layer.layer().weight.value;
        sum += switching_error<typename detail::SetOf<Types>::type>(
            std::span(weight.data(), static_cast<std::size_t>(weight.size())), space.place(source, from),
            space.place(source, to));
      });
  return index == 0 ? 0 : sum / static_cast<double>(index);
}

/// Numbers of a one-shot search.
struct OneShotOptions {
  train::FitOptions fit{};         ///< of the weights
  ControllerOptions controller{};  ///< of the policy; its numbers of steps are those of the training
  double delay = 0.25;             ///< share of the steps for the warm-up, 0..1
  double target = 0;               ///< cost, in the unit of the table; above 0
  double beta = 1;                 ///< how much costs weigh; negative for exponential rewards
  std::uint64_t seed = 1;          ///< of the choices
  std::int64_t switching_interval =
      0;  ///< steps from one measure of the switching error to the next; 0 for none

  /// If set, gives the model the architecture of a choice, e.g. active channels; formats are set already.
  std::function<void(std::span<const std::size_t> choice)> set_architecture{};
};

/// The policies of a one-shot search. To change one, derive:
///
///     struct Tunas : OneShotPolicies { using Control = TuNas; };
struct OneShotPolicies {
  using RewardPolicy = AbsoluteReward;
  using Control = OpenCode;
  using Number = float;  ///< of the controller
};

template <class P>
concept OneShotPolicySet = Reward<typename P::RewardPolicy> && ControllerPolicies<typename P::Control> &&
    train::Scalar<typename P::Number>;

/// Searches the formats of a network while it trains: every step gives each layer formats that the controller samples,
/// trains the weights for one batch, and tells the controller what came of it. Nothing is trained again afterwards:
/// `best` is the likeliest choice, and the weights are what they are.
///
/// Model, data, space, costs and optimizer are kept by reference. The same arguments give the same bits, whatever the
/// executor.
///
///     auto model = train::with_formats<FliqsSmallIntegers::types>(plain);
///     const auto space = format_space(FliqsSmallIntegers::facts, layers_of(model));
///     const CostTable costs(space, Bops{});
///     OneShotSearch search(model, data, space, costs, adam, {.fit = …, .target = 1e6});
///     while (!search.done()) search.next();
///     search.finish();
///
/// @tparam Model  a train::Sequential with train::FormatLayers
/// @tparam Q      the quality of a step: BatchAccuracy, MinusLoss, HeldOutAccuracy
/// Source: FLIQS, arXiv 2308.03290.
template <train::Model Model, train::Optimizer<typename Model::scalar_type> O,
          StepQuality<Model> Q = BatchAccuracy, OneShotPolicySet Policies = OneShotPolicies>
class OneShotSearch {
 public:
  /// @throws RangeError  an option is out of range, or as train::Trainer and Controller
  /// @throws ShapeError  space, costs and model do not fit together, or as train::Trainer
  OneShotSearch(Model& model, const train::Dataset& data, const Space& space, const CostTable& costs,
                O& optimizer, const OneShotOptions& options, Q quality = {}, Policies = {})
      : model_(model),
        space_(space),
        costs_(costs),
        options_(options),
        quality_(std::move(quality)),
        trainer_(model, data, options.fit, optimizer),
        controller_(space.option_counts(), controller_options(options, trainer_.step_count())) {
    static_cast<void>(costs.cost(controller_.best()));
    if (!std::isfinite(options.beta))
      throw RangeError("beta: " + std::to_string(options.beta) + " is not finite");
    static_cast<void>(
        reward<typename Policies::RewardPolicy>(1, options.target, options.target, options.beta));
    core::check_range("switching_interval", options.switching_interval, 0, INT64_MAX);
    apply(controller_.best());
  }

  /// Steps of the whole search.
  [[nodiscard]] std::int64_t step_count() const noexcept { return trainer_.step_count(); }
  [[nodiscard]] bool done() const noexcept { return trainer_.done(); }

  /// One step of weights and policy.
  /// @throws Error  the loss is not finite, or the search is done
  TraceRow next() {
    constexpr auto stream = std::uint64_t{1}
                            << 40;  // those below are the training's, which may have the same seed
    core::Random random(options_.seed, stream + static_cast<std::uint64_t>(controller_.step()));
    const auto choice = controller_.sample(random);
    TraceRow row;
    if (options_.switching_interval > 0 && controller_.step() % options_.switching_interval == 0)
      row.switching_error = last_ ? mean_switching_error(std::as_const(model_), space_, *last_, choice) : 0;
    apply(choice);
    last_ = choice;
    const auto step = trainer_.next();
    row.quality = quality_(step, std::as_const(model_));
    row.cost = costs_.cost(choice);
    row.record = controller_.update(
        choice,
        reward<typename Policies::RewardPolicy>(row.quality, row.cost, options_.target, options_.beta),
        space_.active(choice));
    return row;
  }

  /// The likeliest choice so far.
  [[nodiscard]] Choice best() const { return space_.canonical(controller_.best()); }

  /// Gives the model the formats and the architecture of the likeliest choice, and returns it.
  Choice finish() {
    auto choice = best();
    apply(choice);
    return choice;
  }

  /// All that the search needs to go on with the same bits: to be kept with `train::write_safetensors`.
  [[nodiscard]] train::TensorFile checkpoint() const {
    auto state = controller_.state();
    std::vector<std::int64_t> last;
    if (last_)
      for (const auto option : *last_) last.push_back(static_cast<std::int64_t>(option));
    state.tensors.push_back(train::to_tensor("last_choice", std::move(last)));
    return train::checkpoint(trainer_, state);
  }

  /// Goes on where the same search was when it made a checkpoint; model and optimizer too.
  /// @throws ParseError  the file is no checkpoint of such a search
  void restore(const train::TensorFile& file) {
    const auto extra = train::restore(trainer_, file);
    controller_.restore(extra);
    const auto& last = train::numbers<std::int64_t>(extra, "last_choice");
    Choice choice;
    for (const auto option : last) choice.push_back(static_cast<std::size_t>(option));
    try {
      apply(choice.empty() ? controller_.best() : choice);
    } catch (const Error& error) {
      throw ParseError(std::string("the last choice does not fit: ") + error.what());
    }
    last_ = choice.empty() ? std::nullopt : std::optional(std::move(choice));
  }

  [[nodiscard]] const Controller<typename Policies::Number, typename Policies::Control>& controller()
      const noexcept {
    return controller_;
  }

 private:
  void apply(std::span<const std::size_t> choice) {
    set_formats(model_, space_, choice);
    if (options_.set_architecture) options_.set_architecture(choice);
  }

  static ControllerOptions controller_options(const OneShotOptions& options, std::int64_t steps) {
    if (!(options.delay >= 0 && options.delay <= 1))
      throw RangeError("delay: " + std::to_string(options.delay) + " has to be a share of the steps, 0 to 1");
    auto controller = options.controller;
    controller.total_steps = steps;
    controller.delay_steps = std::llround(options.delay * static_cast<double>(steps));
    return controller;
  }

  Model& model_;
  const Space& space_;
  const CostTable& costs_;
  OneShotOptions options_;
  Q quality_;
  train::Trainer<Model, O> trainer_;
  Controller<typename Policies::Number, typename Policies::Control> controller_;
  std::optional<Choice> last_;
};

}  // namespace bitloom::search
