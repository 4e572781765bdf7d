// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/search/controller_policies.hpp>
#include <bitloom/search/decision.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/tensor_file.hpp>

namespace bitloom::search {

/// What one step of a controller was.
struct StepRecord {
  std::int64_t step{};
  Choice choice;
  std::vector<bool> active;                        ///< the decisions that mattered
  std::vector<std::vector<double>> probabilities;  ///< [decision][option] that the choice was sampled from
  double reward{};
  double average{};  ///< of the rewards, this one included
  double advantage{};
  double entropy{};  ///< nats, mean over the decisions that mattered
  double entropy_coefficient{};
  double learning_rate{};  ///< 0 in the warm-up
};

/// Chooses options at random and learns from rewards which are good: a categorical distribution for every decision,
/// independent of the others, trained by REINFORCE with a moving baseline and Adam.
///
/// One step is `sample`, the user's evaluation, then `update`; `best` is the result. The baseline is updated before the
/// advantage, whose first value is therefore 0. The loss is
/// -advantage · Σ w · log p(option) + coefficient · Σ w · entropy over the decisions that matter. Decisions that do not
/// have a gradient of zero.
///
/// @tparam S         float as in PyTorch, or double
/// @tparam Policies  OpenCode, TuNas, or a type derived from them
/// Source: FLIQS, arXiv 2308.03290, and its authors' open-source code.
template <train::Scalar S = double, ControllerPolicies Policies = OpenCode>
class Controller {
 public:
  /// @param option_counts  of every decision, e.g. Space::option_counts()
  /// @throws ShapeError  there is no decision, or one without options
  /// @throws RangeError  an impossible number among the options
  Controller(std::span<const std::size_t> option_counts, const ControllerOptions& options)
      : options_(options),
        optimizer_(typename train::Adam<S>::Options{.first_decay = options.first_decay,
                                                    .second_decay = options.second_decay,
                                                    .epsilon = options.epsilon}) {
    core::check_positive("decisions", std::ssize(option_counts));
    check(options);
    for (const auto count : option_counts) {
      core::check_positive("options of a decision", static_cast<std::int64_t>(count));
      check_between("min_probability", options.min_probability, 0, 1 / static_cast<double>(count));
      const auto rows = static_cast<Eigen::Index>(count);
      logits_.push_back({.name = "decision " + std::to_string(logits_.size()),
                         .value = train::Matrix<S>::Constant(rows, 1, S(options.initial_logit)),
                         .gradient = train::Matrix<S>::Zero(rows, 1)});
    }
  }

  [[nodiscard]] const ControllerOptions& options() const noexcept { return options_; }

  /// Steps that were made.
  [[nodiscard]] std::int64_t step() const noexcept { return step_; }

  /// The next step is one of the warm-up.
  [[nodiscard]] bool is_warming_up() const noexcept { return step_ < options_.delay_steps; }

  /// [options] of a decision.
  [[nodiscard]] std::vector<S> logits(std::size_t decision) const {
    const auto& value = logits_.at(decision).value;
    return {value.data(), value.data() + value.size()};
  }

  /// What the policy gives the options of a decision, whether or not it is used in the warm-up.
  [[nodiscard]] std::vector<S> probabilities(std::size_t decision) const {
    std::vector<S> result;
    for (const auto& option : policy(decision)) result.push_back(option.probability);
    return result;
  }

  /// A random choice for this step: in the warm-up as Policies::Warmup says.
  [[nodiscard]] Choice sample(core::Random& random) const {
    Choice choice;
    for (std::size_t d = 0; d < logits_.size(); ++d) {
      const auto options = logits_[d].value.size();
      if (Policies::Warmup::samples_evenly && is_warming_up()) {
        choice.push_back(static_cast<std::size_t>(random.integer(0, options - 1)));
        continue;
      }
      const double point = random.uniform();
      const auto probabilities = this->probabilities(d);
      double sum = 0;
      std::size_t chosen = 0;
      for (std::size_t i = 0; i < probabilities.size(); ++i) {
        if (!(probabilities[i] > S(0)))
          continue;  // rounding may leave a rest of the sum behind the last option
        chosen = i;
        if (point < (sum += static_cast<double>(probabilities[i]))) break;
      }
      choice.push_back(chosen);
    }
    return choice;
  }

  /// Learns from the reward of a choice.
  /// @param active  the decisions that matter, e.g. Space::active(choice); empty for all
  /// @throws ShapeError  another number of decisions
  /// @throws RangeError  an option that its decision lacks, or a reward that is not finite, or so far from the average
  ///                     that S does not hold the difference; the controller is then as before
  StepRecord update(std::span<const std::size_t> choice, double reward, std::vector<bool> active = {}) {
    if (active.empty()) active.assign(logits_.size(), true);
    check(choice, reward, active);
    const SearchProgress progress{step_, options_.delay_steps, options_.total_steps};
    StepRecord record;
    record.step = step_;
    record.choice.assign(choice.begin(), choice.end());
    record.active = std::move(active);
    record.reward = reward;
    auto baseline = baseline_;
    record.average = baseline.update(reward, options_.average_decay);
    record.advantage = reward - record.average;
    if (!std::isfinite(static_cast<S>(record.advantage)))
      throw RangeError("reward: " + detail::number_text(reward) + " is too far from the average of " +
                       detail::number_text(record.average));
    baseline_ = baseline;
    record.entropy_coefficient = Policies::Entropy::coefficient(options_.max_entropy, progress);
    const auto count = static_cast<std::size_t>(std::ranges::count(record.active, true));
    const double weight = Policies::Reduction::weight(count);
    double entropy = 0;
    for (std::size_t d = 0; d < logits_.size(); ++d) {
      const auto options = policy(d);
      const bool evenly = Policies::Warmup::samples_evenly && is_warming_up();
      auto& sampled = record.probabilities.emplace_back();
      for (const auto& option : options)
        sampled.push_back(evenly ? 1 / static_cast<double>(options.size())
                                 : static_cast<double>(option.probability));
      logits_[d].gradient.setZero(logits_[d].value.rows(), 1);
      if (!record.active[d]) continue;
      entropy += static_cast<double>(entropy_of(options));
      add_gradient(d, options, choice[d], S(weight * record.advantage),
                   S(weight * record.entropy_coefficient));
    }
    if (count > 0) record.entropy = entropy / static_cast<double>(count);
    if (!is_warming_up()) record.learning_rate = options_.learning_rate * Policies::Rate::factor(progress);
    if (!is_warming_up() || Policies::Warmup::optimizes) {
      std::vector<train::Parameter<S>*> parameters;
      for (auto& logits : logits_) parameters.push_back(&logits);
      optimizer_.step(parameters, record.learning_rate);
    }
    ++step_;
    return record;
  }

  /// The likeliest option of every decision, of equals the first.
  [[nodiscard]] Choice best() const {
    Choice choice;
    for (const auto& logits : logits_) {
      const auto* first = logits.value.data();
      choice.push_back(
          static_cast<std::size_t>(std::max_element(first, first + logits.value.size()) - first));
    }
    return choice;
  }

  /// All that it needs to go on with the same bits: step, baseline, logits and the memory of Adam.
  [[nodiscard]] train::TensorFile state() const {
    train::TensorFile file;
    const auto baseline = baseline_.state();
    file.tensors.push_back(train::to_tensor("steps", std::vector{step_, optimizer_.state().steps}));
    file.tensors.push_back(train::to_tensor("baseline", std::vector(baseline.begin(), baseline.end())));
    for (std::size_t d = 0; d < logits_.size(); ++d)
      file.tensors.push_back(train::to_tensor("logits/" + std::to_string(d), logits_[d].value));
    for (const auto& slot : optimizer_.state().slots)
      for (std::size_t d = 0; d < slot.values.size(); ++d)
        file.tensors.push_back(train::to_tensor(slot.name + '/' + std::to_string(d), slot.values[d]));
    return file;
  }

  /// Goes on where a controller of the same kind was.
  /// @throws ParseError  the state is of another controller
  void restore(const train::TensorFile& file) {
    const auto count = [&]<class T>(const std::vector<T>& values, const char* name) -> const std::vector<T>& {
      if (values.size() != 2)
        throw ParseError(std::string("the tensor ") + name + " has " + std::to_string(values.size()) +
                         " numbers, but has to have 2");
      return values;
    };
    const auto& steps = count(train::numbers<std::int64_t>(file, "steps"), "steps");
    const auto& baseline = count(train::numbers<double>(file, "baseline"), "baseline");
    if (steps[0] < 0)
      throw ParseError("controller: step " + std::to_string(steps[0]) + " has to be at least 0");
    const auto matrices = [&](const std::string& name) {
      std::vector<train::Matrix<S>> values;
      for (std::size_t d = 0; d < logits_.size(); ++d)
        values.push_back(
            train::to_matrix<S>(file, name + '/' + std::to_string(d), logits_[d].value.rows(), 1));
      return values;
    };
    auto logits = matrices("logits");
    train::OptimizerState<S> memory{.steps = steps[1], .slots = {}};
    for (const auto& slot : optimizer_.state().slots)
      memory.slots.push_back({slot.name, memory.steps > 0 ? matrices(slot.name) : decltype(logits){}});
    try {
      optimizer_.restore(std::move(memory));
    } catch (const Error& error) {
      throw ParseError(std::string("the state of the controller does not fit: ") + error.what());
    }
    for (std::size_t d = 0; d < logits.size(); ++d) logits_[d].value = std::move(logits[d]);
    baseline_.restore({baseline[0], baseline[1]});
    step_ = steps[0];
  }

 private:
  struct Option {
    S probability;
    S log_probability;
    S softmax;
  };

  static void check_between(const char* what, double value, double low, double high) {
    if (!(value >= low && value < high))
      throw RangeError(std::string(what) + ": " + detail::number_text(value) + " has to be at least " +
                       detail::number_text(low) + " and below " + detail::number_text(high));
  }

  static void check(const ControllerOptions& o) {
    core::check_range("total_steps", o.total_steps, 1, std::int64_t{1} << 40);
    core::check_range("delay_steps", o.delay_steps, 0, o.total_steps);
    check_between("learning_rate", o.learning_rate, 0, 1e30);
    check_between("average_decay", o.average_decay, 0, 1);
    check_between("temperature", o.temperature, 1e-30, 1e30);
    check_between("initial_logit", o.initial_logit, -1e30, 1e30);
    check_between("max_entropy", o.max_entropy, 0, 1e30);
    check_between("first_decay", o.first_decay, 0, 1);
    check_between("second_decay", o.second_decay, 0, 1);
    check_between("epsilon", o.epsilon, 0, 1e30);
  }

  void check(std::span<const std::size_t> choice, double reward, const std::vector<bool>& active) const {
    core::check_equal("choice", std::ssize(choice), "decisions", std::ssize(logits_));
    core::check_equal("active decisions", std::ssize(active), "decisions", std::ssize(logits_));
    for (std::size_t d = 0; d < choice.size(); ++d)
      core::check_range("option", static_cast<std::int64_t>(choice[d]), 0, logits_[d].value.size() - 1);
    if (!std::isfinite(reward)) throw RangeError("reward: " + std::to_string(reward) + " is not finite");
  }

  [[nodiscard]] std::vector<Option> policy(std::size_t decision) const {
    using std::exp, std::log;
    const auto& logits = logits_.at(decision).value;
    const auto temperature = S(options_.temperature), least = S(options_.min_probability);
    const S top = logits.maxCoeff();
    S sum(0);
    for (Eigen::Index i = 0; i < logits.size(); ++i) sum += exp((logits(i) - top) / temperature);
    const S share = S(1) - S(static_cast<double>(logits.size())) * least;
    std::vector<Option> options;
    for (Eigen::Index i = 0; i < logits.size(); ++i) {
      const S z = (logits(i) - top) / temperature;
      const S softmax = exp(z) / sum;
      const S probability = least + share * softmax;
      options.push_back({probability, least > S(0) ? log(probability) : z - log(sum), softmax});
    }
    return options;
  }

  static S entropy_of(const std::vector<Option>& options) {
    S entropy(0);
    for (const auto& option : options) entropy -= option.probability * option.log_probability;
    return entropy;
  }

  /// Of -advantage · log p(chosen) + coefficient · entropy, both weighted already.
  void add_gradient(std::size_t decision, const std::vector<Option>& options, std::size_t chosen, S advantage,
                    S coefficient) {
    const auto least = S(options_.min_probability);
    const S scale =
        (S(1) - S(static_cast<double>(options.size())) * least) / S(options_.temperature);  // of p by softmax
    const S ratio = least > S(0) ? options[chosen].softmax / options[chosen].probability : S(1);
    S mean_log(0);
    for (const auto& option : options) mean_log += option.softmax * option.log_probability;
    for (std::size_t i = 0; i < options.size(); ++i) {
      const auto& [probability, log_probability, softmax] = options[i];
      const S score = ratio * ((i == chosen ? S(1) : S(0)) - softmax);
      const S spread = softmax * (mean_log - log_probability);  // of the entropy
      logits_[decision].gradient(static_cast<Eigen::Index>(i)) =
          scale * (coefficient * spread - advantage * score);
    }
  }

  ControllerOptions options_;
  std::vector<train::Parameter<S>> logits_;  ///< [options × 1] of every decision
  train::Adam<S> optimizer_;
  typename Policies::Baseline baseline_;
  std::int64_t step_ = 0;
};

}  // namespace bitloom::search
