// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/transistor_area.hpp>

#include "efsm_text.hpp"

namespace bitloom::examples {

/// A drawing that needs nothing beside itself and reads on light and on dark ground.
class Drawing {
 public:
  Drawing(int width, int height, std::string_view title) : width_(width), height_(height), title_(title) {}

  /// @param kind  memory, logic, control or plain
  void box(double x, double y, double width, double height, std::string_view kind) {
    body_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"/>\n", kind,
                         x, y, width, height);
  }

  /// @param style  classes: title, head, note, mono; middle or end to align
  void text(double x, double y, std::string_view style, std::string_view text) {
    body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", style, x, y, escape(text));
  }

  /// A wire with an arrow at its end, through points as in a path: `M 0 0 H 10 V 5`.
  void arrow(std::string_view path) {
    body_ += fmt::format("<path class=\"wire\" marker-end=\"url(#tip)\" d=\"{}\"/>\n", path);
  }

  [[nodiscard]] std::string svg() const {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
               "{1}\" "
               "role=\"img\">\n<title>{2}</title>\n",
               width_, height_, escape(title_)) +
           std::string(style_sheet) + body_ + "</svg>\n";
  }

 private:
  static std::string escape(std::string_view text) {
    std::string result;
    for (const char c : text) {
      if (c == '&')
        result += "&amp;";
      else if (c == '<')
        result += "&lt;";
      else if (c == '>')
        result += "&gt;";
      else
        result += c;
    }
    return result;
  }

  static constexpr std::string_view style_sheet = R"(<style>
text { font: 13px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1c2230 }
.title { font-size: 22px; font-weight: 600 }
.head { font-weight: 600 }
.note { font-size: 11.5px; fill: #5a6375 }
.mono { font: 11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #3b4354 }
.middle { text-anchor: middle }
.end { text-anchor: end }
rect { stroke-width: 1.2 }
.ground { fill: #ffffff }
.memory { fill: #e6effb; stroke: #3f73b5 }
.logic { fill: #fdf0df; stroke: #bb7426 }
.control { fill: #e7f4ea; stroke: #3d8552 }
.plain { fill: #f4f5f8; stroke: #8b94a6 }
.bar { fill: #3f73b5 }
.wire { fill: none; stroke: #5a6375; stroke-width: 1.4 }
.tip { fill: #5a6375 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9f0 }
  .note { fill: #a3acbd }
  .mono { fill: #c5ccd9 }
  .ground { fill: #14171d }
  .memory { fill: #1a2a41; stroke: #6c9fdf }
  .logic { fill: #3a2a15; stroke: #dc9b50 }
  .control { fill: #17301f; stroke: #66b27d }
  .plain { fill: #20242d; stroke: #727c90 }
  .bar { fill: #6c9fdf }
  .wire { stroke: #a3acbd }
  .tip { fill: #a3acbd }
}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="tip" d="M0 0 L8 4 L0 8 Z"/></marker></defs>
<rect class="ground" width="100%" height="100%"/>
)";

  int width_;
  int height_;
  std::string title_;
  std::string body_;
};

namespace detail {

inline constexpr std::array<int, 3> bramac_widths{2, 4, 8};

inline fabric::Operands of_width(int bits, bool is_signed) {
  return {.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
}

/// One dummy array with its adder, between x and x + width.
template <class B>
void draw_array(Drawing& d, int number, double x, double width) {
  constexpr double top = 112, row = 23;
  const double middle = x + width / 2;
  d.box(x, top, width, 30 + row * static_cast<double>(row_names.size()), "memory");
  d.text(middle, top + 20, "head middle",
         B::arrays == 1 ? "dummy array" : fmt::format("dummy array {}", number));
  for (std::size_t i = 0; i < row_names.size(); ++i) {
    const double y = top + 28 + row * static_cast<double>(i);
    d.box(x + 10, y, width - 20, row - 3, "plain");
    d.text(x + 20, y + 14.5, "mono", fmt::format("{} {}", i, row_names[i]));
    if (i == 0) d.text(x + width - 20, y + 14.5, "note end", fmt::format("{} bits", B::row_bits));
  }
  constexpr double bottom = top + 30 + row * 7;
  constexpr double adder = bottom + 44;
  d.arrow(fmt::format("M {} {} V {}", middle - 56, bottom, adder));
  d.text(middle - 50, bottom + 26, "note", "2 reads");
  d.arrow(fmt::format("M {} {} V {}", middle + 56, adder, bottom));
  d.text(middle + 50, bottom + 26, "note end", "2 writes");
  d.box(x, adder, width, 80, "logic");
  d.text(middle, adder + 20, "head middle", "SIMD adder, shift");
  std::string lanes;
  for (const int bits : bramac_widths)
    lanes += fmt::format("{}{} × {}", lanes.empty() ? "" : ", ", B::lanes(of_width(bits, true)),
                         B::lane_bits(of_width(bits, true)));
  d.text(middle, adder + 40, "middle", lanes);
  d.text(middle, adder + 60, "note middle", "lanes × bits");
  d.arrow(fmt::format("M {} {} V {}", middle, adder + 80 + 44, adder + 80));
  d.text(middle + 8, adder + 80 + 26, "note", "rows, selects");
}

/// The boxes of memory, ports and data paths, above y = 450.
template <class B>
void draw_data_path(Drawing& d) {
  using Variant = typename B::variant;
  constexpr auto geometry = fabric::M20k::geometry;
  d.box(50, 112, 120, 84, "plain");
  d.text(110, 134, "head middle", "port A");
  d.text(110, 153, "middle", fmt::format("{} × {}", geometry.words(), geometry.word_bits()));
  d.text(110, 172, "note middle", "memory, readout,");
  d.text(110, 187, "note middle", "instructions");
  d.box(50, 219, 120, 84, "plain");
  d.text(110, 241, "head middle", "port B");
  d.text(110, 260, "middle", fmt::format("{} × {}", geometry.words(), geometry.word_bits()));
  d.text(110, 279, "note middle", "memory");
  d.arrow("M 170 154 H 222");
  d.arrow("M 222 154 H 170");
  d.arrow("M 170 261 H 222");
  d.arrow("M 222 261 H 170");

  d.box(222, 112, 160, 191, "memory");
  d.text(302, 142, "head middle", "main array");
  d.text(302, 170, "middle", fmt::format("{} rows × {}", geometry.rows, geometry.columns));
  d.text(302, 192, "middle", fmt::format("{} bits", fabric::M20k::bits));
  d.text(302, 214, "note middle", "weights and any data");
  d.box(232, 255, 140, 38, "plain");
  d.text(302, 279, "middle", fmt::format("columns {} : 1", geometry.column_mux));

  constexpr int words = fabric::InstructionLayout<Variant>::row2.width > 0 ? 2 : 1;
  d.arrow("M 382 207 H 440");
  d.text(411, 199, "note middle", words == 2 ? "2 words" : "1 word");
  d.box(440, 112, 140, 191, "logic");
  d.text(510, 142, "head middle", "sign extension");
  double y = 172;
  for (const int bits : bramac_widths) {
    d.text(510, y, "middle",
           fmt::format("{} × ({} to {})", B::lanes(of_width(bits, true)), bits,
                       B::lane_bits(of_width(bits, true))));
    y += 22;
  }
  d.text(510, 246, "note middle", fmt::format("{} to {} bits", B::word_bits, B::row_bits));
  d.text(510, 264, "note middle", B::addressed_before ? "addressed the cycle" : "addressed in the");
  d.text(510, 280, "note middle", B::addressed_before ? "before the copy" : "cycle of the copy");
  d.arrow("M 580 207 H 626");

  if constexpr (B::arrays == 2) {
    draw_array<B>(d, 1, 626, 170);
    draw_array<B>(d, 2, 820, 170);
    d.arrow("M 604 207 V 92 H 905 V 112");
  } else {
    draw_array<B>(d, 1, 626, 364);
  }
  d.arrow("M 660 112 V 74 H 110 V 112");
  d.text(385, 67, "note middle",
         fmt::format("accumulators: {} words of {} bits", B::readout_cycles(), B::word_bits));
}

/// Instruction, activation registers and eFSM.
template <class B>
void draw_control(Drawing& d) {
  using Variant = typename B::variant;
  constexpr bool shifts = B::sign_policy::shift;
  constexpr auto table = Variant::table();
  d.arrow("M 50 154 H 30 V 387 H 50");
  d.box(50, 347, 332, 80, "control");
  d.text(216, 367, "head middle", "instruction");
  d.text(216, 387, "middle",
         fmt::format("{} bits, written to 0x{:X} on port A", B::word_bits, fabric::cim_address));
  d.text(216, 407, "note middle", "control bits, precision, rows, column, activations");
  d.arrow("M 382 387 H 440");
  d.box(440, 347, 140, 80, "control");
  d.text(510, 367, "head middle", "activations");
  d.text(510, 387, "middle", fmt::format("{} registers × 8", 2 * B::arrays));
  d.text(510, 407, "note middle", "1 bit of each a cycle");
  d.arrow("M 510 427 V 471");
  d.text(518, 453, "note", "row");
  d.arrow("M 216 427 V 471");

  constexpr double left = 50, top = 471, step = 232, height = 48;
  constexpr std::size_t columns = 4;
  const auto rows = (table.size() + columns - 1) / columns;
  d.box(left, top, 940, 40 + (height + 8) * static_cast<double>(rows), "control");
  d.text(left + 12, top + 22, "head",
         fmt::format("eFSM: {} states on {}", table.size(),
                     Variant::clock_ratio == 2 ? "twice the main clock" : "the main clock"));
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double x = left + 10 + step * static_cast<double>(i % columns);
    const double y = top + 32 + (height + 8) * static_cast<double>(i / columns);
    const auto operation = operation_text(table[i], shifts);
    const auto comma = operation.find(", ");
    d.box(x, y, step - 8, height, "plain");
    d.text(x + 8, y + 15, "head", fmt::format("{} {}", i, table[i].name));
    d.text(x + 8, y + 29, "mono", operation.substr(0, comma));
    if (comma != std::string::npos) d.text(x + 8, y + 42, "mono", operation.substr(comma + 2));
  }
}

/// Cycles for each width, and where the area of a dummy array goes.
template <class B>
void draw_figures(Drawing& d) {
  using Variant = typename B::variant;
  constexpr double top = 722;
  const auto column = [&](double x, std::string_view first, std::string_view second) {
    d.text(x, top, "note end", first);
    d.text(x, top + 14, "note end", second);
  };
  d.text(50, top, "head", "one MAC2");
  d.text(50, top + 14, "note", "main-clock cycles");
  column(220, "unsigned", "cycles");
  column(285, "signed", "cycles");
  column(365, "main array", "read");
  column(435, "MAC at", "once");
  column(570, "safe MAC2", "unsigned, signed");
  double y = top + 40;
  for (const int bits : bramac_widths) {
    const auto u = of_width(bits, false);
    const auto s = of_width(bits, true);
    d.text(50, y, "", fmt::format("{} bits", bits));
    d.text(220, y, "end", fmt::format("{}", B::mac2_cycles(u)));
    d.text(285, y, "end", fmt::format("{}", B::mac2_cycles(s)));
    d.text(365, y, "end", fmt::format("{}", Variant::busy_cycles));
    d.text(435, y, "end", fmt::format("{}", B::macs_per_mac2(u)));
    d.text(570, y, "end", fmt::format("{}, {}", B::safe_mac2(u), B::safe_mac2(s)));
    y += 22;
  }
  const auto clock = B::clock();
  const auto factor = Variant::area_factor;
  d.text(50, y + 12, "note",
         fmt::format("clock {:g} {} ({}), area {:g} times that of the memory ({})", clock.value, clock.unit,
                     core::name(clock.standing), factor.value, core::name(factor.standing)));

  const auto components = fabric::dummy_array_area();
  const double total = fabric::total_mwta(components);
  d.text(626, top, "head", "area of a dummy array");
  d.text(626, top + 14, "note",
         fmt::format("{:.0f} MWTA, {:.1f} µm², before sizing", total, total * fabric::mwta_um2.value));
  y = top + 38;
  double largest = 0;
  for (const auto& c : components) largest = std::max(largest, c.total_mwta());
  for (const auto& c : components) {
    d.text(626, y, "note", c.name);
    d.box(770, y - 9, 150 * c.total_mwta() / largest, 10, "bar");
    d.text(990, y, "note end", fmt::format("{:.1f} %", 100 * c.total_mwta() / total));
    y += 16;
  }
}

}  // namespace detail

/// The block as a diagram, drawn from its type.
template <class B>
[[nodiscard]] std::string block_diagram() {
  Drawing d(1040, 870, fmt::format("{}: block diagram", B::name));
  d.text(50, 44, "title", B::name);
  detail::draw_data_path<B>(d);
  detail::draw_control<B>(d);
  detail::draw_figures<B>(d);
  return d.svg();
}

}  // namespace bitloom::examples
