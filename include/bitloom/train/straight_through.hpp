// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <limits>
#include <utility>

#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

// Where a rounded number lets the gradient through.

/// Everywhere, also where the number was clipped.
struct PassThrough {
  template <class X>
  static constexpr bool passes(const X&, const X&, const X&) noexcept {
    return true;
  }
};
/// Where the number is inside the range, its ends included; elsewhere the gradient is zero.
///
/// Source: AQT (google-research/google-research, aqt).
struct ClippedThrough {
  template <class X>
  static constexpr bool passes(const X& x, const X& lowest, const X& highest) noexcept {
    return !(x > highest) && !(x < lowest);
  }
};

/// Says where gradients pass.
template <class G>
concept StraightThroughGradient = requires(float x, float lowest, float highest) {
  // x: before rounding; lowest, highest: ends of the range
  { G::passes(x, lowest, highest) } -> std::same_as<bool>;
};

/// `value` where `input` was, with the gradient of the identity where the policy lets it pass, and zero elsewhere.
///
/// @param lowest, highest  the range of what is not clipped
/// @throws ShapeError  the shapes differ
template <StraightThroughGradient G = PassThrough, Scalar S>
Value<S> straight_through(Value<S> input, Matrix<S> value, const S& lowest = S(0), const S& highest = S(0)) {
  detail::check_same_shape("straight_through: input", input.value(), "value", value);
  return input.tape().record(std::move(value), {input}, [=](Value<S> result) {
    input.add_gradient_columns(detail::block_columns(input.rows()), [&](Eigen::Index begin,
                                                                        Eigen::Index count) {
      if constexpr (std::same_as<G, PassThrough>)
        return result.gradient().middleCols(begin, count);
      else
        return result.gradient()
            .middleCols(begin, count)
            .binaryExpr(input.value().middleCols(begin, count), [lowest, highest](const S& g, const S& x) {
              return G::passes(x, lowest, highest) ? g : S(0);
            });
    });
  });
}

}  // namespace bitloom::train
