// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric/m4bram.hpp>

#include "program.hpp"

namespace bitloom::examples {

/// Every size, clocking and duplication of M4BRAM; duplication varies fastest, then the clocking.
template <fabric::M4bramPolicySet Policies>
using M4bramBlocks = core::TypeList<fabric::M4bram<fabric::Small, fabric::Synchronous, 1, Policies>,
                                    fabric::M4bram<fabric::Small, fabric::Synchronous, 2, Policies>,
                                    fabric::M4bram<fabric::Small, fabric::Synchronous, 4, Policies>,
                                    fabric::M4bram<fabric::Small, fabric::DoublePumped, 1, Policies>,
                                    fabric::M4bram<fabric::Small, fabric::DoublePumped, 2, Policies>,
                                    fabric::M4bram<fabric::Small, fabric::DoublePumped, 4, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::Synchronous, 1, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::Synchronous, 2, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::Synchronous, 4, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::DoublePumped, 1, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::DoublePumped, 2, Policies>,
                                    fabric::M4bram<fabric::Large, fabric::DoublePumped, 4, Policies>>;

/// The hardware as it is: sums are read at their end, and lanes that are too narrow wrap.
struct M4bramWrapping : fabric::M4bramPolicies {
  using Flushing = fabric::ReadoutAtEnd;
};

/// One block and its operands, as options name them.
struct M4bramChoice {
  std::string size = "s";      ///< s or l
  std::string clock = "sync";  ///< sync or dp
  int duplication = 1;         ///< 1, 2 or 4
  int weight_bits = 4;
  int activation_bits = 6;
  bool signed_activations = false;

  [[nodiscard]] fabric::Operands operands() const {
    return {.weight_bits = weight_bits,
            .activation_bits = activation_bits,
            .signed_activations = signed_activations};
  }

  /// Place in M4bramBlocks.
  [[nodiscard]] std::size_t index() const {
    return (size == "l" ? 6U : 0U) + (clock == "dp" ? 3U : 0U) + static_cast<std::size_t>(duplication / 2);
  }
};

inline void add_m4bram_choice(CLI::App& command, M4bramChoice& choice) {
  command.add_option("--size", choice.size, "s or l: 32 or 64 bits of weights at a time")
      ->transform(CLI::IsMember({"s", "l"}, CLI::ignore_case))
      ->capture_default_str();
  command.add_option("--clock", choice.clock, "sync, or dp: the dummy arrays at twice the main clock")
      ->transform(CLI::IsMember({"sync", "dp"}, CLI::ignore_case))
      ->capture_default_str();
  command.add_option("--duplication", choice.duplication, "vectors that share a weight: 1, 2 or 4")
      ->check(CLI::IsMember({1, 2, 4}))
      ->capture_default_str();
  command.add_option("--weight-bits", choice.weight_bits, "2, 4 or 8")
      ->check(CLI::IsMember({2, 4, 8}))
      ->capture_default_str();
  command.add_option("--activation-bits", choice.activation_bits, "2 to 8")
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  command.add_flag("--signed", choice.signed_activations, "activations are two's complement");
}

inline void add_m4bram_clock(CLI::App& command, std::optional<double>& mhz) {
  command.add_option("--clock-mhz", mhz, "main clock; if not given, that assumed of the block")
      ->type_name("MHZ");
}

/// @throws RangeError  it is no clock
inline void check_m4bram_clock(const std::optional<double>& mhz) {
  if (mhz && !(*mhz >= 0.001 && *mhz <= 1e6))
    throw RangeError(fmt::format("clock-mhz: {} is outside 0.001..1000000", *mhz));
}

/// Calls f(std::type_identity<Block>{}) with the block of that choice.
template <fabric::M4bramPolicySet Policies, class F>
decltype(auto) visit_m4bram(const M4bramChoice& choice, F&& f) {
  return core::visit_at(M4bramBlocks<Policies>{}, choice.index(), f);
}

}  // namespace bitloom::examples
