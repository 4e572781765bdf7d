// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/emit.hpp>

#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/file.hpp>
#include <bitloom/rtl/tool.hpp>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

using Released2sa = Bramac<TwoSync, AsReleased>;
using Released1da = Bramac<OneDoublePumped, AsReleased>;

struct Drifting : M4bramPolicies {
  using Timing = DriftingPeriod;
};
using SyncReleased = M4bram<Small, Synchronous, 1, M4bramAsReleased>;
using PumpedReleased = M4bram<Large, DoublePumped, 1, M4bramAsReleased>;
using PumpedDrifting = M4bram<Small, DoublePumped, 1, Drifting>;

template <class B>
std::string emitted() {
  std::ostringstream text;
  rtl::emit<B>(text);
  return text.str();
}

TEST_CASE_TEMPLATE(
    "the module has a branch for every state, no place is left open, and Verilator has no warning", B,
    Bramac2sa, Bramac1da, Released2sa, Released1da, rtl::test::M4bramSyncSmall, rtl::test::M4bramSyncLarge,
    rtl::test::M4bramPumpedSmall, rtl::test::M4bramPumpedLarge, SyncReleased, PumpedReleased,
    PumpedDrifting) {
  static_assert(rtl::EmittableBlock<B>);
  const auto text = emitted<B>();
  CHECK(text == emitted<B>());
  CHECK(text.find("module " + rtl::module_name<B>() + " (") != std::string::npos);
  CHECK(text.ends_with("endmodule\n"));
  for (const auto& state : rtl::Hardware<B>::table()) {
    CAPTURE(std::string(state.name));
    CHECK(text.find("localparam logic [3:0] " + std::string(state.name) + " = ") != std::string::npos);
    CHECK(text.find("\n      " + std::string(state.name) + ": begin\n") != std::string::npos);
  }
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1))
    CHECK(text.substr(at, 9) == "@(posedge");
  if (!rtl::test::can_simulate()) return;
  const rtl::TemporaryFolder folder;
  const auto file = folder.file(rtl::module_name<B>() + ".sv");
  core::write_file(file, text);
  const auto lint = rtl::run_program({"verilator", "--lint-only", "-Wall", file});
  CHECK(lint.output.empty());
  CHECK(lint.exit_code == 0);
}

TEST_CASE("a word of the accumulators is chosen by the bits of read_select") {
  CHECK(rtl::detail::selected({"a"}, -1) == "a");
  CHECK(rtl::detail::selected({"a", "b"}, 2) == "read_select[2] ? b : a");
  CHECK(rtl::detail::selected({"a", "b", "c", "d"}, 1) ==
        "read_select[1] ? read_select[0] ? d : c : read_select[0] ? b : a");
}

}  // namespace
