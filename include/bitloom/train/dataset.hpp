// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

/// Labelled items of one shape.
struct Dataset {
  Matrix<float> images;     ///< [features × count], each column one item [channels × height × width]
  std::vector<int> labels;  ///< one per item, 0..class_count - 1
  op::TensorShape shape;    ///< of one item
  int class_count = 0;

  /// Number of items.
  [[nodiscard]] std::int64_t count() const noexcept { return images.cols(); }
};

/// Checks that a data set does not contradict itself.
/// @throws ShapeError  images, labels and shape do not fit together
/// @throws RangeError  a label is no class
inline void check(const Dataset& dataset) {
  core::check_equal("dataset features", dataset.images.rows(), "its shape", dataset.shape.size());
  core::check_equal("dataset images", dataset.images.cols(), "its labels", std::ssize(dataset.labels));
  for (const int label : dataset.labels)
    core::check_range("dataset label", label, 0, dataset.class_count - 1);
}

/// Two parts of a data set.
struct Split {
  Dataset train, test;
};

/// The first `train_count` items for training and the rest for testing, in the order of the file.
/// @throws RangeError  `train_count` is outside 0..count
[[nodiscard]] inline Split split(const Dataset& dataset, std::int64_t train_count) {
  check(dataset);
  core::check_range("split: train_count", train_count, 0, dataset.count());
  const auto middle = dataset.labels.begin() + train_count;
  return {.train = {.images = dataset.images.leftCols(train_count),
                    .labels = {dataset.labels.begin(), middle},
                    .shape = dataset.shape,
                    .class_count = dataset.class_count},
          .test = {.images = dataset.images.rightCols(dataset.count() - train_count),
                   .labels = {middle, dataset.labels.end()},
                   .shape = dataset.shape,
                   .class_count = dataset.class_count}};
}

/// The given items, in the given order.
/// @throws RangeError  an index is outside 0..count - 1
/// @throws ShapeError  there are more images or labels
[[nodiscard]] inline Dataset gather(const Dataset& dataset, std::span<const std::int64_t> indices) {
  core::check_equal("dataset images", dataset.images.cols(), "its labels", std::ssize(dataset.labels));
  Dataset part{.images = Matrix<float>(dataset.images.rows(), std::ssize(indices)),
               .labels = {},
               .shape = dataset.shape,
               .class_count = dataset.class_count};
  part.labels.reserve(indices.size());
  for (const auto index : indices) {
    core::check_range("gather: index", index, 0, dataset.count() - 1);
    part.images.col(std::ssize(part.labels)) = dataset.images.col(index);
    part.labels.push_back(dataset.labels[static_cast<std::size_t>(index)]);
  }
  return part;
}

/// All items in an order that the seed decides; for files that come sorted by class, before they are split.
/// @throws ShapeError  there are more images or labels
[[nodiscard]] inline Dataset shuffled(const Dataset& dataset, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(dataset.count()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  core::Random(seed).shuffle(order);
  return gather(dataset, order);
}

/// The items of one epoch in random order, cut into batches; the last one may be smaller.
class Batches {
 public:
  /// The order depends on `count`, `seed` and `epoch` alone.
  /// @throws RangeError  `count` is negative, or `batch_size` is less than 1
  Batches(std::int64_t count, std::int64_t batch_size, std::uint64_t seed, std::uint64_t epoch)
      : batch_size_(batch_size) {
    constexpr auto most = std::int64_t{1} << 40;
    core::check_range("batches: count", count, 0, most);
    core::check_range("batches: batch_size", batch_size, 1, most);
    order_.resize(static_cast<std::size_t>(count));
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    core::Random(seed, epoch).shuffle(order_);
  }

  /// Number of batches.
  [[nodiscard]] std::int64_t count() const noexcept {
    return (std::ssize(order_) + batch_size_ - 1) / batch_size_;
  }

  /// Item indices of a batch.
  /// @throws RangeError  `batch` is outside 0..count() - 1
  [[nodiscard]] std::span<const std::int64_t> operator[](std::int64_t batch) const {
    core::check_range("batches: batch", batch, 0, count() - 1);
    const auto begin = batch * batch_size_;
    const auto size = std::min(batch_size_, std::ssize(order_) - begin);
    return std::span(order_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
  }

 private:
  std::int64_t batch_size_;
  std::vector<std::int64_t> order_;
};

}  // namespace bitloom::train
