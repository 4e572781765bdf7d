// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/bramac.hpp>

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

template <class B>
std::string emitted() {
  std::ostringstream text;
  rtl::emit<B>(text);
  return text.str();
}

static_assert(rtl::BramacBlock<Bramac2sa> && rtl::BramacBlock<Released1da>);
static_assert(!rtl::BramacBlock<int> && !rtl::BramacBlock<TwoSync>);

TEST_CASE_TEMPLATE("the module has a branch for every state, and no place is left open", B, Bramac2sa,
                   Bramac1da, Released2sa, Released1da) {
  const auto text = emitted<B>();
  CHECK(text == emitted<B>());
  CHECK(text.find("module " + rtl::module_name<B>() + " (") != std::string::npos);
  CHECK(text.ends_with("endmodule\n"));
  for (const auto& state : B::variant::table()) {
    CAPTURE(std::string(state.name));
    CHECK(text.find("localparam logic [3:0] " + std::string(state.name) + " = ") != std::string::npos);
    CHECK(text.find("\n      " + std::string(state.name) + ": begin\n") != std::string::npos);
  }
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1))
    CHECK(text.substr(at, 9) == "@(posedge");
}

TEST_CASE("instruction bits are those of the layout") {
  const auto sync = emitted<Bramac2sa>();
  CHECK(sync.find("assign reset = instruction && a_data[3];") != std::string::npos);
  CHECK(sync.find("{a_data[13:7], a_data[15:14]}") != std::string::npos);
  const auto pumped = emitted<Bramac1da>();
  CHECK(pumped.find("{a_data[20:14], a_data[22:21]}") != std::string::npos);
  CHECK(pumped.find("{a_data[30:23], a_data[38:31]}") != std::string::npos);
}

TEST_CASE_TEMPLATE("Verilator has no warning about the module", B, Bramac2sa, Bramac1da, Released2sa,
                   Released1da) {
  if (!rtl::test::can_simulate()) return;
  const rtl::TemporaryFolder folder;
  const auto file = folder.file(rtl::module_name<B>() + ".sv");
  core::write_file(file, emitted<B>());
  const auto lint = rtl::run_program({"verilator", "--lint-only", "-Wall", file});
  CHECK(lint.output.empty());
  CHECK(lint.exit_code == 0);
}

}  // namespace
