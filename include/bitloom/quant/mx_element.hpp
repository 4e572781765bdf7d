// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/kernel/integer_array.hpp>
#include <bitloom/kernel/minifloat_array.hpp>
#include <bitloom/quant/convert.hpp>

namespace bitloom::quant {

/// What a block format needs of its elements beyond format::Format.
///
/// max_exponent: of the largest value; fraction_bits: of the significand, the bits that the even scale rule keeps.
template <class E>
concept MxElement = requires(typename E::code_type code, const format::Dyadic& x) {
  requires format::Format<typename E::Format>;  // what its codes are stored as
  { E::max_exponent } -> std::convertible_to<int>;
  { E::fraction_bits } -> std::convertible_to<int>;
  { E::max() } -> std::same_as<format::Dyadic>;
  { E::exact(code) } -> std::same_as<format::Dyadic>;
  { E::encode(x) } -> std::same_as<typename E::code_type>;  // of a finite number, rounded once, saturating
};

/// An element with a fast path for arrays: codes of values · factors, powers of two. The products are rounded to float,
/// which may only matter far below the smallest element.
template <class E>
concept EncodesArrays = MxElement<E> &&
    requires(const float* in, typename E::code_type* codes,
             void (*factors_of)(std::size_t, std::size_t, const std::uint32_t*, float*)) {
  { E::encode_products(in, in, std::size_t{}, codes) } -> std::same_as<void>;
  // blocks of 16, 32 or 64 numbers, see kernel::encode_blocks
  { E::template encode_blocks<32>(in, std::size_t{}, factors_of, codes) } -> std::same_as<void>;
};

/// An element whose values are floats, with a fast path for arrays: values · factors, rounded to float.
template <class E>
concept DecodesArrays = MxElement<E> &&
    requires(const typename E::code_type* codes, const float* in, float* out) {
  { E::decode_products(codes, in, std::size_t{}, out) } -> std::same_as<void>;
};

/// An element that has codes for NaN: an infinity becomes the element's, or its NaN.
template <class E>
concept HoldsNan = MxElement<E> && requires(const format::Dyadic& x) {
  { E::encode_special(x) } -> std::same_as<typename E::code_type>;  // of NaN or an infinity
};

/// Minifloat elements: MXFP8, MXFP6, MXFP4.
template <class F, format::Rounding R = format::NearestEven>
struct MxFloat {
  using Format = F;
  using code_type = typename F::code_type;
  static constexpr int max_exponent = F::exact(F::max_code).top_exponent();
  static constexpr int fraction_bits = F::layout.fraction_bits;

  static constexpr format::Dyadic max() noexcept { return F::exact(F::max_code); }
  static constexpr format::Dyadic exact(code_type code) noexcept { return F::exact(code); }
  static constexpr code_type encode(const format::Dyadic& x) {
    return F::template encode<R, format::Saturate>(x);
  }
  static constexpr code_type encode_special(const format::Dyadic& x) requires(F::has_nan) {
    return F::template encode<R, format::OverflowToInfinity>(x);
  }

  static constexpr bool has_fast_encode = std::same_as<R, format::NearestEven> && HasFastFloats<F> &&
                                          F::bits <= 8 &&
                                          F::layout.min_exponent() - F::layout.fraction_bits >= -100;
  static constexpr void encode_products(const float* values, const float* factors, std::size_t count,
                                        code_type* codes) requires(has_fast_encode) {
    kernel::encode_products<detail::minifloat_bits<F>>(values, factors, count, codes);
  }
  template <std::size_t Length, class FactorsOf>
  static void encode_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of,
                            code_type* codes) requires(has_fast_encode) {
    kernel::encode_blocks<detail::minifloat_bits<F>, Length>(values, blocks, factors_of, codes);
  }
  static constexpr void decode_products(const code_type* codes, const float* factors, std::size_t count,
                                        float* values) requires(HasFastFloats<F>) {
    kernel::decode_products<detail::minifloat_bits<F>>(codes, factors, count, values);
  }
};

/// Integer elements of `Bits` bits below 2 in magnitude, in two's complement: MXINT8, MXINT4, MXINT2. The most negative
/// code is not used.
template <int Bits, format::Rounding R = format::NearestEven>
  requires(2 <= Bits && Bits <= 8)
struct MxInt {
  using Format = format::Fixed<Bits, 2>;
  using code_type = typename Format::code_type;
  static constexpr int max_exponent = 0;
  static constexpr int fraction_bits = Bits - 2;

  static constexpr format::Dyadic max() noexcept {
    return Format::exact(static_cast<code_type>(core::low_mask(Bits - 1)));
  }
  static constexpr format::Dyadic exact(code_type code) noexcept { return Format::exact(code); }
  static constexpr code_type encode(const format::Dyadic& x) {
    return Format::template encode<R, format::SaturateSymmetric>(x);
  }

  static constexpr void encode_products(const float* values, const float* factors, std::size_t count,
                                        code_type* codes) requires(std::same_as<R, format::NearestEven>) {
    kernel::quantize_products<integers, fraction_bits>(values, factors, count, codes);
  }
  template <std::size_t Length, class FactorsOf>
  static void encode_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of,
                            code_type* codes) requires(std::same_as<R, format::NearestEven>) {
    kernel::quantize_blocks<integers, fraction_bits, Length>(values, blocks, factors_of, codes);
  }
  static constexpr void decode_products(const code_type* codes, const float* factors, std::size_t count,
                                        float* values) {
    kernel::dequantize_products<integers, fraction_bits>(codes, factors, count, values);
  }

 private:
  static constexpr int largest = (1 << (Bits - 1)) - 1;
  static constexpr kernel::IntegerBits integers{
      .lowest = -largest, .max = largest, .mask = static_cast<std::uint32_t>(core::low_mask(Bits))};
};

/// The values of MxInt as sign and magnitude, with a minus zero: a float of one exponent bit is an integer.
template <int Bits, format::Rounding R = format::NearestEven>
  requires(2 <= Bits && Bits <= 8)
using MxSignMagnitude = MxFloat<format::Minifloat<1, Bits - 2, format::Special::Finite, 1>, R>;

using MxFp8E4m3 = MxFloat<format::E4m3fn>;
using MxFp8E5m2 = MxFloat<format::E5m2>;
using MxFp6E3m2 = MxFloat<format::E3m2fn>;
using MxFp6E2m3 = MxFloat<format::E2m3fn>;
using MxFp4 = MxFloat<format::E2m1fn>;
using MxInt8 = MxInt<8>;

}  // namespace bitloom::quant
