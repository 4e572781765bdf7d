// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/fabric/m4bram_machine.hpp>

namespace bitloom::examples::detail {

/// Which field of a row of a trace differs from what the machine drives; an empty string, if none. Fields of a port that is
/// not enabled mean nothing.
template <class Clocking>
std::string trace_difference(const core::Csv& file, std::size_t row,
                             const fabric::efsm::Control<4>& control) {
  const auto& cycle = control.arrays[0];
  const bool writes1 = cycle.write1 != fabric::Write1::None;
  const bool writes2 = cycle.write2 != fabric::Write2::None;
  std::string difference;
  const auto same = [&](const std::string& column, auto ours) {
    const auto theirs = file.integer(row, column);
    if (theirs != static_cast<int>(ours) && difference.empty())
      difference = file.where(row) + ": " + column + " is " + std::to_string(static_cast<int>(ours)) +
                   ", not " + std::to_string(theirs);
  };
  same("carry_in", cycle.carry);
  same("ren1", control.reads1);
  same("ren2", control.reads2);
  same("wen1", writes1);
  same("wen2", writes2);
  for (std::size_t b = 0; b < 4 && control.reads1; ++b)
    same("raddr1_b" + std::to_string(b), control.arrays[b].read1);
  if (control.reads2) same("raddr2", cycle.read2);
  if (writes1) {
    same("waddr1", cycle.target1);
    same("wsel1", Clocking::select_code(cycle.write1));
  }
  if (writes2) {
    same("waddr2", cycle.target2);
    same("wsel2", Clocking::select_code(cycle.write2));
  }
  same("readout", control.readout);
  return difference;
}

/// What is wrong with each row of a trace, if it is one of the released controller of this clocking. Every run begins with
/// a new block, whose cycles count from 0.
template <class Clocking>
std::vector<std::string> trace_differences(const core::Csv& file) {
  using Machine = fabric::M4bramMachine<fabric::Small, Clocking, fabric::M4bramAsReleased>;
  std::vector<std::string> result;
  std::unique_ptr<Machine> machine;
  std::int64_t run = 0;
  std::int64_t cycle = 0;
  for (std::size_t i = 0; i < file.row_count(); ++i, ++cycle) {
    if (machine == nullptr || file.integer(i, "run") != run) {
      machine = std::make_unique<Machine>();
      run = file.integer(i, "run");
      cycle = 0;
    }
    const bool configures = file.flag(i, "in_clear");
    const auto data =
        static_cast<std::uint32_t>(core::BitVector<32>::from_hex(file.text(i, "data")).words()[0]);
    const fabric::M4bramPorts ports{
        .reset = file.flag(i, "reset"),
        .cim = {.enable = file.flag(i, "cim_en"),
                .configure = configures,
                .byte_enable = static_cast<std::uint8_t>(file.integer(i, "byte_en", 0, 15)),
                .data = configures ? 0 : data}};  // the released controller does not look at it then
    auto difference = file.integer(i, "cycle") == cycle
                          ? trace_difference<Clocking>(file, i, machine->control(ports))
                          : file.where(i) + ": cycle " + std::to_string(cycle) + " of its run is missing";
    try {
      machine->step(ports);
    } catch (const Error& error) {
      difference = file.where(i) + ": " + error.what();
    }
    result.push_back(difference);
  }
  return result;
}

/// efsm_trace_sync.csv, efsm_trace_dp.csv: what the eFSM drives, cycle by cycle. The clocking is the one that fits more
/// rows.
template <class Counter>
void check_m4bram_trace(const core::Csv& file, Counter& counter) {
  const auto wrong = [](const std::vector<std::string>& differences) {
    std::int64_t count = 0;
    for (const auto& difference : differences) count += difference.empty() ? 0 : 1;
    return count;
  };
  auto differences = trace_differences<fabric::Synchronous>(file);
  auto others = trace_differences<fabric::DoublePumped>(file);
  if (wrong(others) < wrong(differences)) differences.swap(others);
  for (const auto& difference : differences) counter.add(difference.empty(), difference);
}

}  // namespace bitloom::examples::detail
