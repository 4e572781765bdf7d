// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/mac_cost.hpp>

namespace bitloom::search {

/// Energy of operations at 45 nm: Horowitz's numbers, and the polynomials in the width that google/qkeras fits to them.
/// They meet the table at 8 and 32 bits but for the 8-bit addition, 0.025 in place of 0.03 pJ.
namespace energy_45nm {

inline constexpr std::string_view source =
    "Horowitz, Computing's energy problem, ISSCC 2014, as fitted by google/qkeras";

inline constexpr core::Constant fixed_add{"fixed-point addition", 0.003125, "pJ per bit", source,
                                          core::Standing::Published};
inline constexpr core::Constant fixed_multiply{"fixed-point multiplication", 0.002994791667, "pJ per bit^2",
                                               source, core::Standing::Published};
inline constexpr core::Constant fixed_multiply_linear{"fixed-point multiplication, linear part",
                                                      0.001041666667, "pJ per bit", source,
                                                      core::Standing::Published};
inline constexpr core::Constant half_add{"fp16 addition", 0.4, "pJ", source, core::Standing::Published};
inline constexpr core::Constant half_multiply{"fp16 multiplication", 1.1, "pJ", source,
                                              core::Standing::Published};
inline constexpr core::Constant float_add{"fp32 addition", 0.9, "pJ", source, core::Standing::Published};
inline constexpr core::Constant float_multiply{"fp32 multiplication", 3.7, "pJ", source,
                                               core::Standing::Published};
/// Of y, log2 of the memory's size in bits: y³, y², y.
inline constexpr std::array<core::Constant, 3> sram_read{
    {{"SRAM read, cubic", 9.02427321e-4, "pJ per bit", source, core::Standing::Published},
     {"SRAM read, quadratic", -2.68847858e-2, "pJ per bit", source, core::Standing::Published},
     {"SRAM read, linear", 0.208900804, "pJ per bit", source, core::Standing::Published}}};
inline constexpr core::Constant dram_read{"DRAM read", 20.3125, "pJ per bit", source,
                                          core::Standing::Published};

/// Addition of two integers, pJ.
[[nodiscard]] constexpr double add_pj(int bits) noexcept { return fixed_add.value * bits; }

/// Multiplication of two integers, pJ. For different widths their product takes the place of the square and their mean
/// that of the width (assumed).
[[nodiscard]] constexpr double multiply_pj(int left, int right) noexcept {
  return fixed_multiply.value * left * right + fixed_multiply_linear.value * (left + right) / 2;
}

/// Read of one bit from a static memory, pJ. The fit is for 2^16 to 2^23 bits, 8 KiB to 1 MiB; larger ones extend it.
/// @throws RangeError  the memory has less than 2^16 or more than 2^36 bits
[[nodiscard]] inline double sram_pj_per_bit(std::int64_t bits) {
  core::check_range("bits of a memory", bits, std::int64_t{1} << 16, std::int64_t{1} << 36);
  const double y = std::log2(static_cast<double>(bits));
  return ((sram_read[0].value * y + sram_read[1].value) * y + sram_read[2].value) * y;
}

}  // namespace energy_45nm

// WeightMemory: where the weights are read from, once for every image.

/// Reads are not counted.
struct FreeMemory {
  static constexpr double pj_per_bit() noexcept { return 0; }
  static std::vector<core::Constant> constants() { return {}; }
};
/// A static memory on the chip, of a size in bits.
template <std::int64_t Bits>
struct Sram {
  static double pj_per_bit() { return energy_45nm::sram_pj_per_bit(Bits); }
  static std::vector<core::Constant> constants() {
    return {energy_45nm::sram_read.begin(), energy_45nm::sram_read.end()};
  }
};
/// Dynamic memory outside.
struct Dram {
  static constexpr double pj_per_bit() noexcept { return energy_45nm::dram_read.value; }
  static std::vector<core::Constant> constants() { return {energy_45nm::dram_read}; }
};

template <class W>
concept WeightMemory = requires {
  { W::pj_per_bit() } -> std::convertible_to<double>;
  { W::constants() } -> std::same_as<std::vector<core::Constant>>;
};

/// Energy at 45 nm: a multiplication and an addition for each multiply-accumulate, and each weight read once.
///
/// Integers add in a register that holds the exact sum. Floats of 16 bits take the numbers of fp16, of 17 to 32 bits
/// those of fp32. For narrower floats there are none: their parts are taken as fixed-point multiplier and adders
/// (assumed), with the register of the exact sum; the shifter is free. Reads of activations are not counted.
template <WeightMemory Memory = FreeMemory>
struct Energy45nm {
  static constexpr std::string_view name = "energy_45nm";
  static constexpr std::string_view unit = "pJ";

  /// One multiply-accumulate among `terms` of a sum, pJ.
  /// @throws RangeError  a float has more than 32 bits
  [[nodiscard]] static double mac_pj(const FormatFacts& weight, const FormatFacts& activation,
                                     std::int64_t terms) {
    using namespace energy_45nm;
    const bool integers = weight.is_integer() && activation.is_integer();
    const int bits =
        std::max(weight.is_integer() ? 0 : weight.bits, activation.is_integer() ? 0 : activation.bits);
    if (!integers && bits >= 16) {
      core::check_range("float bits", bits, 16, 32);
      return bits == 16 ? half_multiply.value + half_add.value : float_multiply.value + float_add.value;
    }
    const auto mac = mac_structure(weight, activation, terms);
    return multiply_pj(weight.significand_bits, activation.significand_bits) +
           add_pj(static_cast<int>(mac.exponent_adder)) + add_pj(static_cast<int>(mac.accumulator));
  }

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    return static_cast<double>(net::macs(layer)) * mac_pj(weight, activation, terms(layer)) +
           WeightBits<>::cost(layer, weight, activation) * Memory::pj_per_bit();
  }

  [[nodiscard]] static std::vector<core::Constant> constants() {
    using namespace energy_45nm;
    std::vector<core::Constant> result{fixed_add,     fixed_multiply, fixed_multiply_linear, half_add,
                                       half_multiply, float_add,      float_multiply};
    result.push_back({"energy of narrow floats", 1, "", "significands and exponents as fixed-point numbers",
                      core::Standing::Assumed});
    for (const auto& constant : Memory::constants()) result.push_back(constant);
    return result;
  }
};

}  // namespace bitloom::search
