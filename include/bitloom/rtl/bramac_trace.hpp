// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>

#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_value.hpp>
#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/text.hpp>
#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl {

/// BRAMAC; `fabric::run_product` and `fabric::BramacRun` drive it like any other.
template <BramacBlock B>
struct Recorded<B> : B {
  using Machine = fabric::BramacMachine<Recorded>;

  static std::int64_t run(Machine& machine, const fabric::MatrixShape& shape, const fabric::Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result) {
    return fabric::run_product<Recorded>(machine, shape, o, weights, activations, result).cycles;
  }
};

namespace detail {

/// What of a BRAMAC machine is on which signal of a trace.
template <BramacBlock B>
struct BramacView {
  using Block = B;
  using Machine = fabric::BramacMachine<B>;
  using Ports = fabric::BlockPorts;

  static bool computes(const Machine& machine) noexcept {
    return machine.mode() == fabric::BlockMode::Compute;
  }

  static bool requests_a(const Machine& machine, const Ports& ports) noexcept {
    const bool instruction = computes(machine) && ports.a.write && ports.a.address == fabric::cim_address;
    return ports.a.enable && !instruction;
  }

  static void append_bus(std::string&, const Ports&) {}
  static const fabric::PortRequest& port_a(const Ports& ports) noexcept { return ports.a; }

  static std::uint64_t readout_word(const Machine& machine, int index) noexcept {
    constexpr int words = B::row_bits / B::word_bits;
    return machine.readout_word(index / words, index % words).words()[0];
  }

  static void append_registers(std::string& line, const Machine& machine) {
    const auto digits = [&](auto value, int count) {
      append_hex(line, static_cast<std::uint64_t>(value), count);
    };
    digits(machine.state(), 1);
    digits(machine.counter(), 1);
    digits(machine.precision() == 0 ? 0 : fabric::precision_code(machine.precision()), 1);
    digits(machine.signed_inputs(), 1);
    for (int k = 0; k < B::arrays; ++k)
      for (const auto input : machine.inputs(k)) digits(input, 2);
  }
};

}  // namespace detail
}  // namespace bitloom::rtl

namespace bitloom::fabric {

/// The machine of a recorded block.
template <class B>
class BramacMachine<rtl::Recorded<B>> : public rtl::Recorder<rtl::detail::BramacView<B>> {
 public:
  /// Starts a trace.
  /// @param trace  has to live as long as the machine
  explicit BramacMachine(std::ostream& trace, BlockMode mode = BlockMode::Compute)
      : rtl::Recorder<rtl::detail::BramacView<B>>(trace, mode) {}
};

}  // namespace bitloom::fabric
