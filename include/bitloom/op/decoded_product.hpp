// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/kernel/gemm_int8.hpp>
#include <bitloom/kernel/minifloat_gemm.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op::detail {

// Products of matrices by the vector loops of kernel/; what their results mean is the business of CodeGemm.

/// Looks up numbers of type T.
template <class T>
struct TableDecoder {
  const T* table;
  T operator()(std::uint8_t code) const { return table[code]; }
};

/// Numbers for the codes of an operand: by a table where codes have up to 8 bits, else by decoding all of them before.
template <class F, class T>
class Numbers {
 public:
  static constexpr bool by_table = std::same_as<typename F::code_type, std::uint8_t>;
  using Code = std::conditional_t<by_table, std::uint8_t, T>;

  /// @param value  the number for a code's exact value
  template <class Value>
  Numbers(std::span<const typename F::code_type> codes, const Value& value) {
    if constexpr (by_table) {
      table_.resize(256);
      for (std::size_t code = 0; code < table_.size(); ++code)
        table_[code] = value(F::exact(static_cast<std::uint8_t>(code & core::low_mask(F::bits))));
      codes_ = codes.data();
    } else {
      table_.reserve(codes.size());
      for (const auto code : codes) table_.push_back(value(F::exact(code)));
      codes_ = table_.data();
    }
  }

  [[nodiscard]] kernel::MatrixView<const Code> view(std::int64_t columns) const {
    return {codes_, columns, 1};
  }

  [[nodiscard]] auto decoder() const {
    if constexpr (by_table)
      return TableDecoder<T>{table_.data()};
    else
      return std::identity{};
  }

 private:
  std::vector<T> table_;
  const Code* codes_;
};

/// The sums of products of the numbers that `left` and `right` give for the operands, in order.
template <class F, class G, class T, class Left, class Right>
std::vector<T> multiply_numbers(const MatrixShape& shape, std::span<const typename F::code_type> weights,
                                std::span<const typename G::code_type> activations, const Left& left,
                                const Right& right) {
  const Numbers<F, T> a(weights, left);
  const Numbers<G, T> b(activations, right);
  std::vector<T> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  kernel::gemm_in_order<T>(shape.rows, shape.vectors, shape.columns, a.view(shape.columns), a.decoder(),
                           b.view(shape.vectors), b.decoder(),
                           kernel::MatrixView<T>{sums.data(), shape.vectors, 1});
  return sums;
}

/// Where the bits of numbers lie: at 2^lowest and above, below 2^end.
struct BitSpan {
  int lowest{};
  int end{};

  /// Numbers whose bits lie there are floats, if they have no more than 24.
  [[nodiscard]] constexpr bool is_float() const noexcept { return lowest >= -149 && end <= 128; }
};

/// Of all values of a format.
template <class F>
inline constexpr BitSpan format_span{.lowest = unit_exponent<F>,
                                     .end = largest_magnitude<F>.top_exponent() + 1};

/// Of the numbers that some codes stand for.
template <class F>
BitSpan span_of(std::span<const typename F::code_type> codes) {
  BitSpan span{.lowest = INT16_MAX, .end = INT16_MIN};
  for (const auto code : codes)
    if (const auto x = F::exact(code); x.is_finite() && x.significand != 0)
      span = {.lowest = std::min(span.lowest, x.exponent), .end = std::max(span.end, x.top_exponent() + 1)};
  return span;
}

/// Numbers and their products are floats.
constexpr bool are_floats(const BitSpan& a, const BitSpan& b) noexcept {
  return a.is_float() && b.is_float() &&
         BitSpan{.lowest = a.lowest + b.lowest, .end = a.end + b.end}.is_float();
}

/// Bits of a format's magnitudes in units of its lowest bit.
template <class F>
inline constexpr int magnitude_bits = largest_magnitude<F>.top_exponent() + 1 - unit_exponent<F>;

/// A number in units of 2^unit. Magnitudes are cut to the bits [first, first + width) of them, to be one of several limbs.
struct Limb {
  int unit{};
  int first = 0;
  int width = 64;

  template <class T>
  [[nodiscard]] T of(const format::Dyadic& x) const {
    if (!x.is_finite()) return static_cast<T>(format::to_double(x));
    const int up = x.exponent - unit - first;
    std::uint64_t bits = 0;
    if (up >= 0)
      bits = up < width ? x.significand << up : 0;
    else if (up > -64)
      bits = x.significand >> -up;
    const auto magnitude = static_cast<T>(static_cast<std::int64_t>(bits & core::low_mask(width)));
    return x.negative ? -magnitude : magnitude;
  }
};

/// A sum in units of 2^unit as the accumulator would have it.
template <int Unit, class T>
format::Dyadic from_units(T sum) {
  using Kind = format::Dyadic::Kind;
  if (sum != sum) return {.kind = Kind::Nan};
  const bool negative = sum < 0;
  const auto magnitude = negative ? -sum : sum;
  if (magnitude > std::numeric_limits<T>::max()) return {.negative = negative, .kind = Kind::Infinite};
  return {.significand = static_cast<std::uint64_t>(magnitude), .exponent = Unit, .negative = negative};
}

/// Integers that the loops for bytes take: weights are bytes with a sign there.
template <class F, class G>
concept ByteOperands =
    format::IntegerFormat<F> && format::IntegerFormat<G> && F::bits <= (F::is_signed ? 8 : 7) && G::bits <= 8;

/// Codes of integers of up to 8 bits, as a kernel::GemmOperand.
template <format::IntegerFormat F>
  requires(F::bits <= 8)
struct IntegerCodes {
  const std::uint8_t* data;
  std::int64_t stride;

  static constexpr bool is_signed = F::is_signed;

  const std::uint8_t* row(std::int64_t i, std::int64_t first, std::int64_t count, std::uint8_t* space) const {
    const auto* from = data + i * stride + first;
    if constexpr (F::bits == 8) return from;
    for (std::int64_t j = 0; j < count; ++j) space[j] = static_cast<std::uint8_t>(F::integer(from[j]));
    return space;
  }
};

/// Sums of products of integers, modulo 2^32.
template <format::IntegerFormat F, format::IntegerFormat G>
std::vector<std::int32_t> multiply_integers(const MatrixShape& shape, std::span<const std::uint8_t> weights,
                                            std::span<const std::uint8_t> activations) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  kernel::gemm_int8(shape.rows, shape.vectors, shape.columns, IntegerCodes<F>{weights.data(), shape.columns},
                    IntegerCodes<G>{activations.data(), shape.vectors}, sums.data(), shape.vectors);
  return sums;
}

}  // namespace bitloom::op::detail
