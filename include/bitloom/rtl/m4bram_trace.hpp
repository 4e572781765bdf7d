// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <bitloom/fabric/m4bram_machine.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/rtl/m4bram.hpp>
#include <bitloom/rtl/text.hpp>
#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl {

namespace detail {

/// What of an M4BRAM machine is on which signal of a trace.
template <fabric::M4bramBlock B>
struct M4bramView {
  using Block = B;
  using Machine = typename B::Machine;
  using Ports = fabric::M4bramPorts;

  static bool computes(const Machine&) noexcept { return true; }
  static bool requests_a(const Machine&, const Ports& ports) noexcept { return ports.a.enable; }

  static void append_bus(std::string& line, const Ports& ports) {
    line += ' ';
    for (const unsigned digit :
         {unsigned{ports.reset}, unsigned{ports.cim.enable}, unsigned{ports.cim.configure},
          unsigned{ports.cim.byte_enable}, unsigned{ports.cim.slice}})
      append_hex(line, digit, 1);
  }

  /// An instruction and a memory request share the port; there is never more than one of them.
  static fabric::PortRequest port_a(const Ports& ports) noexcept {
    if (ports.a.enable) return ports.a;
    return {.enable = false, .write = ports.a.write, .address = ports.cim.word, .data = ports.cim.data};
  }

  static std::uint64_t readout_word(const Machine& machine, int index) noexcept {
    return machine.readout_word(index);
  }

  static void append_registers(std::string& line, const Machine& machine) {
    const auto digits = [&](auto value, int count) {
      append_hex(line, static_cast<std::uint64_t>(value), count);
    };
    const auto& configuration = machine.configuration();
    digits(machine.state(), 1);
    digits(machine.counter(), 1);
    digits(fabric::precision_code(configuration.weight_bits) - 1, 1);
    digits(configuration.duplication / 2, 1);
    digits(configuration.activation_bits, 1);
    digits(configuration.signed_activations, 1);
    if (B::clocking::clock_ratio == 2) digits(machine.activation_buffer(), 8);
    for (int k = 0; k < B::elements; ++k)
      for (const auto input : machine.inputs(k)) digits(input, 2);
  }
};

}  // namespace detail

/// M4BRAM; `fabric::run_product` and `fabric::M4bramRun` drive it like any other. All duplications of a block have one
/// machine. The bus may change inside a main cycle.
template <fabric::M4bramBlock B>
struct Recorded<B> : B {
  using Machine = Recorder<detail::M4bramView<EmittedBlock<B>>>;

  static std::int64_t run(Machine& machine, const fabric::MatrixShape& shape, const fabric::Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result) requires(B::clocking::clock_ratio == 1 ||
                                                                   B::timing::aligned) {
    return fabric::run_product<Recorded>(machine, shape, o, weights, activations, result).cycles;
  }
};

}  // namespace bitloom::rtl
