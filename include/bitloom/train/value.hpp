// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

/// Handle of a matrix on a tape, see `train/tape.hpp`. Cheap to copy; good until the tape is cleared.
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
    if (!own.touched) {  // and write nothing otherwise: threads of a backward function read at the same time
      own.gradient.setZero(own.value->rows(), own.value->cols());
      own.touched = true;
    }
    return own.gradient;
  }

  /// The gradient's memory, for backward functions that fill it part by part.
  struct GradientTarget {
    Matrix<S>& sum;  ///< shape of the value
    bool fresh;      ///< nothing was added yet: the elements are undefined, and every one has to be set
  };

  /// Call once per backward function, and only if the gradient is needed; then set or add to every element.
  [[nodiscard]] GradientTarget gradient_target() const {
    auto& own = node();
    const bool fresh = !own.touched;
    if (fresh) own.gradient.resize(own.value->rows(), own.value->cols());
    own.touched = true;
    return {own.gradient, fresh};
  }

  /// Adds a matrix that is computed in blocks of columns, on the tape's executor, if the gradient is needed.
  ///
  /// @param width  columns of a block; has to depend on shapes alone, see `Tape::for_each_block`
  /// @param term   called as `term(begin, count)`, returns an expression for those columns of what is added
  template <std::invocable<Eigen::Index, Eigen::Index> Term>
  void add_gradient_columns(Eigen::Index width, Term&& term) const {
    if (!needs_gradient()) return;
    const auto target = gradient_target();
    tape_->for_each_block(target.sum.cols(), width, [&](Eigen::Index begin, Eigen::Index count) {
      if (target.fresh)
        target.sum.middleCols(begin, count).noalias() = term(begin, count);
      else
        target.sum.middleCols(begin, count).noalias() += term(begin, count);
    });
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

/// What a result is computed from, for `Tape::record`: a list in braces, or a span.
template <Scalar S>
class Parents {
 public:
  Parents(std::initializer_list<Value<S>> values) : values_(values.begin(), values.size()) {}  // implicit
  Parents(std::span<const Value<S>> values) : values_(values) {}                               // implicit

  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }

 private:
  std::span<const Value<S>> values_;
};

}  // namespace bitloom::train
