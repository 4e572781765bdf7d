// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// Feature maps that a stream buffer holds for a layer: its input, and its output once, or twice where a shortcut
/// has to be kept.
enum class StreamForm : std::int8_t { Plain = 1, Residual = 2 };

/// How much of them: all, or 1 / `divisor`, the rest waiting outside.
struct StreamStorage {
  StreamForm form = StreamForm::Plain;
  std::int64_t divisor = 1;

  constexpr StreamStorage() noexcept = default;
  constexpr StreamStorage(StreamForm maps, std::int64_t share = 1) noexcept : form(maps), divisor(share) {}

  friend constexpr bool operator==(const StreamStorage&, const StreamStorage&) = default;
};

/// Columns of the input that one more column of the output needs.
template <class W>
concept StreamWidth = requires(const net::FeatureMap& map) {
  { W::step(map) } -> std::same_as<std::int64_t>;
  { W::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// ceil(qout / qin), the released simulator's expression: 1 for every layer that does not enlarge its input.
struct ReleasedWidth {
  static constexpr std::string_view assumption =
      "One more output column widens a stream buffer by ceil(qout / qin) columns, as in the released "
      "simulator: "
      "by 1 where a layer strides.";
  static constexpr std::int64_t step(const net::FeatureMap& map) noexcept {
    return core::ceil_div(map.qout, map.qin);
  }
};

/// ceil(qin / qout), the stride.
struct StrideWidth {
  static constexpr std::string_view assumption =
      "One more output column widens a stream buffer by the stride, ceil(qin / qout) columns.";
  static constexpr std::int64_t step(const net::FeatureMap& map) noexcept {
    return core::ceil_div(map.qin, map.qout);
  }
};

/// How many activations a block RAM of a stream buffer holds.
template <class C>
concept BankCapacity = requires(int activation_bits) {
  { C::activations(activation_bits) } -> std::same_as<std::int64_t>;  // of 2 to 8 bits
};

/// As many as fit words of `WordBits` bits without a gap.
template <int WordBits = static_cast<int>(overlay_word_bits)>
  requires(WordBits >= 8)
struct DenseBanks {
  static constexpr std::int64_t activations(int activation_bits) noexcept {
    return overlay_bram_words * WordBits / activation_bits;
  }
};

/// Activations take 4 or 8 bits each, as in the study of M4BRAM.
struct NibbleBanks {
  static constexpr std::int64_t activations(int activation_bits) noexcept {
    return DenseBanks<>::activations(activation_bits > 4 ? 8 : 4);
  }
};

/// Banks of a stream buffer: one for each input column, channel and row of a tile.
///
/// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
template <StreamWidth Width = ReleasedWidth>
[[nodiscard]] constexpr std::int64_t stream_banks(const net::FeatureMap& map, const Tile& tile) {
  constexpr auto what = "stream buffer";
  static_cast<void>(map.input_elements());
  static_cast<void>(map.output_elements());
  const auto more = tile.q == 1 ? 0 : core::checked_product(what, {tile.q - 1, Width::step(map)});
  return core::checked_product(what, {core::checked_sum(what, more, tile.r), tile.c, tile.p});
}

/// Banks of a stream buffer that feeds two engines with tiles of the same rows.
template <class W>
concept StreamWindow = requires(const net::FeatureMap& map, const Tile& tile) {
  { W::template banks<StrideWidth>(map, tile, tile) } -> std::same_as<std::int64_t>;
};

/// Each engine has banks of its own.
struct SeparateWindows {
  template <StreamWidth Width>
  static constexpr std::int64_t banks(const net::FeatureMap& map, const Tile& first, const Tile& second) {
    return core::checked_sum("stream buffer", stream_banks<Width>(map, first),
                             stream_banks<Width>(map, second));
  }
};

/// Both read the same banks: their columns are neighbours, and their channels the same.
struct CommonWindow {
  template <StreamWidth Width>
  static constexpr std::int64_t banks(const net::FeatureMap& map, Tile first, const Tile& second) {
    first.q += second.q;
    return stream_banks<Width>(map, first);
  }
};

/// Block RAMs of a stream buffer of so many banks that holds the maps of a layer.
///
/// @throws RangeError  activations do not have 2 to 8 bits
/// @throws ShapeError  an extent of the map, `banks` or the divisor is below 1, or a count needs more than 63 bits
/// Source: released overlay simulators of BRAMAC (arXiv 2304.03974) and M4BRAM (arXiv 2311.02758).
template <BankCapacity Capacity = DenseBanks<>>
[[nodiscard]] constexpr std::int64_t stream_bram(const net::FeatureMap& map, const StreamStorage& storage,
                                                 std::int64_t banks, int activation_bits) {
  constexpr auto what = "stream buffer";
  core::check_range("activation bits", activation_bits, 2, 8);
  const auto outputs =
      core::checked_product(what, {map.output_elements(), static_cast<std::int64_t>(storage.form)});
  const auto elements = core::checked_sum(what, map.input_elements(), outputs);
  const auto depth = core::ceil_div(elements, core::checked_product(what, {banks, storage.divisor}));
  return core::checked_product(what, {core::ceil_div(depth, Capacity::activations(activation_bits)), banks});
}

/// Block RAMs of the stream buffer that holds the maps of a layer for a tile.
///
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent of the map or the divisor is below 1, or a count needs more than 63 bits
template <StreamWidth Width = ReleasedWidth, BankCapacity Capacity = DenseBanks<>>
[[nodiscard]] constexpr std::int64_t stream_bram(const net::FeatureMap& map, const StreamStorage& storage,
                                                 const Tile& tile, Widths bits) {
  check_tile(tile);
  check_overlay_bits(bits);
  return stream_bram<Capacity>(map, storage, stream_banks<Width>(map, tile), bits.activation);
}

}  // namespace bitloom::accel
