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
  static constexpr bool passes(const X&, const X&) noexcept {
    return true;
  }
};
/// Where the number is inside the range, its ends included; elsewhere the gradient is zero.
///
/// Source: AQT (google-research/google-research, aqt).
struct ClippedThrough {
  template <class X>
  static constexpr bool passes(const X& x, const X& limit) noexcept {
    return !(x > limit) && !(x < -limit);
  }
};

/// Says where gradients pass.
template <class G>
concept StraightThroughGradient = requires(float x, float limit) {
  {
    G::passes(x, limit)
    } -> std::same_as<bool>;  // x: before rounding; limit: the largest magnitude of the range
};

/// `value` where `input` was, with the gradient of the identity where the policy lets it pass, and zero elsewhere.
///
/// @param limit  the largest magnitude that is not clipped
/// @throws ShapeError  the shapes differ
template <StraightThroughGradient G = PassThrough, Scalar S>
Value<S> straight_through(Value<S> input, Matrix<S> value, const S& limit = S(0)) {
  detail::check_same_shape("straight_through: input", input.value(), "value", value);
  return input.tape().record(std::move(value), {input}, [=](Value<S> result) {
    input.add_gradient_columns(
        detail::block_columns(input.rows()), [&](Eigen::Index begin, Eigen::Index count) {
          if constexpr (std::same_as<G, PassThrough>)
            return result.gradient().middleCols(begin, count);
          else
            return result.gradient()
                .middleCols(begin, count)
                .binaryExpr(input.value().middleCols(begin, count),
                            [limit](const S& g, const S& x) { return G::passes(x, limit) ? g : S(0); });
        });
  });
}

}  // namespace bitloom::train
