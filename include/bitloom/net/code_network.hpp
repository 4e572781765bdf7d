// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/kernel/minifloat_gemm.hpp>
#include <bitloom/net/code_format.hpp>
#include <bitloom/net/code_stage.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/op/grouped_conv2d.hpp>
#include <bitloom/op/product_width.hpp>

namespace bitloom::net {

/// Multiplies integers for the stages of a chain, each in its own way: called as an op::Gemm with the number of the
/// stage before the shape.
template <class E>
concept StageEngine = requires(E& engine, std::size_t stage, const op::MatrixShape& shape,
                               std::span<const std::int16_t> weights,
                               std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  { engine(stage, shape, weights, activations, result) } -> std::same_as<void>;
};

/// One op::Gemm for each stage, as a StageEngine; none for stages whose operands are not integers.
template <op::Gemm<std::int16_t, std::int32_t> G>
struct StageGemms {
  std::vector<std::optional<G>> gemms;

  /// @throws RangeError  the stage has none
  void operator()(std::size_t stage, const op::MatrixShape& shape, std::span<const std::int16_t> weights,
                  std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
    if (stage >= gemms.size() || !gemms[stage])
      throw RangeError("stage " + std::to_string(stage) + ": nothing to multiply its integers with");
    (*gemms[stage])(shape, weights, activations, result);
  }
};

namespace detail {

/// Multiplies values whose sums float or double hold exactly, whatever the order; an op::Gemm of floats.
struct ExactValues {
  bool in_float;

  void operator()(const op::MatrixShape& shape, std::span<const float> weights,
                  std::span<const float> activations, std::span<float> result) const {
    if (in_float) return op::FloatGemm{}(shape, weights, activations, result);
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    const auto decode = [](float value) { return static_cast<double>(value); };
    std::vector<double> sums(result.size());
    kernel::gemm_in_order<double>(shape.rows, shape.vectors, shape.columns,
                                  kernel::MatrixView<const float>{weights.data(), shape.columns, 1}, decode,
                                  kernel::MatrixView<const float>{activations.data(), shape.vectors, 1},
                                  decode, kernel::MatrixView<double>{sums.data(), shape.vectors, 1});
    for (std::size_t i = 0; i < sums.size(); ++i) result[i] = static_cast<float>(sums[i]);
  }
};

}  // namespace detail

/// A chain of stages on codes, each stage with formats of its own for weights and activations: what a network with a
/// format for every layer is on hardware. Float between the stages; see CodeStage for the order of the operations.
///
/// Sums of products are exact, so that an engine of integers, the values of the codes in float or double, and a
/// train::FormatLayer give the same bits. `run` takes images as they are, the first stage quantizes them.
///
/// @tparam Formats  core::TypeList of integers and minifloats of up to 16 bits, signed or not
template <class Formats>
class CodeNetwork {
 public:
  using formats = Formats;

  /// @throws ShapeError  stages that do not fit together
  /// @throws RangeError  a format that is not in the list, a code that is none or no number, a scale that is not
  ///                     positive or has no reciprocal, or operands whose sums double does not hold exactly
  explicit CodeNetwork(std::vector<CodeStage> stages) : stages_(std::move(stages)) {
    check_code_stages(stages_);
    for (const auto& stage : stages_) operands_.push_back(prepare(stage));
  }

  [[nodiscard]] std::span<const CodeStage> stages() const noexcept { return stages_; }
  [[nodiscard]] std::int64_t input_size() const { return stages_.front().geometry.input.size(); }
  [[nodiscard]] std::int64_t output_size() const { return stages_.back().output().size(); }

  /// Weights and activations of the stage are integers of 16 bits, which engines multiply.
  /// @throws RangeError  there is no such stage
  [[nodiscard]] bool is_integer(std::size_t stage) const {
    core::check_range("stage", static_cast<std::int64_t>(stage), 0, std::ssize(stages_) - 1);
    return !operands_[stage].integers.empty();
  }

  /// Outputs of the last stage, [batch × output]; products by the values of the codes.
  ///
  /// @param images    [batch × input]
  /// @param executor  spreads the images
  /// @throws ShapeError  not whole images
  /// @throws RangeError  a number on the way is NaN or infinite
  template <core::Executor Executor = core::Serial>
  [[nodiscard]] std::vector<float> run(std::span<const float> images, const Executor& executor = {}) const {
    ByValues by_values;
    Unseen unseen;
    return run_all(images, by_values, executor, unseen);
  }

  /// The same with an engine for the products of integers: an op::Gemm for all stages, or a StageEngine. For every 64
  /// images it gets one product for each group of a stage; an executor with threads calls it from all of them.
  template <class Engine, core::Executor Executor = core::Serial>
    requires StageEngine<std::remove_reference_t<Engine>> || op::Gemm<Engine, std::int16_t, std::int32_t>
  [[nodiscard]] std::vector<float> run(std::span<const float> images, Engine&& engine,
                                       const Executor& executor = {}) const {
    Unseen unseen;
    return run_all(images, engine, executor, unseen);
  }

  /// Runs a batch and calls visit(stage, codes), for 64 images after the other, with the codes that come into each stage,
  /// [images × input of the stage].
  template <std::invocable<std::size_t, std::span<const std::uint16_t>> Visit>
  void for_each_code(std::span<const float> images, Visit&& visit) const {
    ByValues by_values;
    static_cast<void>(run_all(images, by_values, core::Serial{}, visit));
  }

 private:
  static constexpr std::int64_t portion = 64;  // images at a time: bounds the memory
  static constexpr const auto& views = detail::CodeFormatViews<Formats>::all;

  struct ByValues {};  // in place of an engine
  struct Unseen {};    // in place of a visitor

  /// Weights as the products take them.
  struct Operands {
    std::vector<float> values;
    std::vector<std::int16_t> integers;  ///< empty: one of the operands is no integer
    bool in_float;                       ///< sums of the values are exact in float
  };

  static const detail::CodeFormatView& view(const CodeStage& stage, const char* operand, std::size_t place) {
    core::check_range((stage.name + ' ' + operand + " format").c_str(), static_cast<std::int64_t>(place), 0,
                      std::ssize(views) - 1);
    return views[place];
  }

  static Operands prepare(const CodeStage& stage) {
    const auto& weight = view(stage, "weight", stage.weight_format);
    const auto& activation = view(stage, "activation", stage.activation_format);
    for (const float scale : stage.weight_scales) check_scale(stage, "weight scale", scale);
    check_scale(stage, "input scale", stage.input_scale);
    for (const auto code : stage.weights)
      core::check_range((stage.name + " weight code").c_str(), code, 0,
                        static_cast<std::int64_t>(core::low_mask(weight.bits)));
    const auto terms = stage.terms();
    if (!op::sums_exactly<double>(weight.range, activation.range, terms))
      throw RangeError(stage.name + ": sums of " + std::to_string(terms) + " products take " +
                       std::to_string(op::sum_bits(weight.range, activation.range, terms) - 1) +
                       " bits, but double holds 53");
    Operands operands{.values = std::vector<float>(stage.weights.size()),
                      .integers{},
                      .in_float = op::sums_exactly<float>(weight.range, activation.range, terms)};
    weight.decode(stage.weights, operands.values);
    for (const float value : operands.values)
      if (!std::isfinite(value)) throw RangeError(stage.name + " weight code: it is NaN or infinite");
    if (weight.fits_int16 && activation.fits_int16) operands.integers = integers_of(operands.values);
    return operands;
  }

  static void check_scale(const CodeStage& stage, const char* what, float scale) {
    if (!(scale > 0.0F) || !std::isfinite(scale) || !quant::can_divide_by<quant::FloatReciprocal>(scale))
      throw RangeError(stage.name + ' ' + what + ": " + std::to_string(scale) +
                       " has to be positive and have a reciprocal in float");
  }

  template <class Engine, class Executor, class Visit>
  std::vector<float> run_all(std::span<const float> images, Engine& engine, const Executor& executor,
                             Visit& visit) const {
    const auto input = input_size(), output = output_size();
    const auto batch = std::ssize(images) / input;
    core::check_equal("images", std::ssize(images), "whole images", batch * input);
    std::vector<float> outputs(static_cast<std::size_t>(batch * output));
    executor.for_each_index(core::ceil_div(batch, portion), [&](std::int64_t index) {
      const auto first = index * portion;
      const auto count = std::min(portion, batch - first);
      const auto part =
          images.subspan(static_cast<std::size_t>(first * input), static_cast<std::size_t>(count * input));
      std::vector<float> values(part.begin(), part.end());
      for (std::size_t stage = 0; stage < stages_.size(); ++stage)
        values = run_stage(stage, count, std::move(values), engine, visit);
      std::ranges::copy(values, outputs.begin() + first * output);
    });
    return outputs;
  }

  template <class Engine, class Visit>
  std::vector<float> run_stage(std::size_t index, std::int64_t batch, std::vector<float> numbers,
                               Engine& engine, Visit& visit) const {
    const auto& stage = stages_[index];
    const auto& activation = views[stage.activation_format];
    if (!std::isfinite(quant::absmax_array(numbers)))
      throw RangeError(stage.name + " input: a number is NaN or infinite");
    activation.round(numbers, stage.input_scale, numbers);
    if constexpr (!std::same_as<Visit, Unseen>) {
      std::vector<std::uint16_t> codes(numbers.size());
      activation.encode(numbers, codes);
      visit(index, std::span<const std::uint16_t>(codes));
    }
    auto z = multiply(index, batch, numbers, engine);
    const bool one_scale = stage.weight_scales.size() == 1;
    detail::for_each_in_channels(z, stage.bias.size(), batch, [&](float& sum, std::size_t k) {
      const float unit = stage.weight_scales[one_scale ? 0 : k] * stage.input_scale;
      sum = (sum + 0.0F) * unit + stage.bias[k];  // a sum of no sign is positive
    });
    auto shape = stage.geometry.output();
    for (const auto& step : stage.steps) {
      z = detail::run_step(step, shape, batch, std::move(z));
      shape = step_output(step, shape);
    }
    return z;
  }

  /// The sums of products, each rounded to float once, [batch × out_channels × positions].
  template <class Engine>
  std::vector<float> multiply(std::size_t index, std::int64_t batch, std::span<const float> values,
                              Engine& engine) const {
    const auto& stage = stages_[index];
    const auto& weights = operands_[index];
    std::vector<float> result(static_cast<std::size_t>(batch * stage.geometry.output().size()));
    if constexpr (!std::same_as<std::remove_const_t<Engine>, ByValues>)
      if (is_integer(index)) {
        std::vector<std::int32_t> sums(result.size());
        const auto gemm = [&](const op::MatrixShape& shape, std::span<const std::int16_t> w,
                              std::span<const std::int16_t> a, std::span<std::int32_t> r) {
          if constexpr (StageEngine<Engine>)
            engine(index, shape, w, a, r);
          else
            engine(shape, w, a, r);
        };
        op::grouped_conv2d<std::int16_t, std::int32_t>(gemm, stage.geometry, stage.groups, batch,
                                                       weights.integers, integers_of(values), sums);
        std::ranges::transform(sums, result.begin(),
                               [](std::int32_t sum) { return static_cast<float>(sum); });
        return result;
      }
    op::grouped_conv2d<float, float>(detail::ExactValues{weights.in_float}, stage.geometry, stage.groups,
                                     batch, weights.values, values, result);
    return result;
  }

  static std::vector<std::int16_t> integers_of(std::span<const float> values) {
    std::vector<std::int16_t> integers(values.size());
    std::ranges::transform(values, integers.begin(), [](float x) { return static_cast<std::int16_t>(x); });
    return integers;
  }

  std::vector<CodeStage> stages_;
  std::vector<Operands> operands_;
};

}  // namespace bitloom::net
