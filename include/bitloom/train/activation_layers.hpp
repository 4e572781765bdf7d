// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/dropout.hpp>
#include <bitloom/train/elementwise.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Gaussian error linear unit, element by element.
///
/// @tparam Form  `ErfForm`, or its approximation `TanhForm`
template <class Form = ErfForm>
struct Gelu {
  /// Shape of one item that comes out.
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return input; }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return gelu<Form>(input);
  }
};

/// Sets random elements to zero in training; const, it does nothing.
class Dropout {
 public:
  /// @param probability  of an element to become zero, 0 up to below 1
  /// @param seed         of the draws; `Sequential::initialize` draws another one
  /// @throws RangeError  the probability is outside
  explicit Dropout(double probability, std::uint64_t seed = 1) : probability_(probability), seed_(seed) {
    if (!(probability >= 0 && probability < 1))
      throw RangeError("dropout: probability " + std::to_string(probability) + " is outside 0 up to below 1");
  }

  /// Shape of one item that comes out.
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return input; }

  /// Records the layer; each call draws anew.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) {
    return dropout(input, probability_, seed_, calls_++);
  }
  /// The input itself.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return input;
  }

  /// Draws a new seed and starts over.
  void initialize(core::Random& random) { restart(random()); }

  /// Starts over, so that the next call draws what the first one with this seed drew.
  void restart(std::uint64_t seed) {
    seed_ = seed;
    calls_ = 0;
  }

  /// The seed and the number of calls: what has to be saved to go on with the same draws.
  [[nodiscard]] std::array<std::uint64_t*, 2> counters() { return {&seed_, &calls_}; }
  [[nodiscard]] std::array<const std::uint64_t*, 2> counters() const { return {&seed_, &calls_}; }

 private:
  double probability_;
  std::uint64_t seed_;
  std::uint64_t calls_ = 0;
};

}  // namespace bitloom::train
