// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/code_product.hpp>
#include <bitloom/train/format_rounding.hpp>
#include <bitloom/train/layer_names.hpp>
#include <bitloom/train/layer_product.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::train {

namespace detail {

template <class List>
inline constexpr bool are_roundable = false;
template <quant::RoundableFormat... Formats>
inline constexpr bool are_roundable<core::TypeList<Formats...>> = sizeof...(Formats) > 0;

template <class List>
struct CodeRanges;
template <class... Formats>
struct CodeRanges<core::TypeList<Formats...>> {
  static constexpr std::array<op::ValueRange, sizeof...(Formats)> values{op::value_range<Formats>...};
};

}  // namespace detail

/// A list of formats that a layer can be given: core::TypeList, at least one.
template <class List>
concept RoundableFormats = detail::are_roundable<List>;

/// A `LearningLayer`: Dense or Conv2d whose weight and input are rounded to formats that are chosen at run time, each its
/// own, by their places in a list; no place leaves numbers as they are. Bias and sums are not rounded.
///
/// There is one scale for the weight and one for the input, as of quant::FlooredSymmetric. The input's follows from the
/// largest magnitude of the batch at hand, in evaluation too, until the range is frozen.
///
/// The forward pass of a layer that is not const computes on rounded floats, and gradients pass the rounding. That of a
/// const layer computes as hardware does: sums of products of codes have no rounding error; they are rounded to float,
/// multiplied by the float (weight scale · input scale), and the bias is added. Where double does not hold the sums of the
/// two formats (op::sums_exactly), as of E5M2 by E5M2, they are sums in double with its rounding errors, scaled in double;
/// hardware has no such product, and a chain of codes refuses it. With only one of the two quantized, both compute in
/// float.
///
/// @tparam L        `Dense<float>` or `Conv2d<float>`
/// @tparam Formats  core::TypeList of the formats
/// @tparam G        where gradients of the input pass: PassThrough, or ClippedThrough within a frozen range
template <class L, RoundableFormats Formats, StraightThroughGradient G = PassThrough>
  requires(std::same_as<L, Dense<float>> || std::same_as<L, Conv2d<float>>)
class FormatLayer {
 public:
  using scalar_type = float;
  using Place = std::optional<std::size_t>;  ///< of a format in the list

  /// Nothing is rounded at first.
  explicit FormatLayer(L layer) : layer_(std::move(layer)) {
    layer_.weight.name = "weight";
    layer_.bias.name = "bias";
  }

  [[nodiscard]] const L& layer() const noexcept { return layer_; }

  /// Chooses the formats of weight and input by their places in the list.
  /// @throws RangeError  there is no such place
  void set_formats(Place weight, Place activation) {
    check_place("weight format", weight);
    check_place("activation format", activation);
    weight_ = weight;
    activation_ = activation;
  }
  [[nodiscard]] Place weight_format() const noexcept { return weight_; }
  [[nodiscard]] Place activation_format() const noexcept { return activation_; }

  /// From now on the layer computes with weight · mask, element by element, as with `kernel_mask`; elements that are cut
  /// get no gradient. Without a mask it computes with the weight.
  /// @throws ShapeError  the mask does not have the shape of the weight
  void set_weight_mask(std::optional<Matrix<float>> mask) {
    if (mask) detail::check_same_shape("weight mask", *mask, "the weight", layer_.weight.value);
    mask_ = std::move(mask);
  }

  /// From now on inputs up to this magnitude fit, and larger ones are clipped.
  /// @throws RangeError  the bound is negative, NaN or infinite
  void freeze_range(float bound) {
    if (!(bound >= 0.0F) || !std::isfinite(bound))
      throw RangeError("freeze_range: bound " + std::to_string(bound) + " has to be finite and at least 0");
    range_ = bound;
    seen_ = nullptr;
  }
  /// The range follows the batch again.
  void thaw_range() noexcept {
    range_.reset();
    seen_ = nullptr;
  }
  [[nodiscard]] std::optional<float> frozen_range() const noexcept { return range_; }

  /// Thaws the range, and has forward passes take note of the largest magnitude that comes in, until `freeze_seen_range`.
  void watch_range() {
    range_.reset();
    seen_ = std::make_shared<std::optional<float>>();
  }
  /// Freezes the range at the largest magnitude since `watch_range`; thaws it if nothing came in.
  /// @throws RangeError  the range was not watched
  void freeze_seen_range() {
    if (seen_ == nullptr) throw RangeError("freeze_seen_range: the range is not watched");
    range_ = *std::exchange(seen_, nullptr);
  }

  /// The scale of the weight.
  /// @throws RangeError  the weight has no format, or a number of it is NaN or infinite
  [[nodiscard]] float weight_scale() const {
    return scale_of("weight_scale", weight_, detail::absmax(Tape<float>(), masked_weight()));
  }
  /// The scale of the input.
  /// @throws RangeError  the input has no format, or its range is not frozen
  [[nodiscard]] float input_scale() const {
    if (!range_) throw RangeError("input_scale: the range of the input is not frozen");
    return scale_of("input_scale", activation_, *range_);
  }
  /// The values of the weight's codes, without the scale, output by output.
  /// @throws RangeError  as `weight_scale`
  [[nodiscard]] std::vector<float> weight_values() const {
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const float scale = weight_scale();
    std::vector<float> values(static_cast<std::size_t>(layer_.weight.value.size()));
    Eigen::Map<RowMajor>(values.data(), layer_.weight.value.rows(), layer_.weight.value.cols()) =
        masked_weight();
    round_to_codes(*weight_, values, scale, values);
    return values;
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return layer_.output(input); }

  /// Records the layer and an activation; if it is const, without gradients for its parameters.
  /// @throws RangeError  a number to be rounded is NaN or infinite
  template <Activation<float> A = Linear>
  Value<float> forward(Tape<float>& tape, Value<float> input) {
    return forward_rounded<A>(input, masked(tape.parameter(layer_.weight)), tape.parameter(layer_.bias));
  }
  template <Activation<float> A = Linear>
  Value<float> forward(Tape<float>& tape, Value<float> input) const {
    const auto weight = masked(tape.parameter(layer_.weight));
    if (!weight_ || !activation_) return forward_rounded<A>(input, weight, tape.parameter(layer_.bias));
    const float weight_step = scale_of("weight", weight_, detail::absmax(tape, weight.value()));
    const float input_step = scale_of("input", activation_, range_of(input));
    return tape.constant(detail::code_product<A>(
        layer_, tape, codes(tape, input.value(), *activation_, input_step), ranges[*activation_],
        codes(tape, weight.value(), *weight_, weight_step), ranges[*weight_],
        static_cast<double>(weight_step) * static_cast<double>(input_step)));
  }

  /// The weight, then the bias.
  [[nodiscard]] auto parameters() { return layer_.parameters(); }
  [[nodiscard]] auto parameters() const { return layer_.parameters(); }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return layer_.fan_in(); }

 private:
  static constexpr auto ranges = detail::CodeRanges<Formats>::values;

  static void check_place(const char* name, const Place& place) {
    if (place)
      core::check_range(name, static_cast<std::int64_t>(std::min(*place, ranges.size())), 0,
                        static_cast<std::int64_t>(ranges.size()) - 1);
  }

  static float scale_of(const char* name, const Place& place, float bound) {
    if (!place) throw RangeError(std::string(name) + ": there is no format");
    return core::visit_at(Formats{}, *place, [&]<class F>(std::type_identity<F>) {
      return quant::FlooredSymmetric<F>::scale_of(bound);
    });
  }

  static void round_to_codes(std::size_t place, std::span<const float> values, float scale,
                             std::span<float> rounded) {
    core::visit_at(Formats{}, place, [&]<class F>(std::type_identity<F>) {
      quant::round_quotients<F>(values, scale, rounded);
    });
  }
  static Matrix<float> codes(Tape<float>& tape, const Matrix<float>& matrix, std::size_t place, float scale) {
    return detail::map_parts(
        tape, matrix, [&](auto values, auto results) { round_to_codes(place, values, scale, results); });
  }

  template <StraightThroughGradient Through>
  static Value<float> rounded(Value<float> input, const Place& place, float bound) {
    return core::visit_at(Formats{}, *place, [&]<class F>(std::type_identity<F>) {
      return detail::fake_quantize_finite<F, Through>(input, bound);
    });
  }

  [[nodiscard]] Matrix<float> masked_weight() const {
    return mask_ ? Matrix<float>(layer_.weight.value.cwiseProduct(*mask_)) : layer_.weight.value;
  }
  Value<float> masked(Value<float> weight) const {
    return mask_ ? multiply(weight, weight.tape().constant(*mask_)) : weight;
  }

  template <class A>
  Value<float> forward_rounded(Value<float> input, Value<float> weight, Value<float> bias) const {
    if (activation_ || seen_ != nullptr) {
      const float range = range_of(input);
      if (activation_) input = rounded<G>(input, activation_, range);
    }
    if (weight_)
      weight = rounded<PassThrough>(weight, weight_, detail::absmax(weight.tape(), weight.value()));
    return detail::apply<A>(layer_, input, weight, bias);
  }

  /// The range for an input.
  float range_of(Value<float> input) const {
    const float largest = detail::absmax(input.tape(), input.value());
    if (seen_ != nullptr) *seen_ = std::max(seen_->value_or(0.0F), largest);
    return range_.value_or(largest);
  }

  L layer_;
  Place weight_, activation_;
  std::optional<Matrix<float>> mask_;
  std::optional<float> range_;
  std::shared_ptr<std::optional<float>> seen_;  // the largest magnitude, while the range is watched
};

namespace detail {

template <class L>
inline constexpr bool is_format_layer = false;
template <class L, class Formats, class G>
inline constexpr bool is_format_layer<FormatLayer<L, Formats, G>> = true;

}  // namespace detail

/// Calls visit(layer) with every FormatLayer of a model, in order, those within other layers included.
template <class Model, class Visit>
void for_each_format_layer(Model& model, Visit&& visit) {
  model.visit_layers([&]<class L>(L& layer) {
    if constexpr (detail::is_format_layer<std::remove_const_t<L>>) visit(layer);
  });
}

/// The model with every dense layer and convolution made a FormatLayer, no format chosen; other layers are copied.
template <RoundableFormats Formats, StraightThroughGradient G = PassThrough>
[[nodiscard]] auto with_formats(const Sequential<float>& model) {
  using OfDense = FormatLayer<Dense<float>, Formats, G>;
  using OfConv = FormatLayer<Conv2d<float>, Formats, G>;
  Sequential<float, OfDense, OfConv> result(model.input_shape());
  for (const auto& any : model.layers())
    std::visit(
        [&]<class L>(const L& layer) {
          if constexpr (std::same_as<L, Dense<float>> || std::same_as<L, Conv2d<float>>)
            result.add(FormatLayer<L, Formats, G>(layer));
          else
            result.add(detail::without_index<float>(layer));
        },
        any);
  return result;
}

/// Freezes the range of every FormatLayer at the largest magnitude that comes in when the model predicts these items, in
/// batches of 256 whose ranges are their own. Layers that no item comes to, as in a body that is left out, stay without a
/// frozen range; after an error all do.
/// @throws ShapeError  there is no item, or the items do not have the model's number of features
/// @throws RangeError  a number to be rounded is NaN or infinite
template <class Model>
void freeze_ranges(Model& model, const Matrix<float>& items, AnyExecutor executor = {}) {
  core::check_positive("freeze_ranges: items", items.cols());
  for_each_format_layer(model, [](auto& layer) { layer.watch_range(); });
  try {
    static_cast<void>(std::as_const(model).predict(items, std::move(executor)));
  } catch (...) {
    for_each_format_layer(model, [](auto& layer) { layer.thaw_range(); });
    throw;
  }
  for_each_format_layer(model, [](auto& layer) { layer.freeze_seen_range(); });
}

}  // namespace bitloom::train
