// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/accel/m4bram_workload.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::test {

/// A small network of random layers, some of them repeated, with random rules for what waits on chip.
inline accel::M4bramWorkload random_m4bram_workload(core::Random& random) {
  accel::M4bramWorkload workload;
  auto& net = workload.net;
  net.name = "random";
  net.rvec = random.integer(1, 3);
  for (auto layers = random.integer(1, 6); layers > 0; --layers) {
    const auto height = random.integer(1, 60);
    const auto width = random.bernoulli(0.7) ? height : random.integer(1, 60);
    const net::ConvShape conv{.r = random.integer(1, 7),
                              .s = random.integer(1, 7),
                              .c = random.integer(1, 300),
                              .p = height,
                              .q = width,
                              .k = random.integer(1, 300)};
    for (auto repeats = random.integer(1, 2); repeats > 0; --repeats) {
      net.baseline.layers.emplace_back(conv);
      net.enhanced.layers.emplace_back(conv);
    }
    if (random.bernoulli(0.3)) {
      net.baseline.layers.emplace_back(conv);
      net.enhanced.layers.emplace_back(
          net::FcShape{.c = random.integer(1, 4000), .k = random.integer(1, 4000)});
    }
    const auto stride = random.integer(1, 3);
    net.feature_maps.push_back({.pin = height * stride,
                                .qin = width * stride,
                                .cin = conv.c,
                                .pout = height,
                                .qout = width,
                                .cout = conv.k});
  }
  if (random.bernoulli(0.5))
    net.baseline.layers.emplace_back(net::FcShape{.c = random.integer(1, 4000), .k = 10});
  const auto form = random.bernoulli(0.5) ? accel::StreamForm::Residual : accel::StreamForm::Plain;
  workload.storage = {form, std::int64_t{1} << random.integer(0, 2)};
  workload.alone_storage = {form, std::int64_t{1} << random.integer(0, 4)};
  workload.matrices = random.bernoulli(0.3) ? 3 : 1;
  return workload;
}

}  // namespace bitloom::test
