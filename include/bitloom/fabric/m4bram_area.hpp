// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>

namespace bitloom::fabric {

/// A part of a block RAM tile in 22 nm.
struct TilePart {
  std::string_view name;
  double area_um2{};
  double delay_ps{};  ///< 0 where none is published
};

namespace detail {

/// Area of one piece of a dummy array, µm²: the reported parts over the number of pieces (derived). Those of wordline
/// drivers depend on the length of the line.
struct DummyArrayPieces {
  static constexpr double wordline_driver(int banks) noexcept { return banks == 1 ? 0.542429 : 0.548571; }
  static constexpr double wordline_delay_ps(int banks) noexcept { return banks == 1 ? 224.5 : 246.8; }
  static constexpr double cells =
      151.711;  ///< of one bank, seven rows: 7/128 of the main array's, within its rounding
  static constexpr double precharge = 0.117776;
  static constexpr double sense_amplifier = 0.817;
  static constexpr double write_driver = 0.622791;
  static constexpr double carry_lookahead = 5.302813;  ///< four bits
  static constexpr double mux4 = 0.331906;
  static constexpr double mux3 = 0.248930;
  static constexpr double mux2 = 0.165953;
};

}  // namespace detail

/// The silicon of an M4BRAM tile: how the area of its four dummy arrays follows from their geometry.
///
/// Source: COFFE reports of the released M4BRAM artifact (arXiv 2311.02758), 22 nm. The area of the eFSM is not in them.
template <M4bramSize Size>
struct M4bramTile {
  static constexpr int banks = Size::word_bits / 32;  ///< of 128 columns, shared by four arrays
  static constexpr int columns = 128;
  static constexpr int rows = 7;
  static constexpr int arrays = 4;
  static constexpr int ports = 2;

  /// All four dummy arrays, part by part, with the delay of each.
  static constexpr std::array<TilePart, 9> dummy_parts() noexcept {
    using P = detail::DummyArrayPieces;
    constexpr double wide = columns * banks;
    return {
        {{"Memory cell", P::cells * banks},
         {"Wordline driver", P::wordline_driver(banks) * rows * arrays * ports, P::wordline_delay_ps(banks)},
         {"Precharge", P::precharge * wide * ports, 110.3},
         {"Sense amp", P::sense_amplifier * wide * ports, 102.7},
         {"Write driver", P::write_driver * wide * ports, 165.0},
         {"CLA adder", P::carry_lookahead * wide / 4, 157.6},
         {"Mux 4:1", P::mux4 * wide, 10.75},
         {"Mux 3:1", P::mux3 * wide * ports, 8.738},
         {"Mux 2:1", P::mux2 * wide * ports, 6.683}}};
  }

  /// The rest of the tile, as reported.
  static constexpr std::array<TilePart, 12> main_parts() noexcept {
    if constexpr (banks == 1)
      return {{{"RAM local mux", 181.637},
               {"Level shifters", 23.318},
               {"Row decoder", 158.606},
               {"WL driver", 185.72},
               {"Column decoder", 50.272},
               {"Configurable decoder", 22.418},
               {"Output crossbar", 70.347},
               {"Precharge", 96.747},
               {"Write drivers", 45.746},
               {"Sense amps", 52.288},
               {"Memory cells", 2774.0},
               {"RAM routing", 1041.336}}};
    else
      return {{{"RAM local mux", 181.637},
               {"Level shifters", 23.318},
               {"Row decoder", 92.613},
               {"WL driver", 210.225},
               {"Column decoder", 98.867},
               {"Configurable decoder", 40.805},
               {"Output crossbar", 75.493},
               {"Precharge", 151.341},
               {"Write drivers", 91.491},
               {"Sense amps", 104.576},
               {"Memory cells", 2774.0},
               {"RAM routing", 1041.336}}};
  }

  /// The two parts of its routing, as reported: 0.14 µm² less than the whole.
  static constexpr std::array<TilePart, 2> routing_parts() noexcept {
    return {{{"RAM CB (part of routing)", 311.05}, {"RAM SB (part of routing)", 730.147}}};
  }

  static constexpr double dummy_area_um2() noexcept { return sum(dummy_parts()); }
  static constexpr double area_um2() noexcept { return sum(main_parts()) + dummy_area_um2(); }

  /// Area of the dummy arrays over that of the tile without them: 19.1 % (S), 36.2 % (L). The published factor of S, 19.6 %,
  /// leaves some 22 µm² for the eFSM; that of L, 33.4 %, is smaller than its arrays alone, which its report does not explain.
  static constexpr double overhead() noexcept { return dummy_area_um2() / sum(main_parts()); }

  /// A dummy array from address to written row, ps: the sum of the delays.
  static constexpr double dummy_cycle_ps() noexcept {
    double delay = 0;
    for (const auto& part : dummy_parts()) delay += part.delay_ps;
    return delay;
  }

  /// Shortest period of the block RAM that COFFE reports.
  static constexpr core::Constant period() noexcept {
    return {"M4BRAM block RAM period", banks == 1 ? 1.047 : 0.910, "ns",
            "COFFE report of the released artifact, 22 nm", core::Standing::Published};
  }

 private:
  template <std::size_t N>
  static constexpr double sum(const std::array<TilePart, N>& parts) noexcept {
    double area = 0;
    for (const auto& part : parts) area += part.area_um2;
    return area;
  }
};

}  // namespace bitloom::fabric
