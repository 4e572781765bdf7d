// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/kernel/lane_arithmetic.hpp>

namespace bitloom::fabric {

/// The storage of many M20K blocks with the same requests in every cycle, each with data of its own. Both ports are
/// 512 x 40, true dual port.
///
/// Block i has the bits of an M20k that sees data word i. The words of one address lie side by side, in two planes: bits
/// 0 to 31, and bits 32 to 39.
class M20kBatch {
 public:
  using Data =
      std::span<const std::uint64_t>;  ///< a word for each block; empty: all have that of the request

  /// Words of all blocks at one place, as `kernel::extend_to_lanes` takes them.
  struct Planes {
    const std::uint32_t* low;
    const std::uint32_t* high;
  };

  /// @param blocks  1..65536
  /// @throws RangeError  `blocks` is out of range, or the configuration has other ports
  explicit M20kBatch(std::int64_t blocks, const M20k::Configuration& configuration = {})
      : blocks_(blocks), ports_(configuration) {
    constexpr AspectRatio wide{512, 40};
    core::check_range("blocks", blocks, 1, 65536);
    if (configuration.ratio_a != wide || configuration.ratio_b != wide ||
        configuration.mode != PortMode::TrueDualPort)
      throw RangeError("memory: the blocks of a batch have true dual ports of 512x40");
    stride_ = core::ceil_div(blocks, kernel::lane_items) * kernel::lane_items;
    low_.resize(at(M20k::geometry.words()));
    high_.resize(at(M20k::geometry.words()));
    outputs_.resize(at(2 * 2));
  }

  [[nodiscard]] std::int64_t blocks() const noexcept { return blocks_; }
  /// Blocks, filled up to whole vectors.
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }

  /// The 40-bit word of a block at (row, column of the multiplexer), past the ports.
  /// @throws RangeError  no such block, row or column
  [[nodiscard]] std::uint64_t word(std::int64_t block, int row, int column) const {
    const auto i = place(block, row, column);
    return joined(low_[i], high_[i]);
  }
  void set_word(std::int64_t block, int row, int column, std::uint64_t value) {
    const auto i = place(block, row, column);
    low_[i] = low_part(value);
    high_[i] = high_part(value);
  }

  /// The words of all blocks at an address, 0..511.
  [[nodiscard]] Planes words(std::int64_t address) const noexcept {
    return {low_.data() + at(address), high_.data() + at(address)};
  }

  /// The output register of port A (0) or B (1).
  /// @throws RangeError  no such block or port
  [[nodiscard]] PortOutput output(std::int64_t block, int port) const {
    core::check_range("block", block, 0, blocks_ - 1);
    core::check_range("port", port, 0, 1);
    const auto* low = outputs_.data() + at(2 * port) + block;
    return {joined(low[0], low[stride_]), (port == 0 ? ports_.output_a() : ports_.output_b()).defined};
  }

  /// One clock edge for both ports of all blocks. Changes nothing where it throws.
  ///
  /// @throws ShapeError                 data that is not one word for each block
  /// @throws RangeError, ScheduleError  as M20k::check
  void step(const PortRequest& a, const PortRequest& b, Data data_a = {}, Data data_b = {}) {
    check_data("data_a", data_a);
    check_data("data_b", data_b);
    ports_.step(a, b);
    const bool same = a.enable && b.enable && a.address == b.address;
    const auto& configuration = ports_.configuration();
    const auto rule = [&](const PortRequest& port, const PortRequest& other) {
      if (port.write) return configuration.same_port;
      return same && other.write ? configuration.mixed_port : ReadDuringWrite::OldData;
    };
    const auto rule_a = rule(a, b), rule_b = rule(b, a);
    const auto read = [&](ReadDuringWrite when) {
      if (a.enable && rule_a == when) put_out(0, a.address, when);
      if (b.enable && rule_b == when) put_out(1, b.address, when);
    };
    read(ReadDuringWrite::OldData);
    write(a, data_a);
    write(b, data_b);
    read(ReadDuringWrite::NewData);
    read(ReadDuringWrite::DontCare);
  }

  /// @throws ShapeError  a list that is neither empty nor one word for each block
  template <class T>
  void check_data(const char* name, std::span<T> words) const {
    if (!words.empty() && std::ssize(words) != blocks_)
      throw ShapeError(std::string(name) + ": " + std::to_string(words.size()) + " words for " +
                       std::to_string(blocks_) + " blocks");
  }

  static constexpr std::uint32_t low_part(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word);
  }
  static constexpr std::uint32_t high_part(std::uint64_t word) noexcept { return (word >> 32) & 0xFF; }
  static constexpr std::uint64_t joined(std::uint32_t low, std::uint32_t high) noexcept {
    return std::uint64_t{high} << 32 | low;
  }

 private:
  [[nodiscard]] std::size_t at(std::int64_t line) const noexcept {
    return static_cast<std::size_t>(line * stride_);
  }

  [[nodiscard]] std::size_t place(std::int64_t block, int row, int column) const {
    core::check_range("block", block, 0, blocks_ - 1);
    core::check_range("row", row, 0, M20k::geometry.rows - 1);
    core::check_range("column", column, 0, M20k::geometry.column_mux - 1);
    return at(row * M20k::geometry.column_mux + column) + static_cast<std::size_t>(block);
  }

  void put_out(int port, std::int64_t address, ReadDuringWrite rule) noexcept {
    auto* low = outputs_.data() + at(2 * port);
    if (rule == ReadDuringWrite::DontCare) {
      std::fill_n(low, 2 * stride_, 0U);
    } else {
      std::copy_n(words(address).low, stride_, low);
      std::copy_n(words(address).high, stride_, low + stride_);
    }
  }

  void write(const PortRequest& request, Data data) noexcept {
    if (!request.enable || !request.write) return;
    auto* low = low_.data() + at(request.address);
    auto* high = high_.data() + at(request.address);
    if (data.empty()) {
      std::fill_n(low, stride_, low_part(request.data));
      std::fill_n(high, stride_, high_part(request.data));
    } else {
      for (std::size_t i = 0; i < data.size(); ++i) {
        low[i] = low_part(data[i]);
        high[i] = high_part(data[i]);
      }
    }
  }

  std::int64_t blocks_;
  std::int64_t stride_ = 0;
  M20k ports_;                  ///< checks the requests, and knows which outputs are defined
  kernel::LaneBuffer low_;      ///< [address][block]
  kernel::LaneBuffer high_;     ///< [address][block]
  kernel::LaneBuffer outputs_;  ///< [port][low, high][block]
};

}  // namespace bitloom::fabric
