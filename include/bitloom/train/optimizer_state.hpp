// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

/// What an optimizer remembers from step to step, to be saved and restored.
template <Scalar S>
struct OptimizerState {
  /// One kind of memory, e.g. the velocities.
  struct Slot {
    std::string name;
    std::vector<Matrix<S>> values;  ///< one per parameter, of its shape; none before the first step
  };

  std::int64_t steps = 0;
  std::vector<Slot> slots;
};

/// An optimizer that can go on where another one was.
template <class O, class S>
concept ResumableOptimizer = Optimizer<O, S> &&
    requires(O& optimizer, const O& frozen, OptimizerState<S> state) {
  { frozen.state() } -> std::convertible_to<const OptimizerState<S>&>;
  { optimizer.restore(std::move(state)) } -> std::same_as<void>;  // ShapeError if it is another optimizer's
};

namespace detail {

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// Throws RangeError, naming the argument, unless 0 <= value < bound.
inline void check_below(const char* argument, double value, double bound) {
  if (!(value >= 0 && value < bound))
    throw RangeError(std::string(argument) + ": " + std::to_string(value) + " is outside 0 up to below " +
                     std::to_string(bound));
}

/// Throws RangeError, naming the argument, unless the value is above 0, also as an S: for what keeps 0 / 0 away.
template <Scalar S>
void check_above_zero(const char* argument, double value) {
  if (!(S(0) < S(value) && value < unbounded))
    throw RangeError(std::string(argument) + ": " + std::to_string(value) +
                     " has to be finite and above 0, in the precision of the parameters as well");
}

/// Calls `f` with the same chunk of every matrix, which all have the same size, as arrays that it may change. A chunk
/// of each fits the first cache, so that several expressions on them are one pass through memory.
template <Scalar S, class F, class... Matrices>
void for_each_chunk(F&& f, Matrix<S>& first, Matrices&... others) {
  using Chunk = Eigen::Map<Eigen::Array<S, Eigen::Dynamic, 1>, Eigen::AlignedMax>;
  constexpr Eigen::Index width = 1024;
  for (Eigen::Index begin = 0; begin < first.size(); begin += width) {
    const auto count = std::min(width, first.size() - begin);
    f(Chunk(first.data() + begin, count), Chunk(others.data() + begin, count)...);
  }
}

/// The state of an optimizer, and its checks.
template <Scalar S>
class OptimizerMemory {
 public:
  /// What it remembers.
  [[nodiscard]] const OptimizerState<S>& state() const noexcept { return state_; }

  /// Goes on where an optimizer of the same kind was.
  /// @throws ShapeError  the state is of another kind, or its slots are not of the same parameters
  void restore(OptimizerState<S> state) {
    const auto same_name = [](const auto& a, const auto& b) { return a.name == b.name; };
    if (!std::ranges::equal(state.slots, state_.slots, same_name))
      throw ShapeError("optimizer state: it has" + names(state) + ", but the optimizer keeps" +
                       names(state_));
    for (const auto& slot : state.slots)
      core::check_equal(("optimizer state: parameters of " + slot.name).c_str(), std::ssize(slot.values),
                        state.slots.front().name.c_str(), std::ssize(state.slots.front().values));
    if (state.steps < 0 || (state.steps > 0) != !state.slots.front().values.empty())
      throw ShapeError("optimizer state: " + std::to_string(state.slots.front().values.size()) +
                       " parameters do not fit " + std::to_string(state.steps) + " steps");
    state_ = std::move(state);
  }

 protected:
  /// Name of a slot, and where its elements start.
  struct Start {
    const char* name;
    double value;
  };

  OptimizerMemory(std::initializer_list<Start> starts) : starts_(starts) {
    for (const auto& start : starts) state_.slots.push_back({start.name, {}});
  }

  /// Gives each slot one matrix per parameter at the first step, holds the shapes from then on, and counts the step.
  std::int64_t begin_step(std::span<Parameter<S>* const> parameters) {
    for (std::size_t s = 0; s < starts_.size(); ++s) {
      auto& values = state_.slots[s].values;
      if (state_.steps == 0 && values.empty())
        for (const auto* parameter : parameters)
          values.push_back(
              Matrix<S>::Constant(parameter->value.rows(), parameter->value.cols(), S(starts_[s].value)));
      core::check_equal("parameters", std::ssize(parameters), "the optimizer's state", std::ssize(values));
      for (std::size_t i = 0; i < values.size(); ++i) {
        check_same_shape("parameter", parameters[i]->value, "its optimizer state", values[i]);
        check_same_shape("parameter", parameters[i]->value, "its gradient", parameters[i]->gradient);
      }
    }
    return ++state_.steps;
  }

  Matrix<S>& slot(std::size_t slot, std::size_t parameter) { return state_.slots[slot].values[parameter]; }

 private:
  static std::string names(const OptimizerState<S>& state) {
    std::string text;
    for (const auto& slot : state.slots) text += ' ' + slot.name;
    return text.empty() ? " nothing" : text;
  }

  std::vector<Start> starts_;
  OptimizerState<S> state_;
};

}  // namespace detail
}  // namespace bitloom::train
