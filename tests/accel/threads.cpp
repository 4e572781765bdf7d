// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <bitloom/accel/explore.hpp>
#include <bitloom/accel/m4bram_explore.hpp>
#include <bitloom/core/threads.hpp>

namespace {

using namespace bitloom;

TEST_CASE("an exploration is the same for any number of threads") {
  const auto workload = accel::released_alexnet();
  for (const int bits : {2, 4, 8}) {
    const auto serial = accel::explore<fabric::OneDoublePumped>(workload, bits);
    for (const int threads : {1, 2, 7}) {
      const auto parallel =
          accel::explore<fabric::OneDoublePumped>(workload, bits, accel::Budgets{}, core::Threads(threads));
      CHECK(parallel.baseline.within == serial.baseline.within);
      CHECK(parallel.enhanced.within == serial.enhanced.within);
      CHECK(parallel.best() == serial.best());
      CHECK(parallel.enhanced.feasibility == serial.enhanced.feasibility);
    }
  }
}

TEST_CASE("an exploration with M4BRAM is the same for any number of threads") {
  const auto workload = accel::m4bram_resnet18();
  const auto explore = [&](const auto& executor) {
    return accel::explore_m4bram<fabric::Large, fabric::DoublePumped>(
        workload, accel::Widths{8, 6}, accel::m4bram_large_device, accel::BestSpeedup{}, 4, executor);
  };
  const auto serial = explore(core::Serial{});
  for (const int threads : {1, 2, 7}) {
    const auto parallel = explore(core::Threads(threads));
    CHECK(parallel.baseline == serial.baseline);
    CHECK(parallel.enhanced == serial.enhanced);
  }
}

}  // namespace
