// expects: OverlayStudy
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/explore.hpp>

// Where feature maps come from is no rule for what the budget limits.
struct Study : bitloom::accel::ExactStudy {
  using Charge = bitloom::accel::OwnMaps;
};
const auto found =
    bitloom::accel::explore<bitloom::fabric::TwoSync, Study>(bitloom::accel::released_alexnet(), 4);
