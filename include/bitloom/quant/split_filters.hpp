// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/quant/frozen_share.hpp>
#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/quantized.hpp>
#include <bitloom/quant/weight_mix.hpp>

namespace bitloom::quant {

namespace detail {

/// The values of one filter, of weights [filters × size].
inline std::span<const float> filter(std::span<const float> weights, std::int64_t index, std::int64_t size) {
  return weights.subspan(static_cast<std::size_t>(index * size), static_cast<std::size_t>(size));
}

}  // namespace detail

// Which filters come first, so that they get the high precision. `order<Low>(weights, size, ranked)` lists all filters of
// weights [filters × size]; Low is the quantizer of the low precision, `ranked` of them may be picked.

/// The filters as they stand.
struct InOrder {
  template <ShareQuantizer Low>
  static std::vector<std::int64_t> order(std::span<const float> weights, std::int64_t size, std::int64_t) {
    std::vector<std::int64_t> filters(weights.size() / static_cast<std::size_t>(size));
    std::iota(filters.begin(), filters.end(), std::int64_t{0});
    return filters;
  }
};

/// The `ranked` filters with the largest mean squared error first, the worst foremost, when all of the weights have the low
/// precision and one scale that clips none; the lower index on a tie. The others follow in order.
///
/// Source: the permutation of the M4BRAM authors' open-source code (arXiv 2311.02758), which leaves ties open.
struct WorstFirst {
  template <ShareQuantizer Low>
  static std::vector<std::int64_t> order(std::span<const float> weights, std::int64_t size,
                                         std::int64_t ranked) {
    auto filters = InOrder::order<Low>(weights, size, ranked);
    const float scale = Low::scale_of(Low::absmax(weights));
    std::vector<double> errors;
    for (const auto f : filters)
      errors.push_back(detail::squared_error(detail::filter(weights, f, size), [&](float x) {
        return Low::dequantize_one(Low::quantize_one(x, scale), scale);
      }));
    std::ranges::sort(filters, [&](std::int64_t a, std::int64_t b) {
      const double x = errors[static_cast<std::size_t>(a)], y = errors[static_cast<std::size_t>(b)];
      return x > y || (x == y && a < b);
    });
    std::ranges::sort(filters.begin() + ranked, filters.end());
    return filters;
  }
};

template <class O, class Low>
concept FilterOrder = requires(std::span<const float> weights, std::int64_t count) {
  // a permutation of the filters' indices
  { O::template order<Low>(weights, count, count) } -> std::same_as<std::vector<std::int64_t>>;
};

/// Weights in two precisions: the first filters of an order in one, the others in another.
template <format::Format High, format::Format Low>
struct SplitTensor {
  std::vector<std::int64_t> order;  ///< original index of the filter at each place
  Quantized<High> high;             ///< [high filters × size], the first places
  Quantized<Low> low;               ///< [low filters × size], the other places

  /// Bits of all codes, those of whole filters; WeightMix::nominal_bits goes by the ratio.
  [[nodiscard]] std::int64_t bits() const noexcept {
    return high.codes.size() * High::bits + low.codes.size() * Low::bits;
  }

  /// All codes as integers, [filters × size] in the original order, as integer hardware takes them.
  [[nodiscard]] std::vector<std::int16_t> integers() const requires FitsInt16<High> && FitsInt16<Low> {
    return in_place(high.codes.integers(), low.codes.integers());
  }

  /// The two parts one after the other, [filters × size], put back into the original order.
  template <class T>
  [[nodiscard]] std::vector<T> in_place(std::vector<T> parts, const std::vector<T>& low_part) const {
    parts.insert(parts.end(), low_part.begin(), low_part.end());
    std::vector<T> values(parts.size());
    const auto size = order.empty() ? 0 : std::ssize(parts) / std::ssize(order);
    for (std::ptrdiff_t place = 0; place < std::ssize(order); ++place)
      std::copy_n(parts.begin() + place * size, size,
                  values.begin() + order[static_cast<std::size_t>(place)] * size);
    return values;
  }
};

/// Quantizes weights in two precisions, filter by filter; each precision has a share and a scale of its own.
///
/// Order and shares are found on the weights that it is made of and kept, so that weights in training can be quantized
/// again and again; the scales follow the weights at hand.
///
/// @tparam High   quantizer of the first WeightMix::high_filters of the order, e.g. M4bramQuantizer<8>
/// @tparam Low    quantizer of the others, with as many bits or fewer
/// @tparam Order  InOrder or WorstFirst
template <ShareQuantizer High, ShareQuantizer Low, FilterOrder<Low> Order = InOrder>
  requires(Low::format_type::bits <= High::format_type::bits)
class SplitFilters {
 public:
  using Tensor = SplitTensor<typename High::format_type, typename Low::format_type>;

  /// @param weights     [filters × size], row-major
  /// @param high_ratio  nominal share of the filters at the high precision
  /// @throws ShapeError  there is no weight, or no whole number of weights a filter
  /// @throws RangeError  the ratio is outside 0..1, or a weight is NaN or infinite
  SplitFilters(std::span<const float> weights, std::int64_t filters, double high_ratio)
      : mix_{High::format_type::bits, Low::format_type::bits, high_ratio} {
    core::check_positive("filters", filters);
    size_ = std::ssize(weights) / filters;
    core::check_positive("weights of a filter", size_);
    core::check_equal("weights", std::ssize(weights), "filters x their size", filters * size_);
    high_filters_ = mix_.high_filters(filters);
    order_ = Order::template order<Low>(weights, size_, mix_.ranked_filters(filters));
    const auto values = ordered(weights);
    if (const auto part = high_part(values); !part.empty()) high_.observe(part);
    if (const auto part = low_part(values); !part.empty()) low_.observe(part);
  }

  [[nodiscard]] const WeightMix& mix() const noexcept { return mix_; }
  [[nodiscard]] std::int64_t filters() const noexcept { return std::ssize(order_); }
  [[nodiscard]] std::int64_t high_filters() const noexcept { return high_filters_; }
  /// Original index of the filter at each place.
  [[nodiscard]] std::span<const std::int64_t> order() const noexcept { return order_; }
  /// What the two precisions keep of their largest magnitude; a part without filters does not know.
  [[nodiscard]] const FrozenShare<High>& high() const noexcept { return high_; }
  [[nodiscard]] const FrozenShare<Low>& low() const noexcept { return low_; }

  /// Bits of the weights by the nominal ratio, see WeightMix::nominal_bits.
  [[nodiscard]] double nominal_bits() const { return mix_.nominal_bits(filters() * size_); }

  /// @param weights  [filters × size]
  /// @throws ShapeError  another number of weights than it was made of
  /// @throws RangeError  a weight is NaN or infinite
  [[nodiscard]] Tensor quantize(std::span<const float> weights) const {
    core::check_equal("weights", std::ssize(weights), "those of the split filters", filters() * size_);
    const auto values = ordered(weights);
    return {order_, part(high_, high_part(values)), part(low_, low_part(values))};
  }

  /// The reals that the codes stand for, [filters × size] in the original order.
  [[nodiscard]] static std::vector<float> dequantize(const Tensor& tensor) {
    return tensor.in_place(High::dequantize(tensor.high), Low::dequantize(tensor.low));
  }

  /// What quantization leaves of the weights.
  /// @param shape  [filters × …]
  /// @throws ShapeError  the shape or the number of weights are not those it was made of
  /// @throws RangeError  a weight is NaN or infinite
  [[nodiscard]] std::vector<float> restore(std::span<const float> weights, const Shape& shape) const {
    core::check_equal("first extent", shape.empty() ? 0 : shape.front(), "the split filters", filters());
    core::check_equal("weights", std::ssize(weights), "the tensor's shape", element_count(shape));
    return dequantize(quantize(weights));
  }

 private:
  [[nodiscard]] std::vector<float> ordered(std::span<const float> weights) const {
    std::vector<float> values;
    values.reserve(weights.size());
    for (const auto f : order_) {
      const auto filter = detail::filter(weights, f, size_);
      values.insert(values.end(), filter.begin(), filter.end());
    }
    return values;
  }
  [[nodiscard]] std::span<const float> high_part(std::span<const float> ordered) const {
    return ordered.first(static_cast<std::size_t>(high_filters_ * size_));
  }
  [[nodiscard]] std::span<const float> low_part(std::span<const float> ordered) const {
    return ordered.subspan(static_cast<std::size_t>(high_filters_ * size_));
  }
  template <class Q>
  [[nodiscard]] Quantized<typename Q::format_type> part(const FrozenShare<Q>& share,
                                                        std::span<const float> values) const {
    const Shape shape{std::ssize(values) / size_, size_};
    return values.empty() ? Q::quantize(values, shape) : share.quantize(values, shape);
  }

  WeightMix mix_;
  std::int64_t size_ = 0;
  std::int64_t high_filters_ = 0;
  std::vector<std::int64_t> order_;
  FrozenShare<High> high_;
  FrozenShare<Low> low_;
};

}  // namespace bitloom::quant
