// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/minifloat.hpp>
#include <bitloom/kernel/minifloat_array.hpp>

namespace bitloom::quant {

namespace detail {

/// The kernel's view of a minifloat.
template <class F>
inline constexpr kernel::MinifloatBits kernel_bits = [] {
  constexpr auto l = F::layout;
  constexpr auto beyond = std::uint32_t{0x7FFFFFFF};
  return kernel::MinifloatBits{
      .exponent_bits = l.exponent_bits,
      .fraction_bits = l.fraction_bits,
      .bias = l.bias,
      .max_code = static_cast<std::uint32_t>(l.max_code()),
      .nan_code = static_cast<std::uint32_t>(F::has_nan ? l.nan_code() : l.max_code()),
      .inf_code = l.has_inf() ? static_cast<std::uint32_t>(l.inf_code()) : beyond,
      .only_nan = l.special == format::Special::Fn ? static_cast<std::uint32_t>(l.nan_code()) : beyond};
}();

}  // namespace detail

/// A minifloat whose arrays have a fast path: with minus zero and subnormals, inside the normal range of float32, and
/// narrower than it.
template <class F>
concept HasFastArrays = requires {
  F::layout;
}
&&F::layout.has_negative_zero() && F::layout.subnormals&& F::layout.fraction_bits <= 22 &&
    F::layout.min_exponent() - F::layout.fraction_bits >= -126 && F::layout.bias >= 1 &&
    F::exact(F::max_code).top_exponent() <= 126 && F::layout.fraction_bits >= 1;

/// Encodes an array: to nearest even, saturating; NaN becomes the format's NaN, or the largest value where it has none.
/// The codes are those of F::encode<NearestEven, Saturate, NanToMax>, one by one.
/// @throws ShapeError  the spans have different lengths
template <HasFastArrays F>
void encode_array(std::span<const float> values, std::span<typename F::code_type> codes) {
  core::check_equal("codes", std::ssize(codes), "values", std::ssize(values));
  kernel::encode_floats<detail::kernel_bits<F>>(values.data(), values.size(), codes.data());
}

/// Decodes an array, exactly.
/// @throws ShapeError  the spans have different lengths
template <HasFastArrays F>
void decode_array(std::span<const typename F::code_type> codes, std::span<float> values) {
  core::check_equal("values", std::ssize(values), "codes", std::ssize(codes));
  kernel::decode_floats<detail::kernel_bits<F>>(codes.data(), codes.size(), values.data());
}

}  // namespace bitloom::quant
