// expects: LaneOrderPolicy
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac.hpp>

struct AllInOne {
  static constexpr int lane(int, int) { return 0; }
};
struct Policies : bitloom::fabric::BramacPolicies {
  using LaneOrder = AllInOne;
};
using Block = bitloom::fabric::Bramac<bitloom::fabric::TwoSync, bitloom::fabric::ShiftAfterSign, Policies>;
