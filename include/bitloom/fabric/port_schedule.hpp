// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

/// Memory requests that a block made wait, by port.
struct WaitingPorts {
  bool a{};
  bool b{};

  [[nodiscard]] constexpr bool any() const noexcept { return a || b; }
};

/// What becomes of a memory request that the block cannot serve in this cycle: with a policy that stalls, `waits` is
/// set.
///
/// @throws ScheduleError  the policy does not stall
template <class PortConflict>
constexpr void conflict(bool& waits, const char* request, std::int64_t main_cycle, const char* reason) {
  if constexpr (!PortConflict::stalls)
    throw ScheduleError(std::string("port conflict: ") + request + " in main cycle " +
                        std::to_string(main_cycle) + ", in which " + reason);
  waits = true;
}

}  // namespace bitloom::fabric
