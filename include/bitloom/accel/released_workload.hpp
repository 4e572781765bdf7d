// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// Feature maps of AlexNet's convolutions and poolings.
inline constexpr std::array<net::FeatureMap, 7> alexnet_feature_maps{{{227, 227, 3, 55, 55, 96},
                                                                      {55, 55, 96, 27, 27, 96},
                                                                      {27, 27, 96, 27, 27, 256},
                                                                      {27, 27, 256, 13, 13, 256},
                                                                      {13, 13, 256, 13, 13, 384},
                                                                      {13, 13, 384, 13, 13, 384},
                                                                      {13, 13, 384, 13, 13, 256}}};

/// AlexNet as the published study of BRAMAC runs it.
///
/// The first convolution, 11×11 on 3 channels, is folded to 3×3×48 products for the baseline and to 3×1×128 for the
/// enhanced overlay. The first fully connected layer has 4096 inputs, in place of the network's 9216.
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974).
[[nodiscard]] inline net::Workload released_alexnet() {
  using net::ConvShape;
  using net::FcShape;
  net::Workload workload{.name = "alexnet",
                         .baseline = {{ConvShape{.r = 3, .s = 3, .c = 48, .p = 55, .q = 55, .k = 96},
                                       ConvShape{.r = 5, .s = 5, .c = 96, .p = 27, .q = 27, .k = 256},
                                       ConvShape{.r = 3, .s = 3, .c = 256, .p = 13, .q = 13, .k = 384},
                                       ConvShape{.r = 3, .s = 3, .c = 384, .p = 13, .q = 13, .k = 384},
                                       ConvShape{.r = 3, .s = 3, .c = 384, .p = 13, .q = 13, .k = 256},
                                       FcShape{.c = 4096, .k = 4096}, FcShape{.c = 4096, .k = 4096},
                                       FcShape{.c = 4096, .k = 1000}}},
                         .enhanced = {},
                         .feature_maps = {alexnet_feature_maps.begin(), alexnet_feature_maps.end()},
                         .residual = false};
  workload.enhanced = workload.baseline;
  workload.enhanced.layers.front() = ConvShape{.r = 3, .s = 1, .c = 128, .p = 55, .q = 55, .k = 96};
  return workload;
}

}  // namespace bitloom::accel
