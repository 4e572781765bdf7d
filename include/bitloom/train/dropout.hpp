// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Sets elements to zero with the given probability and divides the others by 1 - probability.
///
/// Which ones depends on the seed, the call and the element's place alone, never on threads or on the scalar's type.
///
/// @param probability  0 up to below 1, taken to a multiple of 2^-32
/// @param call         number of the call, so that each one draws anew; below 2^32
/// @throws RangeError  the probability or the call is outside
/// Source: Srivastava et al., "Dropout", JMLR 15 (2014), section 4; the division is at training time.
template <Scalar S>
Value<S> dropout(Value<S> input, double probability, std::uint64_t seed, std::uint64_t call) {
  using Eigen::Index;
  if (!(probability >= 0 && probability < 1))
    throw RangeError("dropout: probability " + std::to_string(probability) + " is outside 0 up to below 1");
  if (call >> 32 != 0) throw RangeError("dropout: call " + std::to_string(call) + " is not below 2^32");
  const auto threshold = static_cast<std::uint32_t>(probability * 0x1p32);
  const auto factor = S(1 / (1 - probability));
  auto& tape = input.tape();
  const auto width = detail::block_columns(4 * input.rows());
  auto mask = tape.matrix(input.rows(), input.columns());
  tape.for_each_block(input.columns(), width, [&](Index begin, Index count) {
    for (auto item = begin; item < begin + count; ++item) {
      core::Random random(seed, (call << 32) + static_cast<std::uint64_t>(item));
      std::uint64_t bits = 0;
      for (Index i = 0; i < mask.rows(); ++i) {
        bits = i % 2 == 0 ? random() : bits >> 32;
        mask(i, item) = static_cast<std::uint32_t>(bits) < threshold ? S(0) : factor;
      }
    }
  });
  const auto kept = tape.constant(std::move(mask));
  return tape.record(input.value().cwiseProduct(kept.value()), {input}, [=](Value<S> result) {
    input.add_gradient(result.gradient().cwiseProduct(kept.value()));
  });
}

}  // namespace bitloom::train
