// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/weight_storage.hpp>

namespace bitloom::fabric {

/// The narrowest operands of a block that hold these: weights first, then activations. Unsigned weights may become
/// signed ones of a bit more. Nothing, if there are none.
template <class B>
[[nodiscard]] constexpr std::optional<Operands> padded_operands(const Operands& o) noexcept {
  constexpr int widest = 16;
  if (o.weight_bits < 1 || o.activation_bits < 1) return std::nullopt;
  if (B::supports(o)) return o;
  for (int weight = o.weight_bits; weight <= widest; ++weight)
    for (int activation = o.activation_bits; activation <= widest; ++activation)
      for (const bool is_signed : {o.signed_weights, true}) {
        const Operands candidate{.weight_bits = weight,
                                 .signed_weights = is_signed,
                                 .activation_bits = activation,
                                 .signed_activations = o.signed_activations};
        const bool holds = o.signed_weights || !is_signed || weight > o.weight_bits;
        if (holds && B::supports(candidate)) return candidate;
      }
  return std::nullopt;
}

/// @throws RangeError  the operands are too wide for the block
template <class B>
[[nodiscard]] constexpr Operands check_padded(const Operands& o) {
  const auto padded = padded_operands<B>(o);
  if (!padded)
    throw RangeError("operands: " + std::string(B::name) + " does not compute " + to_string(o) +
                     ", even padded; it has " + std::string(B::supported));
  return *padded;
}

namespace detail {

/// What `Padded` has of a memory for weights.
template <class B>
struct PaddedMemory {};

template <StreamsWeights B>
struct PaddedMemory<B> {
  static constexpr std::int64_t weight_words = B::weight_words;
  static constexpr int port_bits = memory_word_bits<B>();
  static constexpr bool loads_beside_copies = fabric::loads_beside_copies<B>();

  static constexpr std::int64_t words(const MatrixShape& shape, const Operands& o) {
    return B::words(shape, check_padded<B>(o));
  }
  static constexpr std::int64_t busy(const MatrixShape& shape, const Operands& o) {
    return B::busy(shape, check_padded<B>(o));
  }
  static constexpr std::int64_t free(const MatrixShape& shape, const Operands& o) {
    return B::free(shape, check_padded<B>(o));
  }
  static constexpr std::int64_t streamed_pairs(const MatrixShape& shape, const Operands& o,
                                               std::int64_t slots) {
    return B::streamed_pairs(shape, check_padded<B>(o), slots);
  }
};

template <StopsForWeights B>
struct PaddedMemory<B> {
  static constexpr std::int64_t weight_words(const Operands& o) {
    return B::weight_words(check_padded<B>(o));
  }
  static constexpr std::int64_t words(const MatrixShape& shape, const Operands& o) {
    return B::words(shape, check_padded<B>(o));
  }
  static constexpr std::int64_t tiled_cycles(const MatrixShape& shape, const Operands& o) {
    return B::tiled_cycles(shape, check_padded<B>(o));
  }
};

}  // namespace detail

/// A block with operands of any width up to its widest: they are stored and computed in the next width that it has, and
/// cost what that costs. Values are exact.
template <Block B>
struct Padded : detail::PaddedMemory<B> {
  using Machine = typename B::Machine;

  static constexpr std::string_view name = B::name;
  static constexpr std::string_view supported = "operands no wider than those of the bare block";
  static constexpr int terms = B::terms;

  static constexpr bool supports(const Operands& o) noexcept { return padded_operands<B>(o).has_value(); }

  /// What the block computes with.
  /// @throws RangeError  the operands are too wide for it
  static constexpr Operands padded(const Operands& o) { return check_padded<B>(o); }

  static constexpr int lanes(const Operands& o) { return B::lanes(padded(o)); }
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    return B::cycles(shape, padded(o));
  }

  /// That of the block, times the share of a padded weight that is used.
  static constexpr double storage_efficiency(const Operands& o) {
    const auto p = padded(o);
    return fabric::storage_efficiency<B>(p) * o.weight_bits / p.weight_bits;
  }

  static constexpr core::Constant clock() noexcept { return B::clock(); }
  static constexpr core::Constant area() noexcept { return B::area(); }
  static constexpr auto constants() noexcept requires requires { B::constants(); }
  { return B::constants(); }

  /// The product of the padded block.
  /// @throws RangeError  operands too wide, a value outside its own width, or a sum that the block refuses
  /// @throws ShapeError  a span does not fit the shape
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
    const auto p = checked(o, weights, activations);
    B::multiply(shape, p, weights, activations, result);
  }

  /// The same on its machine.
  /// @return clock cycles
  static std::int64_t run(Machine& machine, const MatrixShape& shape, const Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result) {
    const auto p = checked(o, weights, activations);
    return B::run(machine, shape, p, weights, activations, result);
  }

 private:
  static Operands checked(const Operands& o, std::span<const std::int16_t> weights,
                          std::span<const std::int16_t> activations) {
    const auto p = padded(o);
    check_values("weight", weights, o.weight_bits, o.signed_weights);
    check_values("activation", activations, o.activation_bits, o.signed_activations);
    return p;
  }
};

}  // namespace bitloom::fabric
