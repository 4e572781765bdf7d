// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <bitloom/train/concepts.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train::detail {

/// A layer of a `Sequential` to be added to another: its parameters and buffers lose the index in front of their names.
template <Scalar S, Layer<S> L>
L without_index(L layer) {
  const auto cut = [](auto&& all) {
    for (auto* each : all) each->name.erase(0, each->name.find('.') + 1);
  };
  if constexpr (LearningLayer<L, S>) cut(layer.parameters());
  if constexpr (StatefulLayer<L, S>) cut(layer.buffers());
  return layer;
}

}  // namespace bitloom::train::detail
