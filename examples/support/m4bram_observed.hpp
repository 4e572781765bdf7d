// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/m4bram_machine.hpp>

namespace bitloom::examples {

/// A row of a dummy array.
struct M4bramRow {
  using Content = core::BitVector<256>;  ///< of the largest block

  int element{};
  fabric::Row row{};
  Content content{};
};

/// One cycle of the state machine: what went in, what came out, and the rows as it left them.
struct M4bramCycle {
  fabric::M4bramPorts ports{};
  std::string_view state{};
  int counter{};
  fabric::efsm::Control<4> control{};
  int select1 = 0;  ///< code of write port 1
  int select2 = 0;  ///< code of write port 2
  std::vector<M4bramRow> written{};

  [[nodiscard]] const fabric::ArrayCycle& array() const { return control.arrays[0]; }
  [[nodiscard]] bool writes1() const { return array().write1 != fabric::Write1::None; }
  [[nodiscard]] bool writes2() const { return array().write2 != fabric::Write2::None; }
  [[nodiscard]] bool copies() const { return array().write2 == fabric::Write2::Word; }
  [[nodiscard]] bool starts() const {
    const auto& bus = ports.cim;
    return bus.enable && !bus.configure && fabric::cim::start.get(bus.byte_enable) != 0;
  }
};

/// The accumulators at a readout.
struct M4bramReadout {
  std::int64_t cycle{};  ///< index of the first cycle in which they are at the output
  std::vector<M4bramRow> rows{};
};

/// What a block did.
struct M4bramTrace {
  std::int64_t load_cycles{};  ///< main cycles without a bus, before the first instruction
  std::int64_t start{};        ///< index of the cycle with the start
  std::vector<M4bramCycle> cycles{};
  std::vector<M4bramReadout> readouts{};
};

/// A machine that records what it does.
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking, fabric::M4bramPolicySet Policies>
class ObservedM4bramMachine : public fabric::M4bramMachine<Size, Clocking, Policies> {
 public:
  using Base = fabric::M4bramMachine<Size, Clocking, Policies>;

  // not inlined: it is compiled once for all duplications
  [[gnu::noinline]] void step(const fabric::M4bramPorts& ports) {
    static constexpr auto states = Clocking::template table<typename Policies::Timing>();
    M4bramCycle cycle{.ports = ports,
                      .state = states[static_cast<std::size_t>(this->state())].name,
                      .counter = this->counter(),
                      .control = this->control(ports)};
    const auto& array = cycle.array();
    if (cycle.control.readout && accumulated_) {
      trace_.readouts.push_back({std::ssize(trace_.cycles), {}});
      add_rows(trace_.readouts.back().rows, fabric::Row::Accumulator);
      accumulated_ = false;
    }
    Base::step(ports);
    if (trace_.cycles.empty() && !ports.cim.enable) {
      trace_.load_cycles = this->main_cycles();
      return;
    }
    if (cycle.writes1()) {
      cycle.select1 = Clocking::select_code(array.write1);
      add_rows(cycle.written, array.target1);
      accumulated_ = accumulated_ || array.target1 == fabric::Row::Accumulator;
    }
    if (cycle.writes2()) {
      cycle.select2 = Clocking::select_code(array.write2);
      add_rows(cycle.written, array.target2);
    }
    if (cycle.starts() && trace_.start == 0) trace_.start = std::ssize(trace_.cycles);
    trace_.cycles.push_back(std::move(cycle));
  }
  void tick(const fabric::M4bramPorts& ports) {
    for (int i = 0; i < Clocking::clock_ratio; ++i) step(ports);
  }

  [[nodiscard]] const M4bramTrace& trace() const { return trace_; }

 private:
  void add_rows(std::vector<M4bramRow>& list, fabric::Row row) const {
    for (int element = 0; element < Base::elements; ++element) {
      const auto& words = this->array(element).row(row).words();
      M4bramRow::Content::Words wide{};
      std::ranges::copy(words, wide.begin());
      list.push_back({element, row, M4bramRow::Content::from_words(wide)});
    }
  }

  M4bramTrace trace_;
  bool accumulated_ = false;  ///< since the last readout began
};

/// The block with such a machine.
template <fabric::M4bramBlock B>
struct ObservedM4bram : B {
  using Machine = ObservedM4bramMachine<typename B::size, typename B::clocking, typename B::policies>;
};

/// The columns of a control trace, in their order; all of one run.
inline std::string m4bram_trace_csv(const M4bramTrace& trace) {
  std::string text =
      "run,cycle,reset,cim_en,in_clear,byte_en,data,carry_in,ren1,ren2,wen1,wen2,raddr1_b0,raddr1_b1,"
      "raddr1_b2,raddr1_b3,raddr2,waddr1,waddr2,wsel1,wsel2,readout\n";
  std::int64_t index = 0;
  for (const auto& c : trace.cycles) {
    const auto& bus = c.ports.cim;
    text += fmt::format("0,{},{:d},{:d},{:d},{},{:08x},{:d},{:d},{:d},{:d},{:d}", index++, c.ports.reset,
                        bus.enable, bus.configure, bus.byte_enable, bus.data, c.array().carry,
                        c.control.reads1, c.control.reads2, c.writes1(), c.writes2());
    const auto number = [&](bool on, auto value) {
      text += fmt::format(",{}", on ? static_cast<int>(value) : 0);
    };
    for (const auto& array : c.control.arrays) number(c.control.reads1, array.read1);
    number(c.control.reads2, c.array().read2);
    number(c.writes1(), c.array().target1);
    number(c.writes2(), c.array().target2);
    number(c.writes1(), c.select1);
    number(c.writes2(), c.select2);
    text += fmt::format(",{:d}\n", c.control.readout);
  }
  return text;
}

}  // namespace bitloom::examples
