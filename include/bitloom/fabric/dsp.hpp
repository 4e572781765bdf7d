// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

/// An Intel Arria 10 DSP slice: two 18 × 19 multipliers, into which narrow products are packed.
///
/// Weights of several outputs share a multiplier operand, spaced so that their products with one activation do not
/// meet: 8 products a cycle at 2 bits, 4 at 3 and 4 bits, 2 at 5 to 8 bits. The products are taken apart and
/// accumulated in 32-bit registers of the fabric.
/// Source: packing numbers from the released overlay simulator of BRAMAC (arXiv 2304.03974); the spacing is derived
/// from the widths.
struct DspSlice {
  static constexpr std::string_view name = "DSP slice";
  static constexpr std::string_view supported = "signed weights and activations of 2 to 8 bits";
  static constexpr int terms = 1;  ///< terms of a sum that the slice takes at a time
  static constexpr int multipliers = 2;
  static constexpr int operand_bits = 18;
  static constexpr int max_packed = 4;
  static constexpr std::size_t max_lanes = std::size_t{multipliers} * max_packed;

  static constexpr bool supports(const Operands& o) noexcept {
    return o.signed_weights && 2 <= o.weight_bits && o.weight_bits <= 8 && 2 <= o.activation_bits &&
           o.activation_bits <= 8;
  }

  /// Products of one multiplier in a cycle; the wider operand decides.
  static constexpr int packed(const Operands& o) noexcept {
    const int bits = std::max(o.weight_bits, o.activation_bits);
    return bits <= 2 ? 4 : bits <= 4 ? 2 : 1;
  }

  /// Products of the slice in a cycle: one weight column of that many outputs times one activation.
  static constexpr int lanes(const Operands& o) noexcept { return multipliers * packed(o); }

  /// Distance of two weights in a packed operand: the width of a product.
  static constexpr int spacing(const Operands& o) noexcept { return o.weight_bits + o.activation_bits; }

  /// Clock cycles of one slice for a matrix product: one activation a cycle for each group of outputs.
  /// @throws RangeError  the slice does not support these operands
  /// @throws ShapeError  an extent is not positive, or the cycles do not fit 63 bits
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    check_supported<DspSlice>(o);
    op::check_extents(shape);
    return core::checked_product(
        "matrix product", {core::ceil_div(shape.rows, std::int64_t{lanes(o)}), shape.columns, shape.vectors});
  }

  static constexpr core::Constant clock() noexcept {
    return {"DSP slice clock", 549, "MHz", "no citable source", core::Standing::Assumed};
  }
  static constexpr core::Constant area() noexcept {
    return {"DSP slice area", 30, "area units", "BRAMAC released overlay simulator (M20K = 40)",
            core::Standing::Published};
  }

  /// The multipliers and accumulators of one slice.
  class Machine {
   public:
    /// One clock edge: every packed weight times `activation` is added to its accumulator.
    constexpr void step(const Operands& o, std::span<const std::int16_t> weights,
                        std::int32_t activation) noexcept {
      const auto per_multiplier = static_cast<std::size_t>(packed(o));
      for (std::size_t m = 0; m < multipliers; ++m) {
        std::int64_t operand = 0;
        for (std::size_t i = per_multiplier; i-- > 0;)
          operand = (operand << spacing(o)) + weights[m * per_multiplier + i];
        auto product = operand * activation;
        for (std::size_t i = 0; i < per_multiplier; ++i) {
          const auto field = core::sign_extend(static_cast<std::uint64_t>(product), spacing(o));
          accumulators_[m * per_multiplier + i] += static_cast<std::int32_t>(field);
          product = (product - field) >> spacing(o);  // a negative field has borrowed from the next one
        }
      }
      ++cycles_;
    }

    constexpr void clear() noexcept { accumulators_ = {}; }
    [[nodiscard]] constexpr std::int32_t accumulator(int index) const noexcept {
      return accumulators_[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] constexpr std::int64_t cycles() const noexcept { return cycles_; }

   private:
    std::array<std::int32_t, max_lanes> accumulators_{};
    std::int64_t cycles_ = 0;
  };

  /// The exact product; defined in dsp_value.hpp.
  /// @throws RangeError  operands that the slice lacks, a value outside its width, or a sum beyond 32 bits
  /// @throws ShapeError  a span does not fit the shape
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// The product on the machine.
  /// @return clock cycles
  static constexpr std::int64_t run(Machine& machine, const MatrixShape& shape, const Operands& o,
                                    std::span<const std::int16_t> weights,
                                    std::span<const std::int16_t> activations,
                                    std::span<std::int32_t> result) {
    check_supported<DspSlice>(o);
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    check_sum_width(shape, o);
    check_values("weight", weights, o.weight_bits, o.signed_weights);
    check_values("activation", activations, o.activation_bits, o.signed_activations);
    const auto start = machine.cycles();
    std::array<std::int16_t, max_lanes> column{};
    for (std::int64_t first = 0; first < shape.rows; first += lanes(o)) {
      const auto count = std::min<std::int64_t>(lanes(o), shape.rows - first);
      for (std::int64_t vector = 0; vector < shape.vectors; ++vector) {
        machine.clear();
        for (std::int64_t k = 0; k < shape.columns; ++k) {
          column = {};
          for (std::int64_t r = 0; r < count; ++r)
            column[static_cast<std::size_t>(r)] =
                weights[static_cast<std::size_t>((first + r) * shape.columns + k)];
          machine.step(o, column, activations[static_cast<std::size_t>(k * shape.vectors + vector)]);
        }
        for (int r = 0; r < count; ++r)
          result[static_cast<std::size_t>((first + r) * shape.vectors + vector)] = machine.accumulator(r);
      }
    }
    return machine.cycles() - start;
  }
};

}  // namespace bitloom::fabric
