// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/quant/round_array.hpp>
#include <bitloom/train/straight_through.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

/// Elements that one block of a rounding loop takes.
inline constexpr Eigen::Index rounding_block = Eigen::Index{1} << 15;

/// The largest magnitude of a matrix, found on the tape's executor.
/// @throws RangeError  a number is NaN or infinite
inline float absmax(const Tape<float>& tape, const Matrix<float>& matrix) {
  std::vector<float> largest(static_cast<std::size_t>((matrix.size() + rounding_block - 1) / rounding_block));
  tape.for_each_block(matrix.size(), rounding_block, [&](Eigen::Index begin, Eigen::Index count) {
    largest[static_cast<std::size_t>(begin / rounding_block)] =
        quant::absmax_array({matrix.data() + begin, static_cast<std::size_t>(count)});
  });
  const float bound = quant::absmax_array(largest);
  if (!std::isfinite(bound))
    throw RangeError("fake_quantize: the input has a number that is NaN or infinite");
  return bound;
}

/// round(values, results) for every part of a matrix, on the tape's executor.
template <class Round>
Matrix<float> map_parts(Tape<float>& tape, const Matrix<float>& matrix, Round&& round) {
  auto result = tape.matrix(matrix.rows(), matrix.cols());
  tape.for_each_block(matrix.size(), rounding_block, [&](Eigen::Index begin, Eigen::Index count) {
    const auto size = static_cast<std::size_t>(count);
    round(std::span<const float>(matrix.data() + begin, size), std::span<float>(result.data() + begin, size));
  });
  return result;
}

/// fake_quantize of numbers that are known to be finite.
template <quant::RoundableFormat F, StraightThroughGradient G>
Value<float> fake_quantize_finite(Value<float> input, float bound) {
  const float scale = quant::FlooredSymmetric<F>::scale_of(bound);
  auto rounded = map_parts(input.tape(), input.value(), [scale](auto values, auto results) {
    quant::round_array<F>(values, scale, results);
  });
  return straight_through<G>(input, std::move(rounded), F::is_signed ? -bound : 0.0F, bound);
}

}  // namespace detail

/// A matrix rounded to values of F times one scale, so that magnitudes up to `bound` fit: quant::FlooredSymmetric, on the
/// tape's executor. The scale has no gradient.
///
/// @tparam G     where the gradient passes: PassThrough, or ClippedThrough within the bound, from zero in unsigned formats
/// @param bound  finite, 0 or more
/// @throws RangeError  the bound is another, or a number of the input is NaN or infinite
template <quant::RoundableFormat F, StraightThroughGradient G = PassThrough>
Value<float> fake_quantize(Value<float> input, float bound) {
  if (!(bound >= 0.0F) || !std::isfinite(bound))
    throw RangeError("fake_quantize: bound " + std::to_string(bound) + " has to be finite and at least 0");
  static_cast<void>(detail::absmax(input.tape(), input.value()));
  return detail::fake_quantize_finite<F, G>(input, bound);
}

/// The same with the largest magnitude of the input for the bound, so that nothing is clipped but negative numbers in
/// unsigned formats.
/// @throws RangeError  a number of the input is NaN or infinite
template <quant::RoundableFormat F>
Value<float> fake_quantize(Value<float> input) {
  return detail::fake_quantize_finite<F, PassThrough>(input, detail::absmax(input.tape(), input.value()));
}

/// The same with one scale a row, as for a weight [out × in] whose every output has its own.
/// @throws RangeError  a number of the input is NaN or infinite
template <quant::RoundableFormat F>
Value<float> fake_quantize_rows(Value<float> input) {
  static_cast<void>(detail::absmax(input.tape(), input.value()));
  const auto& matrix = input.value();
  const auto rows = static_cast<std::size_t>(matrix.rows());
  std::vector<std::uint32_t> largest(rows);
  for (Eigen::Index column = 0; column < matrix.cols(); ++column)
    kernel::raise_magnitudes(matrix.col(column).data(), rows, 1, kernel::any_magnitude, largest.data());
  std::vector<float> scales;
  for (const auto magnitude : largest)
    scales.push_back(quant::FlooredSymmetric<F>::scale_of(std::bit_cast<float>(magnitude)));
  auto rounded = input.tape().matrix(matrix.rows(), matrix.cols());
  for (Eigen::Index column = 0; column < matrix.cols(); ++column)
    quant::round_array<F>(std::span(matrix.col(column).data(), rows), scales,
                          std::span(rounded.col(column).data(), rows));
  return straight_through(input, std::move(rounded));
}

}  // namespace bitloom::train
