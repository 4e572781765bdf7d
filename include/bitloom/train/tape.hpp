// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/executor.hpp>
#include <bitloom/train/parameter.hpp>
#include <bitloom/train/value.hpp>

namespace bitloom::train {

/// Records a computation and runs it backwards (reverse-mode differentiation).
///
/// Every operation is a call of `record`; there is no other way to add one. What depends on no parameter costs
/// no gradient and keeps no closure, so a forward pass over constants is inference. The order of all sums is the
/// order of recording, reversed; inside of operations it depends on shapes alone, so that every executor gives the
/// same bits.
template <Scalar S>
class Tape {
 public:
  /// Operations run on the calling thread.
  Tape() = default;

  /// Operations spread their large loops with the executor, e.g. `core::Threads`.
  explicit Tape(AnyExecutor executor) : executor_(std::move(executor)) {}

  Tape(const Tape&) = delete;  // values point to their tape
  Tape& operator=(const Tape&) = delete;

  /// Data: no gradient.
  Value<S> constant(Matrix<S> value) {
    auto& node = append();
    node.storage = std::move(value);
    return last();
  }

  /// A trained matrix, referred to and not copied: it has to outlive the tape's use and keep its value until
  /// `backward` has run.
  /// @throws ShapeError  its gradient is neither empty nor of the value's shape
  Value<S> parameter(Parameter<S>& parameter) {
    if (parameter.gradient.size() == 0)
      parameter.gradient.setZero(parameter.value.rows(), parameter.value.cols());
    detail::check_same_shape("parameter value", parameter.value, "its gradient", parameter.gradient);
    auto& node = append();
    node.value = &parameter.value;
    node.parameter = &parameter;
    node.needs_gradient = true;
    return last();
  }

  /// A frozen parameter: referred to, no gradient.
  Value<S> parameter(const Parameter<S>& parameter) {
    append().value = &parameter.value;
    return last();
  }

  /// Adds the result of an operation.
  ///
  /// @param value     the result
  /// @param parents   what it was computed from
  /// @param backward  called as `backward(result)` if the loss depends on the result: reads `result.gradient()`
  ///                  and calls `add_gradient` (or `gradient_sum`, if `needs_gradient`) on the parents
  /// @throws Error    a parent is on another tape
  template <std::invocable<Value<S>> Backward>
  Value<S> record(Matrix<S> value, Parents<S> parents, Backward&& backward) {
    bool needs_gradient = false;
    for (const auto& parent : parents) {
      check_own("parent", parent);
      needs_gradient = needs_gradient || parent.needs_gradient();
    }
    auto& node = append();
    node.storage = std::move(value);
    node.needs_gradient = needs_gradient;
    if (needs_gradient) node.backward = std::forward<Backward>(backward);
    return last();
  }

  /// The same for an Eigen expression, which is evaluated into memory that the tape has kept.
  template <class Derived, std::invocable<Value<S>> Backward>
  Value<S> record(const Eigen::MatrixBase<Derived>& value, Parents<S> parents, Backward&& backward) {
    auto result = matrix(value.rows(), value.cols());
    result.noalias() = value;
    return record(std::move(result), parents, std::forward<Backward>(backward));
  }

  /// A matrix for an operation to fill, its elements undefined. Its memory is that of an equally large result from
  /// before the last `clear`, if there is one that is not in use yet.
  [[nodiscard]] Matrix<S> matrix(Eigen::Index rows, Eigen::Index columns) {
    const auto found = std::find_if(spare_.begin(), spare_.end(), [&](const Matrix<S>& spare) {
      return spare.rows() == rows && spare.cols() == columns;
    });
    if (found == spare_.end()) return Matrix<S>(rows, columns);
    Matrix<S> result = std::move(*found);
    *found = std::move(spare_.back());
    spare_.pop_back();
    return result;
  }

  /// Moves a result off the tape; its handle's value is empty from then on. A parameter is copied.
  [[nodiscard]] Matrix<S> take(Value<S> value) {
    check_own("take", value);
    auto& node = nodes_[value.index_];
    if (node.value == &node.storage) return std::move(node.storage);
    return *node.value;
  }

  /// Calls body(0) … body(count - 1) on the tape's executor. Bodies write to places of their own; what they are
  /// must not depend on the number of threads.
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    if (count == 1)  // not worth a start of threads
      body(std::int64_t{0});
    else
      executor_.for_each_index(count, body);
  }

  /// Cuts 0 … extent - 1 into consecutive blocks of `width`, the last one maybe shorter, and calls
  /// `body(begin, count)` for each on the executor.
  template <class Body>
  void for_each_block(Eigen::Index extent, Eigen::Index width, Body&& body) const {
    width = std::max<Eigen::Index>(width, 1);
    for_each_index((extent + width - 1) / width,
                   [&](std::int64_t block) { body(block * width, std::min(width, extent - block * width)); });
  }

  /// Adds the derivative of `loss` by every recorded parameter to the parameter's gradient.
  /// @throws ShapeError  the loss is not 1x1
  /// @throws Error       the loss is on another tape
  void backward(Value<S> loss) {
    check_own("loss", loss);
    if (loss.rows() != 1 || loss.columns() != 1)
      throw ShapeError("loss is " + detail::shape_text(loss.value()) + ", but has to be 1x1");
    for (std::size_t i = 0; i < count_; ++i) nodes_[i].touched = false;
    loss.add_gradient(Matrix<S>::Ones(1, 1));
    for (auto i = loss.index_ + 1; i-- > 0;)
      if (nodes_[i].touched && nodes_[i].backward) nodes_[i].backward(Value<S>(*this, i, generation_));
    for (std::size_t i = 0; i < count_; ++i)
      if (nodes_[i].touched && nodes_[i].parameter != nullptr)
        nodes_[i].parameter->gradient += nodes_[i].gradient;
  }

  /// Forgets everything recorded, keeps the memory of results and gradients for the next step; older handles become
  /// invalid.
  void clear() {
    spare_.clear();
    for (std::size_t i = 0; i < count_; ++i) {
      nodes_[i].backward = nullptr;
      if (nodes_[i].storage.size() > 0) spare_.push_back(std::move(nodes_[i].storage));
      nodes_[i].storage.resize(0, 0);
    }
    count_ = 0;
    ++generation_;
  }

  /// Number of recorded values.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  friend class Value<S>;

  struct Node {
    Matrix<S> storage;
    const Matrix<S>* value = nullptr;  // the storage, or a parameter's value
    Matrix<S> gradient;
    Parameter<S>* parameter = nullptr;
    std::function<void(Value<S>)> backward;
    bool needs_gradient = false;
    bool touched = false;  // the gradient is of the current backward pass
  };

  Node& append() {
    if (count_ == nodes_.size()) nodes_.emplace_back();
    auto& node = nodes_[count_++];
    node.value = &node.storage;
    node.parameter = nullptr;
    node.needs_gradient = false;
    node.touched = false;
    return node;
  }

  Value<S> last() { return Value<S>(*this, count_ - 1, generation_); }

  void check_own(const char* name, const Value<S>& value) const {
    if (&value.tape() != this) throw Error(std::string(name) + ": the value is on another tape");
  }

  AnyExecutor executor_;
  std::vector<Matrix<S>> spare_;  // memory of results from before the last clear
  std::deque<Node> nodes_;        // values hold references into it while it grows
  std::size_t count_ = 0;
  std::uint64_t generation_ = 1;
};

}  // namespace bitloom::train
