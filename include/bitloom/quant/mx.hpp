// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/quant/block_format.hpp>
#include <bitloom/quant/mx_element.hpp>
#include <bitloom/quant/mx_scale.hpp>

namespace bitloom::quant {

using MxKinds = PolicyKinds<ScaleRuleKind, ScaleBitsKind, ScaleOverflowKind, BlockNanKind, SubnormalBlockKind,
                            BlockShapeKind>;

/// Policies for blocks of an element: at most one of a kind, and NanElements only for elements that have NaN.
template <class E, class... Policies>
concept MxPoliciesFor = MxKinds::cover<Policies...> && MxKinds::distinguish<Policies...> &&
    (HoldsNan<E> || !Chosen<BlockNanKind, Policies...>::in_elements);

/// A block of numbers with one power of two as their scale.
///
/// A number is element · 2^(scale - 127), with a scale of 8 bits. A block of zeros has scale 0. The standard's block has
/// 32 numbers; any other count works alike.
/// @tparam Policies  at most one of a kind, in any order:
///   ScaleRule (ScaleFloor), ScaleBits (8), ClipScale or NanAboveScale, BlockNanPolicy (NanBlock), KeepSubnormalBlocks or
///   FlushSubnormalBlocks, BlockShape (Along<32>; of the blocks of a tensor)
/// Source: OCP "Microscaling Formats (MX)" v1.0.
template <MxElement E, class... Policies>
  requires MxPoliciesFor<E, Policies...>
struct MxBlock {
  using Element = E;
  using Format = typename E::Format;
  using code_type = typename E::code_type;
  using Scale = Chosen<ScaleBitsKind, Policies...>;
  using Nan = Chosen<BlockNanKind, Policies...>;
  using Shape = Chosen<BlockShapeKind, Policies...>;
  static constexpr std::int64_t standard_size = 32;

  /// Encodes a block and returns its scale.
  /// @throws ShapeError  `codes` has another length than `values`
  /// @throws RangeError  a value is NaN or infinite, with the policy NanBlockError
  static constexpr std::uint8_t encode(std::span<const float> values, std::span<code_type> codes) {
    return detail::encode_block<MxBlock>(values, Common{}, codes);
  }

  /// The number that an element stands for, rounded to float where that has fewer exponents.
  static constexpr float decode(std::uint8_t scale, code_type code) noexcept {
    const float factor = restoring_factor(scale);
    float value = 0;
    decode_scaled({&code, 1}, {&factor, 1}, Common{}, &value);
    return value;
  }

  // What BlockFormat asks for.

  using Common = NothingInCommon;
  static constexpr int scale_bits = Scale::bits;

  static constexpr std::uint32_t largest_counted =
      Nan::in_elements ? kernel::largest_finite : kernel::any_magnitude;

  static constexpr void scales_of(std::span<const std::uint32_t> largest, Common, std::uint8_t* scales,
                                  float* factors) {
    for (std::size_t b = 0; b < largest.size(); ++b) {
      const auto scale = scale_of(largest[b]);
      scales[b] = scale.code;
      factors[b] = scale.factor;
    }
  }

  static constexpr void encode_scaled(std::span<const float> values, std::span<const float> factors,
                                      std::span<code_type> codes) {
    if constexpr (EncodesArrays<E> && !Nan::in_elements) {
      E::encode_products(values.data(), factors.data(), values.size(), codes.data());
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) {
        codes[i] = 0;
        if (factors[i] == 0.0F) continue;
        auto x = format::to_dyadic(values[i]);
        x.exponent += format::to_dyadic(factors[i]).top_exponent();
        if constexpr (Nan::in_elements)
          codes[i] = x.is_finite() ? E::encode(x) : E::encode_special(x);
        else
          codes[i] = E::encode(x);
      }
    }
  }

  template <std::size_t Length, class FactorsOf>
  static void encode_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of,
                            code_type* codes) requires(EncodesArrays<E> && !Nan::in_elements) {
    E::template encode_blocks<Length>(values, blocks, factors_of, codes);
  }

  static constexpr float restoring_factor(std::uint8_t scale) noexcept {
    return static_cast<float>(format::to_double(Scale::exact(scale)));
  }

  static constexpr void decode_scaled(std::span<const code_type> codes, std::span<const float> factors,
                                      Common, float* values) {
    if constexpr (DecodesArrays<E>)
      E::decode_products(codes.data(), factors.data(), codes.size(), values);
    else
      for (std::size_t i = 0; i < codes.size(); ++i)
        values[i] = static_cast<float>(format::to_double(E::exact(codes[i])) * factors[i]);
  }

 private:
  /// What a block is encoded with.
  struct Encoding {
    std::uint8_t code{};
    float factor{};
  };

  static constexpr Encoding scale_of(std::uint32_t magnitude) {
    if (magnitude > kernel::largest_finite) {
      if (Nan::throws) throw RangeError("block: a value is NaN or infinite");
      return {.code = Scale::nan_code};
    }
    // NaN may be left in a block without another number
    if (magnitude == 0) return Nan::in_elements ? scale(-Scale::bias) : Encoding{};
    const auto largest = format::to_dyadic(std::bit_cast<float>(magnitude));
    if (Chosen<SubnormalBlockKind, Policies...>::flushes && largest.subnormal) return {};
    const int exponent = Chosen<ScaleRuleKind, Policies...>::template exponent<E>(largest);
    if (exponent > Scale::bias && Chosen<ScaleOverflowKind, Policies...>::makes_nan)
      return {.code = Scale::nan_code};
    return scale(std::clamp(exponent, -Scale::bias, Scale::bias));
  }

  static constexpr Encoding scale(int exponent) noexcept {
    return {.code = Scale::code(exponent),
            .factor = static_cast<float>(format::to_double({.significand = 1, .exponent = -exponent}))};
  }
};

}  // namespace bitloom::quant
