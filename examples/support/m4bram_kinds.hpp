// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <type_traits>

#include <bitloom/accel/candidate.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>

namespace bitloom::examples::detail {

/// Calls f(size, clocking) with types of M4BRAM by their letters.
template <class F>
decltype(auto) visit_m4bram_kind(const std::string& size, const std::string& clock, F&& f) {
  return core::visit_at(
      core::TypeList<fabric::Small, fabric::Large>{}, size == "l" ? 1 : 0, [&](auto sized) -> decltype(auto) {
        return core::visit_at(core::TypeList<fabric::Synchronous, fabric::DoublePumped>{},
                              clock == "dp" ? 1 : 0,
                              [&](auto clocked) -> decltype(auto) { return f(sized, clocked); });
      });
}

/// Calls f(objective) with the policy of that name.
template <class F>
decltype(auto) visit_objective(const std::string& name, F&& f) {
  return core::visit_at(core::TypeList<accel::BestQuality, accel::BestSpeedup>{}, name == "speedup" ? 1 : 0,
                        [&]<class O>(std::type_identity<O>) -> decltype(auto) { return f(O{}); });
}

}  // namespace bitloom::examples::detail
