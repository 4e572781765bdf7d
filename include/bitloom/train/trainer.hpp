// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/schedule.hpp>

namespace bitloom::train {

/// How long and how fast to train.
struct FitOptions {
  int epochs = 10;
  std::int64_t batch_size = 32;
  double learning_rate = 0.01;
  std::uint64_t seed = 1;                               ///< of the order of the items
  std::function<double(double)> schedule = Constant{};  ///< a `Schedule`: factor of the learning rate
};

/// What a callback is told after each step.
struct Step {
  int epoch{};                ///< from 0
  std::int64_t step{};        ///< from 0, over all epochs
  std::int64_t step_count{};  ///< of the whole training
  double loss{};              ///< of the batch, before the step
  double learning_rate{};
};

/// For `fit`: no callback.
struct IgnoreSteps {
  void operator()(const Step&) const noexcept {}
};

/// Trains a classifier by softmax cross-entropy.
///
/// The same model, data, options and optimizer give the same bits on the same machine and build: the order of the
/// items depends on the seed alone, and every sum has a fixed order.
///
/// @param on_step  called as `on_step(const Step&)`
/// @return         mean loss of the items, for each epoch
/// @throws RangeError  an option is out of range, or the data set is empty
/// @throws ShapeError  the data does not fit the model
/// @throws Error       a loss is not finite; the parameters are then those that gave it
template <Model M, Optimizer<typename M::scalar_type> O, std::invocable<const Step&> OnStep = IgnoreSteps>
std::vector<double> fit(M& model, const Dataset& dataset, const FitOptions& options, O& optimizer,
                        OnStep&& on_step = {}) {
  using S = typename M::scalar_type;
  using std::isfinite;
  constexpr std::int64_t most = 1 << 30;
  check(dataset);
  core::check_range("fit: dataset count", dataset.count(), 1, most);
  core::check_range("fit: epochs", options.epochs, 0, most);
  core::check_range("fit: batch_size", options.batch_size, 1, most);

  const auto parameters = model.parameters();
  const std::span<Parameter<S>* const> all(parameters);
  Tape<S> tape;
  std::vector<double> epoch_losses;
  Step step;
  for (step.epoch = 0; step.epoch < options.epochs; ++step.epoch) {
    const Batches batches(dataset.count(), options.batch_size, options.seed,
                          static_cast<std::uint64_t>(step.epoch));
    step.step_count = options.epochs * batches.count();
    double sum = 0;
    for (std::int64_t i = 0; i < batches.count(); ++i, ++step.step) {
      const auto batch = gather(dataset, batches[i]);
      tape.clear();
      const auto logits = model.forward(tape, tape.constant(batch.images.template cast<S>()));
      const auto loss = softmax_cross_entropy(logits, std::span<const int>(batch.labels));
      step.loss = static_cast<double>(loss.value()(0, 0));
      if (!isfinite(step.loss))
        throw Error("fit: the loss is " + std::to_string(step.loss) + " at epoch " +
                    std::to_string(step.epoch) + ", step " + std::to_string(step.step) +
                    ", but has to be finite; try a smaller learning rate");
      zero_gradients(all);
      tape.backward(loss);
      const auto progress = static_cast<double>(step.step) / static_cast<double>(step.step_count);
      step.learning_rate = options.learning_rate * options.schedule(progress);
      optimizer.step(all, step.learning_rate);
      sum += step.loss * static_cast<double>(batch.count());
      on_step(std::as_const(step));
    }
    epoch_losses.push_back(sum / static_cast<double>(dataset.count()));
  }
  return epoch_losses;
}

/// Fraction of the items whose largest output is at their label; the first of equals counts.
/// @throws RangeError  the data set is empty, or a label is no output
/// @throws ShapeError  the data does not fit the model
template <Model M>
[[nodiscard]] double accuracy(const M& model, const Dataset& dataset) {
  check(dataset);
  core::check_range("accuracy: dataset count", dataset.count(), 1, std::int64_t{1} << 40);
  const auto outputs = model.predict(dataset.images.template cast<typename M::scalar_type>());
  core::check_range("accuracy: class_count", dataset.class_count, 1, outputs.rows());
  std::int64_t right = 0;
  for (Eigen::Index item = 0; item < outputs.cols(); ++item) {
    Eigen::Index best = 0;
    for (Eigen::Index i = 1; i < outputs.rows(); ++i)
      if (outputs(best, item) < outputs(i, item)) best = i;
    right += best == dataset.labels[static_cast<std::size_t>(item)];
  }
  return static_cast<double>(right) / static_cast<double>(dataset.count());
}

}  // namespace bitloom::train
