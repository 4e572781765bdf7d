// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include <bitloom/train/dataset.hpp>
#include <bitloom/train/trainer.hpp>

namespace bitloom::search {

// What a one-shot search takes for the quality of the formats of a step. A policy is a function object: it may hold data.

/// The quality of a step: quality(step, model) after the weights have moved; the larger the better.
template <class Q, class Model>
concept StepQuality = requires(Q& quality, const train::Step& step, const Model& model) {
  { quality(step, model) } -> std::convertible_to<double>;
};

/// The share of the batch that the forward pass of the weight step got right.
struct BatchAccuracy {
  template <class Model>
  double operator()(const train::Step& step, const Model&) const {
    return static_cast<double>(step.right) / static_cast<double>(step.items);
  }
};

/// Minus the loss of that pass. Not for exponential rewards.
///
/// Source: the FLIQS authors' open-source code.
struct MinusLoss {
  template <class Model>
  double operator()(const train::Step& step, const Model&) const {
    return -step.loss;
  }
};

/// Accuracy on items that the weights do not learn from, the next batch of them at every step, with the weights after
/// the step.
///
/// Source: TuNAS, whose batches of this kind are four times as large as those for the weights.
class HeldOutAccuracy {
 public:
  /// @throws RangeError  the data set is empty, or `batch_size` less than 1
  HeldOutAccuracy(train::Dataset items, std::int64_t batch_size, std::uint64_t seed)
      : items_(std::move(items)), batch_size_(batch_size), seed_(seed) {
    core::check_range("held-out items", items_.count(), 1, std::int64_t{1} << 40);
    core::check_range("held-out batch_size", batch_size, 1, std::int64_t{1} << 40);
  }

  template <class Model>
  double operator()(const train::Step& step, const Model& model) const {
    const auto batches_each = (items_.count() + batch_size_ - 1) / batch_size_;
    const train::Batches batches(items_.count(), batch_size_, seed_,
                                 static_cast<std::uint64_t>(step.step / batches_each));
    return train::accuracy(model, train::gather(items_, batches[step.step % batches_each]));
  }

 private:
  train::Dataset items_;
  std::int64_t batch_size_;
  std::uint64_t seed_;
};

}  // namespace bitloom::search
