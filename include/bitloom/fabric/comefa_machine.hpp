// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/fabric/comefa_array.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric::comefa {

/// Whether a block takes instructions, or is an ordinary memory in which every address is like any other.
enum class Mode : std::uint8_t { Memory, Compute };

/// Writing here on port A issues a micro-instruction, in mode Compute.
inline constexpr std::uint32_t instruction_address = 0x1FF;

/// The block as its two ports of 512 × 40 see it. `tick` is one clock edge.
///
/// A cycle with an instruction takes the whole array: port B has to be idle. In all other cycles the ports are those of
/// a memory; a write shows its new data at its own port, a read beside a write returns the old data.
/// Source: open RTL of the CoMeFa block; switching the mode takes no cycle (assumed).
class Machine {
 public:
  [[nodiscard]] constexpr Array& array() noexcept { return array_; }
  [[nodiscard]] constexpr const Array& array() const noexcept { return array_; }

  [[nodiscard]] constexpr Mode mode() const noexcept { return mode_; }
  constexpr void set_mode(Mode mode) noexcept { mode_ = mode; }

  [[nodiscard]] constexpr PortOutput output_a() const noexcept { return output_a_; }
  [[nodiscard]] constexpr PortOutput output_b() const noexcept { return output_b_; }

  [[nodiscard]] constexpr std::int64_t cycles() const noexcept { return cycles_; }
  /// Of those, the ones with an instruction.
  [[nodiscard]] constexpr std::int64_t compute_cycles() const noexcept { return compute_cycles_; }

  /// One clock edge for both ports. Where it throws, nothing has changed.
  /// @throws RangeError     an address beyond the memory, or an instruction with an illegal select code
  /// @throws ScheduleError  port B is used beside an instruction, or both ports write one word
  constexpr void tick(const PortRequest& a, const PortRequest& b, const Neighbours& neighbours = {}) {
    if (mode_ == Mode::Compute && a.enable && a.write && a.address == instruction_address) {
      if (b.enable)
        throw ScheduleError("port B: a memory request in cycle " + std::to_string(cycles_) +
                            ", in which the array computes");
      array_.step(decode(a.data), neighbours);
      ++compute_cycles_;
    } else {
      check_address("port A", a);
      check_address("port B", b);
      if (a.enable && a.write && b.enable && b.write && a.address == b.address)
        throw ScheduleError("port conflict: both ports write address " + std::to_string(a.address));
      const auto old_a = read(a);
      const auto old_b = read(b);
      write(a);
      write(b);
      if (a.enable) output_a_ = {a.write ? read(a) : old_a, true};
      if (b.enable) output_b_ = {b.write ? read(b) : old_b, true};
    }
    ++cycles_;
  }

  /// One cycle with an instruction, in mode Compute.
  /// @throws RangeError     a row or the truth table is out of range
  /// @throws ScheduleError  the block is in mode Memory
  constexpr void compute(const Instruction& instruction, const Neighbours& neighbours = {}) {
    if (mode_ != Mode::Compute) throw ScheduleError("instruction: the block is in mode Memory");
    tick(PortRequest::write_to(instruction_address, encode(instruction)), {}, neighbours);
  }

 private:
  static constexpr int mux = Array::geometry.column_mux;

  static constexpr void check_address(const char* port, const PortRequest& request) {
    if (request.enable) core::check_range(port, request.address, 0, Array::geometry.words() - 1);
  }

  [[nodiscard]] constexpr std::uint64_t read(const PortRequest& request) const noexcept {
    if (!request.enable) return 0;
    const auto address = static_cast<int>(request.address);
    return array_.word(address / mux, address % mux);
  }

  constexpr void write(const PortRequest& request) noexcept {
    if (!request.enable || !request.write) return;
    const auto address = static_cast<int>(request.address);
    array_.set_word(address / mux, address % mux, request.data);
  }

  Array array_;
  Mode mode_ = Mode::Compute;
  PortOutput output_a_{};
  PortOutput output_b_{};
  std::int64_t cycles_ = 0;
  std::int64_t compute_cycles_ = 0;
};

}  // namespace bitloom::fabric::comefa
