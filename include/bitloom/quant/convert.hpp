// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/minifloat.hpp>
#include <bitloom/kernel/integer_array.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/kernel/minifloat_array.hpp>
#include <bitloom/quant/evaluation.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

namespace detail {

/// The kernel's view of a minifloat.
template <class F>
inline constexpr kernel::MinifloatBits minifloat_bits = [] {
  constexpr auto l = F::layout;
  constexpr auto beyond = std::uint32_t{0x7FFFFFFF};
  kernel::MinifloatBits bits{.exponent_bits = l.exponent_bits,
                             .fraction_bits = l.fraction_bits,
                             .bias = l.bias,
                             .max_code = static_cast<std::uint32_t>(l.max_code()),
                             .nan_code = static_cast<std::uint32_t>(F::has_nan ? l.nan_code() : l.max_code()),
                             .inf_code = l.has_inf() ? static_cast<std::uint32_t>(l.inf_code()) : beyond,
                             .only_nan = beyond,
                             .negative_zero = l.has_negative_zero()};
  if (l.special == format::Special::Fn) bits.only_nan = bits.nan_code;
  if (l.special == format::Special::Fnuz) bits.nan_code = 0;
  return bits;
}();

/// The kernel's view of an integer.
template <format::IntegerFormat F>
inline constexpr kernel::IntegerBits integer_bits{
    .lowest = static_cast<std::int32_t>(F::range.lowest),
    .max = static_cast<std::int32_t>(F::range.max),
    .mask = static_cast<std::uint32_t>(core::low_mask(F::bits))};

/// What kernel::MinifloatBits and its loops ask for.
template <class F>
constexpr bool fits_float_kernel() noexcept {
  constexpr auto l = F::layout;
  const int top = std::max(F::exact(F::max_code).top_exponent(), l.min_exponent());
  if (!l.subnormals || l.fraction_bits > 22 || top > 127) return false;
  if (l.bias == 127) return l.fraction_bits >= 1;
  return l.min_exponent() - l.fraction_bits >= -126 && top + 23 - l.fraction_bits <= 127;
}

/// Calls f(first element, codes) for portions of a tensor's codes that fit the L1 cache.
template <class F, class Body>
void for_each_portion(std::int64_t size, Body&& body) {
  std::array<typename F::code_type, 1024> codes;
  for (std::int64_t first = 0; first < size; first += std::ssize(codes))
    body(first, std::span(codes).first(static_cast<std::size_t>(std::min(std::ssize(codes), size - first))));
}

}  // namespace detail

/// A minifloat whose arrays have a fast path: with subnormals, narrower than float32, and inside its normal range or
/// with its exponents. All named formats but Float32 are.
template <class F>
concept HasFastFloats = requires {
  F::layout;
  F::max_code;
}
&&detail::fits_float_kernel<F>();

/// An integer whose arrays have a fast path: of up to 16 bits.
template <class F>
concept HasFastIntegers = format::IntegerFormat<F> && F::bits <= 16;

template <class F>
concept HasFastArrays = HasFastFloats<F> || HasFastIntegers<F>;

/// An order of evaluation that arrays have a fast path for.
template <class E>
concept HasFastQuotients =
    std::same_as<E, ExactQuotient> || std::same_as<E, FloatQuotient> || std::same_as<E, FloatReciprocal>;

/// Encodes an array: to nearest even, saturating; NaN becomes the format's NaN, or the largest value where it has none.
/// The codes are those of F::encode<NearestEven, Saturate, NanToMax>, one by one.
/// @throws ShapeError  the spans have different lengths
template <HasFastFloats F>
void encode_array(std::span<const float> values, std::span<typename F::code_type> codes) {
  core::check_equal("codes", std::ssize(codes), "values", std::ssize(values));
  kernel::encode_floats<detail::minifloat_bits<F>>(values.data(), values.size(), codes.data());
}

/// Decodes an array, exactly.
/// @throws ShapeError  the spans have different lengths
template <HasFastFloats F>
void decode_array(std::span<const typename F::code_type> codes, std::span<float> values) {
  core::check_equal("values", std::ssize(values), "codes", std::ssize(codes));
  kernel::decode_floats<detail::minifloat_bits<F>>(codes.data(), codes.size(), values.data());
}

/// Quantizes an array to integers: x / scale to nearest even, saturating.
///
/// The codes are those of F::encode<NearestEven>(E::quotient(x, scale)), one by one.
/// @param scale  positive and finite; for FloatReciprocal above 2^-128
/// @throws ShapeError  the spans have different lengths
/// @throws RangeError  the scale is another, or a value is NaN or infinite; the codes are unspecified then
template <HasFastIntegers F, HasFastQuotients E = ExactQuotient>
void quantize_array(std::span<const float> values, float scale, std::span<typename F::code_type> codes) {
  core::check_equal("codes", std::ssize(codes), "values", std::ssize(values));
  if (!(scale > 0.0F) || !std::isfinite(scale))
    throw RangeError("scale: " + std::to_string(scale) + " has to be positive and finite");
  if (!can_divide_by<E>(scale))
    throw RangeError("scale: it has no reciprocal in float, because it is 2^-128 or below");
  constexpr auto order = std::same_as<E, ExactQuotient>   ? kernel::Quotient::Exact
                         : std::same_as<E, FloatQuotient> ? kernel::Quotient::Float
                                                          : kernel::Quotient::Reciprocal;
  for (std::size_t first = 0; first < values.size(); first += 4096) {
    const auto portion = values.subspan(first, std::min<std::size_t>(values.size() - first, 4096));
    if (kernel::largest_magnitude(portion.data(), portion.size()) > kernel::largest_finite)
      throw RangeError("quantizer input: a value is NaN or infinite");
    kernel::quantize_floats<detail::integer_bits<F>, order>(portion.data(), portion.size(), scale,
                                                            codes.data() + first);
  }
}

/// Integers times their scale, rounded to float once.
/// @throws ShapeError  the spans have different lengths
template <HasFastIntegers F>
void dequantize_array(std::span<const typename F::code_type> codes, float scale, std::span<float> values) {
  core::check_equal("values", std::ssize(values), "codes", std::ssize(codes));
  kernel::dequantize_floats<detail::integer_bits<F>>(codes.data(), codes.size(), scale, values.data());
}

/// Encodes an array: to nearest even, saturating.
/// @throws ShapeError  the spans have different lengths
/// @throws RangeError  a value is NaN or infinite; the codes are unspecified then
template <HasFastIntegers F>
void encode_array(std::span<const float> values, std::span<typename F::code_type> codes) {
  quantize_array<F, FloatReciprocal>(values, 1.0F, codes);
}

/// Decodes an array, exactly.
/// @throws ShapeError  the spans have different lengths
template <HasFastIntegers F>
void decode_array(std::span<const typename F::code_type> codes, std::span<float> values) {
  dequantize_array<F>(codes, 1.0F, values);
}

/// encode_array into packed storage.
/// @throws ShapeError  another number of values than the tensor has elements
template <HasFastArrays F>
void encode_tensor(std::span<const float> values, PackedTensor<F>& tensor) {
  core::check_equal("values", std::ssize(values), "the tensor's elements", tensor.size());
  detail::for_each_portion<F>(tensor.size(), [&](std::int64_t first, auto codes) {
    encode_array<F>(values.subspan(static_cast<std::size_t>(first), codes.size()), codes);
    tensor.write_codes(first, codes);
  });
}

/// decode_array from packed storage.
/// @throws ShapeError  another number of values than the tensor has elements
template <HasFastArrays F>
void decode_tensor(const PackedTensor<F>& tensor, std::span<float> values) {
  core::check_equal("values", std::ssize(values), "the tensor's elements", tensor.size());
  detail::for_each_portion<F>(tensor.size(), [&](std::int64_t first, auto codes) {
    tensor.read_codes(first, codes);
    decode_array<F>(codes, values.subspan(static_cast<std::size_t>(first), codes.size()));
  });
}

/// quantize_array into packed storage.
/// @throws ShapeError  another number of values than the tensor has elements
/// @throws RangeError  see quantize_array
template <HasFastQuotients E = ExactQuotient, HasFastIntegers F>
void quantize_tensor(std::span<const float> values, float scale, PackedTensor<F>& tensor) {
  core::check_equal("values", std::ssize(values), "the tensor's elements", tensor.size());
  detail::for_each_portion<F>(tensor.size(), [&](std::int64_t first, auto codes) {
    quantize_array<F, E>(values.subspan(static_cast<std::size_t>(first), codes.size()), scale, codes);
    tensor.write_codes(first, codes);
  });
}

/// dequantize_array from packed storage.
/// @throws ShapeError  another number of values than the tensor has elements
template <HasFastIntegers F>
void dequantize_tensor(const PackedTensor<F>& tensor, float scale, std::span<float> values) {
  core::check_equal("values", std::ssize(values), "the tensor's elements", tensor.size());
  detail::for_each_portion<F>(tensor.size(), [&](std::int64_t first, auto codes) {
    tensor.read_codes(first, codes);
    dequantize_array<F>(codes, scale, values.subspan(static_cast<std::size_t>(first), codes.size()));
  });
}

}  // namespace bitloom::quant
