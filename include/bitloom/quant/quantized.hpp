// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/quant/evaluation.hpp>
#include <bitloom/quant/granularity.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

/// A tensor of codes with its scales, which turn the codes' values into reals as the quantizer says.
///
/// @tparam S  what a group has for a scale: float, or more
template <format::Format F, class S = float>
struct Quantized {
  PackedTensor<F> codes;
  std::vector<S> scales;  ///< one a group, in order
  Groups groups;
};

/// Quantizes one by one and restores; the part that all quantizers of tensors share.
namespace detail {

inline void check_finite(std::span<const float> values) {
  for (const float x : values)
    if (!std::isfinite(x)) throw RangeError("quantizer input: a value is NaN or infinite");
}

template <EvaluationOrder E>
void check_scale(float scale) {
  if (!(scale > 0.0F) || !std::isfinite(scale))
    throw RangeError("scale: " + std::to_string(scale) + " has to be positive and finite");
  if (!can_divide_by<E>(scale))
    throw RangeError("scale: it has no reciprocal in float, because it is 2^-128 or below");
}

/// The groups of a tensor whose values fit its shape.
template <Granularity G>
Groups groups_of(std::span<const float> values, const Shape& shape, const G& granularity) {
  core::check_equal("values", std::ssize(values), "the tensor's shape", element_count(shape));
  return granularity.groups(shape);
}

/// choose(values of a group) for every group, in order.
template <class S, class Choose>
std::vector<S> scales_of_groups(std::span<const float> values, const Groups& groups, Choose&& choose) {
  std::vector<S> scales;
  scales.reserve(static_cast<std::size_t>(groups.count()));
  std::vector<float> buffer;
  for (std::int64_t g = 0; g < groups.count(); ++g)
    scales.push_back(choose(groups.collect(values, g, buffer)));
  return scales;
}

/// encode(value, scale of its group) for every element.
template <format::Format F, class S, class Encode>
Quantized<F, S> encode_groups(std::span<const float> values, const Shape& shape, std::vector<S> scales,
                              const Groups& groups, Encode&& encode) {
  core::check_equal("scales", std::ssize(scales), "the groups of the tensor", groups.count());
  check_finite(values);
  Quantized<F, S> result{PackedTensor<F>(shape), std::move(scales), groups};
  groups.for_each_run([&](std::int64_t group, std::int64_t first, std::int64_t size) {
    const auto& scale = result.scales[static_cast<std::size_t>(group)];
    for (auto i = first; i < first + size; ++i)
      result.codes.set_code(i, encode(values[static_cast<std::size_t>(i)], scale));
  });
  return result;
}

/// decode(code, scale of its group) of every element, rounded to float.
template <format::Format F, class S, class Decode>
std::vector<float> decode_groups(const Quantized<F, S>& tensor, Decode&& decode) {
  core::check_equal("scales", std::ssize(tensor.scales), "the groups", tensor.groups.count());
  core::check_equal("groups", tensor.groups.size(), "the codes", tensor.codes.size());
  std::vector<float> values(static_cast<std::size_t>(tensor.codes.size()));
  tensor.groups.for_each_run([&](std::int64_t group, std::int64_t first, std::int64_t size) {
    const auto& scale = tensor.scales[static_cast<std::size_t>(group)];
    for (auto i = first; i < first + size; ++i)
      values[static_cast<std::size_t>(i)] = static_cast<float>(decode(tensor.codes.code(i), scale));
  });
  return values;
}

/// Sum of (x - restore(x))² in double, in order; the restored numbers are rounded to float.
template <class Restore>
double squared_error(std::span<const float> values, Restore&& restore) {
  double sum = 0;
  for (const float x : values) {
    const double difference = static_cast<double>(x) - static_cast<float>(restore(x));
    sum += difference * difference;
  }
  return sum;
}

}  // namespace detail
}  // namespace bitloom::quant
