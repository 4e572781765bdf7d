// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/layer_table.hpp>

namespace bitloom::search {

// Tables of networks on ImageNet (1000 classes) as format searches count them: every layer with weights, without bias,
// normalization and squeeze-excite layers. They give the published costs of uniform formats.

namespace detail {

inline void check_width(double width) {
  if (!(width > 0 && width <= 64))
    throw RangeError("width: " + std::to_string(width) + " is not above 0 and at most 64");
}

/// Channels times the width, which has to be a whole number.
inline std::int64_t exact_channels(std::int64_t channels, double width) {
  const double scaled = static_cast<double>(channels) * width;
  if (scaled < 1 || scaled != std::floor(scaled))
    throw RangeError("width: " + std::to_string(width) + " makes " + std::to_string(scaled) + " of " +
                     std::to_string(channels) + " channels");
  return static_cast<std::int64_t>(scaled);
}

/// Channels times the width, to the nearest multiple of 8, one more if that takes away more than a tenth.
inline std::int64_t rounded_channels(std::int64_t channels, double width) {
  const double scaled = static_cast<double>(channels) * width;
  const auto rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(scaled + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * scaled ? rounded + 8 : rounded;
}

/// Appends layers that follow each other, and knows channels and size of the feature map.
class TableBuilder {
 public:
  TableBuilder(std::int64_t channels, std::int64_t positions) : channels_(channels), positions_(positions) {}

  [[nodiscard]] std::int64_t channels() const noexcept { return channels_; }

  TableBuilder& conv(std::string name, std::int64_t outputs, std::int64_t kernel, std::int64_t stride) {
    return add({std::move(name), LayerType::Conv, channels_, outputs, kernel, stride, 1, positions_});
  }
  TableBuilder& depthwise(std::string name, std::int64_t kernel, std::int64_t stride) {
    return add(
        {std::move(name), LayerType::Depthwise, channels_, channels_, kernel, stride, channels_, positions_});
  }
  /// A convolution beside the path.
  TableBuilder& shortcut(std::string name, std::int64_t outputs, std::int64_t stride) {
    rows_.push_back({std::move(name), LayerType::Conv, channels_, outputs, 1, stride, 1, positions_});
    return *this;
  }
  TableBuilder& linear(std::string name, std::int64_t inputs, std::int64_t outputs,
                       std::int64_t vectors = 1) {
    rows_.push_back({std::move(name), LayerType::Linear, inputs, outputs, 1, 1, 1, vectors});
    return *this;
  }
  /// A 3×3 pooling with stride 2.
  TableBuilder& pool() {
    positions_ = (positions_ + 1) / 2;
    return *this;
  }

  [[nodiscard]] std::vector<LayerRow> take() { return std::move(rows_); }

 private:
  TableBuilder& add(LayerRow row) {
    channels_ = row.cout;
    positions_ = row.output_positions();
    rows_.push_back(std::move(row));
    return *this;
  }

  std::int64_t channels_;
  std::int64_t positions_;
  std::vector<LayerRow> rows_;
};

/// The first block of every stage has a 1×1 projection; the stride is in the first 3×3 convolution of a block.
inline std::vector<LayerRow> resnet_rows(const std::array<int, 4>& blocks, bool bottleneck, double width) {
  check_width(width);
  TableBuilder net(3, 224);
  net.conv("conv1", exact_channels(64, width), 7, 2).pool();
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    const auto inner = exact_channels(std::int64_t{64} << stage, width);
    for (int block = 0; block < blocks[stage]; ++block) {
      const auto name = "layer" + std::to_string(stage + 1) + '.' + std::to_string(block) + '.';
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      if (block == 0) net.shortcut(name + "down", bottleneck ? 4 * inner : inner, stride);
      if (bottleneck)
        net.conv(name + "conv1", inner, 1, 1)
            .conv(name + "conv2", inner, 3, stride)
            .conv(name + "conv3", 4 * inner, 1, 1);
      else
        net.conv(name + "conv1", inner, 3, stride).conv(name + "conv2", inner, 3, 1);
    }
  }
  return net.linear("fc", net.channels(), 1000).take();
}

/// Inverted bottlenecks of one stage.
struct MobileStage {
  int expansion, channels, repeats, stride, kernel;
};

template <std::size_t N, class Channels, class Repeats>
std::vector<LayerRow> mobile_rows(const std::array<MobileStage, N>& stages, std::int64_t size,
                                  std::int64_t head, Channels channels, Repeats repeats) {
  TableBuilder net(3, size);
  net.conv("stem", channels(32), 3, 2);
  int block = 0;
  for (const auto& stage : stages)
    for (int repeat = 0; repeat < repeats(stage.repeats); ++repeat) {
      const auto name = 'b' + std::to_string(block++) + '.';
      if (stage.expansion != 1) net.conv(name + "exp", net.channels() * stage.expansion, 1, 1);
      net.depthwise(name + "dw", stage.kernel, repeat == 0 ? stage.stride : 1)
          .conv(name + "proj", channels(stage.channels), 1, 1);
    }
  net.conv("head", head, 1, 1);
  return net.linear("fc", head, 1000).take();
}

}  // namespace detail

/// ResNet-18 with all channels times `width`, at 224.
/// @throws RangeError  a number of channels is not whole
[[nodiscard]] inline std::vector<LayerRow> resnet18_layers(double width = 1) {
  return detail::resnet_rows({2, 2, 2, 2}, false, width);
}

/// ResNet-50 with all channels times `width`, at 224.
/// @throws RangeError  a number of channels is not whole
[[nodiscard]] inline std::vector<LayerRow> resnet50_layers(double width = 1) {
  return detail::resnet_rows({3, 4, 6, 3}, true, width);
}

/// MobileNetV2 with channels times `width`, rounded to multiples of 8, at 224. The head grows with the width but does
/// not shrink.
/// @throws RangeError  the width is not above 0 and at most 64
[[nodiscard]] inline std::vector<LayerRow> mobilenetv2_layers(double width = 1) {
  detail::check_width(width);
  constexpr std::array<detail::MobileStage, 7> stages{{{1, 16, 1, 1, 3},
                                                       {6, 24, 2, 2, 3},
                                                       {6, 32, 3, 2, 3},
                                                       {6, 64, 4, 2, 3},
                                                       {6, 96, 3, 1, 3},
                                                       {6, 160, 3, 2, 3},
                                                       {6, 320, 1, 1, 3}}};
  const auto channels = [&](std::int64_t count) { return detail::rounded_channels(count, width); };
  return detail::mobile_rows(stages, 224, detail::rounded_channels(1280, std::max(width, 1.0)), channels,
                             [](int repeats) { return repeats; });
}

/// EfficientNet B0 to B4 at its own image size, without squeeze-excite layers.
/// @throws RangeError  the variant is outside 0..4
[[nodiscard]] inline std::vector<LayerRow> efficientnet_layers(int variant = 0) {
  core::check_range("variant of EfficientNet", variant, 0, 4);
  struct Scale {
    double width, depth;
    std::int64_t size;
  };
  constexpr std::array<Scale, 5> scales{
      {{1, 1, 224}, {1, 1.1, 240}, {1.1, 1.2, 260}, {1.2, 1.4, 300}, {1.4, 1.8, 380}}};
  constexpr std::array<detail::MobileStage, 7> stages{{{1, 16, 1, 1, 3},
                                                       {6, 24, 2, 2, 3},
                                                       {6, 40, 2, 2, 5},
                                                       {6, 80, 3, 2, 3},
                                                       {6, 112, 3, 1, 5},
                                                       {6, 192, 4, 2, 5},
                                                       {6, 320, 1, 1, 3}}};
  const auto& scale = scales[static_cast<std::size_t>(variant)];
  const auto channels = [&](std::int64_t count) { return detail::rounded_channels(count, scale.width); };
  return detail::mobile_rows(stages, scale.size, channels(1280), channels,
                             [&](int repeats) { return static_cast<int>(std::ceil(repeats * scale.depth)); });
}

/// DeiT with 12 blocks on 197 tokens of `width` features, at 224: patches of 16×16, in each block qkv, projection and
/// an MLP of factor 4, and a classifier on one token. Products of attention are not counted.
/// @throws RangeError  the width is outside 1..65536
[[nodiscard]] inline std::vector<LayerRow> deit_layers(std::int64_t width = 384) {
  core::check_range("width of DeiT", width, 1, 65536);
  constexpr std::int64_t tokens = 197;
  detail::TableBuilder net(3, 224);
  net.conv("patch", width, 16, 16);
  for (int block = 0; block < 12; ++block) {
    const auto name = 'b' + std::to_string(block) + '.';
    net.linear(name + "qkv", width, 3 * width, tokens)
        .linear(name + "proj", width, width, tokens)
        .linear(name + "mlp1", width, 4 * width, tokens)
        .linear(name + "mlp2", 4 * width, width, tokens);
  }
  return net.linear("fc", width, 1000).take();
}

/// The layers of a network by the name of its table: `resnet18`, `resnet50_0.5`, `mobilenetv2_1.0`, `efficientnet_b0`,
/// `deit_384`; nothing if there is none of that name.
/// @throws RangeError  an impossible width or variant
[[nodiscard]] inline std::optional<std::vector<LayerRow>> find_layers(std::string_view name) {
  const auto cut = name.find('_');
  const auto family = name.substr(0, cut);
  auto rest = cut == std::string_view::npos ? std::string_view() : name.substr(cut + 1);
  if (family == "efficientnet" && rest.starts_with('b')) rest.remove_prefix(1);
  double number = 1;
  if (cut != std::string_view::npos) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  }
  const bool is_whole = number == std::floor(number) && std::abs(number) <= 65536;
  if (family == "resnet18") return resnet18_layers(number);
  if (family == "resnet50") return resnet50_layers(number);
  if (family == "mobilenetv2") return mobilenetv2_layers(number);
  if (cut == std::string_view::npos || !is_whole) return std::nullopt;
  if (family == "efficientnet") return efficientnet_layers(static_cast<int>(number));
  if (family == "deit") return deit_layers(static_cast<std::int64_t>(number));
  return std::nullopt;
}

}  // namespace bitloom::search
