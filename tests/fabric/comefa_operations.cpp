// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/comefa_operations.hpp>

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

#include "comefa_columns.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric::comefa;
using fabric::comefa::test::Columns;
using fabric::comefa::test::for_each_pair;

constexpr std::uint64_t mask(int bits) { return core::low_mask(bits); }

TEST_CASE("sums, differences and their carries are right for every pair of numbers") {
  for (const int n : {1, 2, 3, 4, 5, 8}) {
    CAPTURE(n);
    const Field a{0, n}, b{10, n}, to{20, n + 1};
    for_each_pair(n, n, [&](Columns& columns) {
      columns.put(a, columns.first);
      columns.put(b, columns.second);
      REQUIRE(columns.run([&](auto& emit) { add(emit, a, b, to); }) == add_cycles(n));
      columns.check(to, [](auto x, auto y) { return x + y; });
      REQUIRE(columns.run([&](auto& emit) { subtract(emit, a, b, to); }) == subtract_cycles(n));
      columns.check(to, [&](auto x, auto y) { return (x - y) & mask(n + 1); });  // bit n is the borrow
      columns.check(a, [](auto x, auto) { return x; });
      columns.check(b, [](auto, auto y) { return y; });
      // in place
      columns.run([&](auto& emit) { add(emit, a, b, {0, n + 1}); });
      columns.check({0, n + 1}, [](auto x, auto y) { return x + y; });
      columns.put(a, columns.first);
      columns.run([&](auto& emit) { subtract(emit, a, b, {0, n + 1}); });
      columns.check({0, n + 1}, [&](auto x, auto y) { return (x - y) & mask(n + 1); });
    });
  }
}

TEST_CASE("a constant is added to every number") {
  for (const int n : {1, 2, 3, 4, 8})
    for (std::uint64_t k = 0; k <= mask(n); ++k) {
      Columns columns;
      const Field a{0, n}, to{20, n + 1};
      columns.first.resize(160);
      for (std::size_t c = 0; c < 160; ++c) columns.first[c] = (c * 7) & mask(n);
      columns.second = columns.first;
      columns.put(a, columns.first);
      REQUIRE(columns.run([&](auto& emit) { add_constant(emit, a, k, to); }) == add_cycles(n));
      columns.check(to, [&](auto x, auto) { return x + k; });
    }
}

TEST_CASE("all sixteen functions of two bits work row by row, on stored and on broadcast operands") {
  const Field a{0, 3}, b{10, 3}, to{20, 3};
  for (int table = 0; table < 16; ++table)
    for_each_pair(3, 3, [&](Columns& columns) {
      const auto expected = [&](std::uint64_t x, std::uint64_t y) {
        std::uint64_t result = 0;
        for (int i = 0; i < 3; ++i)
          result |= static_cast<std::uint64_t>(table >> (2 * (y >> i & 1) + (x >> i & 1)) & 1) << i;
        return result;
      };
      columns.put(a, columns.first);
      columns.put(b, columns.second);
      REQUIRE(columns.run([&](auto& emit) { logical(emit, table, a, b, to); }) == logical_cycles(3));
      columns.check(to, expected);
      columns.run([&](auto& emit) { logical_constant(emit, table, a, 0b101, to); });
      columns.check(to, [&](auto x, auto) { return expected(x, 0b101); });
      columns.run([&](auto& emit) { clear(emit, to); });
      columns.check(to, [](auto, auto) { return std::uint64_t{0}; });
    });
}

TEST_CASE("accumulating adds modulo the width of the sum, and the first time copies") {
  for (const int bits : {2, 3, 4})
    for (const int sum_bits : {4, 6, 8}) {
      const Field a{0, bits}, sum{20, sum_bits};
      for_each_pair(bits, sum_bits, [&](Columns& columns) {
        columns.put(a, columns.first);
        columns.put(sum, columns.second);
        REQUIRE(columns.run([&](auto& emit) { accumulate(emit, a, sum, false); }) ==
                accumulate_cycles(sum_bits));
        columns.check(sum, [&](auto x, auto y) { return (x + y) & mask(sum_bits); });
        REQUIRE(columns.run([&](auto& emit) { accumulate(emit, a, sum, true); }) ==
                accumulate_cycles(sum_bits));
        columns.check(sum, [](auto x, auto) { return x; });
      });
    }
}

TEST_CASE("rows move by a column, also in place") {
  core::Random random(3);
  Columns columns;
  const Field a{0, 5}, to{20, 5};
  columns.first.resize(160);
  for (auto& x : columns.first) x = random() & mask(5);
  columns.put(a, columns.first);
  for (const auto& field : {to, a}) {
    columns.put(a, columns.first);
    REQUIRE(columns.run([&](auto& emit) { shift(emit, Write::FromLower, a, field); }) == shift_cycles(5));
    REQUIRE(columns.value(field, 0) == 0);
    for (std::size_t c = 1; c < 160; ++c) REQUIRE(columns.value(field, c) == columns.first[c - 1]);
    columns.put(a, columns.first);
    columns.run([&](auto& emit) { shift(emit, Write::FromHigher, a, field); });
    REQUIRE(columns.value(field, 159) == 0);
    for (std::size_t c = 0; c < 159; ++c) REQUIRE(columns.value(field, c) == columns.first[c + 1]);
  }
  CHECK_THROWS_AS(columns.run([&](auto& emit) { shift(emit, Write::Carry, a, to); }), RangeError);
}

TEST_CASE("a reduction leaves in each column the sum of its neighbours") {
  core::Random random(4);
  for (const int bits : {1, 3, 8})
    for (int levels = 1; levels <= 7; ++levels) {
      CAPTURE(bits);
      CAPTURE(levels);
      Columns columns;
      const Field a{0, bits + levels}, spare{40, bits + levels - 1};
      columns.first.resize(160);
      for (auto& x : columns.first) x = random() & mask(bits);
      columns.put({0, bits}, columns.first);
      REQUIRE(columns.run([&](auto& emit) { reduce(emit, bits, levels, a, spare); }) ==
              reduce_cycles(bits, levels));
      for (std::size_t c = 0; c < 160; ++c) {
        std::uint64_t sum = 0;
        for (std::size_t i = c; i < c + (std::size_t{1} << levels) && i < 160; ++i) sum += columns.first[i];
        REQUIRE(columns.value(a, c) == sum);
      }
    }
}

TEST_CASE("latches are clear after a reset, whatever they were") {
  Columns columns;
  columns.array->set_latches(~Array::RowVector(), ~Array::RowVector());
  CHECK(columns.run([](auto& emit) { reset(emit); }) == 1);
  CHECK(columns.array->carry() == Array::RowVector());
  CHECK(columns.array->mask() == Array::RowVector());
}

TEST_CASE("fields of the wrong width are refused before an instruction is sent") {
  int sent = 0;
  const auto emit = [&](const Instruction&) { ++sent; };
  const Field a{0, 4}, b{10, 3};
  CHECK_THROWS_WITH_AS(add(emit, a, b, {20, 5}), "bits of b is 3, but a is 4", ShapeError);
  CHECK_THROWS_AS(add(emit, a, a, {20, 4}), ShapeError);
  CHECK_THROWS_AS(add_constant(emit, a, 1, {20, 4}), ShapeError);
  CHECK_THROWS_AS(subtract(emit, a, a, {20, 4}), ShapeError);
  CHECK_THROWS_AS(logical(emit, 0, a, a, b), ShapeError);
  CHECK_THROWS_AS(shift(emit, Write::FromLower, a, b), ShapeError);
  CHECK_THROWS_AS(accumulate(emit, a, b, false), RangeError);
  CHECK_THROWS_AS(reduce(emit, 3, 8, a, b), RangeError);
  CHECK_THROWS_AS(reduce(emit, 4, 1, a, b), ShapeError);
  CHECK(sent == 0);
}

}  // namespace
