// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/granularity.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/type_list.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

static_assert(Granularity<PerTensor> && Granularity<PerChannel> && Granularity<PerAxis<-1>> &&
              Granularity<PerToken> && Granularity<GroupsOf> && Granularity<PerGroup<4>> &&
              !Granularity<int>);
static_assert(std::is_empty_v<PerAxis<2>> && std::is_empty_v<PerGroup<8>>);
static_assert(!std::is_default_constructible_v<GroupsOf> && !std::is_convertible_v<std::int64_t, GroupsOf>);

template <int Length>
concept HasPerGroup = requires {
  typename PerGroup<Length>;
};
static_assert(HasPerGroup<1> && !HasPerGroup<0> && !HasPerGroup<-4>);

/// All shapes of up to four axes with extents 0..3, and two longer ones.
std::vector<Shape> shapes() {
  std::vector<Shape> result{{}, {7}, {2, 11}, {2, 3, 10}};
  for (std::size_t rank = 1; rank <= 4; ++rank)
    for (int code = 0; code < 1 << (2 * rank); ++code) {
      Shape shape;
      for (std::size_t a = 0; a < rank; ++a) shape.push_back((code >> (2 * a)) & 3);
      result.push_back(shape);
    }
  return result;
}

/// Coordinates of element `index`, outermost first.
std::vector<std::int64_t> coordinates(std::int64_t index, const Shape& shape) {
  std::vector<std::int64_t> result(shape.size());
  for (std::size_t a = shape.size(); a-- > 0;) {
    result[a] = index % shape[a];
    index /= shape[a];
  }
  return result;
}

/// Groups cover a tensor as `expected(coordinates)` says, by element, by run and by group.
template <class Expected>
bool groups_are(const Groups& groups, const Shape& shape, std::int64_t count, Expected&& expected) {
  const auto size = element_count(shape);
  if (groups.count() != count || groups.size() != size) return false;
  std::vector<float> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0.0F);
  std::vector<std::vector<float>> members(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < size; ++i) {
    const auto group = expected(coordinates(i, shape));
    if (groups.group(i) != group) return false;
    members[static_cast<std::size_t>(group)].push_back(static_cast<float>(i));
  }
  std::int64_t next = 0;
  bool same = true;
  groups.for_each_run([&](std::int64_t group, std::int64_t first, std::int64_t length) {
    same = same && first == next && group < count;
    for (auto i = first; i < first + length; ++i) same = same && groups.group(i) == group;
    next = first + length;
  });
  std::vector<float> buffer;
  for (std::int64_t g = 0; g < count; ++g) {
    const auto found = groups.collect(values, g, buffer);
    same = same && std::ranges::equal(found, members[static_cast<std::size_t>(g)]);
  }
  return same && next == size;
}

}  // namespace

TEST_CASE("a tensor of any shape is one group, an empty one too") {
  for (const auto& shape : shapes()) {
    CAPTURE(shape.size());
    CHECK(groups_are(PerTensor::groups(shape), shape, 1, [](const auto&) { return 0; }));
  }
}

TEST_CASE(
    "every index of an axis is a group, whatever the other indices are, for every axis of every small "
    "shape") {
  using Axes = std::integer_sequence<int, 0, 1, 2, 3, -1, -2, -3, -4>;
  int checked = 0;
  [&]<int... Axis>(std::integer_sequence<int, Axis...>) {
    const auto check = [&]<int A>(std::integral_constant<int, A>, const Shape& shape) {
      const auto axis = A < 0 ? std::ssize(shape) + A : std::ptrdiff_t{A};
      if (axis < 0 || axis >= std::ssize(shape)) {
        CHECK_THROWS_AS(PerAxis<A>::groups(shape), ShapeError);
        return;
      }
      const auto a = static_cast<std::size_t>(axis);
      CHECK(groups_are(PerAxis<A>::groups(shape), shape, shape[a], [&](const auto& c) { return c[a]; }));
      ++checked;
    };
    for (const auto& shape : shapes()) (check(std::integral_constant<int, Axis>{}, shape), ...);
  }
  (Axes{});
  CHECK(checked == 2 * (4 + 2 * 16 + 3 * 64 + 4 * 256 + 1 + 2 + 3));
  CHECK_THROWS_WITH_AS(PerAxis<2>::groups({3, 4}), "granularity: axis 2 of a tensor with 2 axes", ShapeError);
  CHECK_THROWS_WITH_AS(PerChannel::groups({}), "granularity: axis 0 of a tensor with 0 axes", ShapeError);
}

TEST_CASE("every row along the innermost axis is a group of its own") {
  for (const auto& shape : shapes()) {
    if (shape.empty()) continue;
    Shape outer(shape.begin(), shape.end() - 1);
    CHECK(groups_are(PerToken::groups(shape), shape, element_count(outer), [&](const auto& c) {
      std::int64_t row = 0;
      for (std::size_t a = 0; a < outer.size(); ++a) row = row * outer[a] + c[a];
      return row;
    }));
  }
  CHECK_THROWS_AS(PerToken::groups({}), ShapeError);
}

TEST_CASE("groups run along a row, the last of a row may be short, and none goes over two rows") {
  for (const auto& shape : shapes()) {
    if (shape.empty()) continue;
    for (const std::int64_t length : {1, 2, 3, 4, 8, 100}) {
      const auto row = shape.back();
      const auto per_row = (row + length - 1) / length;
      const Shape outer(shape.begin(), shape.end() - 1);
      CHECK(groups_are(GroupsOf(length).groups(shape), shape, element_count(outer) * per_row,
                       [&](const auto& c) {
                         std::int64_t index = 0;
                         for (std::size_t a = 0; a < outer.size(); ++a) index = index * outer[a] + c[a];
                         return index * per_row + c.back() / length;
                       }));
    }
    CHECK(PerGroup<3>::groups(shape) == GroupsOf(3).groups(shape));
  }
  CHECK(GroupsOf(INT64_MAX).groups({2, 5}).count() == 2);
  CHECK_THROWS_WITH_AS(GroupsOf(0), "group length: 0 has to be at least 1", ShapeError);
  CHECK_THROWS_AS(GroupsOf(-1), ShapeError);
  CHECK_THROWS_AS(GroupsOf(4).groups({}), ShapeError);
}

TEST_CASE("impossible shapes are refused") {
  const Shape negative{2, -1};
  const Shape huge{std::int64_t{1} << 40, std::int64_t{1} << 40};
  for (const auto& shape : {negative, huge}) {
    CHECK_THROWS_AS(PerTensor::groups(shape), ShapeError);
    CHECK_THROWS_AS(PerChannel::groups(shape), ShapeError);
    CHECK_THROWS_AS(PerToken::groups(shape), ShapeError);
    CHECK_THROWS_AS(GroupsOf(2).groups(shape), ShapeError);
  }
}
