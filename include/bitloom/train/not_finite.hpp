// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include <bitloom/train/concepts.hpp>
#include <bitloom/train/layer_kind.hpp>
#include <bitloom/train/parameter.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train::detail {

/// What a layer of a model put out.
template <Scalar S>
struct LayerOutput {
  std::size_t layer;
  Value<S> output;
};

template <Scalar S>
bool all_finite(const Matrix<S>& matrix) {
  using std::isfinite;
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    if (!isfinite(matrix.data()[i])) return false;
  return true;
}

/// Says where numbers stopped to be finite: `first in layer 2 (batch_norm)`, or for a model that does not tell its
/// layers' outputs, `first in parameter scale`. Empty if they are finite.
template <Model M>
std::string first_not_finite(M& model, const Matrix<typename M::scalar_type>& input,
                             const std::vector<LayerOutput<typename M::scalar_type>>& outputs) {
  if (!all_finite(input)) return "first in the images";
  for (const auto& [layer, output] : outputs)
    if (!all_finite(output.value())) {
      std::string text = "first in layer " + std::to_string(layer);
      if constexpr (requires { std::visit([](const auto&) {}, model.layers().at(layer)); })
        text += " (" +
                std::visit([]<class L>(const L&) { return layer_kind<L>(); }, model.layers().at(layer)) + ')';
      return text;
    }
  for (const auto* parameter : model.parameters())
    if (!all_finite(parameter->value)) return "first in parameter " + parameter->name;
  return {};
}

}  // namespace bitloom::train::detail
