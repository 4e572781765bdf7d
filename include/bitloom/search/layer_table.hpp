// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/search/layer.hpp>

namespace bitloom::search {

/// Kinds of layer in a table.
enum class LayerType : std::uint8_t { Conv, Depthwise, Linear };

/// The word for a type in files.
[[nodiscard]] constexpr std::string_view name(LayerType type) noexcept {
  return type == LayerType::Conv ? "conv" : type == LayerType::Depthwise ? "dwconv" : "linear";
}

/// A row of a table of layers; kernels and feature maps are square.
struct LayerRow {
  std::string name;
  LayerType type{};
  std::int64_t cin{};         ///< input channels or features
  std::int64_t cout{};        ///< output channels or features
  std::int64_t kernel = 1;    ///< side length
  std::int64_t stride = 1;    ///< the output has ceil(in_hw / stride) positions on a side
  std::int64_t groups = 1;    ///< each reads cin / groups channels
  std::int64_t positions{1};  ///< side length of the input; of a linear layer its vectors: 1, or tokens

  /// Side length of the output; of a linear layer its vectors.
  [[nodiscard]] constexpr std::int64_t output_positions() const noexcept {
    return type == LayerType::Linear ? positions : (positions - 1) / stride + 1;
  }

  /// The loops of the layer. A linear layer on several vectors is a convolution with a kernel of 1.
  /// @throws ShapeError  an extent is below 1, channels are not divisible by the groups, or a linear layer has a kernel
  [[nodiscard]] net::LayerShape shape() const {
    for (const auto extent : {cin, cout, kernel, stride, groups, positions})
      if (extent < 1)
        throw ShapeError("layer '" + name + "': an extent of " + std::to_string(extent) +
                         " has to be at least 1");
    if (cin % groups != 0 || cout % groups != 0)
      throw ShapeError("layer '" + name + "': " + std::to_string(cin) + " and " + std::to_string(cout) +
                       " channels are not divisible by " + std::to_string(groups) + " groups");
    if (type == LayerType::Depthwise && (groups != cin || groups != cout))
      throw ShapeError("layer '" + name + "': a depthwise convolution of " + std::to_string(cin) +
                       " channels cannot have " + std::to_string(groups) + " groups");
    const auto out = output_positions();
    if (type != LayerType::Linear)
      return net::ConvShape{.r = kernel, .s = kernel, .c = cin / groups, .p = out, .q = out, .k = cout};
    if (kernel != 1 || stride != 1 || groups != 1)
      throw ShapeError("layer '" + name + "': a linear layer has no kernel, stride or groups");
    if (positions == 1) return net::FcShape{.c = cin, .k = cout};
    return net::ConvShape{.r = 1, .s = 1, .c = cin, .p = positions, .q = 1, .k = cout};
  }

  /// Multiply-accumulate operations for one image.
  /// @throws ShapeError  as `shape`, or the count needs more than 63 bits
  [[nodiscard]] std::int64_t macs() const { return net::macs(shape()); }

  /// Weights, without bias.
  /// @throws ShapeError  as `shape`, or the count needs more than 63 bits
  [[nodiscard]] std::int64_t weights() const { return search::weights(shape()); }

  friend bool operator==(const LayerRow&, const LayerRow&) = default;
};

/// The layers of rows, with their names.
/// @throws ShapeError  as LayerRow::shape
[[nodiscard]] inline std::vector<WeightLayer> layers_of(std::span<const LayerRow> rows) {
  std::vector<WeightLayer> layers;
  for (const auto& row : rows) layers.push_back({row.name, row.shape()});
  return layers;
}

/// Multiply-accumulate operations of all layers for one image.
/// @throws ShapeError  an impossible layer, or the count needs more than 63 bits
[[nodiscard]] inline std::int64_t macs(std::span<const WeightLayer> layers) {
  std::int64_t sum = 0;
  for (const auto& layer : layers) sum = core::checked_sum("macs of layers", sum, net::macs(layer.shape));
  return sum;
}

namespace detail {

inline constexpr std::string_view layer_columns =
    "name,type,cin,cout,kernel,stride,groups,in_hw,out_hw,macs,weights";

/// Names that a table can hold, and a message of one line.
inline bool is_plain(const std::string& name) {
  return !name.empty() && std::ranges::none_of(name, [](char c) {
    return c == ',' || c == '"' || (static_cast<unsigned char>(c) < 0x20) || c == 0x7f;
  });
}

inline LayerType parse_type(const core::Csv& file, std::size_t row) {
  for (const auto type : {LayerType::Conv, LayerType::Depthwise, LayerType::Linear})
    if (file.text(row, "type") == search::name(type)) return type;
  throw ParseError(file.where(row) + ", type: '" + file.text(row, "type") +
                   "' is none of conv, dwconv, linear");
}

}  // namespace detail

/// Reads a table of layers, one a line: name, type (conv, dwconv, linear), cin, cout, kernel, stride, groups, in_hw,
/// out_hw, macs, weights.
///
/// The last three follow from the others and have to agree with them.
/// @throws ParseError  a field is missing or impossible, or contradicts the others; the message names file and line
[[nodiscard]] inline std::vector<LayerRow> parse_layer_table(const core::Csv& file) {
  std::vector<LayerRow> rows;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    if (!detail::is_plain(file.text(i, "name")))
      throw ParseError(file.where(i) + ", name: it is empty, or has a comma, a quote or a control character");
    LayerRow row{.name = file.text(i, "name"),
                 .type = detail::parse_type(file, i),
                 .cin = file.integer(i, "cin"),
                 .cout = file.integer(i, "cout"),
                 .kernel = file.integer(i, "kernel"),
                 .stride = file.integer(i, "stride"),
                 .groups = file.integer(i, "groups"),
                 .positions = file.integer(i, "in_hw")};
    const auto check = [&](const char* column, std::int64_t derived) {
      if (file.integer(i, column) != derived)
        throw ParseError(file.where(i) + ", " + column + ": " + file.text(i, column) +
                         ", but the other fields give " + std::to_string(derived));
    };
    try {
      check("macs", row.macs());
      check("weights", row.weights());
      check("out_hw", row.output_positions());
    } catch (const ShapeError& error) {
      throw ParseError(file.where(i) + ": " + error.what());
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) throw ParseError(file.name() + ": there is no layer");
  return rows;
}

/// Reads a file of layers, see `parse_layer_table`.
/// @throws ParseError  the file cannot be read or is something else
[[nodiscard]] inline std::vector<LayerRow> read_layer_table(const std::string& path) {
  return parse_layer_table(core::Csv::parse(core::read_file(path), path));
}

/// The text that `parse_layer_table` reads as these rows.
/// @throws ShapeError  as LayerRow::shape
/// @throws RangeError  a name is empty, or has a comma, a quote or a control character
[[nodiscard]] inline std::string to_csv(std::span<const LayerRow> rows) {
  std::string text = std::string(detail::layer_columns) + '\n';
  for (const auto& row : rows) {
    if (!detail::is_plain(row.name))
      throw RangeError("layer '" + row.name + "': a table cannot hold that name");
    text += row.name + ',' + std::string(name(row.type));
    for (const auto number : {row.cin, row.cout, row.kernel, row.stride, row.groups, row.positions,
                              row.output_positions(), row.macs(), row.weights()})
      text += ',' + std::to_string(number);
    text += '\n';
  }
  return text;
}

}  // namespace bitloom::search
