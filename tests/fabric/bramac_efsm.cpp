// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_efsm.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::fabric;

/// Names of the states of one MAC2 and the readout, from PREADD on.
template <class Variant>
std::string states_of_mac2(int precision, bool is_signed) {
  constexpr auto table = Variant::table();
  efsm::Sequencer<Variant::states> sequencer;
  efsm::Inputs inputs{.start = true, .done = true, .signed_input = is_signed, .precision = precision};
  std::string names;
  for (int i = 0; i < 40; ++i) {
    const auto name = table[static_cast<std::size_t>(sequencer.state())].name;
    if (name.starts_with("DONE")) return names;
    names += std::string(names.empty() ? "" : " ") + std::string(name);
    sequencer.step(table, inputs, false);
  }
  return "no end";
}

TEST_CASE("the synchronous state machine walks through the states of every width and sign") {
  CHECK(states_of_mac2<TwoSync>(2, false) == "IDLE INIT_W1 INIT_W2 PREADD ASL ADD ACC");
  CHECK(states_of_mac2<TwoSync>(2, true) == "IDLE INIT_W1 INIT_W2 PREADD INV SUB ADD ACC");
  CHECK(states_of_mac2<TwoSync>(4, false) == "IDLE INIT_W1 INIT_W2 PREADD ASL ASL ASL ADD ACC");
  CHECK(states_of_mac2<TwoSync>(4, true) == "IDLE INIT_W1 INIT_W2 PREADD INV SUB ASL ASL ADD ACC");
  CHECK(states_of_mac2<TwoSync>(8, true) ==
        "IDLE INIT_W1 INIT_W2 PREADD INV SUB ASL ASL ASL ASL ASL ASL ADD ACC");
}

TEST_CASE("the double-pumped state machine takes as many cycles for unsigned as for signed activations") {
  CHECK(states_of_mac2<OneDoublePumped>(2, false) == "IDLE INIT_ACC COPY PREADD BUBBLE ASL ADD ACC");
  CHECK(states_of_mac2<OneDoublePumped>(2, true) == "IDLE INIT_ACC COPY PREADD INV SUB ADD ACC");
  CHECK(states_of_mac2<OneDoublePumped>(4, false) == "IDLE INIT_ACC COPY PREADD BUBBLE ASL ASL ASL ADD ACC");
  CHECK(states_of_mac2<OneDoublePumped>(4, true) == "IDLE INIT_ACC COPY PREADD INV SUB ASL ASL ADD ACC");
}

TEST_CASE_TEMPLATE("no state writes one row through both ports, and row 0 is never written", Variant, TwoSync,
                   OneDoublePumped) {
  static_assert(BramacVariant<Variant>);
  for (const auto& state : Variant::table()) {
    CAPTURE(state.name);
    const bool writes1 = state.write1 != Write1::None;
    const bool writes2 = state.write2 != Write2::None;
    CHECK(!(writes1 && writes2 && state.target1 == state.target2));
    CHECK(!(writes1 && state.target1 == Row::Zero));
    CHECK(!(writes2 && state.target2 == Row::Zero));
  }
}

}  // namespace
