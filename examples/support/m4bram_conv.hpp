// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel/m4bram_conv.hpp>
#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/op/conv2d.hpp>

#include "integer_matrix.hpp"
#include "m4bram_choice.hpp"
#include "product_operands.hpp"
#include "program.hpp"
#include "report.hpp"
#include "reporting_threads.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `conv`.
struct M4bramConvOptions {
  M4bramChoice block;
  std::vector<std::int64_t> input{8, 14, 14};  ///< channels, height, width
  std::int64_t filters = 16;
  op::Window window{.kernel = 3, .stride = 1, .padding = 1};
  std::string weights{};  ///< a CSV file [filters × channels · kernel · kernel]
  std::string image{};    ///< a CSV file [channels × height · width]
  std::uint64_t seed = 1;
  std::int64_t tile_channels = 4;
  std::int64_t tile_filters = 16;
  std::int64_t tile_rows = 1;
  std::optional<double> clock_mhz{};
  std::string output{};
  std::string json{};
};

inline CLI::App& add_m4bram_conv(CLI::App& app, M4bramConvOptions& options) {
  auto& command = *app.add_subcommand(
      "conv",
      "does a convolution on M4BRAM filter caches take the cycles of the performance model, and is it right? "
      "Runs all blocks clock by clock");
  const auto extent = CLI::Range(std::int64_t{1}, std::int64_t{1} << 16);
  command.add_option("--input", options.input, "channels, height and width of the input")
      ->type_name("CHANNELS HEIGHT WIDTH")
      ->expected(3)
      ->check(extent)
      ->capture_default_str();
  const auto add = [&](const char* name, std::int64_t& value, const char* what) {
    command.add_option(name, value, what)->check(extent)->capture_default_str();
  };
  add("--filters", options.filters, "output channels");
  add("--kernel", options.window.kernel, "height and width of the filters");
  add("--stride", options.window.stride, "step of the filters");
  command.add_option("--padding", options.window.padding, "zeros on each side")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 16))
      ->capture_default_str();
  auto* weights = command
                      .add_option("--weights", options.weights,
                                  "CSV file of whole numbers, a line for every filter: its channels, and the "
                                  "rows of each one after the other")
                      ->type_name("FILE")
                      ->check(not_empty());
  auto* image = command
                    .add_option("--image", options.image,
                                "CSV file, a line for every channel: its rows one after the other")
                    ->type_name("FILE")
                    ->check(not_empty());
  weights->needs(image);
  image->needs(weights);
  command.add_option("--seed", options.seed, "seed of random operands")
      ->check(seed_number())
      ->capture_default_str()
      ->excludes(weights);
  add_m4bram_choice(command, options.block);
  add("--tile-channels", options.tile_channels, "input channels of a tile: an even number");
  add("--tile-filters", options.tile_filters, "output channels of a tile");
  add("--tile-rows", options.tile_rows,
      "output rows of a tile, a divisor of the duplication; as many columns as make up the duplication");
  add_m4bram_clock(command, options.clock_mhz);
  add_output(command, "--output", options.output,
             "write the result to this CSV file, a line for every filter");
  add_output(command, "--json", options.json, "also write the figures to this file");
  return command;
}

/// A convolution that went through machines, beside the models of its cycles.
struct M4bramConvReport {
  std::string_view block{};
  fabric::Operands operands{};
  op::ConvGeometry geometry{};
  accel::Tile tile{};
  std::int64_t blocks{};
  fabric::MatrixShape product{};  ///< of each block
  std::int64_t macs{};            ///< of the layer
  std::int64_t cycles{};          ///< counted
  std::int64_t formula{};
  std::int64_t published{};  ///< by the published performance model
  std::int64_t hardware{};   ///< by the same model with what the hardware takes
  std::int64_t prologue{};   ///< before the first MAC2, which models leave out
  double peak_macs_per_cycle{};
  core::Constant clock{};
  bool clock_given{};
  bool exact{};

  [[nodiscard]] bool holds() const { return exact && cycles == formula && cycles == hardware + prologue; }

  void print() const;
  [[nodiscard]] nlohmann::json json() const;
};

/// Runs the convolution on blocks of kind B.
/// @throws RangeError  the block lacks these operands, sums might not fit 32 bits, or a tile that it lacks
/// @throws ShapeError  an impossible layer
template <fabric::M4bramBlock B>
M4bramConvReport conv_on_blocks(const op::ConvGeometry& geometry, const accel::Tile& tile,
                                const fabric::Operands& o, std::span<const std::int16_t> weights,
                                std::span<const std::int16_t> image, std::span<std::int32_t> result) {
  const auto out = geometry.output();
  const net::ConvShape layer{.r = geometry.window.kernel,
                             .s = geometry.window.kernel,
                             .c = geometry.input.channels,
                             .p = out.height,
                             .q = out.width,
                             .k = geometry.out_channels};
  const accel::Widths widths(o.weight_bits, o.activation_bits);
  using Size = typename B::size;
  using Clocking = typename B::clocking;
  using Published = accel::ExactM4bramStudy;
  using Safe = accel::WithReadouts<Published, accel::SafeReadouts>;
  accel::M4bramConv<B, ReportingThreads> conv(layer, tile, o, ReportingThreads("M4BRAM blocks"));
  M4bramConvReport report{.block = B::name,
                          .operands = o,
                          .geometry = geometry,
                          .tile = tile,
                          .blocks = conv.blocks(),
                          .product = conv.product(),
                          .macs = layer.macs(),
                          .formula = conv.cycles(),
                          .prologue = Clocking::prologue_cycles,
                          .clock = B::clock()};
  report.published = accel::M4bramAlone<Published, Size, Clocking>::cycles(layer, tile, widths);
  report.hardware =
      o.signed_activations
          ? accel::M4bramAlone<accel::WithMac2<Safe, accel::SignedMac2>, Size, Clocking>::cycles(layer, tile,
                                                                                                 widths)
          : accel::M4bramAlone<Safe, Size, Clocking>::cycles(layer, tile, widths);
  report.peak_macs_per_cycle =
      static_cast<double>(report.blocks * B::macs_per_mac2(o)) / static_cast<double>(B::mac2_cycles(o));
  const auto& [rows, columns, vectors] = report.product;
  check_elements("weights of a block", {rows, columns});
  check_elements("activations of a block", {columns, vectors});
  check_elements("sums of the blocks", {report.blocks, rows, vectors});
  op::conv2d<std::int16_t, std::int32_t>(conv, geometry, 1, weights, image, result);
  report.cycles = conv.counted_cycles();
  return report;
}

inline void M4bramConvReport::print() const {
  const auto line = [](const char* name, std::int64_t count, const char* what) {
    fmt::print("{:<12}{:>12}  {}\n", name, count, what);
  };
  const auto& window = geometry.window;
  fmt::print("convolution {0}x{0}, stride {1}, padding {2}, {3}: {4} to {5}, on {6} blocks {7}\n",
             window.kernel, window.stride, window.padding, fabric::to_string(operands),
             op::to_string(geometry.input), op::to_string(geometry.output()), blocks, block);
  fmt::print("tile        {} columns x {} rows of the output, {} channels in, {} out, {} filter columns\n",
             tile.q, tile.p, tile.c, tile.k, tile.r);
  fmt::print("each block  {} outputs x {} terms x {} vectors\n", product.rows, product.columns,
             product.vectors);
  line("counted", cycles, cycles == formula ? "cycles, as by the formula of the block" : "cycles");
  if (cycles != formula) line("formula", formula, "differs");
  line("published", published, "by the published performance model");
  line("hardware", hardware - published,
       "more for signed activations and for lanes that have to be read early");
  line("prologue", prologue, "before the first MAC2, which models leave out");
  fmt::print("model       {} published + hardware + prologue\n",
             cycles == hardware + prologue ? "counted =" : "counted !=");
  const auto rate = static_cast<double>(macs) / static_cast<double>(cycles);
  fmt::print("throughput  {:.2f} of {:.2f} MAC/cycle ({:.1f} %); {:.3f} us at {:g} MHz{}\n", rate,
             peak_macs_per_cycle, 100 * rate / peak_macs_per_cycle, static_cast<double>(cycles) / clock.value,
             clock.value,
             clock_given                                 ? " as given"
             : clock.standing == core::Standing::Assumed ? " *"
                                                         : "");
  fmt::print("result      {}\n", exact ? "equals the exact integers" : "differs from the exact integers");
}

inline nlohmann::json M4bramConvReport::json() const {
  const auto map = [](const op::TensorShape& shape) {
    return nlohmann::json{{"channels", shape.channels}, {"height", shape.height}, {"width", shape.width}};
  };
  return {{"block", block},
          {"weight_bits", operands.weight_bits},
          {"activation_bits", operands.activation_bits},
          {"signed_activations", operands.signed_activations},
          {"input", map(geometry.input)},
          {"output", map(geometry.output())},
          {"kernel", geometry.window.kernel},
          {"stride", geometry.window.stride},
          {"padding", geometry.window.padding},
          {"tile",
           {{"q_output_columns", tile.q},
            {"p_output_rows", tile.p},
            {"c_input_channels", tile.c},
            {"k_output_channels", tile.k},
            {"r_filter_columns", tile.r}}},
          {"blocks", blocks},
          {"outputs_of_block", product.rows},
          {"terms_of_block", product.columns},
          {"vectors_of_block", product.vectors},
          {"macs", macs},
          {"cycles_counted", cycles},
          {"cycles_formula", formula},
          {"cycles_published_model", published},
          {"cycles_hardware_model", hardware},
          {"prologue_cycles", prologue},
          {"peak_macs_per_cycle", peak_macs_per_cycle},
          {"macs_per_cycle", static_cast<double>(macs) / static_cast<double>(cycles)},
          {"time_us", static_cast<double>(cycles) / clock.value},
          {"clock_mhz", clock.value},
          {"clock_standing", clock_given ? "given" : core::name(clock.standing)},
          {"energy_pj", nullptr},
          {"exact", exact},
          {"ok", holds()}};
}

/// The filters and the image that the options ask for.
/// @throws ParseError  a file has something else than numbers of the width
/// @throws ShapeError  a file does not fit the layer
inline std::pair<std::vector<std::int16_t>, std::vector<std::int16_t>> conv_operands(
    const M4bramConvOptions& options, const op::ConvGeometry& geometry) {
  const auto o = options.block.operands();
  const auto& input = geometry.input;
  if (options.weights.empty()) {
    core::Random random(options.seed);
    auto weights =
        random_values(geometry.out_channels * geometry.patch(), o.weight_bits, o.signed_weights, random);
    auto image = random_values(input.size(), o.activation_bits, o.signed_activations, random);
    return {std::move(weights), std::move(image)};
  }
  const auto read = [](const std::string& path, std::int64_t rows, std::int64_t columns,
                       const format::IntegerRange& range) {
    auto matrix = read_integer_matrix(path, range);
    core::check_equal((path + ": number of lines").c_str(), matrix.rows, "that of the layer", rows);
    core::check_equal((path + ": numbers in a line").c_str(), matrix.columns, "that of the layer", columns);
    return std::move(matrix.values);
  };
  return {read(options.weights, geometry.out_channels, geometry.patch(),
               fabric::operand_range(o.weight_bits, o.signed_weights)),
          read(options.image, input.channels, input.height * input.width,
               fabric::operand_range(o.activation_bits, o.signed_activations))};
}

/// Runs a convolution on machines.
/// @throws Error  an impossible layer or tile, bad operands or files
inline int run_m4bram_conv(const M4bramConvOptions& options) {
  for (const auto& path : {options.output, options.json})
    if (!path.empty()) core::check_writable(path);
  const auto& in = options.input;
  const op::ConvGeometry geometry{
      .input = {in.at(0), in.at(1), in.at(2)}, .out_channels = options.filters, .window = options.window};
  const auto out = geometry.output();
  check_size(op::product_shape(geometry, 1));
  const std::int64_t duplication = options.block.duplication;
  if (duplication % options.tile_rows != 0)
    throw RangeError(
        fmt::format("tile-rows: {} does not divide the duplication, {}", options.tile_rows, duplication));
  const accel::Tile tile{.q = duplication / options.tile_rows,
                         .c = options.tile_channels,
                         .k = options.tile_filters,
                         .p = options.tile_rows};
  const auto [weights, image] = conv_operands(options, geometry);
  std::vector<std::int32_t> result(static_cast<std::size_t>(out.size())), exact(result.size());
  check_m4bram_clock(options.clock_mhz);
  auto report = visit_m4bram<fabric::M4bramPolicies>(options.block, [&]<class B>(std::type_identity<B>) {
    return conv_on_blocks<B>(geometry, tile, options.block.operands(), weights, image, result);
  });
  op::conv2d<std::int16_t, std::int32_t>(op::PlainGemm{}, geometry, 1, weights, image, std::span(exact));
  report.exact = result == exact;
  if (options.clock_mhz) {
    report.clock.value = *options.clock_mhz;
    report.clock_given = true;
  }
  report.print();
  const bool random = options.weights.empty();
  if (random) fmt::print("random operands of seed {}\n", options.seed);
  if (!report.clock_given)
    fmt::print("* At an assumed clock; cycles are counted.\n{}\n", constant_text(report.clock));
  if (!options.output.empty())
    core::write_file(options.output, integer_matrix_text(out.height * out.width, result));
  if (!options.json.empty()) {
    auto json = report.json();
    json["version"] = version;
    json["seed"] = random ? nlohmann::json(options.seed) : nlohmann::json(nullptr);
    if (!report.clock_given) json["constants"].push_back(to_json(report.clock));
    write_json(options.json, json);
  }
  return report.holds() ? success : check_failed;
}

}  // namespace bitloom::examples
