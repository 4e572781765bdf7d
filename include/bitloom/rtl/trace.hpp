// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// A signal of the emitted module that a trace holds, in so many hexadecimal digits.
struct Column {
  std::string signal;
  int digits = 1;
  std::string only_if{};  ///< the signal that tells whether this one means anything
};

/// Control outputs of the eFSM in a cycle, in the order of a trace.
[[nodiscard]] inline std::vector<Column> control_columns(int arrays) {
  std::vector<Column> columns{{"carry"}, {"reads1"}};
  for (int k = 0; k < arrays; ++k) columns.push_back({"row1_" + std::to_string(k), 1, "reads1"});
  for (const char* name : {"reads2", "writes1", "writes2"}) columns.push_back({name});
  columns.push_back({"row2", 1, "reads2"});
  for (const char* port : {"1", "2"})
    for (const char* name : {"select", "target"})
      columns.push_back({std::string(name) + port, 1, std::string("writes") + port});
  columns.push_back({"readout"});
  return columns;
}

/// Registers after the clock edge, in the order of a trace.
[[nodiscard]] inline std::vector<Column> register_columns(int arrays) {
  std::vector<Column> columns{{"state"}, {"counter"}, {"precision"}, {"signed_inputs"}};
  for (int k = 0; k < arrays; ++k)
    for (const char* input : {"input1_", "input2_"}) columns.push_back({input + std::to_string(k), 2});
  return columns;
}

/// A block like B whose machine writes a trace while it runs: what its ports carry, and all that the emitted module
/// has to answer, cycle by cycle. `fabric::run_product` and `fabric::BramacRun` drive it like any other.
///
/// A trace is text. Its first line is `trace <arrays> <comp_en>`; a line for every eFSM cycle follows,
///
///     c <read_select> <port a> <port b> <a_q> <b_q> <control> <registers> <rows>…
///
/// where a port is `<2 enable + write> <address> <data>`, an output is a digit that is 1 if it is defined and the word,
/// control and registers are the digits of their columns, and the rows are those that the cycle writes: for each
/// array, of port 1 and of port 2. `m <address> <word>` for every word that was written, and `end <cycles>` close it.
/// All numbers are hexadecimal.
template <BramacBlock B>
struct Recorded : B {
  using Machine = fabric::BramacMachine<Recorded>;

  static std::int64_t run(Machine& machine, const fabric::MatrixShape& shape, const fabric::Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result) {
    return fabric::run_product<Recorded>(machine, shape, o, weights, activations, result).cycles;
  }
};

}  // namespace bitloom::rtl

namespace bitloom::fabric {

/// The machine of a recorded block. Its memory has to be filled through the ports, since the hardware has no other
/// way, and words that were not written are undefined there.
template <class B>
class BramacMachine<rtl::Recorded<B>> : public BramacMachine<B> {
 public:
  using Base = BramacMachine<B>;
  using Variant = typename B::variant;

  /// Starts a trace.
  /// @param trace  has to live as long as the machine
  explicit BramacMachine(std::ostream& trace, BlockMode mode = BlockMode::Compute)
      : Base(mode), trace_(trace) {
    trace_ << "trace " << B::arrays << ' ' << (mode == BlockMode::Compute ? 1 : 0) << '\n';
  }

  /// One edge of the eFSM's clock.
  /// @throws ScheduleError  as the machine itself, or the ports changed inside a main cycle; nothing is recorded then
  /// @throws RangeError     as the machine itself
  void step(const BlockPorts& ports) {
    if (this->in_main_cycle() && !(same(ports.a, ports_.a) && same(ports.b, ports_.b)))
      throw ScheduleError("ports: they changed inside a main cycle");
    const bool last = steps_ % Variant::clock_ratio == Variant::clock_ratio - 1;
    const auto select = (steps_ / Variant::clock_ratio) % B::readout_cycles();
    const auto control = Base::control(ports);
    line_ = "c ";
    rtl::append_hex(line_, static_cast<std::uint64_t>(select), 1);
    append(ports.a);
    append(ports.b);
    append_outputs(static_cast<int>(select));
    Base::step(ports);
    ports_ = ports;
    ++steps_;
    if (last) note_memory(ports);
    append_control(control);
    append_registers();
    for (int k = 0; k < B::arrays; ++k) {
      const auto& cycle = control.arrays[static_cast<std::size_t>(k)];
      if (cycle.write1 != Write1::None) line_ += ' ' + this->array(k).row(cycle.target1).to_hex();
      if (cycle.write2 != Write2::None) line_ += ' ' + this->array(k).row(cycle.target2).to_hex();
    }
    line_ += '\n';
    trace_ << line_;
  }

  /// One edge of the main clock.
  void tick(const BlockPorts& ports) {
    for (int i = 0; i < Variant::clock_ratio; ++i) step(ports);
  }

  /// Closes the trace with the content of the memory.
  void end_trace() {
    line_.clear();
    for (std::uint32_t address = 0; address < written_.size(); ++address) {
      if (!written_[address]) continue;
      line_ += "m ";
      rtl::append_hex(line_, address, 3);
      line_ += ' ';
      rtl::append_hex(line_, word(address), 10);
      line_ += '\n';
    }
    line_ += "end ";
    rtl::append_hex(line_, static_cast<std::uint64_t>(steps_), 16);
    trace_ << line_ << '\n';
    trace_.flush();
  }

  /// eFSM cycles in the trace.
  [[nodiscard]] std::int64_t recorded_cycles() const noexcept { return steps_; }

 private:
  static bool same(const PortRequest& x, const PortRequest& y) noexcept {
    return x.enable == y.enable && x.write == y.write && x.address == y.address && x.data == y.data;
  }

  [[nodiscard]] std::uint64_t word(std::uint32_t address) const {
    constexpr auto columns = static_cast<std::uint32_t>(M20k::geometry.column_mux);
    return this->memory().word(static_cast<int>(address / columns), static_cast<int>(address % columns));
  }

  /// Which words and outputs the hardware defines, after a main cycle.
  void note_memory(const BlockPorts& ports) {
    const bool instruction =
        this->mode() == BlockMode::Compute && ports.a.write && ports.a.address == cim_address;
    const bool requests_a = ports.a.enable && !instruction;
    if (requests_a) defined_a_ = ports.a.write || written_[ports.a.address];
    if (ports.b.enable) defined_b_ = ports.b.write || written_[ports.b.address];
    if (requests_a && ports.a.write) written_.set(ports.a.address);
    if (ports.b.enable && ports.b.write) written_.set(ports.b.address);
  }

  void append(const PortRequest& port) {
    line_ += ' ';
    rtl::append_hex(line_, (port.enable ? 2U : 0U) + (port.write ? 1U : 0U), 1);
    line_ += ' ';
    rtl::append_hex(line_, port.address, 3);
    line_ += ' ';
    rtl::append_hex(line_, port.data, 10);
  }

  void append_outputs(int select) {
    constexpr int words = B::row_bits / B::word_bits;
    const auto output = [&](bool defined, std::uint64_t data) {
      line_ += ' ';
      rtl::append_hex(line_, defined ? 1 : 0, 1);
      rtl::append_hex(line_, data, 10);
    };
    if (this->readout())
      output(true, this->readout_word(select / words, select % words).words()[0]);
    else
      output(defined_a_, this->memory().output_a().data);
    output(defined_b_, this->memory().output_b().data);
  }

  void append_control(const BramacControl& control) {
    const auto digit = [&](auto value) { rtl::append_hex(line_, static_cast<std::uint64_t>(value), 1); };
    const auto& cycle = control.arrays[0];
    line_ += ' ';
    digit(cycle.carry);
    digit(control.reads1);
    for (std::size_t k = 0; k < B::arrays; ++k) digit(control.arrays[k].read1);
    digit(control.reads2);
    digit(cycle.write1 != Write1::None);
    digit(cycle.write2 != Write2::None);
    digit(cycle.read2);
    digit(Variant::select_code(rtl::resolved<typename B::sign_policy>(cycle.write1)));
    digit(cycle.target1);
    digit(Variant::select_code(cycle.write2));
    digit(cycle.target2);
    digit(control.readout);
  }

  void append_registers() {
    const auto digits = [&](auto value, int count) {
      rtl::append_hex(line_, static_cast<std::uint64_t>(value), count);
    };
    line_ += ' ';
    digits(this->state(), 1);
    digits(this->counter(), 1);
    digits(this->precision() == 0 ? 0 : precision_code(this->precision()), 1);
    digits(this->signed_inputs(), 1);
    for (int k = 0; k < B::arrays; ++k)
      for (const auto input : this->inputs(k)) digits(input, 2);
  }

  std::ostream& trace_;
  std::string line_;
  BlockPorts ports_{};
  std::int64_t steps_ = 0;
  std::bitset<static_cast<std::size_t>(M20k::geometry.words())> written_;
  bool defined_a_ = false;
  bool defined_b_ = false;
};

}  // namespace bitloom::fabric
