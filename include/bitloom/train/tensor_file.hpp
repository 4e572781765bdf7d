// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

namespace detail {

template <class S>
using RowMajor = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace detail

/// The numbers of a tensor in a file, of one of the types that files may have.
using TensorValues =
    std::variant<std::vector<double>, std::vector<float>, std::vector<std::int64_t>,
                 std::vector<std::uint64_t>, std::vector<std::int32_t>, std::vector<std::uint32_t>,
                 std::vector<std::int16_t>, std::vector<std::uint16_t>, std::vector<std::int8_t>,
                 std::vector<std::uint8_t>>;

/// A named array of numbers as it is kept in a file.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;  ///< extents, the last axis varies fastest; without axes it is one number
  TensorValues values;

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// What a file of tensors holds: the tensors, with distinct names, and texts about them.
struct TensorFile {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// The tensor of that name; null if there is none.
  [[nodiscard]] const Tensor* find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }

  friend bool operator==(const TensorFile&, const TensorFile&) = default;
};

/// Name of a type of numbers: a letter (F, I or U) and its bits, e.g. `F32`.
template <class T>
  requires std::constructible_from<TensorValues, std::vector<T>>
[[nodiscard]] std::string number_type() {
  const char letter = std::floating_point<T> ? 'F' : std::signed_integral<T> ? 'I' : 'U';
  return letter + std::to_string(8 * sizeof(T));
}

/// For messages, e.g. `F32 16x9`.
[[nodiscard]] inline std::string describe(const Tensor& tensor) {
  std::string text =
      std::visit([]<class T>(const std::vector<T>&) { return number_type<T>(); }, tensor.values);
  for (std::size_t i = 0; i < tensor.shape.size(); ++i)
    text += (i == 0 ? " " : "x") + std::to_string(tensor.shape[i]);
  return text;
}

/// The numbers of a shape: 1 without axes, 0 if an extent is.
/// @throws ShapeError  an extent is negative, or the product needs more than 63 bits
[[nodiscard]] inline std::int64_t element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool none = false;
  for (const auto extent : shape) {
    if (extent < 0) throw ShapeError("tensor extent " + std::to_string(extent) + " has to be at least 0");
    none = none || extent == 0;
    if (extent > 0) count = core::checked_product("tensor elements", {count, extent});
  }
  return none ? 0 : count;
}

/// A tensor of one axis.
template <class T>
[[nodiscard]] Tensor to_tensor(std::string name, std::vector<T> values) {
  return {std::move(name), {std::ssize(values)}, std::move(values)};
}

/// A matrix [rows × columns] row by row; one of a single column becomes a tensor of one axis.
template <std::floating_point S>
[[nodiscard]] Tensor to_tensor(std::string name, const Matrix<S>& matrix) {
  std::vector<S> values(static_cast<std::size_t>(matrix.size()));
  Eigen::Map<detail::RowMajor<S>>(values.data(), matrix.rows(), matrix.cols()) = matrix;
  std::vector<std::int64_t> shape{matrix.rows()};
  if (matrix.cols() != 1) shape.push_back(matrix.cols());
  return {std::move(name), std::move(shape), std::move(values)};
}

/// The numbers of a tensor.
/// @throws ParseError  there is no such tensor, or its numbers have another type
template <class T>
[[nodiscard]] const std::vector<T>& numbers(const TensorFile& file, const std::string& name) {
  const auto* tensor = file.find(name);
  if (tensor == nullptr) throw ParseError("the tensor " + name + " is missing");
  const auto* values = std::get_if<std::vector<T>>(&tensor->values);
  if (values == nullptr)
    throw ParseError("the tensor " + name + " is " + describe(*tensor) + ", but its numbers have to be " +
                     number_type<T>());
  return *values;
}

/// The tensor as a matrix: its first axis are the rows, the others, row by row, the columns. So a convolution's weight
/// may have four axes.
/// @throws ParseError  there is no such tensor, or it is not `rows` × `columns` numbers of type S
template <std::floating_point S>
[[nodiscard]] Matrix<S> to_matrix(const TensorFile& file, const std::string& name, Eigen::Index rows,
                                  Eigen::Index columns) {
  const auto& values = numbers<S>(file, name);
  const auto& tensor = *file.find(name);
  if ((tensor.shape.empty() ? 1 : tensor.shape.front()) != rows || std::ssize(values) != rows * columns)
    throw ParseError("the tensor " + name + " is " + describe(tensor) + ", but has to be " +
                     std::to_string(rows) + 'x' + std::to_string(columns));
  return Eigen::Map<const detail::RowMajor<S>>(values.data(), rows, columns);
}

}  // namespace bitloom::train
