// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <bitloom/fabric/agreement.hpp>
#include <bitloom/rtl/cosimulate.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl {

/// Outcome of comparing four views of a block: value, machine, formula, and a simulation of the emitted RTL.
struct Agreement {
  fabric::Agreement views{};     ///< of the first three
  std::int64_t rtl_cycles{};     ///< eFSM cycles in which RTL and machine had the same bits everywhere
  std::string rtl_difference{};  ///< the first difference of the RTL; empty if there is none

  [[nodiscard]] bool holds() const noexcept {
    return views.holds() && rtl_cycles > 0 && rtl_difference.empty();
  }
};

/// `value = machine = RTL on N operands, cycles = formula`, or with the signs that apply.
[[nodiscard]] inline std::string to_string(const Agreement& a) {
  return fabric::to_string(a.views,
                           a.rtl_difference.empty() ? " = RTL" : " != RTL (" + a.rtl_difference + ")");
}

/// Compares four views on the matrix products of `fabric::verify`: the simulation steps beside the machine, and every
/// signal and bit has to be the same in every cycle. Ends with the first product in which the RTL differs.
///
/// @tparam B  the block, if it is another than that of the simulation with the same module
/// @throws RangeError  the block lacks these operands
template <class B = void, EmittableBlock Emitted>
  requires(std::is_void_v<B> || std::is_same_v<EmittedBlock<B>, Emitted>)
[[nodiscard]] Agreement verify(const Simulation<Emitted>& simulation, const fabric::Operands& o,
                               std::uint64_t seed, int products = 20) {
  using Block = std::conditional_t<std::is_void_v<B>, Emitted, B>;
  fabric::check_supported<Block>(o);
  Agreement agreement;
  const auto compare = [&](const fabric::MatrixShape& shape, const auto& weights, const auto& activations) {
    if (!agreement.rtl_difference.empty()) return;
    const auto verdict = simulation.check([&](auto& machine) {
      fabric::compare_views<Recorded<Block>>(machine, shape, o, weights, activations, agreement.views);
    });
    if (verdict.passed)
      agreement.rtl_cycles += verdict.cycles;
    else
      agreement.rtl_difference = verdict.text;
  };
  fabric::for_each_product(o, seed, products, compare);
  return agreement;
}

}  // namespace bitloom::rtl
