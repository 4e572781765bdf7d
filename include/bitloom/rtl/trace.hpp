// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// A block like B whose machine writes a trace while it runs: what its ports carry, and all that the emitted module
/// has to answer, cycle by cycle. The drivers of B drive it like any other. The specialisations are in bramac_trace.hpp
/// and m4bram_trace.hpp.
template <class B>
struct Recorded;

/// A machine that writes a trace while it runs.
///
/// A trace is text. Its first line is `trace <arrays> <1 if the block takes instructions>`; a line for every eFSM cycle
/// follows,
///
///     c <read_select> <bus> <port a> <port b> <a_q> <b_q> <control> <registers> <rows>…
///
/// where the bus has the digits of `Hardware::bus` (none and no place in BRAMAC), a port is
/// `<2 enable + write> <address> <data>`, an output is a digit that is 1 if it is defined and the word, control and
/// registers are the digits of their columns, and the rows are those that the cycle writes: for each array, of port 1
/// and of port 2. `m <address> <word>` for every word that was written, and `end <cycles>` close it. All numbers are
/// hexadecimal.
///
/// The memory has to be filled through the ports, since the hardware has no other way, and words that were not written
/// are undefined there.
///
/// @tparam View  how a block shows itself: its `Block`, `Machine`, `Ports`, and what of them is on which signal
template <class View>
class Recorder : public View::Machine {
 public:
  using Base = typename View::Machine;
  using Ports = typename View::Ports;
  using Description = Hardware<typename View::Block>;

  /// Starts a trace.
  /// @param trace      has to live as long as the machine
  /// @param arguments  of the machine
  template <class... Arguments>
  explicit Recorder(std::ostream& trace, const Arguments&... arguments) : Base(arguments...), trace_(trace) {
    trace_ << "trace " << Description::arrays << ' ' << (View::computes(*this) ? 1 : 0) << '\n';
  }

  /// One edge of the eFSM's clock.
  /// @throws ScheduleError  as the machine itself, or a memory port changed inside a main cycle; nothing is recorded
  ///                        then
  /// @throws RangeError     as the machine itself
  void step(const Ports& ports) {
    if (this->in_main_cycle() && (ports.a != ports_.a || ports.b != ports_.b))
      throw fabric::ScheduleError("ports: they changed inside a main cycle");
    const bool last = steps_ % Description::clock_ratio == Description::clock_ratio - 1;
    const auto select = (steps_ / Description::clock_ratio) % readout_words<typename View::Block>;
    const auto control = Base::control(ports);
    line_ = "c ";
    append(static_cast<std::uint64_t>(select), 1);
    View::append_bus(line_, ports);
    append(View::port_a(ports), (Description::address_bits + 3) / 4);
    append(ports.b, 3);
    append_outputs(static_cast<int>(select));
    Base::step(ports);
    ports_ = ports;
    ++steps_;
    if (last) note_memory(ports);
    append_control(control);
    line_ += ' ';
    View::append_registers(line_, *this);
    for (int k = 0; k < Description::arrays; ++k) {
      const auto& cycle = control.arrays[static_cast<std::size_t>(k)];
      if (cycle.write1 != fabric::Write1::None) line_ += ' ' + this->array(k).row(cycle.target1).to_hex();
      if (cycle.write2 != fabric::Write2::None) line_ += ' ' + this->array(k).row(cycle.target2).to_hex();
    }
    line_ += '\n';
    trace_ << line_;
  }

  /// One edge of the main clock.
  void tick(const Ports& ports) {
    for (int i = 0; i < Description::clock_ratio; ++i) step(ports);
  }

  /// Closes the trace with the content of the memory.
  void end_trace() {
    line_.clear();
    for (std::uint32_t address = 0; address < written_.size(); ++address) {
      if (!written_[address]) continue;
      line_ += "m ";
      append(address, 3);
      line_ += ' ';
      append(this->memory().read(address, {512, Description::word_bits}), word_digits);
      line_ += '\n';
    }
    line_ += "end ";
    append(static_cast<std::uint64_t>(steps_), 16);
    trace_ << line_ << '\n';
    trace_.flush();
  }

  /// eFSM cycles in the trace.
  [[nodiscard]] std::int64_t recorded_cycles() const noexcept { return steps_; }

 private:
  static constexpr int word_digits = Description::word_bits / 4;

  /// Which words and outputs the hardware defines, after a main cycle.
  void note_memory(const Ports& ports) {
    const bool requests_a = View::requests_a(*this, ports);
    if (requests_a) defined_a_ = ports.a.write || written_[ports.a.address];
    if (ports.b.enable) defined_b_ = ports.b.write || written_[ports.b.address];
    if (requests_a && ports.a.write) written_.set(ports.a.address);
    if (ports.b.enable && ports.b.write) written_.set(ports.b.address);
  }

  void append(std::uint64_t value, int digits) { append_hex(line_, value, digits); }

  void append(const fabric::PortRequest& port, int address_digits) {
    line_ += ' ';
    append((port.enable ? 2U : 0U) + (port.write ? 1U : 0U), 1);
    line_ += ' ';
    append(port.address, address_digits);
    line_ += ' ';
    append(port.data, word_digits);
  }

  void append_outputs(int select) {
    const auto output = [&](bool defined, std::uint64_t data) {
      line_ += ' ';
      append(defined ? 1 : 0, 1);
      append(data, word_digits);
    };
    if (this->readout())
      output(true, View::readout_word(*this, select));
    else
      output(defined_a_, this->memory().output_a().data);
    output(defined_b_, this->memory().output_b().data);
  }

  template <class Control>
  void append_control(const Control& control) {
    const auto digit = [&](auto value) { append(static_cast<std::uint64_t>(value), 1); };
    const auto& cycle = control.arrays[0];
    line_ += ' ';
    digit(cycle.carry);
    digit(control.reads1);
    for (std::size_t k = 0; k < Description::arrays; ++k) digit(control.arrays[k].read1);
    digit(control.reads2);
    digit(cycle.write1 != fabric::Write1::None);
    digit(cycle.write2 != fabric::Write2::None);
    digit(cycle.read2);
    digit(Description::select_code(resolved<typename Description::Sign>(cycle.write1)));
    digit(cycle.target1);
    digit(Description::select_code(cycle.write2));
    digit(cycle.target2);
    digit(control.readout);
  }

  std::ostream& trace_;
  std::string line_;
  Ports ports_{};
  std::int64_t steps_ = 0;
  std::bitset<static_cast<std::size_t>(fabric::M20k::geometry.words())> written_;
  bool defined_a_ = false;
  bool defined_b_ = false;
};

}  // namespace bitloom::rtl
