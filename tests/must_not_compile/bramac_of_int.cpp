// expects: BramacVariant
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac.hpp>

using Block = bitloom::fabric::Bramac<int>;
