// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

/// Physical shape of a block RAM: rows × columns of cells behind a column multiplexer.
struct BlockGeometry {
  int rows = 128;
  int columns = 160;
  int column_mux = 4;

  [[nodiscard]] constexpr int word_bits() const noexcept { return columns / column_mux; }
  [[nodiscard]] constexpr int words() const noexcept { return rows * column_mux; }
};

/// Depth × width as the user sees it. Widths 40, 20, 10 and 5 use all 20,480 bits; 32, 16, 8, 4, 2 and 1 leave
/// every fifth bit unused.
struct AspectRatio {
  int depth = 512;
  int width = 40;

  friend constexpr bool operator==(const AspectRatio&, const AspectRatio&) = default;
};

/// Which ports may read and write.
enum class PortMode : std::uint8_t {
  SinglePort,      ///< port A does both, port B does not exist
  SimpleDualPort,  ///< port A writes, port B reads
  TrueDualPort,    ///< both do both
};

/// What a read returns when the same clock edge writes that address.
enum class ReadDuringWrite : std::uint8_t { OldData, NewData, DontCare };

/// What one port is asked for in one clock cycle.
struct PortRequest {
  bool enable{};
  bool write{};
  std::uint32_t address{};
  std::uint64_t data{};

  static constexpr PortRequest read_from(std::uint32_t address) noexcept { return {true, false, address, 0}; }
  static constexpr PortRequest write_to(std::uint32_t address, std::uint64_t data) noexcept {
    return {true, true, address, data};
  }

  friend constexpr bool operator==(const PortRequest&, const PortRequest&) = default;
};

/// The output register of a port.
struct PortOutput {
  std::uint64_t data{};
  bool defined{};  ///< false before the first read, and after a read whose result is not specified
};

/// Storage of an Intel M20K block: 20,480 bits, two ports, synchronous.
///
/// Bit i of word a in an aspect ratio of width w is bit a·w + i of the memory; in widths without the fifth bit,
/// units of 4 are spread over units of 5, so that ports of different widths see the same memory.
/// The model is a superset of the device: it lets both ports of true dual port be 32 and 40 bits wide, and ports of
/// different widths be mixed freely, since a block that computes needs two ports of 40 bits (assumed).
/// Source: Intel Arria 10 handbook, "Embedded memory blocks" (modes, aspect ratios).
class M20k {
 public:
  static constexpr BlockGeometry geometry{};
  static constexpr int bits = geometry.rows * geometry.columns;
  static constexpr std::array<AspectRatio, 10> aspect_ratios{{{512, 40},
                                                              {512, 32},
                                                              {1024, 20},
                                                              {1024, 16},
                                                              {2048, 10},
                                                              {2048, 8},
                                                              {4096, 5},
                                                              {4096, 4},
                                                              {8192, 2},
                                                              {16384, 1}}};

  /// Highest clock of the memory.
  static constexpr core::Constant clock() noexcept {
    return {"M20K clock", 730, "MHz", "Intel Arria 10 handbook", core::Standing::Handbook};
  }

  /// Relative area: a DSP slice is 30.
  static constexpr core::Constant area() noexcept {
    return {"M20K area", 40, "area units", "BRAMAC released overlay simulator (DSP slice = 30)",
            core::Standing::Published};
  }

  struct Configuration {
    AspectRatio ratio_a{};
    AspectRatio ratio_b{};
    PortMode mode = PortMode::TrueDualPort;
    ReadDuringWrite same_port = ReadDuringWrite::NewData;
    ReadDuringWrite mixed_port = ReadDuringWrite::OldData;
  };

  constexpr M20k() = default;

  [[nodiscard]] constexpr const Configuration& configuration() const noexcept { return configuration_; }

  /// @throws RangeError  an aspect ratio that the block lacks, or DontCare on the same port
  constexpr explicit M20k(const Configuration& configuration) : configuration_(configuration) {
    check_ratio(configuration.ratio_a);
    check_ratio(configuration.ratio_b);
    if (configuration.same_port == ReadDuringWrite::DontCare)
      throw RangeError("same_port: a port that writes and reads one address returns old or new data");
  }

  /// Whether the memory can serve both requests in one clock cycle.
  ///
  /// @throws RangeError     an address beyond the depth
  /// @throws ScheduleError  a port does what its mode forbids, or both ports write the same bits
  constexpr void check(const PortRequest& a, const PortRequest& b) const {
    check_request("port A", a, configuration_.ratio_a);
    check_request("port B", b, configuration_.ratio_b);
    check_mode(a, b);
    if (a.write && b.write && overlap(a, b))
      throw ScheduleError("port conflict: both ports write address " + std::to_string(a.address));
  }

  /// One clock edge for both ports. Changes nothing where `check` throws.
  constexpr void step(const PortRequest& a, const PortRequest& b) {
    check(a, b);
    const auto old_a = a.enable ? read(a.address, configuration_.ratio_a) : 0;
    const auto old_b = b.enable ? read(b.address, configuration_.ratio_b) : 0;
    if (a.enable && a.write) write(a.address, configuration_.ratio_a, a.data);
    if (b.enable && b.write) write(b.address, configuration_.ratio_b, b.data);
    output_a_ = output(output_a_, a, b.write && overlap(a, b), old_a, configuration_.ratio_a);
    output_b_ = output(output_b_, b, a.write && overlap(a, b), old_b, configuration_.ratio_b);
  }

  [[nodiscard]] constexpr PortOutput output_a() const noexcept { return output_a_; }
  [[nodiscard]] constexpr PortOutput output_b() const noexcept { return output_b_; }

  /// The 40-bit word at (row, column of the multiplexer), past the ports.
  [[nodiscard]] constexpr std::uint64_t word(int row, int column) const noexcept {
    return words_[slot(row, column)];
  }
  constexpr void set_word(int row, int column, std::uint64_t value) noexcept {
    words_[slot(row, column)] = value & core::low_mask(40);
  }

  /// The word that a port of this aspect ratio has at an address, past the ports.
  [[nodiscard]] constexpr std::uint64_t read(std::uint32_t address, const AspectRatio& ratio) const noexcept {
    if (ratio.width == 40) return words_[address];
    std::uint64_t value = 0;
    if (ratio.width == 32) {  // the lower four of every five bits
      for (int unit = 0; unit < 8; ++unit) value |= ((words_[address] >> (5 * unit)) & 15) << (4 * unit);
      return value;
    }
    for (int i = 0; i < ratio.width; ++i) {
      const auto place = physical(std::int64_t{address} * ratio.width + i, ratio.width);
      value |= ((words_[static_cast<std::size_t>(place / 40)] >> (place % 40)) & 1) << i;
    }
    return value;
  }

  /// Stores what a port of this aspect ratio would at an address, past the ports. Higher bits of `data` are dropped.
  constexpr void write(std::uint32_t address, const AspectRatio& ratio, std::uint64_t data) noexcept {
    if (ratio.width == 40) {
      words_[address] = data & core::low_mask(40);
      return;
    }
    if (ratio.width == 32) {
      for (int unit = 0; unit < 8; ++unit) {
        const auto place = std::uint64_t{15} << (5 * unit);
        words_[address] = (words_[address] & ~place) | ((data >> (4 * unit)) & 15) << (5 * unit);
      }
      return;
    }
    for (int i = 0; i < ratio.width; ++i) {
      const auto place = physical(std::int64_t{address} * ratio.width + i, ratio.width);
      auto& word = words_[static_cast<std::size_t>(place / 40)];
      const auto bit = std::uint64_t{1} << (place % 40);
      word = ((data >> i) & 1) != 0 ? word | bit : word & ~bit;
    }
  }

 private:
  static constexpr std::size_t slot(int row, int column) noexcept {
    return static_cast<std::size_t>(row) * geometry.column_mux + static_cast<std::size_t>(column);
  }

  static constexpr bool full_width(int width) noexcept { return width % 5 == 0; }

  /// Place of a logical bit in the 20,480.
  static constexpr std::int64_t physical(std::int64_t index, int width) noexcept {
    return full_width(width) ? index : index / 4 * 5 + index % 4;
  }

  static constexpr void check_ratio(const AspectRatio& ratio) {
    for (const auto& legal : aspect_ratios)
      if (ratio == legal) return;
    throw RangeError("aspect ratio: an M20K has no " + std::to_string(ratio.depth) + "x" +
                     std::to_string(ratio.width));
  }

  static constexpr void check_request(const char* port, const PortRequest& request,
                                      const AspectRatio& ratio) {
    if (request.enable) core::check_range(port, request.address, 0, ratio.depth - 1);
  }

  constexpr void check_mode(const PortRequest& a, const PortRequest& b) const {
    if (configuration_.mode == PortMode::SinglePort && b.enable)
      throw ScheduleError("port B: a single-port memory has none");
    if (configuration_.mode == PortMode::SimpleDualPort && ((a.enable && !a.write) || (b.enable && b.write)))
      throw ScheduleError("ports: in simple dual-port mode port A writes and port B reads");
  }

  /// Whether both ports are in use and their words share a bit.
  [[nodiscard]] constexpr bool overlap(const PortRequest& a, const PortRequest& b) const noexcept {
    if (!a.enable || !b.enable) return false;
    const auto first = [](std::int64_t address, int width) { return physical(address * width, width); };
    const auto last = [](std::int64_t address, int width) {
      return physical((address + 1) * width - 1, width);
    };
    const int wa = configuration_.ratio_a.width;
    const int wb = configuration_.ratio_b.width;
    return first(a.address, wa) <= last(b.address, wb) && first(b.address, wb) <= last(a.address, wa);
  }

  /// The output register after the edge; a port without a request keeps its value.
  [[nodiscard]] constexpr PortOutput output(const PortOutput& before, const PortRequest& request,
                                            bool written_by_other, std::uint64_t old_data,
                                            const AspectRatio& ratio) const noexcept {
    if (!request.enable || (request.write && configuration_.mode == PortMode::SimpleDualPort)) return before;
    const auto rule = request.write ? configuration_.same_port : configuration_.mixed_port;
    if (request.write || written_by_other) {
      if (rule == ReadDuringWrite::DontCare) return {0, false};
      if (rule == ReadDuringWrite::NewData) return {read(request.address, ratio), true};
    }
    return {old_data, true};
  }

  Configuration configuration_{};
  std::array<std::uint64_t, static_cast<std::size_t>(geometry.words())> words_{};
  PortOutput output_a_{};
  PortOutput output_b_{};
};

}  // namespace bitloom::fabric
