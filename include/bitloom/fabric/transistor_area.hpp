// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <span>
#include <string_view>

#include <bitloom/core/constant.hpp>

namespace bitloom::fabric {

// Areas in minimum-width transistor areas (MWTA), from the drive sizes of the devices.
// Source: the area model of COFFE, as set up in the released COFFE-CIM inputs of BRAMAC.

/// MWTA of one device in an inverter or a transmission gate; `drive` is its size.
[[nodiscard]] inline double paired_device_mwta(double drive) {
  return 0.518 + 0.127 * drive + 0.428 * std::sqrt(drive);
}

/// MWTA of a pass transistor, a precharge device or another single device.
[[nodiscard]] inline double single_device_mwta(double drive) {
  return 0.447 + 0.128 * drive + 0.391 * std::sqrt(drive);
}

/// Equal inverters or transmission gates: two devices each.
struct Pairs {
  int count{};
  double nmos{};
  double pmos{};

  [[nodiscard]] double mwta() const { return count * (paired_device_mwta(nmos) + paired_device_mwta(pmos)); }
};

/// Equal single devices.
struct Singles {
  int count{};
  double drive{};

  [[nodiscard]] double mwta() const { return count * single_device_mwta(drive); }
};

/// Area of one MWTA at 22 nm.
inline constexpr core::Constant mwta_um2{"MWTA at 22 nm", 0.033864, "µm²", "BRAMAC released COFFE-CIM inputs",
                                         core::Standing::Published};
/// Area of an SRAM cell.
inline constexpr core::Constant sram_cell_mwta{"SRAM cell", 4, "MWTA", "BRAMAC released COFFE-CIM inputs",
                                               core::Standing::Published};

/// An estimate for a 20 Kb block from those for 16 Kb and 32 Kb, in any unit.
[[nodiscard]] constexpr double area_of_20kb(double area_16kb, double area_32kb) noexcept {
  return area_16kb + (area_32kb - area_16kb) / 4;
}

/// A circuit that adds `bits` neighbouring columns.
template <class A>
concept AdderModel = requires {
  { A::name } -> std::convertible_to<std::string_view>;
  { A::bits } -> std::convertible_to<int>;  // of one instance
  { A::mwta() } -> std::same_as<double>;    // of one instance
};

struct RippleCarry {
  static constexpr std::string_view name = "ripple";
  static constexpr int bits = 1;
  static double mwta() {
    return Pairs{4, 1, 1}.mwta() + Pairs{6, 1, 1.22}.mwta() + Pairs{1, 1.44, 1.77}.mwta() +
           Pairs{1, 1, 1.22}.mwta();
  }
};

struct ManchesterChain {
  static constexpr std::string_view name = "Manchester";
  static constexpr int bits = 4;
  static double mwta() {
    return Pairs{26 + 16, 1, 1.22}.mwta() + Pairs{7, 1.44, 1.75}.mwta() + Singles{5, 1}.mwta() +
           Singles{10, 4}.mwta() + Singles{6, 8}.mwta();
  }
};

/// What the released total uses.
struct CarryLookahead {
  static constexpr std::string_view name = "carry-lookahead";
  static constexpr int bits = 4;
  static double mwta() {
    return Pairs{5, 8, 8}.mwta() + Pairs{4, 4, 4}.mwta() + Pairs{1, 2, 2}.mwta() +
           Pairs{22 + 22, 1, 1.22}.mwta() + Pairs{4, 1.44, 1.78}.mwta();
  }
};

/// Equal parts of a dummy array.
struct AreaComponent {
  std::string_view name;
  double mwta{};  ///< of one instance
  int instances{};

  [[nodiscard]] double total_mwta() const { return mwta * instances; }
  [[nodiscard]] double total_um2() const { return total_mwta() * mwta_um2.value; }
};

/// One dummy array of BRAMAC, of `rows` × `columns`, component by component, before word-line drivers and before any
/// sizing of the devices: 28,455 MWTA with the carry-lookahead adder.
///
/// Source: released COFFE-CIM inputs of BRAMAC (arXiv 2304.03974), initial device sizes. The released report counts two
/// arrays; this is one.
template <AdderModel Adder = CarryLookahead>
[[nodiscard]] std::array<AreaComponent, 7> dummy_array_area(int rows = 7, int columns = 160) {
  return {{{"memory cells", sram_cell_mwta.value, rows * columns},
           {"precharge and equalise", Singles{2, 2}.mwta() + Singles{1, 1}.mwta(), 2 * columns},
           {"write drivers", Pairs{3, 1, 1.22}.mwta() + Pairs{4, 2.67, 2}.mwta(), 2 * columns},
           {"sense amplifiers",
            Pairs{2, 2, 2.44}.mwta() + Singles{2 + 1, 5.555}.mwta() + Singles{2, 2.222}.mwta() +
                Singles{2, 20}.mwta(),
            2 * columns},
           {"adders", Adder::mwta(), columns / Adder::bits},
           {"multiplexers of three", Pairs{3, 1, 2}.mwta(), 2 * columns},
           {"multiplexers of two", Pairs{2, 1, 2}.mwta(), columns}}};
}

/// Sum of components.
/// @return MWTA
[[nodiscard]] inline double total_mwta(std::span<const AreaComponent> components) {
  double sum = 0;
  for (const auto& component : components) sum += component.total_mwta();
  return sum;
}

}  // namespace bitloom::fabric
