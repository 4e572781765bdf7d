// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/type_list.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/rounding.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/round_array.hpp>

namespace bitloom::net {

/// A format that operands of a CodeNetwork can have: codes of up to 16 bits that arrays of floats are rounded to.
template <class F>
concept CodeFormat = format::ExactFormat<F> && quant::RoundableFormat<F> && F::bits <= 16;

namespace detail {

/// A format at run time: what a chain of codes does with it. Values are those of codes, without a scale.
struct CodeFormatView {
  int bits;
  op::ValueRange range;
  bool fits_int16;  ///< values are integers of 16 bits with a sign
  void (*round)(std::span<const float> numbers, float scale, std::span<float> values);
  void (*encode)(std::span<const float> values, std::span<std::uint16_t> codes);
  void (*decode)(std::span<const std::uint16_t> codes, std::span<float> values);
};

template <CodeFormat F>
void encode_values(std::span<const float> values, std::span<std::uint16_t> codes) {
  for (std::size_t i = 0; i < values.size(); ++i)
    codes[i] =
        static_cast<std::uint16_t>(F::template encode<format::NearestEven>(static_cast<double>(values[i])));
}

template <CodeFormat F>
void decode_codes(std::span<const std::uint16_t> codes, std::span<float> values) {
  for (std::size_t i = 0; i < codes.size(); ++i)
    values[i] = static_cast<float>(F::decode(static_cast<typename F::code_type>(codes[i])));
}

template <CodeFormat F>
inline constexpr CodeFormatView code_format_view{
    .bits = F::bits,
    .range = op::value_range<F>,
    .fits_int16 = quant::FitsInt16<F>,
    .round = [](std::span<const float> numbers, float scale,
                std::span<float> values) { quant::round_quotients<F>(numbers, scale, values); },
    .encode = encode_values<F>,
    .decode = decode_codes<F>};

/// The views of a list of formats.
template <class Formats>
struct CodeFormatViews;
template <CodeFormat... Formats>
struct CodeFormatViews<core::TypeList<Formats...>> {
  static constexpr std::array<CodeFormatView, sizeof...(Formats)> all{code_format_view<Formats>...};
};

}  // namespace detail
}  // namespace bitloom::net
