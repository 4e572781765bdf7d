// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::fabric {

/// Where the weights of a product are when it begins.
enum class Weights : std::uint8_t {
  Persistent,  ///< in the blocks, all of them
  Tiled,       ///< outside: they come in pieces, and each is gone when its place is needed
};

/// A block with a memory for weights that is refilled in cycles which computing leaves free, as BRAMAC and M4BRAM.
template <class B>
concept StreamsWeights = requires(const MatrixShape& shape, const Operands& o, std::int64_t slots) {
  { B::weight_words } -> std::convertible_to<std::int64_t>;  // words of the memory
  { B::words(shape, o) } -> std::same_as<std::int64_t>;      // words of a product's weights
  { B::busy(shape, o) } -> std::same_as<std::int64_t>;       // cycles in which computing reads the memory
  // pairs of words written during a product, if only that many places for pairs stay in the block
  { B::streamed_pairs(shape, o, slots) } -> std::same_as<std::int64_t>;
};

/// A block that computes in the memory itself and has to stop for weights to be loaded, as CoMeFa.
template <class B>
concept StopsForWeights = requires(const MatrixShape& shape, const Operands& o) {
  { B::weight_words(o) } -> std::same_as<std::int64_t>;
  { B::words(shape, o) } -> std::same_as<std::int64_t>;
  { B::tiled_cycles(shape, o) } -> std::same_as<std::int64_t>;  // cycles of a product, loading included
};

/// Bits of a word of a block's memory as its ports move it: 40, or what the block says.
template <class B>
[[nodiscard]] constexpr int memory_word_bits() noexcept {
  if constexpr (requires { B::port_bits; })
    return B::port_bits;
  else
    return M20k::geometry.word_bits();
}

/// Whether weights are written while others are copied: through port B, one word a cycle.
template <class B>
[[nodiscard]] constexpr bool loads_beside_copies() noexcept {
  if constexpr (requires { B::loads_beside_copies; })
    return B::loads_beside_copies;
  else
    return false;
}

/// Words of a block for weights; 0 without memory.
/// @throws RangeError  the block lacks these operands
template <Block B>
[[nodiscard]] constexpr std::int64_t weight_words(const Operands& o) {
  check_supported<B>(o);
  if constexpr (StreamsWeights<B>)
    return B::weight_words;
  else if constexpr (StopsForWeights<B>)
    return B::weight_words(o);
  else
    return 0;
}

/// Those of them that the weights of a product take; 0 without memory.
/// @throws RangeError  the block lacks these operands
/// @throws ShapeError  an extent is not positive
template <Block B>
[[nodiscard]] constexpr std::int64_t words_taken(const MatrixShape& shape, const Operands& o) {
  if constexpr (StreamsWeights<B> || StopsForWeights<B>)
    return B::words(shape, o);
  else
    return 0;
}

/// Pairs of words that a block which streams its weights has before it starts; the others follow just in time.
inline constexpr std::int64_t leading_pairs = 4;

/// Clock cycles of one block for a matrix product, a matrix-vector product above all, waiting for weights included.
///
/// Tiled, a block that streams takes `leading_pairs` cycles more: a MAC2 leaves room for two pairs at least, and the next
/// needs one, or two of M4BRAM-L. A block that stops spends two cycles on every row of weights.
/// @throws RangeError  the block lacks these operands, or persistent weights do not fit it
/// @throws ShapeError  an extent is not positive
template <Block B>
[[nodiscard]] constexpr std::int64_t latency_cycles(const MatrixShape& shape, const Operands& o,
                                                    Weights weights) {
  const auto taken = words_taken<B>(shape, o);
  if (weights == Weights::Persistent && taken > weight_words<B>(o))
    throw RangeError("weights: " + std::to_string(taken) + " words of " +
                     std::to_string(memory_word_bits<B>()) + " bits, but " + std::string(B::name) +
                     " keeps " + std::to_string(weight_words<B>(o)));
  if constexpr (StopsForWeights<B>)
    if (weights == Weights::Tiled) return B::tiled_cycles(shape, o);
  const bool streams = StreamsWeights<B> && weights == Weights::Tiled;
  return B::cycles(shape, o) +
         (streams ? std::min(core::ceil_div(taken, std::int64_t{2}), leading_pairs) : 0);
}

/// Cycles of a product in which both ports of the memory serve others; 0 without memory. Loading takes both ports for a
/// cycle for each pair of words: each once, if all fit the block, or whenever it is used. A block that loads beside its
/// copies, through a port of its own, has these cycles at least: loads that lie beside copies are counted as if not.
/// @throws RangeError  the block lacks these operands, or persistent weights do not fit it
/// @throws ShapeError  an extent is not positive
template <Block B>
[[nodiscard]] constexpr std::int64_t free_cycles(const MatrixShape& shape, const Operands& o,
                                                 Weights weights) {
  if constexpr (StreamsWeights<B>) {
    constexpr std::int64_t slots = B::weight_words / 2;
    const auto idle = latency_cycles<B>(shape, o, weights) - B::busy(shape, o);
    if (weights == Weights::Persistent) return idle;
    const auto pairs =
        core::ceil_div(std::min<std::int64_t>(B::words(shape, o), 2 * slots), std::int64_t{2}) +
        B::streamed_pairs(shape, o, slots);
    return std::max<std::int64_t>(idle - pairs * (loads_beside_copies<B>() ? 2 : 1), 0);
  } else {
    return 0;
  }
}

/// Share of the memory's bits that can hold bits of weights: what is left by padding, and by rows that computing needs;
/// 0 without memory.
/// @throws RangeError  the block lacks these operands
template <Block B>
[[nodiscard]] constexpr double storage_efficiency(const Operands& o) {
  check_supported<B>(o);
  if constexpr (requires { B::storage_efficiency(o); })
    return B::storage_efficiency(o);
  else
    return StreamsWeights<B> ? 1 : 0;
}

/// Its mean over operands of 2 to 8 bits, both of one width.
/// @throws RangeError  the block lacks one of them
template <Block B>
[[nodiscard]] constexpr double mean_storage_efficiency() {
  double sum = 0;
  for (int bits = 2; bits <= 8; ++bits)
    sum += storage_efficiency<B>({.weight_bits = bits, .activation_bits = bits});
  return sum / 7;
}

}  // namespace bitloom::fabric
