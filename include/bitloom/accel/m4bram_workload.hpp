// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/accel/candidate.hpp>
#include <bitloom/accel/released_workload.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>

namespace bitloom::accel {

/// A network as the study of M4BRAM runs it: with the shares of its maps and filters that wait on chip.
struct M4bramWorkload {
  net::Workload net;
  StreamStorage storage{};        ///< of stream buffers
  StreamStorage alone_storage{};  ///< of stream buffers where there are no DSP slices
  std::int64_t matrices = 1;  ///< filters that wait side by side, 3 for queries, keys and values of attention

  friend bool operator==(const M4bramWorkload&, const M4bramWorkload&) = default;
};

/// A network with the study's rules for its name. A network that the study does not have keeps all maps, the output
/// twice if it is said to be residual.
///
/// VGG-16 keeps a quarter of its maps, a sixteenth where there are no slices; residual networks and attention keep the
/// output twice.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
[[nodiscard]] inline M4bramWorkload m4bram_workload(net::Workload net) {
  const std::string_view name = net.name;
  const bool attention = name == "vitbase";
  const bool residual = net.residual.value_or(attention || name == "resnet18" || name == "resnet34");
  const auto form = residual ? StreamForm::Residual : StreamForm::Plain;
  const bool shared = name == "vgg16";
  return {.net = std::move(net),
          .storage = {form, shared ? 4 : 1},
          .alone_storage = {form, shared ? 16 : 1},
          .matrices = attention ? 3 : 1};
}

/// AlexNet as the study of BRAMAC has it, too.
[[nodiscard]] inline M4bramWorkload m4bram_alexnet() { return m4bram_workload(released_alexnet()); }

namespace detail {

/// A residual network. The study's lists have inputs and outputs of the fully connected layer swapped.
inline M4bramWorkload m4bram_resnet(const net::Network& network, const char* name) {
  auto net = net::workload(network, name);
  auto& last = std::get<net::FcShape>(net.baseline.layers.back());
  std::swap(last.c, last.k);
  net.enhanced = net.baseline;
  return m4bram_workload(std::move(net));
}

}  // namespace detail

[[nodiscard]] inline M4bramWorkload m4bram_resnet18() {
  return detail::m4bram_resnet(net::resnet18(), "resnet18");
}

[[nodiscard]] inline M4bramWorkload m4bram_resnet34() {
  return detail::m4bram_resnet(net::resnet34(), "resnet34");
}

/// VGG-16. The first convolution, 3×3 on 3 channels, has the 3×1×49 products of a 7×7 one, and the image waits in
/// stream buffers.
[[nodiscard]] inline M4bramWorkload m4bram_vgg16() {
  struct Stage {
    std::int64_t size, convolutions, channels;
  };
  constexpr std::array<Stage, 5> stages{
      {{224, 2, 64}, {112, 2, 128}, {56, 3, 256}, {28, 3, 512}, {14, 3, 512}}};
  net::Workload net{.name = "vgg16", .baseline = {}, .enhanced = {}, .feature_maps = {}, .residual = false};
  std::int64_t channels = 3;
  for (const auto& stage : stages)
    for (std::int64_t i = 0; i < stage.convolutions; ++i) {
      const auto n = stage.size;
      net::ConvShape conv{.r = 3, .s = 3, .c = channels, .p = n, .q = n, .k = stage.channels};
      if (channels == 3) conv = {.r = 3, .s = 1, .c = 49, .p = n, .q = n, .k = stage.channels};
      net.baseline.layers.emplace_back(conv);
      const net::FeatureMap map{
          .pin = n, .qin = n, .cin = channels, .pout = n, .qout = n, .cout = stage.channels};
      if (net.feature_maps.empty() || net.feature_maps.back() != map) net.feature_maps.push_back(map);
      channels = stage.channels;
    }
  for (const auto& fc : {net::FcShape{7 * 7 * 512, 4096}, net::FcShape{4096, 4096}, net::FcShape{4096, 1000}})
    net.baseline.layers.emplace_back(fc);
  net.enhanced = net.baseline;
  return m4bram_workload(std::move(net));
}

/// The attention block of ViT-Base: five 1×1 convolutions on 16×16 tokens, their maps a matrix of 256 × 768.
[[nodiscard]] inline M4bramWorkload m4bram_vit_block() {
  net::Workload net{.name = "vitbase",
                    .baseline = {},
                    .enhanced = {},
                    .feature_maps = {{.pin = 256, .qin = 768, .cin = 1, .pout = 256, .qout = 768, .cout = 1}},
                    .residual = true,
                    .rvec = 1};
  for (const auto& [c, k] : {std::pair{768, 768}, {768, 768}, {768, 768}, {768, 256}, {256, 768}})
    net.baseline.layers.emplace_back(net::ConvShape{.r = 1, .s = 1, .c = c, .p = 16, .q = 16, .k = k});
  net.enhanced = net.baseline;
  return m4bram_workload(std::move(net));
}

/// The names of the study's networks.
inline constexpr std::array<std::string_view, 5> m4bram_networks{"alexnet", "vgg16", "resnet18", "resnet34",
                                                                 "vitbase"};

/// One of the study's networks by its name; none if there is no such name.
[[nodiscard]] inline std::optional<M4bramWorkload> m4bram_workload(std::string_view name) {
  if (name == "alexnet") return m4bram_alexnet();
  if (name == "vgg16") return m4bram_vgg16();
  if (name == "resnet18") return m4bram_resnet18();
  if (name == "resnet34") return m4bram_resnet34();
  if (name == "vitbase") return m4bram_vit_block();
  return std::nullopt;
}

/// The devices of the study. They look like Stratix 10 GX 650 and GX 400, which is not confirmed; for the comparison
/// without slices the large one has 640 of them.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
inline constexpr Budgets m4bram_large_device{.dsp = 1152, .bram = 2489};
inline constexpr Budgets m4bram_small_device{.dsp = 645, .bram = 1537};
inline constexpr Budgets m4bram_few_slices{.dsp = 640, .bram = 2489};

/// The device on which the study compares a network with BRAMAC: the small one, but for the large networks at 8 bits.
[[nodiscard]] constexpr Budgets m4bram_device(std::string_view network, int weight_bits) noexcept {
  const bool is_large = network == "vgg16" || network == "resnet18" || network == "resnet34";
  return is_large && weight_bits == 8 ? m4bram_large_device : m4bram_small_device;
}

/// The device of a bar in figures 9 to 12 of the study.
[[nodiscard]] constexpr Budgets m4bram_figure_device(int figure, std::string_view network,
                                                     int weight_bits) noexcept {
  if (figure == 9) return m4bram_large_device;
  return figure == 12 ? m4bram_few_slices : m4bram_device(network, weight_bits);
}

}  // namespace bitloom::accel
