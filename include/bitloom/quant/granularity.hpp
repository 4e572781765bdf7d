// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

/// Which elements of a row-major tensor share a scale.
///
/// The tensor is seen as [blocks × extent × inner]. The middle axis is cut into groups of `length` neighbours, of which
/// the last may be shorter; the blocks have groups of their own, or share them.
struct Groups {
  std::int64_t blocks = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
  std::int64_t length = 1;  ///< at least 1
  bool shared = false;

  friend constexpr bool operator==(const Groups&, const Groups&) = default;

  /// Number of elements.
  [[nodiscard]] constexpr std::int64_t size() const noexcept { return blocks * extent * inner; }

  /// Number of groups, some of which may be empty.
  [[nodiscard]] constexpr std::int64_t count() const noexcept { return (shared ? 1 : blocks) * pieces(); }

  /// The group of an element, 0 <= index < size().
  [[nodiscard]] constexpr std::int64_t group(std::int64_t index) const noexcept {
    const auto step = index / inner;
    return (shared ? 0 : step / extent * pieces()) + step % extent / length;
  }

  /// Calls visit(group, index of its first element, number of elements) for neighbours of one group, in order.
  template <class Visit>
  constexpr void for_each_run(Visit&& visit) const {
    std::int64_t first = 0;
    for (std::int64_t block = 0; block < blocks; ++block)
      for (std::int64_t piece = 0; piece < pieces(); ++piece) {
        const auto size = run_size(piece);
        visit((shared ? 0 : block * pieces()) + piece, first, size);
        first += size;
      }
  }

  /// The elements of one group, in order; `buffer` holds them where they are no neighbours.
  [[nodiscard]] std::span<const float> collect(std::span<const float> values, std::int64_t group,
                                               std::vector<float>& buffer) const {
    const auto piece = group % pieces();
    const auto run = [&](std::int64_t block) {
      const auto first = (block * extent + piece * length) * inner;
      return values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(run_size(piece)));
    };
    if (!shared) return run(group / pieces());
    if (blocks == 1) return run(0);
    buffer.clear();
    for (std::int64_t block = 0; block < blocks; ++block) {
      const auto part = run(block);
      buffer.insert(buffer.end(), part.begin(), part.end());
    }
    return buffer;
  }

 private:
  /// Groups of one block.
  [[nodiscard]] constexpr std::int64_t pieces() const noexcept { return core::ceil_div(extent, length); }

  [[nodiscard]] constexpr std::int64_t run_size(std::int64_t piece) const noexcept {
    return std::min(length, extent - piece * length) * inner;
  }
};

template <class G>
concept Granularity = requires(const G& granularity, const Shape& shape) {
  // the groups of a tensor of that shape; they cover it
  { granularity.groups(shape) } -> std::same_as<Groups>;
};

/// One scale for the whole tensor.
struct PerTensor {
  static Groups groups(const Shape& shape) { return {.inner = element_count(shape)}; }
};

/// One scale for each index of an axis, whatever the other indices are. Negative axes count from the innermost, -1.
template <int Axis>
struct PerAxis {
  /// @throws ShapeError  the tensor has no such axis
  static Groups groups(const Shape& shape) {
    static_cast<void>(element_count(shape));  // rejects impossible shapes
    const auto axis = Axis < 0 ? std::ssize(shape) + Axis : std::ptrdiff_t{Axis};
    if (axis < 0 || axis >= std::ssize(shape))
      throw ShapeError("granularity: axis " + std::to_string(Axis) + " of a tensor with " +
                       std::to_string(shape.size()) + " axes");
    Groups result{.shared = true};
    for (std::ptrdiff_t a = 0; a < std::ssize(shape); ++a) {
      auto& extent = a < axis ? result.blocks : a > axis ? result.inner : result.extent;
      extent *= shape[static_cast<std::size_t>(a)];
    }
    return result;
  }
};

/// One scale for each index of the outermost axis: the output channel of a weight tensor.
using PerChannel = PerAxis<0>;

/// One scale for each row along the innermost axis: a token of an activation tensor [batch × tokens × features].
struct PerToken {
  /// @throws ShapeError  the tensor has no axis
  static Groups groups(const Shape& shape) {
    auto result = PerAxis<-1>::groups(shape);
    return {.blocks = result.blocks, .inner = result.extent};
  }
};

/// One scale for every `length` neighbours along the innermost axis; the last group of a row may be shorter.
class GroupsOf {
 public:
  /// @throws ShapeError  `length` is below 1
  constexpr explicit GroupsOf(std::int64_t length) : length_(length) {
    core::check_positive("group length", length);
  }

  /// @throws ShapeError  the tensor has no axis
  Groups groups(const Shape& shape) const {
    auto result = PerAxis<-1>::groups(shape);
    result.length = length_;
    result.shared = false;
    return result;
  }

 private:
  std::int64_t length_;
};

/// GroupsOf with a length that is known at compile time.
template <int Length>
  requires(Length >= 1)
struct PerGroup {
  /// @throws ShapeError  the tensor has no axis
  static Groups groups(const Shape& shape) { return GroupsOf(Length).groups(shape); }
};

}  // namespace bitloom::quant
