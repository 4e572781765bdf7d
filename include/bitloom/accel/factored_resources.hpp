// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <bitloom/accel/buffered_overlay.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/m4bram_space.hpp>
#include <bitloom/accel/overlay.hpp>

namespace bitloom::accel {

namespace detail {

using Extents = std::pair<std::int64_t, std::int64_t>;

/// Which elements of a list are equal: a class for each, and where each class occurs first.
struct Classes {
  std::vector<std::size_t> class_of;  ///< [element]
  std::vector<std::size_t> first;     ///< [class]

  /// Of f(element), a pair of extents.
  template <class T, class F>
  Classes(const std::vector<T>& elements, F f) {
    const auto slots = std::bit_ceil(2 * elements.size() + 1);
    std::vector<std::size_t> table(slots, 0);  // class + 1
    std::vector<Extents> keys;
    class_of.reserve(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Extents key = f(elements[i]);
      const auto mixed =
          (static_cast<std::uint64_t>(key.first) * 8191 + static_cast<std::uint64_t>(key.second)) *
          0x9E3779B97F4A7C15u;
      auto slot = static_cast<std::size_t>(mixed >> 32) & (slots - 1);
      while (table[slot] != 0 && keys[table[slot] - 1] != key) slot = (slot + 1) & (slots - 1);
      if (table[slot] == 0) {
        keys.push_back(key);
        first.push_back(i);
        table[slot] = keys.size();
      }
      class_of.push_back(table[slot] - 1);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return first.size(); }
};

/// What the resources of a tile depend on.
struct TileKeys {
  static Extents dsp_columns(const Tile& t) { return {t.q * t.p, 0}; }
  static Extents dsp_columns(const HybridTile& t) { return dsp_columns(t.dsp); }
  static Extents dsp_channels(const Tile& t) { return {t.c, t.k}; }
  static Extents dsp_channels(const HybridTile& t) { return dsp_channels(t.dsp); }
  static Extents filter_columns(const Tile& t) { return {t.q, t.p}; }
  static Extents filter_columns(const HybridTile& t) { return filter_columns(t.bram); }
  static Extents filter_channels(const Tile& t) { return {t.c, t.k}; }
  static Extents filter_channels(const HybridTile& t) { return filter_channels(t.bram); }
  static Extents output_columns(const Tile& t) { return {t.q, t.p}; }
  static Extents output_columns(const HybridTile& t) { return {t.dsp.q + t.bram.q, t.dsp.p}; }
  static Extents inputs(const Tile& t) { return {t.c, 0}; }
  static Extents inputs(const HybridTile& t) { return {t.dsp.c, t.bram.c}; }
};

/// f(column, channel) for every pair of a class of columns and a class of channels.
template <class V>
struct PairTable {
  const Classes* columns{};
  const Classes* channels{};
  std::vector<V> values;  ///< [class of columns × class of channels]

  template <class F>
  PairTable(const Classes& column_classes, const Classes& channel_classes, F f)
      : columns(&column_classes), channels(&channel_classes) {
    values.reserve(columns->size() * channels->size());
    for (const auto column : columns->first)
      for (const auto channel : channels->first) values.push_back(f(column, channel));
  }

  /// f(value) of another table.
  template <class U, class F>
  PairTable(const PairTable<U>& table, F f) : columns(table.columns), channels(table.channels) {
    values.reserve(table.values.size());
    for (const auto& value : table.values) values.push_back(f(value));
  }

  /// The values of a column.
  struct Row {
    const V* values{};
    const std::size_t* class_of{};
    const V& operator[](std::size_t channel) const { return values[class_of[channel]]; }
  };
  [[nodiscard]] Row row(std::size_t column) const {
    return {values.data() + columns->class_of[column] * channels->size(), channels->class_of.data()};
  }
};

inline std::int64_t total(std::int64_t filter_bram) { return filter_bram; }
inline std::int64_t total(const MixedCount& filter_bram) { return filter_bram.sum(); }

/// DSP slices, filter caches and stream buffers of all tiles of a space, from tables: slices depend on the product of
/// output columns and rows and on the channels of slices, filter caches on the columns, rows and channels of blocks
/// (those of the baseline on channels alone), stream buffers on columns, rows and input channels.
template <class B>
class FactoredResources {
 public:
  using T = typename B::tile_type;
  using W = typename B::widths_type;
  using FilterCount =
      decltype(B::filter_bram(std::declval<OverlayTask>(), std::declval<T>(), std::declval<W>()));
  static constexpr bool enhanced = requires { typename B::overlay::engine; };

  /// What candidates with the same columns take.
  struct Row {
    PairTable<std::int64_t>::Row dsp, filter_bram;
    std::vector<std::int64_t> streams;  ///< [class of inputs]
    const std::size_t* inputs{};        ///< [channel]

    [[nodiscard]] std::int64_t stream_bram(std::size_t channel) const { return streams[inputs[channel]]; }
    [[nodiscard]] std::int64_t bram(std::size_t channel) const {
      return filter_bram[channel] + stream_bram(channel);
    }
  };

  FactoredResources(const OverlayTask& task, const FactoredSpace<T>& space, const W& widths)
      : task_(task),
        space_(space),
        widths_(widths),
        dsp_columns_(space.columns, [](const T& t) { return TileKeys::dsp_columns(t); }),
        dsp_channels_(space.channels, [](const T& t) { return TileKeys::dsp_channels(t); }),
        filter_columns_(space.columns,
                        [](const T& t) { return enhanced ? TileKeys::filter_columns(t) : Extents{}; }),
        filter_channels_(space.channels, [](const T& t) { return TileKeys::filter_channels(t); }),
        inputs_(space.channels, [](const T& t) { return TileKeys::inputs(t); }),
        dsp_(dsp_columns_, dsp_channels_,
             [&](std::size_t column, std::size_t channel) {
               return B::overlay::dsp(space.tile(column, channel), widths);
             }),
        filter_counts_(filter_columns_, filter_channels_,
                       [&](std::size_t column, std::size_t channel) {
                         return B::filter_bram(task, space.tile(column, channel), widths);
                       }),
        filter_bram_(filter_counts_, [](const auto& count) { return total(count); }) {}

  FactoredResources(const FactoredResources&) = delete;  // tables point to classes
  FactoredResources& operator=(const FactoredResources&) = delete;

  [[nodiscard]] Row row(std::size_t column) const {
    Row row{.dsp = dsp_.row(column),
            .filter_bram = filter_bram_.row(column),
            .streams = {},
            .inputs = inputs_.class_of.data()};
    for (const auto channel : inputs_.first)
      row.streams.push_back(B::stream_bram(task_, space_.tile(column, channel), widths_));
    return row;
  }

  [[nodiscard]] const OverlayTask& task() const noexcept { return task_; }
  [[nodiscard]] const FactoredSpace<T>& space() const noexcept { return space_; }
  [[nodiscard]] const W& widths() const noexcept { return widths_; }
  [[nodiscard]] const Classes& dsp_columns() const noexcept { return dsp_columns_; }
  [[nodiscard]] const Classes& dsp_channels() const noexcept { return dsp_channels_; }
  [[nodiscard]] const PairTable<std::int64_t>& dsp() const noexcept { return dsp_; }
  [[nodiscard]] const PairTable<FilterCount>& filter_counts() const noexcept { return filter_counts_; }

 private:
  const OverlayTask& task_;
  const FactoredSpace<T>& space_;
  W widths_;
  Classes dsp_columns_, dsp_channels_, filter_columns_, filter_channels_, inputs_;
  PairTable<std::int64_t> dsp_;
  PairTable<FilterCount> filter_counts_;
  PairTable<std::int64_t> filter_bram_;
};

}  // namespace detail

}  // namespace bitloom::accel
