// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>

namespace bitloom::quant {

/// Extents of a tensor, outermost first; elements are row-major.
using Shape = std::vector<std::int64_t>;

/// Number of elements.
/// @throws ShapeError  an extent is negative, or there are more than 2^56 elements, whose bits 64 bits cannot count
[[nodiscard]] inline std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const auto extent : shape) {
    if (extent < 0) throw ShapeError("tensor extent: " + std::to_string(extent) + " has to be at least 0");
    if (extent > 0 && count > (std::int64_t{1} << 56) / extent)
      throw ShapeError("tensor shape: more than 2^56 elements");
    count *= extent;
  }
  return count;
}

/// An integer format whose values fit 16 bits with a sign, which is what operators and blocks take.
template <class F>
concept FitsInt16 = format::IntegerFormat<F> &&(F::range.lowest >= INT16_MIN) && (F::range.max <= INT16_MAX);

/// Codes of one format, packed without gaps: code i is bits [i·b, (i+1)·b) of a bit string whose bit j is bit
/// j mod 8 of byte j div 8. Two 4-bit codes a byte, the first in the low half; unused bits of the last byte are 0.
template <format::Format F>
class PackedTensor {
 public:
  using format_type = F;
  using code_type = typename F::code_type;

  PackedTensor() : PackedTensor(Shape{0}) {}

  /// All codes zero.
  /// @throws ShapeError  an impossible shape
  explicit PackedTensor(Shape shape)
      : shape_(std::move(shape)),
        size_(element_count(shape_)),
        bytes_(static_cast<std::size_t>(core::ceil_div(size_ * F::bits, std::int64_t{8}))) {}

  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }

  /// The storage, ceil(size · bits / 8) bytes.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

  /// @throws RangeError  `index` is not an element
  [[nodiscard]] code_type code(std::int64_t index) const {
    core::check_range("tensor index", index, 0, size_ - 1);
    std::uint64_t value = 0;
    for_each_byte(index, [&](std::size_t byte, int offset, int shift, std::uint64_t mask) {
      value |= ((bytes_[byte] >> offset) & mask) << shift;
    });
    return static_cast<code_type>(value);
  }

  /// @throws RangeError  `index` is not an element
  void set_code(std::int64_t index, code_type code) {
    core::check_range("tensor index", index, 0, size_ - 1);
    for_each_byte(index, [&](std::size_t byte, int offset, int shift, std::uint64_t mask) {
      const auto kept = bytes_[byte] & ~(mask << offset);
      bytes_[byte] = static_cast<std::uint8_t>(kept | (((code >> shift) & mask) << offset));
    });
  }

  /// The value of an element's code, without any scale.
  /// @throws RangeError  `index` is not an element
  [[nodiscard]] double value(std::int64_t index) const { return F::decode(code(index)); }

  /// All values as integers, as integer hardware takes them.
  [[nodiscard]] std::vector<std::int16_t> integers() const requires FitsInt16<F> {
    std::vector<std::int16_t> values(static_cast<std::size_t>(size_));
    for (std::int64_t i = 0; i < size_; ++i)
      values[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(F::integer(code(i)));
    return values;
  }

  friend bool operator==(const PackedTensor&, const PackedTensor&) = default;

 private:
  /// Calls visit(byte, offset in it, shift in the code, mask) for the bytes that an element touches.
  template <class Visit>
  static void for_each_byte(std::int64_t index, Visit visit) {
    const auto first = index * F::bits;
    for (int done = 0; done < F::bits;) {
      const auto place = first + done;
      const int offset = static_cast<int>(place % 8);
      const int count = std::min(8 - offset, F::bits - done);
      visit(static_cast<std::size_t>(place / 8), offset, done, core::low_mask(count));
      done += count;
    }
  }

  Shape shape_;
  std::int64_t size_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace bitloom::quant
