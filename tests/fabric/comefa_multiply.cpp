// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/comefa_multiply.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

#include "comefa_columns.hpp"
#include "support/reference_table.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric::comefa;
using fabric::comefa::test::Columns;
using fabric::comefa::test::for_each_pair;

TEST_CASE("the product of two stored numbers is right for every pair") {
  for (int n = 1; n <= 8; ++n)
    for (int m = 1; m <= 8; ++m) {
      if (n + m > 10 && n + m != 16) continue;
      CAPTURE(n);
      CAPTURE(m);
      const Field a{0, n}, b{10, m}, product{20, n + m};
      for_each_pair(n, m, [&](Columns& columns) {
        columns.put(a, columns.first);
        columns.put(b, columns.second);
        columns.run([&](auto& emit) { clear(emit, {20, n}); });  // the lowest rows have to be clear
        REQUIRE(columns.run([&](auto& emit) { multiply(emit, a, b, product); }) == multiply_cycles(n, m));
        columns.check(product, [](auto x, auto y) { return x * y; });
        columns.put(product, std::vector<std::uint64_t>(160, ~std::uint64_t{0}));
        REQUIRE(columns.run([&](auto& emit) { multiply_by(emit, a, Factor::stored(b), product); }) ==
                multiply_by_cycles(n, m));
        columns.check(product, [](auto x, auto y) { return x * y; });
      });
    }
}

TEST_CASE("products with a number for all columns are right for every pair") {
  for (const int n : {1, 2, 3, 4, 8})
    for (const int m : {1, 2, 3, 4, 8}) {
      if (n + m > 12) continue;
      CAPTURE(n);
      CAPTURE(m);
      const Field a{0, n}, product{20, n + m};
      for (std::uint64_t k = 0; k <= core::low_mask(m); ++k)
        for_each_pair(n, 0, [&](Columns& columns) {
          columns.put(a, columns.first);
          REQUIRE(columns.run([&](auto& emit) { multiply_by(emit, a, Factor::broadcast(k, m), product); }) ==
                  multiply_by_cycles(n, m));
          columns.check(product, [&](auto x, auto) { return x * k; });
          columns.put(product, std::vector<std::uint64_t>(160, ~std::uint64_t{0}));
          REQUIRE(columns.run([&](auto& emit) { multiply_constant(emit, a, m, k, product); }) ==
                  multiply_constant_cycles(n, m, k));
          columns.check(product, [&](auto x, auto) { return x * k; });
          columns.check(a, [](auto x, auto) { return x; });
        });
    }
}

TEST_CASE("random products of 8 and 16 bits with a number for all columns are right") {
  core::Random random(1);
  for (const int n : {8, 16})
    for (int i = 0; i < 40; ++i) {
      Columns columns;
      const Field a{0, n}, product{40, 2 * n};
      const auto k = random() & core::low_mask(n);
      for (int c = 0; c < 160; ++c) columns.first.push_back(random() & core::low_mask(n));
      columns.second = columns.first;
      columns.put(a, columns.first);
      columns.run([&](auto& emit) { multiply_by(emit, a, Factor::broadcast(k, n), product); });
      columns.check(product, [&](auto x, auto) { return x * k; });
      columns.run([&](auto& emit) { multiply_constant(emit, a, n, k, product); });
      columns.check(product, [&](auto x, auto) { return x * k; });
    }
}

TEST_CASE("a product takes n^2 + 3n - 2 cycles, and one more with the released schedule") {
  for (int n = 1; n <= 16; ++n) {
    CHECK(multiply_by_cycles(n, n) == n * n + 3 * n - 2);
    CHECK(multiply_cycles(n, n) == n * n + 3 * n - 1);
  }
}

TEST_CASE("operations take the cycles that were measured on the open RTL") {
  const auto file = bitloom::test::reference_table("bramac/comefa_op_cycles.csv");
  if (!file) return;
  int measured = 0;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    const auto& op = file->text(i, "op");
    const int n = file->integer(i, "n", 1, 16);
    CAPTURE(file->where(i));
    Columns columns;
    const Field a{0, n}, b{20, n}, to{40, 2 * n};
    const Field sum{40, n + 1};
    const auto cycles = file->integer(i, "execute_cycles");
    if (op == "ADD (also ADD_CONST)") {
      CHECK(columns.run([&](auto& emit) { add(emit, a, b, sum); }) == cycles);
      CHECK(columns.run([&](auto& emit) { add_constant(emit, a, 1, sum); }) == cycles);
    } else if (op == "MUL") {
      CHECK(columns.run([&](auto& emit) { multiply(emit, a, b, to); }) == cycles);
    } else {
      CHECK(op == "MUL_CONST");
      const auto k = static_cast<std::uint64_t>(file->integer(i, "constant"));
      CHECK(columns.run([&](auto& emit) { multiply_constant(emit, a, n, k, to); }) == cycles);
    }
    ++measured;
  }
  CHECK(measured == 16);
}

TEST_CASE("products of the wrong width are refused") {
  int sent = 0;
  const auto emit = [&](const Instruction&) { ++sent; };
  CHECK_THROWS_WITH_AS(multiply(emit, {0, 4}, {10, 4}, {20, 7}),
                       "bits of product is 7, but those of a and b is 8", ShapeError);
  CHECK_THROWS_AS(multiply_by(emit, {0, 4}, Factor::broadcast(1, 3), {20, 8}), ShapeError);
  CHECK_THROWS_AS(multiply_constant(emit, {0, 4}, 3, 1, {20, 8}), ShapeError);
  CHECK(sent == 0);
}

}  // namespace
