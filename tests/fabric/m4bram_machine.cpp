// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m4bram_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class Clocking>
using Released = M4bramMachine<Small, Clocking, M4bramAsReleased>;

/// Number of rows of a trace in which a machine disagrees, with the first of them.
template <class Clocking>
int wrong_rows(const std::string& path, std::string& first) {
  const auto file = core::Csv::parse(core::read_file(path), path);
  int wrong = 0;
  int run = -1;
  auto machine = std::make_unique<Released<Clocking>>();
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto n = [&](const char* column) { return file.integer(i, column); };
    if (n("run") != run) machine = std::make_unique<Released<Clocking>>();
    run = static_cast<int>(n("run"));
    const M4bramPorts ports{
        .reset = n("reset") != 0,
        .cim = {.enable = n("cim_en") != 0,
                .configure = n("in_clear") != 0,
                .byte_enable = static_cast<std::uint8_t>(n("byte_en")),
                .data = static_cast<std::uint32_t>(std::stoul(file.text(i, "data"), nullptr, 16))}};
    const auto control = machine->control(ports);
    const auto& cycle = control.arrays[0];
    const bool writes1 = cycle.write1 != Write1::None;
    const bool writes2 = cycle.write2 != Write2::None;
    bool ok = n("carry_in") == cycle.carry && n("ren1") == control.reads1 && n("ren2") == control.reads2 &&
              n("wen1") == writes1 && n("wen2") == writes2 && n("readout") == control.readout;
    for (std::size_t b = 0; b < 4 && control.reads1; ++b)
      ok = ok && n(("raddr1_b" + std::to_string(b)).c_str()) == static_cast<int>(control.arrays[b].read1);
    if (control.reads2) ok = ok && n("raddr2") == static_cast<int>(cycle.read2);
    if (writes1)
      ok = ok && n("waddr1") == static_cast<int>(cycle.target1) &&
           n("wsel1") == Clocking::select_code(cycle.write1);
    if (writes2)
      ok = ok && n("waddr2") == static_cast<int>(cycle.target2) &&
           n("wsel2") == Clocking::select_code(cycle.write2);
    if (!ok && wrong++ == 0) first = file.where(i);
    machine->step(ports);
  }
  return wrong;
}

TEST_CASE_TEMPLATE("as released, the machine drives every signal of the released controllers", Clocking,
                   Synchronous, DoublePumped) {
  const auto path = std::string(BITLOOM_REFERENCE_DIR) + "/m4bram/efsm_trace_" +
                    (Clocking::clock_ratio == 1 ? "sync" : "dp") + ".csv";
  if (!std::filesystem::exists(path)) {
    MESSAGE("no reference data");
    return;
  }
  std::string first;
  CHECK(wrong_rows<Clocking>(path, first) == 0);
  CHECK(first == "");
}

}  // namespace
