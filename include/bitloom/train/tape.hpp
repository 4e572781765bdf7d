// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

/// Handle of a matrix on a tape. Cheap to copy; good until the tape is cleared.
template <Scalar S>
class Value {
 public:
  Value() = default;

  /// The computed matrix. Stays where it is until the tape is cleared.
  /// @throws Error  the tape was cleared since, or the handle is empty
  [[nodiscard]] const Matrix<S>& value() const { return *node().value; }

  [[nodiscard]] Eigen::Index rows() const { return value().rows(); }
  [[nodiscard]] Eigen::Index columns() const { return value().cols(); }

  /// Derivative of the loss by this matrix, after `backward`; zero where the loss does not depend on it.
  [[nodiscard]] const Matrix<S>& gradient() const { return gradient_sum(); }

  /// True when a parameter is among its ancestors.
  [[nodiscard]] bool needs_gradient() const { return node().needs_gradient; }

  /// Adds a matrix or Eigen expression, evaluated only if the gradient is needed. For backward functions.
  /// @throws ShapeError  the shape is not the value's
  template <class Derived>
  void add_gradient(const Eigen::MatrixBase<Derived>& term) const {
    auto& own = node();
    if (!own.needs_gradient) return;
    detail::check_same_shape("gradient", term, "value", *own.value);
    if (own.touched)
      own.gradient.noalias() += term;
    else
      own.gradient.noalias() = term;
    own.touched = true;
  }

  /// The gradient so far, zeros at first, to add to in place. For backward functions that scatter.
  [[nodiscard]] Matrix<S>& gradient_sum() const {
    auto& own = node();
    if (!own.touched) own.gradient.setZero(own.value->rows(), own.value->cols());
    own.touched = true;
    return own.gradient;
  }

  /// The tape that it lives on.
  [[nodiscard]] Tape<S>& tape() const {
    node();
    return *tape_;
  }

 private:
  friend class Tape<S>;
  Value(Tape<S>& tape, std::size_t index, std::uint64_t generation)
      : tape_(&tape), index_(index), generation_(generation) {}

  typename Tape<S>::Node& node() const {
    if (tape_ == nullptr) throw Error("value: an empty handle belongs to no tape");
    if (generation_ != tape_->generation_) throw Error("value: its tape was cleared after it was recorded");
    return tape_->nodes_[index_];
  }

  Tape<S>* tape_ = nullptr;
  std::size_t index_ = 0;
  std::uint64_t generation_ = 0;
};

/// Records a computation and runs it backwards (reverse-mode differentiation).
///
/// Every operation is a call of `record`; there is no other way to add one. What depends on no parameter costs
/// no gradient and keeps no closure, so a forward pass over constants is inference. The order of all sums is the
/// order of recording, reversed.
template <Scalar S>
class Tape {
 public:
  Tape() = default;
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
  Value<S> record(Matrix<S> value, std::initializer_list<Value<S>> parents, Backward&& backward) {
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

  /// Forgets everything recorded, keeps the gradients' memory for the next step; older handles become invalid.
  void clear() {
    for (std::size_t i = 0; i < count_; ++i) nodes_[i].backward = nullptr;
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

  void check_own(const char* name, const Value<S>& value) {
    if (&value.tape() != this) throw Error(std::string(name) + ": the value is on another tape");
  }

  std::deque<Node> nodes_;  // values hold references into it while it grows
  std::size_t count_ = 0;
  std::uint64_t generation_ = 1;
};

}  // namespace bitloom::train
