// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/kernel/pack_codes.hpp>

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

  /// The given codes, one an element; their bits above the format's width are dropped.
  /// @throws ShapeError  an impossible shape, or another number of codes than it has elements
  PackedTensor(Shape shape, std::span<const code_type> codes) : PackedTensor(std::move(shape)) {
    core::check_equal("codes", std::ssize(codes), "the tensor's shape", size_);
    write_codes(0, codes);
  }

  /// A tensor from its storage.
  /// @throws ShapeError  an impossible shape, or another number of bytes than it takes
  /// @throws RangeError  an unused bit of the last byte is set
  [[nodiscard]] static PackedTensor from_bytes(Shape shape, std::span<const std::uint8_t> bytes) {
    PackedTensor tensor(std::move(shape));
    core::check_equal("packed bytes", std::ssize(bytes), "the storage of the tensor's shape",
                      std::ssize(tensor.bytes_));
    const int used = static_cast<int>(tensor.size_ * F::bits % 8);
    if (used != 0 && (bytes.back() >> used) != 0)
      throw RangeError("packed bytes: the last is " + std::to_string(bytes.back()) + ", but its bits from " +
                       std::to_string(used) + " on have to be 0");
    std::ranges::copy(bytes, tensor.bytes_.begin());
    return tensor;
  }

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

  /// All codes, one a place.
  [[nodiscard]] std::vector<code_type> codes() const {
    std::vector<code_type> all(static_cast<std::size_t>(size_));
    read_codes(0, all);
    return all;
  }

  /// Takes out the codes of the elements from `first` on, many at a time.
  /// @throws RangeError  there are not so many
  void read_codes(std::int64_t first, std::span<code_type> codes) const {
    check_run(first, std::ssize(codes));
    const auto head = std::min<std::int64_t>((8 - first % 8) % 8, std::ssize(codes));
    const auto rest = codes.subspan(static_cast<std::size_t>(head));
    for (std::int64_t i = 0; i < head; ++i) codes[static_cast<std::size_t>(i)] = code(first + i);
    kernel::unpack_codes<F::bits>(bytes_.data() + (first + head) / 8 * F::bits, rest.size(), rest.data());
  }

  /// Overwrites the codes of the elements from `first` on, many at a time.
  /// @throws RangeError  there are not so many
  void write_codes(std::int64_t first, std::span<const code_type> codes) {
    const auto count = std::ssize(codes);
    check_run(first, count);
    // eight codes are whole bytes; so is what the tensor ends with
    const auto head = std::min<std::int64_t>((8 - first % 8) % 8, count);
    const auto tail = first + count == size_ ? 0 : (count - head) % 8;
    const auto one_by_one = [&](std::int64_t from, std::int64_t to) {
      for (auto i = from; i < to; ++i) set_code(first + i, codes[static_cast<std::size_t>(i)]);
    };
    one_by_one(0, head);
    if (const auto bulk = count - head - tail; bulk > 0)
      kernel::pack_codes<F::bits>(codes.data() + head, static_cast<std::size_t>(bulk),
                                  bytes_.data() + (first + head) / 8 * F::bits);
    one_by_one(count - tail, count);
  }

  /// The value of an element's code, without any scale.
  /// @throws RangeError  `index` is not an element
  [[nodiscard]] double value(std::int64_t index) const { return F::decode(code(index)); }

  /// All values as integers, as integer hardware takes them.
  [[nodiscard]] std::vector<std::int16_t> integers() const requires FitsInt16<F> {
    std::vector<std::int16_t> values(static_cast<std::size_t>(size_));
    std::array<code_type, 2048> codes;
    for (std::int64_t first = 0; first < size_; first += std::ssize(codes)) {
      const auto count = static_cast<std::size_t>(std::min(std::ssize(codes), size_ - first));
      read_codes(first, std::span(codes).first(count));
      auto* const to = values.data() + first;
      for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::int16_t>(F::integer(codes[i]));
    }
    return values;
  }

  friend bool operator==(const PackedTensor&, const PackedTensor&) = default;

 private:
  void check_run(std::int64_t first, std::int64_t count) const {
    core::check_range("first index of the codes", first, 0, size_);
    core::check_range("number of codes", count, 0, size_ - first);
  }

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
