// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::fabric {

/// What the instruction bus of M4BRAM carries in a cycle: byte enables and write data of port A, and where a copy reads.
///
/// Source: released controller RTL of M4BRAM (arXiv 2311.02758). There weight precision and duplication are ports
/// without a use; here they are fields of the configuration, and the slice is a part of the address.
struct CimBus {
  bool enable{};               ///< the cycle carries an instruction; else all flags read 0
  bool configure{};            ///< a configuration
  std::uint8_t byte_enable{};  ///< flags, or sign and activation precision
  std::uint32_t
      data{};  ///< an activation for each element, from the lowest byte; or weight precision, duplication
  std::uint32_t word{};   ///< weight word of a copy: 0..511 (S), 0..255 (L)
  std::uint32_t slice{};  ///< slice of that word, below the duplication

  friend constexpr bool operator==(const CimBus&, const CimBus&) = default;
};

/// Flags of an instruction in its byte enables.
namespace cim {
inline constexpr InstructionField reset{3, 1}, start{2, 1}, copy{1, 1}, done{0, 1};
// a configuration: in the byte enables, and in the data
inline constexpr InstructionField signed_activations{3, 1}, precision{0, 3};
inline constexpr InstructionField weight_precision{0, 2}, duplication{2, 2};
}  // namespace cim

/// What a configuration instruction sets.
struct M4bramConfiguration {
  int weight_bits = 2;  ///< 2, 4 or 8
  int activation_bits = 8;
  bool signed_activations{};
  int duplication = 1;  ///< 1, 2 or 4

  friend constexpr bool operator==(const M4bramConfiguration&, const M4bramConfiguration&) = default;
};

/// The instruction that sets a configuration.
/// @throws RangeError  a width or duplication that the block lacks
[[nodiscard]] constexpr CimBus encode(const M4bramConfiguration& c) {
  core::check_range("activation precision", c.activation_bits, 2, 8);
  if (c.duplication != 1 && c.duplication != 2 && c.duplication != 4)
    throw RangeError("duplication: " + std::to_string(c.duplication) + " is not 1, 2 or 4");
  const auto weights = precision_code(c.weight_bits) - 1;
  const auto duplication = static_cast<std::uint64_t>(c.duplication / 2);
  return {
      .enable = true,
      .configure = true,
      .byte_enable =
          static_cast<std::uint8_t>(cim::signed_activations.put(c.signed_activations ? 1 : 0) |
                                    cim::precision.put(static_cast<std::uint64_t>(c.activation_bits - 1))),
      .data =
          static_cast<std::uint32_t>(cim::weight_precision.put(weights) | cim::duplication.put(duplication))};
}

/// The configuration of an instruction.
/// @throws RangeError  a code without a meaning: precision 0, weight precision 3, duplication 3
[[nodiscard]] constexpr M4bramConfiguration decode_configuration(const CimBus& bus) {
  const auto precision = cim::precision.get(bus.byte_enable);
  const auto weights = cim::weight_precision.get(bus.data);
  const auto duplication = cim::duplication.get(bus.data);
  if (precision == 0) throw RangeError("precision code: 0 is undefined");
  if (weights == 3) throw RangeError("weight precision code: 3 is undefined");
  if (duplication == 3) throw RangeError("duplication code: 3 is undefined");
  return {.weight_bits = precision_bits(weights + 1),
          .activation_bits = static_cast<int>(precision) + 1,
          .signed_activations = cim::signed_activations.get(bus.byte_enable) != 0,
          .duplication = 1 << duplication};
}

/// Four activation codes of `bits` bits as the bus carries them: byte j, left-aligned, for element j.
/// @throws RangeError  a value does not fit its width and sign
[[nodiscard]] constexpr std::uint32_t activation_bytes(const std::array<std::int16_t, 4>& values, int bits,
                                                       bool is_signed) {
  std::uint32_t data = 0;
  for (int j = 3; j >= 0; --j)
    data = data << 8 | justify(values[static_cast<std::size_t>(j)], bits, is_signed);
  return data;
}

/// What a block sees in one cycle.
struct M4bramPorts {
  bool reset{};     ///< of the block: idle, nothing configured
  CimBus cim{};     ///< on port A
  PortRequest a{};  ///< memory access on port A; it has no place beside an instruction
  PortRequest b{};  ///< memory access on port B
};

}  // namespace bitloom::fabric
