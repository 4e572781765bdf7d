// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>
#include <bitloom/train/window_shape.hpp>

namespace bitloom::train {

namespace detail {

/// Part of a window that lies inside the input: elements [begin, begin + count) of an axis.
struct Inside {
  std::int64_t begin, count;

  constexpr Inside(std::int64_t input, const op::Window& window, std::int64_t position)
      : begin(position * window.stride - window.padding), count(window.kernel) {
    if (begin < 0) {
      count += begin;
      begin = 0;
    }
    count = std::min(count, input - begin);
  }
};

/// Calls `visit(output, base, height, width)` for every window of an image: offset of the result, offset of the
/// window's first element and its extents inside the input.
template <class Visit>
void for_each_window(const Pool2dShape& shape, Visit&& visit) {
  const auto& in = shape.input;
  const auto out = shape.output();
  std::int64_t output = 0;
  for (std::int64_t c = 0; c < in.channels; ++c)
    for (std::int64_t p = 0; p < out.height; ++p) {
      const Inside rows(in.height, shape.vertical, p);
      for (std::int64_t q = 0; q < out.width; ++q, ++output) {
        const Inside columns(in.width, shape.horizontal, q);
        visit(output, (c * in.height + rows.begin) * in.width + columns.begin, rows.count, columns.count);
      }
    }
}

/// Offset of the largest element of a window, the first of equals; of the first NaN if there is one.
template <class S>
std::int32_t largest_of(const S* image, std::int64_t base, std::int64_t height, std::int64_t width,
                        std::int64_t row_step) {
  std::int64_t place = base;
  std::int32_t no_numbers = 0;
  const auto for_each = [&](auto&& body) {
    for (std::int64_t r = 0; r < height; ++r)
      for (std::int64_t s = 0; s < width; ++s) body(base + r * row_step + s);
  };
  for_each([&](std::int64_t from) {
    if (image[from] > image[place]) place = from;
    no_numbers += image[from] != image[from];
  });
  if (no_numbers != 0)
    for_each([&](std::int64_t from) {
      if (image[place] == image[place] && image[from] != image[from]) place = from;
    });
  return static_cast<std::int32_t>(place);
}

/// The same for `count` windows of 2 × 2 side by side, without branches, and their largest elements. Returns false if
/// there is a NaN, and what it wrote is then of no use.
template <class S>
bool largest_of_pairs(const S* image, std::int32_t base, std::int64_t count, std::int32_t row_step,
                      std::int32_t* place, S* result) {
  const S *upper = image + base, *lower = upper + row_step;
  std::int32_t numbers = 1;
  for (std::int64_t q = 0; q < count; ++q) {
    const S a = upper[2 * q], b = upper[2 * q + 1], c = lower[2 * q], d = lower[2 * q + 1];
    const S above = b > a ? b : a;
    const S below = d > c ? d : c;
    const std::int32_t right = b > a, lower_right = d > c, down = below > above;  // numbers: no branches
    const std::int32_t left = b <= a, lower_left = d <= c;  // of a NaN and anything, neither left nor right
    numbers &= (left | right) & (lower_left | lower_right);
    result[q] = below > above ? below : above;
    place[q] = base + 2 * static_cast<std::int32_t>(q) + right + down * (row_step + lower_right - right);
  }
  return numbers != 0;
}

/// Calls `visit(row, base)` for every row of outputs under windows of 2 × 2, over all channels.
template <class Visit>
void for_each_row_of_pairs(const Pool2dShape& shape, const op::TensorShape& out, Visit&& visit) {
  for (std::int64_t c = 0; c < shape.input.channels; ++c)
    for (std::int64_t p = 0; p < out.height; ++p)
      visit(c * out.height + p,
            static_cast<std::int32_t>((c * shape.input.height + 2 * p) * shape.input.width));
}

}  // namespace detail

/// The largest element under each window; the gradient goes to the first of equals. A NaN counts as the largest.
///
/// @param input   [channels · height · width × batch]
/// @return        [channels · out_height · out_width × batch]
/// @throws ShapeError  the input does not fit the geometry
/// @throws RangeError  an image does not have 1..2^31 - 1 elements
template <Scalar S>
Value<S> max_pool(Value<S> input, const Pool2dShape& shape) {
  using Eigen::Index;
  check_pool2d(shape);
  const auto out = shape.output();
  const auto size = out.size();
  const auto batch = input.columns();
  detail::check_shape("max_pool", "input", input.value(), shape.input.size(), input.columns());
  core::check_range("max_pool: elements of an image", shape.input.size(), 1,
                    std::numeric_limits<std::int32_t>::max());
  const auto width = detail::block_columns(shape.input.size());
  auto& tape = input.tape();
  auto output = tape.matrix(size, batch);
  std::vector<std::int32_t> source(static_cast<std::size_t>(size * batch));
  const auto row_step = static_cast<std::int32_t>(shape.input.width);
  const bool pairs = shape.vertical == op::Window{2, 2, 0} && shape.horizontal == op::Window{2, 2, 0};
  tape.for_each_block(batch, width, [&](Index begin, Index count) {
    for (Index item = begin; item < begin + count; ++item) {
      const S* image = input.value().col(item).data();
      S* result = output.col(item).data();
      std::int32_t* from = source.data() + item * size;
      bool done = pairs;
      if (pairs)
        detail::for_each_row_of_pairs(shape, out, [&](std::int64_t row, std::int32_t base) {
          done &= detail::largest_of_pairs(image, base, out.width, row_step, from + row * out.width,
                                           result + row * out.width);
        });
      if (done) continue;
      detail::for_each_window(
          shape, [&](std::int64_t to, std::int64_t base, std::int64_t height, std::int64_t extent) {
            from[to] = detail::largest_of(image, base, height, extent, shape.input.width);
            result[to] = image[from[to]];
          });
    }
  });
  return tape.record(std::move(output), {input}, [=, source = std::move(source)](Value<S> result) {
    const auto target = input.gradient_target();
    const auto& gradient = result.gradient();
    result.tape().for_each_block(batch, width, [&](Index begin, Index count) {
      for (Index item = begin; item < begin + count; ++item) {
        auto sum = target.sum.col(item);
        const auto* from = source.data() + item * size;
        if (target.fresh) sum.setZero();
        for (Index i = 0; i < size; ++i) sum(from[i]) += gradient(i, item);
      }
    });
  });
}

/// The mean under each window, padding counted as zero.
///
/// @param input   [channels · height · width × batch]
/// @return        [channels · out_height · out_width × batch]
/// @throws ShapeError  the input does not fit the geometry
template <Scalar S>
Value<S> average_pool(Value<S> input, const Pool2dShape& shape) {
  using Eigen::Index;
  check_pool2d(shape);
  const auto batch = input.columns();
  const auto factor = S(1 / static_cast<double>(shape.vertical.kernel * shape.horizontal.kernel));
  detail::check_shape("average_pool", "input", input.value(), shape.input.size(), input.columns());
  const auto row_step = shape.input.width;
  const auto width = detail::block_columns(shape.input.size());
  auto& tape = input.tape();
  auto output = tape.matrix(shape.output().size(), batch);
  tape.for_each_block(batch, width, [&](Index begin, Index count) {
    for (Index item = begin; item < begin + count; ++item) {
      const S* image = input.value().col(item).data();
      detail::for_each_window(
          shape, [&](std::int64_t to, std::int64_t base, std::int64_t height, std::int64_t extent) {
            S sum(0);
            for (std::int64_t r = 0; r < height; ++r)
              for (std::int64_t s = 0; s < extent; ++s) sum += image[base + r * row_step + s];
            output(to, item) = sum * factor;
          });
    }
  });
  return tape.record(std::move(output), {input}, [=](Value<S> result) {
    const auto target = input.gradient_target();
    const auto& gradient = result.gradient();
    result.tape().for_each_block(batch, width, [&](Index begin, Index count) {
      for (Index item = begin; item < begin + count; ++item) {
        if (target.fresh) target.sum.col(item).setZero();
        S* image = target.sum.col(item).data();
        detail::for_each_window(
            shape, [&](std::int64_t from, std::int64_t base, std::int64_t height, std::int64_t extent) {
              const S share = gradient(from, item) * factor;
              for (std::int64_t r = 0; r < height; ++r)
                for (std::int64_t s = 0; s < extent; ++s) image[base + r * row_step + s] += share;
            });
      }
    });
  });
}

/// The largest element under each square window.
template <Scalar S>
Value<S> max_pool(Value<S> input, const op::PoolGeometry& geometry) {
  return max_pool(input, pool2d_shape(geometry));
}

/// The mean under each square window, padding counted as zero.
template <Scalar S>
Value<S> average_pool(Value<S> input, const op::PoolGeometry& geometry) {
  return average_pool(input, pool2d_shape(geometry));
}

/// The mean of every channel, summed in the order of op::sum_in_lanes.
///
/// @param input   [channels · height · width × batch]
/// @return        [channels × batch]
/// @throws ShapeError  the input does not have the shape's number of features, or a channel has no element
template <Scalar S>
Value<S> global_average_pool(Value<S> input, const op::TensorShape& shape) {
  detail::check_shape("global_average_pool", "input", input.value(), shape.size(), input.columns());
  const auto positions = shape.height * shape.width;
  core::check_positive("global_average_pool: positions", positions);
  const auto factor = S(1 / static_cast<double>(positions));
  const auto rows = shape.channels * input.columns();
  using Planes = Eigen::Map<const Matrix<S>>;  // one column per channel of an item
  auto output = input.tape().matrix(shape.channels, input.columns());
  const S* planes = input.value().data();
  input.tape().for_each_block(
      rows, detail::block_columns(positions), [&](Eigen::Index begin, Eigen::Index count) {
        for (auto i = begin; i < begin + count; ++i)
          output.data()[i] = op::sum_in_lanes(planes + i * positions, positions) * factor;
      });
  return input.tape().record(std::move(output), {input}, [=](Value<S> result) {
    const auto target = input.gradient_target();
    Eigen::Map<Matrix<S>> sum(target.sum.data(), positions, rows);
    const Planes gradient(result.gradient().data(), 1, rows);
    if (target.fresh)
      sum = (gradient * factor).replicate(positions, 1);
    else
      sum += (gradient * factor).replicate(positions, 1);
  });
}

}  // namespace bitloom::train
