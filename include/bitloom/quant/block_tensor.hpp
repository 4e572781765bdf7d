// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/quant/block_format.hpp>
#include <bitloom/quant/block_shape.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

/// A tensor of codes whose blocks have scales, themselves codes.
///
/// Codes are in the order of the elements, whatever the shape of the blocks; there is one scale a block, in row-major
/// order of the blocks.
template <BlockFormat B>
class BlockTensor {
 public:
  using block_format = B;
  using Codes = PackedTensor<typename B::Format>;
  using Common = typename B::Common;

  /// All codes and scales zero.
  /// @throws ShapeError  an impossible shape, or without an axis that the blocks need
  explicit BlockTensor(Shape shape)
      : codes_(std::move(shape)),
        grid_(codes_.shape(), B::Shape::extents(codes_.shape().size())),
        scales_(static_cast<std::size_t>(grid_.block_count())) {}

  /// A tensor from its parts.
  /// @throws ShapeError  the tensor lacks an axis that the blocks need, or has another number of blocks
  /// @throws RangeError  a scale is no code
  BlockTensor(Codes codes, std::vector<std::uint8_t> scales, Common common = Common::of(0.0F))
      : codes_(std::move(codes)),
        grid_(codes_.shape(), B::Shape::extents(codes_.shape().size())),
        scales_(std::move(scales)),
        common_(common) {
    core::check_equal("scales", std::ssize(scales_), "the tensor's blocks", grid_.block_count());
    for (const auto scale : scales_) core::check_range("scale", scale, 0, (1 << B::scale_bits) - 1);
  }

  /// Encodes a row-major tensor.
  /// @throws ShapeError  the values do not fit the shape, or it lacks an axis that the blocks need
  /// @throws RangeError  a value is NaN or infinite, where the format's policy says so
  [[nodiscard]] static BlockTensor quantize(std::span<const float> values, Shape shape) {
    BlockTensor tensor(std::move(shape));
    tensor.encode(values);
    return tensor;
  }

  /// The numbers that the codes stand for.
  [[nodiscard]] std::vector<float> dequantize() const {
    std::vector<float> values(static_cast<std::size_t>(size()));
    decode(values);
    return values;
  }

  /// Overwrites all codes and scales.
  /// @throws ShapeError, RangeError  as `quantize`; after a RangeError the tensor holds anything
  void encode(std::span<const float> values) {
    core::check_equal("values", std::ssize(values), "the tensor's elements", size());
    if constexpr (!std::same_as<Common, NothingInCommon>)
      common_ = Common::of(std::bit_cast<float>(
          kernel::largest_magnitude(values.data(), values.size(), kernel::largest_finite)));
    Buffers buffers;
    grid_.for_each_portion(
        portion_size, [&](const BlockGrid::Portion& portion) { encode_portion(values, portion, buffers); });
  }

  /// The numbers that the codes stand for, into `values`.
  /// @throws ShapeError  another number of values than there are elements
  void decode(std::span<float> values) const {
    core::check_equal("values", std::ssize(values), "the tensor's elements", size());
    Buffers buffers;
    grid_.for_each_portion(portion_size, [&](const BlockGrid::Portion& portion) {
      buffers.resize(portion);
      for (std::size_t b = 0; b < buffers.factors.size(); ++b)
        buffers.factors[b] = B::restoring_factor(scales_[static_cast<std::size_t>(portion.first_block) + b]);
      buffers.repeat_factors(portion);
      for (const auto first : portion.rows) {
        codes_.read_codes(first, buffers.codes);
        B::decode_scaled(buffers.codes, buffers.repeated, common_, values.data() + first);
      }
    });
  }

  [[nodiscard]] const Shape& shape() const noexcept { return codes_.shape(); }
  [[nodiscard]] std::int64_t size() const noexcept { return codes_.size(); }
  [[nodiscard]] const Codes& codes() const noexcept { return codes_; }

  /// One a block, of the shape `scale_shape()`.
  [[nodiscard]] std::span<const std::uint8_t> scales() const noexcept { return scales_; }
  [[nodiscard]] const Shape& scale_shape() const noexcept { return grid_.counts(); }

  /// What the blocks have in common.
  [[nodiscard]] const Common& common() const noexcept { return common_; }

  /// The scale of the block that an element is in.
  /// @throws RangeError  `index` is not an element
  [[nodiscard]] std::uint8_t scale(std::int64_t index) const {
    core::check_range("tensor index", index, 0, size() - 1);
    return scales_[static_cast<std::size_t>(grid_.block(index))];
  }

  /// The number that an element's code stands for.
  /// @throws RangeError  `index` is not an element
  [[nodiscard]] float value(std::int64_t index) const {
    const float factor = B::restoring_factor(scale(index));
    const auto code = codes_.code(index);
    float result = 0;
    B::decode_scaled({&code, 1}, {&factor, 1}, common_, &result);
    return result;
  }

  friend bool operator==(const BlockTensor& a, const BlockTensor& b) {
    return a.codes_ == b.codes_ && a.scales_ == b.scales_ && a.common_ == b.common_;
  }

 private:
  /// Elements that are converted at a time: with what is made of them they fit the L1 cache.
  static constexpr std::int64_t portion_size = 1024;

  struct Buffers {
    std::vector<std::uint32_t> largest;        // magnitude, one a block
    std::vector<float> factors;                // one a block
    std::vector<float> repeated;               // factors, one an element of a row
    std::vector<typename B::code_type> codes;  // of a row

    void resize(const BlockGrid::Portion& portion) {
      const auto length = static_cast<std::size_t>(portion.length);
      const auto blocks = core::ceil_div(length, static_cast<std::size_t>(portion.run));
      largest.assign(blocks, 0);
      factors.resize(blocks);
      repeated.resize(length);
      codes.resize(length);
    }
    void repeat_factors(const BlockGrid::Portion& portion) {
      kernel::repeat_each(factors.data(), static_cast<std::size_t>(portion.run), repeated.size(),
                          repeated.data());
    }
  };

  void encode_portion(std::span<const float> values, const BlockGrid::Portion& portion, Buffers& buffers) {
    buffers.resize(portion);
    if (portion.rows.size() == 1 && portion.length % portion.run == 0)
      if (portion.run == 16 ? encode_blocks<16>(values, portion, buffers)
                            : portion.run == 32 && encode_blocks<32>(values, portion, buffers))
        return;
    const auto length = static_cast<std::size_t>(portion.length), run = static_cast<std::size_t>(portion.run);
    const auto row = [&](std::int64_t first) {
      return values.subspan(static_cast<std::size_t>(first), length);
    };
    for (const auto first : portion.rows)
      kernel::raise_magnitudes(row(first).data(), length, run, B::largest_counted, buffers.largest.data());
    B::scales_of(buffers.largest, common_, scales_.data() + portion.first_block, buffers.factors.data());
    buffers.repeat_factors(portion);
    for (const auto first : portion.rows) {
      B::encode_scaled(row(first), buffers.repeated, buffers.codes);
      codes_.write_codes(first, buffers.codes);
    }
  }

  /// The same for blocks of one row, if the format has a way of its own for them.
  template <std::size_t Length>
  bool encode_blocks(std::span<const float> values, const BlockGrid::Portion& portion, Buffers& buffers) {
    auto* const scales = scales_.data() + portion.first_block;
    const auto factors_of = [&](std::size_t block, std::size_t count, const std::uint32_t* largest,
                                float* factors) {
      B::scales_of({largest, count}, common_, scales + block, factors);
    };
    const auto first = portion.rows[0];
    if constexpr (requires(const float* in) {
                    B::template encode_blocks<Length>(in, 1, factors_of, &buffers.codes[0]);
                  }) {
      B::template encode_blocks<Length>(values.data() + first, buffers.largest.size(), factors_of,
                                        buffers.codes.data());
      codes_.write_codes(first, buffers.codes);
      return true;
    }
    return false;
  }

  Codes codes_;
  BlockGrid grid_;
  std::vector<std::uint8_t> scales_;
  Common common_ = Common::of(0.0F);
};

}  // namespace bitloom::quant
