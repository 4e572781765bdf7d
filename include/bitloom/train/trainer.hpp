// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/executor.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/not_finite.hpp>
#include <bitloom/train/schedule.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// What to do with the items that are left over when an epoch is cut into batches.
enum class LastBatch {
  keep,  ///< a smaller batch
  drop,  ///< leave them out; others in the next epoch, which has another order
};

/// How long and how fast to train.
struct FitOptions {
  int epochs = 10;
  std::int64_t batch_size = 32;
  double learning_rate = 0.01;
  std::uint64_t seed = 1;                               ///< of the order of the items and of `augment`
  std::function<double(double)> schedule = Constant{};  ///< a `Schedule`: factor of the learning rate
  double label_smoothing = 0;                           ///< see `CrossEntropyOptions`, 0..1
  LastBatch last_batch = LastBatch::keep;
  AnyExecutor executor = {};  ///< of the tape's large loops; gives the same bits whatever it is

  /// If set, changes the images of each batch in place; the random numbers depend on the seed and the step alone.
  std::function<void(Matrix<float>& images, const op::TensorShape& shape, core::Random& random)> augment = {};
};

/// What is known after a step.
struct Step {
  int epoch{};                ///< from 0
  std::int64_t step{};        ///< from 0, over all epochs
  std::int64_t step_count{};  ///< of the whole training
  double loss{};              ///< of the batch, before the step
  double learning_rate{};
  std::int64_t items{};  ///< in the batch
  std::int64_t right{};  ///< of them, those whose largest output was at their label, before the step
};

/// How far a training has come.
struct Course {
  std::int64_t step = 0;                  ///< steps that were made
  std::vector<double> epoch_losses = {};  ///< mean loss of the items, for each finished epoch
  double loss_sum = 0;                    ///< of the items of the epoch that has begun
  std::int64_t items = 0;                 ///< of the epoch that has begun, so far
};

/// For `fit`: no callback.
struct IgnoreSteps {
  void operator()(const Step&) const noexcept {}
};

namespace detail {

/// Number of columns whose largest element is at their label, which may be no row; the first of equals counts. A column
/// with a NaN has none.
template <Scalar S>
std::int64_t count_right(const Matrix<S>& outputs, std::span<const int> labels) {
  std::int64_t right = 0;
  for (Eigen::Index item = 0; item < outputs.cols(); ++item) {
    const auto label = labels[static_cast<std::size_t>(item)];
    if (label < 0 || label >= outputs.rows()) continue;
    const S& own = outputs(label, item);
    bool largest = true;  // no comparison with a NaN holds
    for (Eigen::Index i = 0; largest && i < outputs.rows(); ++i)
      largest = i < label ? outputs(i, item) < own : outputs(i, item) <= own;
    right += largest;
  }
  return right;
}

}  // namespace detail

/// Trains a classifier by softmax cross-entropy, one step at a time, so that a program can act between the steps.
///
///     Trainer trainer(model, data, {.epochs = 20}, optimizer);
///     while (!trainer.done()) report(trainer.next());
///
/// The same model, data, options and optimizer give the same bits on the same machine and build, whatever the executor:
/// the order of the items depends on the seed alone, and every sum has a fixed order. It refers to the model, the data
/// and the optimizer, which have to outlive it and stay where they are.
template <Model M, Optimizer<typename M::scalar_type> O>
class Trainer {
 public:
  using scalar_type = typename M::scalar_type;
  using S = scalar_type;

  /// At the first step.
  /// @throws RangeError  an option is out of range, or the data set is empty or smaller than the only batch
  /// @throws ShapeError  the data set contradicts itself
  Trainer(M& model, const Dataset& dataset, FitOptions options, O& optimizer)
      : model_(model),
        dataset_(dataset),
        options_(std::move(options)),
        optimizer_(optimizer),
        tape_(options_.executor),
        parameters_(model.parameters()) {
    constexpr std::int64_t most = 1 << 30;
    check(dataset_);
    core::check_range("fit: dataset count", dataset_.count(), 1, most);
    core::check_range("fit: epochs", options_.epochs, 0, most);
    if (!options_.schedule) throw RangeError("fit: schedule is empty, but has to be a function");
    core::check_range("fit: batch_size", options_.batch_size, 1,
                      options_.last_batch == LastBatch::drop ? dataset_.count() : most);
    const auto rounding = options_.last_batch == LastBatch::drop ? 0 : options_.batch_size - 1;
    steps_per_epoch_ = (dataset_.count() + rounding) / options_.batch_size;
  }

  Trainer(M&, const Dataset&&, FitOptions, O&) = delete;  // the data has to stay

  [[nodiscard]] M& model() const noexcept { return model_; }
  [[nodiscard]] O& optimizer() const noexcept { return optimizer_; }
  [[nodiscard]] const Dataset& dataset() const noexcept { return dataset_; }
  [[nodiscard]] const FitOptions& options() const noexcept { return options_; }

  /// How far it has come.
  [[nodiscard]] const Course& course() const noexcept { return course_; }

  /// Steps of the whole training.
  [[nodiscard]] std::int64_t step_count() const noexcept { return options_.epochs * steps_per_epoch_; }

  /// All steps were made.
  [[nodiscard]] bool done() const noexcept { return course_.step >= step_count(); }

  /// Goes on from another place; model and optimizer have to be what they were there.
  /// @throws RangeError  the place is not one of this training
  void resume(Course course) {
    core::check_range("resume: step", course.step, 0, step_count());
    const auto epoch = course.step / steps_per_epoch_;
    core::check_range("resume: finished epochs", std::ssize(course.epoch_losses), epoch, epoch);
    const auto items = course.step % steps_per_epoch_ * options_.batch_size;
    core::check_range("resume: items of the epoch", course.items, items, items);
    course_ = std::move(course);
  }

  /// Makes the next step: forward pass, gradients, optimizer.
  /// @throws Error       all steps were made, or the loss is not finite: the message names the epoch, the step and the
  ///                     layer where that began; the parameters are then those that gave it
  /// @throws RangeError  the schedule gave a learning rate below 0 or not finite, or a label is no output
  /// @throws ShapeError  the data does not fit the model
  Step next() {
    if (done()) throw Error("fit: all " + std::to_string(step_count()) + " steps were made");
    const auto epoch = course_.step / steps_per_epoch_;
    Step step{.epoch = static_cast<int>(epoch), .step = course_.step, .step_count = step_count()};
    step.learning_rate = learning_rate();
    const auto batch = next_batch(epoch);
    step.items = batch.count();

    tape_.clear();
    layer_outputs_.clear();
    const auto input = tape_.constant(batch.images.template cast<S>());
    const auto logits = forward(step, input);
    const std::span<const int> labels(batch.labels);
    const auto loss = softmax_cross_entropy(logits, labels, {.label_smoothing = options_.label_smoothing});
    step.loss = static_cast<double>(loss.value()(0, 0));
    step.right = detail::count_right(logits.value(), labels);
    if (!std::isfinite(step.loss)) {
      const auto where = detail::first_not_finite(model_, input.value(), layer_outputs_);
      stop(step, "the loss is " + (std::isnan(step.loss) ? "nan" : std::to_string(step.loss)),  // no sign
           where.empty() ? "all parameters are finite" : where);
    }

    const std::span<Parameter<S>* const> all(parameters_);
    zero_gradients(all);
    tape_.backward(loss);
    optimizer_.step(all, step.learning_rate);
    count(step);
    return step;
  }

  /// Makes all steps that are left.
  /// @param on_step  called as `on_step(const Step&)`
  /// @return         mean loss of the items, for each epoch
  /// @throws Error   see `next`
  template <std::invocable<const Step&> OnStep = IgnoreSteps>
  std::vector<double> run(OnStep&& on_step = {}) {
    while (!done()) {
      const auto step = next();
      on_step(step);
    }
    return course_.epoch_losses;
  }

 private:
  [[nodiscard]] double learning_rate() const {
    const auto progress = static_cast<double>(course_.step) / static_cast<double>(step_count());
    const double rate = options_.learning_rate * options_.schedule(progress);
    if (!(rate >= 0 && std::isfinite(static_cast<double>(S(rate)))))
      throw RangeError("fit: the learning rate " + std::to_string(rate) + " at step " +
                       std::to_string(course_.step) +
                       " has to be at least 0 and finite, in the precision of the parameters as well");
    return rate;
  }

  Dataset next_batch(std::int64_t epoch) {
    if (!batches_ || batches_epoch_ != epoch) {
      batches_.emplace(dataset_.count(), options_.batch_size, options_.seed,
                       static_cast<std::uint64_t>(epoch));
      batches_epoch_ = epoch;
    }
    auto batch = gather(dataset_, (*batches_)[course_.step % steps_per_epoch_]);
    if (options_.augment) {
      constexpr auto stream = std::uint64_t{1} << 32;  // those below are the orders of the epochs
      core::Random random(options_.seed, stream + static_cast<std::uint64_t>(course_.step));
      options_.augment(batch.images, batch.shape, random);
      check(batch);
    }
    return batch;
  }

  /// The forward pass. Layers may refuse numbers that are not finite, e.g. to round them.
  Value<S> forward(const Step& step, Value<S> input) {
    const auto note = [this](std::size_t layer, Value<S> output) {
      layer_outputs_.push_back({layer, output});
    };
    try {
      if constexpr (requires { model_.forward(tape_, input, note); })
        return model_.forward(tape_, input, note);
      else
        return model_.forward(tape_, input);
    } catch (const RangeError& error) {
      const auto where = detail::first_not_finite(model_, input.value(), layer_outputs_);
      if (where.empty()) throw;
      stop(step, error.what(), where);
    }
  }

  [[noreturn]] static void stop(const Step& step, const std::string& what, const std::string& where) {
    throw Error("fit: " + what + " at epoch " + std::to_string(step.epoch) + ", step " +
                std::to_string(step.step) + ", but has to be finite; " + where +
                "; maybe the learning rate is too large");
  }

  void count(const Step& step) {
    ++course_.step;
    course_.loss_sum += step.loss * static_cast<double>(step.items);
    course_.items += step.items;
    if (course_.step % steps_per_epoch_ != 0) return;
    course_.epoch_losses.push_back(course_.loss_sum / static_cast<double>(course_.items));
    course_.loss_sum = 0;
    course_.items = 0;
  }

  M& model_;
  const Dataset& dataset_;
  FitOptions options_;
  O& optimizer_;
  Tape<S> tape_;
  std::vector<Parameter<S>*> parameters_;
  std::int64_t steps_per_epoch_ = 1;
  std::vector<detail::LayerOutput<S>> layer_outputs_;  // of the step, on the tape
  std::optional<Batches> batches_;                     // of an epoch
  std::int64_t batches_epoch_ = 0;
  Course course_;
};

/// Trains a classifier by softmax cross-entropy, see `Trainer`.
///
/// @param on_step  called as `on_step(const Step&)`
/// @return         mean loss of the items, for each epoch
/// @throws RangeError  an option is out of range, or the data set is empty
/// @throws ShapeError  the data does not fit the model
/// @throws Error       a loss is not finite; the parameters are then those that gave it
template <Model M, Optimizer<typename M::scalar_type> O, std::invocable<const Step&> OnStep = IgnoreSteps>
std::vector<double> fit(M& model, const Dataset& dataset, const FitOptions& options, O& optimizer,
                        OnStep&& on_step = {}) {
  return Trainer<M, O>(model, dataset, options, optimizer).run(on_step);
}

/// Fraction of the items whose largest output is at their label; the first of equals counts. An item with an
/// output that is NaN is wrong.
/// @throws RangeError  the data set is empty, or a label is no output
/// @throws ShapeError  the data does not fit the model
template <Model M>
[[nodiscard]] double accuracy(const M& model, const Dataset& dataset, AnyExecutor executor = {}) {
  check(dataset);
  core::check_range("accuracy: dataset count", dataset.count(), 1, std::int64_t{1} << 40);
  const auto outputs = [&](const Matrix<typename M::scalar_type>& items) {
    if constexpr (requires { model.predict(items, executor); })
      return model.predict(items, std::move(executor));
    else
      return model.predict(items);
  }(dataset.images.template cast<typename M::scalar_type>());
  core::check_range("accuracy: class_count", dataset.class_count, 1, outputs.rows());
  return static_cast<double>(detail::count_right(outputs, std::span<const int>(dataset.labels))) /
         static_cast<double>(dataset.count());
}

}  // namespace bitloom::train
