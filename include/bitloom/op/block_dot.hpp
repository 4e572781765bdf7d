// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/kulisch.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/plain_code_gemm.hpp>
#include <bitloom/op/product_width.hpp>

namespace bitloom::op {

/// What a block's scale is a code of, up to 8 bits: format::E8m0fnu, a minifloat, quant's scales of other widths.
template <class S>
concept BlockScaleFormat = requires(std::uint8_t code) {
  { S::exact(code) } -> std::same_as<format::Dyadic>;
};

/// A vector in blocks of `Size` elements with a scale each; the last block may be short.
/// @tparam E  the elements' format: format::E4m3fn; MXINT8's is format::Fixed<8, 2>
template <format::ExactFormat E, BlockScaleFormat S, std::int64_t Size>
struct BlockVector {
  std::span<const std::uint8_t> scales;
  std::span<const typename E::code_type> codes;

  /// @throws ShapeError  there is not one scale a block
  constexpr void check(const char* name) const {
    core::check_equal(name, std::ssize(scales), "the vector's blocks",
                      core::ceil_div(std::ssize(codes), Size));
  }
};

/// OCP "Microscaling Formats (MX)" v1.0.
template <format::ExactFormat E>
using MxVector = BlockVector<E, format::E8m0fnu, 32>;
/// NVFP4, without the scale of the tensor.
using Nvfp4Vector = BlockVector<format::E2m1fn, format::E4m3fn, 16>;

/// Products of a block are summed exactly and scaled as one; the accumulator gets one term a block.
struct ScaleSums {};
/// Every product is scaled by itself, and is a term of its own.
struct ScaleProducts {};

/// An accumulator that holds sums of up to 2^LogTerms scaled products of MX vectors exactly, whatever the order.
template <class E, class F = E, int LogTerms = 30>
using ExactMxSum = format::Kulisch<product_unit<E, F> - 2 * 127, product_bits<E, F> + 4 * 127 + 1 + LogTerms>;

/// Sum of the products of two vectors in blocks. A scale that is NaN makes it NaN.
///
/// @tparam Order  ScaleSums or ScaleProducts
/// @param sum     begins here; by default in float32, one rounding a block
/// @throws ShapeError  the vectors have different lengths, or there is not one scale a block
/// @throws RangeError  the accumulator refuses a term
/// Source: OCP "Microscaling Formats (MX)" v1.0, section 6.2, which leaves order and precision open.
template <class Order = ScaleSums, Accumulator A = FloatSum, class E, class F, class S, class T,
          std::int64_t Size>
  requires(Multipliable<E, F> && (std::same_as<Order, ScaleSums> || std::same_as<Order, ScaleProducts>))
[[nodiscard]] constexpr format::Dyadic block_dot(const BlockVector<E, S, Size>& a,
                                                 const BlockVector<F, T, Size>& b, A sum = {}) {
  core::check_equal("left codes", std::ssize(a.codes), "right codes", std::ssize(b.codes));
  a.check("left scales");
  b.check("right scales");
  constexpr int scale_bits = 16;  // of the product of two scales
  using Block = format::Kulisch<product_unit<E, F>, product_bits<E, F> + scale_bits + carry_bits(Size) + 1>;
  constexpr auto size = static_cast<std::size_t>(Size);
  for (std::size_t block = 0; block < a.scales.size(); ++block) {
    const auto scale = format::product(S::exact(a.scales[block]), T::exact(b.scales[block]));
    // the power of two is left for later, so that the register needs no room for it
    auto factor = scale;
    factor.exponent = 0;
    Block inner;
    const auto end = std::min(a.codes.size(), (block + 1) * size);
    for (std::size_t i = block * size; i < end; ++i) {
      auto term = format::product(format::product(E::exact(a.codes[i]), F::exact(b.codes[i])), factor);
      if constexpr (std::same_as<Order, ScaleSums>) {
        inner.add(term);
      } else {
        term.exponent += scale.exponent;
        sum.add(term);
      }
    }
    if constexpr (std::same_as<Order, ScaleSums>) add_sum(sum, inner, scale.exponent);
  }
  return sum.value();
}

/// Sum of the products of two NVFP4 vectors of tensors with the given largest magnitudes, as a float.
///
/// The sum of the blocks is rounded to float and multiplied by the product of both tensors' factors, largest / 2688, in
/// float; the factor of a tensor of zeros is 1.
/// @throws ShapeError, RangeError  see block_dot
template <class Order = ScaleSums, Accumulator A = FloatSum>
[[nodiscard]] constexpr float nvfp4_dot(const Nvfp4Vector& a, float largest_a, const Nvfp4Vector& b,
                                        float largest_b, A sum = {}) {
  const auto factor = [](float largest) { return largest > 0.0F ? largest / 2688.0F : 1.0F; };
  return deliver<float>(block_dot<Order>(a, b, sum)) * (factor(largest_a) * factor(largest_b));
}

}  // namespace bitloom::op
