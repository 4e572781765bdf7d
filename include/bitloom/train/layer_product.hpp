// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/train/activation.hpp>
#include <bitloom/train/layers.hpp>

namespace bitloom::train::detail {

/// activation(the operation of a layer) on given weights and bias, of the layer's number type or another.
template <class A = Linear, Scalar L, Scalar S>
Value<S> apply(const Dense<L>&, Value<S> input, Value<S> weight, Value<S> bias) {
  return dense<A>(input, weight, bias);
}
template <class A = Linear, Scalar L, Scalar S>
Value<S> apply(const Conv2d<L>& layer, Value<S> input, Value<S> weight, Value<S> bias) {
  return conv2d<A>(input, weight, bias, layer.geometry, layer.groups);
}

}  // namespace bitloom::train::detail
