// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/gemm_operand.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using namespace bitloom::kernel;

namespace {

static_assert(GemmOperand<Integers<std::int8_t>> && GemmOperand<Integers<std::uint8_t>>);
static_assert(GemmOperand<WideIntegers> && GemmOperand<PackedIntegers<2>> && GemmOperand<PackedIntegers<4>>);
static_assert(!GemmOperand<int>);
static_assert(GemmWeights<Integers<std::int8_t>> && GemmWeights<PackedIntegers<2>>);
static_assert(!GemmWeights<Integers<std::uint8_t>>);  // 255 would be read as -1
static_assert(Integers<std::int8_t>::is_signed && !Integers<std::uint8_t>::is_signed);

template <class T>
concept HasIntegers = requires {
  typename Integers<T>;
};
static_assert(HasIntegers<std::int8_t> && !HasIntegers<std::int16_t> && !HasIntegers<bool>);

/// The bytes of a row, as signed numbers.
template <GemmOperand M>
std::vector<int> row(const M& matrix, std::int64_t i, std::int64_t first, std::int64_t count) {
  std::vector<std::uint8_t> space(static_cast<std::size_t>(count));
  const auto* bytes = matrix.row(i, first, count, space.data());
  std::vector<int> values;
  for (std::int64_t j = 0; j < count; ++j)
    values.push_back(matrix.is_signed ? static_cast<std::int8_t>(bytes[j]) : bytes[j]);
  return values;
}

TEST_CASE("all operands show the same matrix, from any column on") {
  // [3 × 5] with a stride of 7
  const std::array<std::int8_t, 21> bytes{-2, -1, 0, 1, 1, 9,  9,  1, 0, -1, -2,
                                          0,  9,  9, 0, 1, -1, -2, 1, 9, 9};
  std::array<std::uint8_t, 21> unsigned_bytes{};
  std::array<std::int16_t, 21> wide{};
  std::array<std::uint8_t, 11> nibbles{};
  std::array<std::uint8_t, 7> pairs{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned_bytes[i] = static_cast<std::uint8_t>(bytes[i]);
    wide[i] = bytes[i];
    // the strings begin with one more code
    nibbles[(i + 1) / 2] |= static_cast<std::uint8_t>((bytes[i] & 15) << (i + 1) % 2 * 4);
    pairs[(i + 1) / 4] |= static_cast<std::uint8_t>((bytes[i] & 3) << (i + 1) % 4 * 2);
  }
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t first = 0; first < 5; ++first) {
      const auto count = 5 - first;
      std::vector<int> expected;
      for (std::int64_t j = first; j < 5; ++j) expected.push_back(bytes[static_cast<std::size_t>(i * 7 + j)]);
      CHECK(row(Integers{bytes.data(), 7}, i, first, count) == expected);
      CHECK(row(WideIntegers{wide.data(), 7, true}, i, first, count) == expected);
      CHECK(row(PackedIntegers<4>{nibbles.data(), 7, true, 1}, i, first, count) == expected);
      CHECK(row(PackedIntegers<2>{pairs.data(), 7, true, 1}, i, first, count) == expected);
      for (auto& x : expected) x &= 255;
      CHECK(row(Integers{unsigned_bytes.data(), 7}, i, first, count) == expected);
      for (auto& x : expected) x &= 15;
      CHECK(row(PackedIntegers<4>{nibbles.data(), 7, false, 1}, i, first, count) == expected);
      for (auto& x : expected) x &= 3;
      CHECK(row(PackedIntegers<2>{pairs.data(), 7, false, 1}, i, first, count) == expected);
    }
  const std::array<std::int16_t, 3> large{200, 255, 0};
  CHECK(row(WideIntegers{large.data(), 3, false}, 0, 0, 3) == std::vector<int>{200, 255, 0});
}

}  // namespace
