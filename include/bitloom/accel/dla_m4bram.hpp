// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <bitloom/accel/block_timing.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/overlay_arithmetic.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>

namespace bitloom::accel {

/// How many blocks with the same weights are counted where a tile has more output columns and rows than a block.
template <class C>
concept CopyCount = requires(std::int64_t vectors) {
  { C::copies(vectors) } -> std::same_as<std::int64_t>;  // of 1, 2, 4, 8 or 16 columns and rows
};

/// One, as in the cost functions of the released simulator, whose search stays within a block.
struct ReleasedCopies {
  static constexpr std::int64_t copies(std::int64_t) noexcept { return 1; }
};

/// As many as it takes: a block has activations for 4.
struct EveryCopy {
  static constexpr std::int64_t copies(std::int64_t vectors) noexcept {
    return core::ceil_div(vectors, std::int64_t{4});
  }
};

/// A filter cache of M4BRAM blocks.
///
/// A block multiplies a weight word with the activations of 1, 2 or 4 output columns and rows at a time. For one, the
/// word gives its weights to all four processing elements; for two or four, a half or a quarter of it at a time, twice
/// or four times. So the more columns and rows, the fewer output channels.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking, Mac2Cycles Mac2 = PublishedMac2,
          ReadoutRule Readouts = OneReadout, CopyCount Copies = ReleasedCopies>
struct M4bramEngine
    : TimedBlock<fabric::M4bram<Size, Clocking, 1, typename Readouts::BlockPolicies>, Mac2, Readouts> {
  using Timed =
      TimedBlock<fabric::M4bram<Size, Clocking, 1, typename Readouts::BlockPolicies>, Mac2, Readouts>;
  using Timed::operands;
  using typename Timed::Block;
  using Window = SeparateWindows;
  static constexpr std::string_view name = Block::name;

  /// Columns and rows of a tile are 1, 2 or 4 together, or 8 or 16 on blocks with the same weights.
  static constexpr bool supports(const Tile& tile, Widths widths) noexcept {
    const auto vectors = tile.q * tile.p;
    return Block::supports(operands(widths)) &&
           (vectors == 1 || vectors == 2 || vectors == 4 || vectors == 8 || vectors == 16);
  }

  /// @throws RangeError  the columns and rows of the tile are another number, or the block lacks these widths
  static constexpr void check(const Tile& tile, Widths widths) {
    fabric::check_supported<Block>(operands(widths));
    if (!supports(tile, widths))
      throw RangeError("bram tile: " + std::to_string(tile.q) + " columns of " + std::to_string(tile.p) +
                       " rows; M4BRAM takes 1, 2 or 4 vectors of activations, or 8 or 16 on several blocks");
  }

  static constexpr std::int64_t copies(const Tile& tile) noexcept { return Copies::copies(tile.q * tile.p); }

  /// Duplication factor: how many vectors of activations a block multiplies with the same weights.
  static constexpr std::int64_t duplication(const Tile& tile) noexcept {
    return std::min(tile.q * tile.p, std::int64_t{Block::elements});
  }

  static constexpr std::int64_t lanes(const Tile& tile, Widths widths) noexcept {
    return Block::lanes(operands(widths)) / duplication(tile);
  }

  static constexpr std::int64_t weight_pairs(const Tile& tile, Widths) noexcept {
    return std::int64_t{Block::weight_words} * Block::port_bits / Block::word_bits * duplication(tile) / 2;
  }

  /// Those that the study counts.
  static constexpr std::int64_t mac2_cycles(Widths widths) noexcept {
    return Mac2::template m4bram<Clocking>(widths.activation);
  }
};

/// The baseline overlay with filter caches of M4BRAM.
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking,
          OverlayArithmetic Arithmetic = ExactArithmetic, DspPacking Packing = MixedPacking,
          Mac2Cycles Mac2 = PublishedMac2, ReadoutRule Readouts = OneReadout,
          CopyCount Copies = ReleasedCopies>
using DlaM4bram = HybridOverlay<M4bramEngine<Size, Clocking, Mac2, Readouts, Copies>, Arithmetic, Packing>;

}  // namespace bitloom::accel
