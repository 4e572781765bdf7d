// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/bits.hpp>

#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using core::BitVector;

namespace {

template <int Bits>
concept HasBitVector = requires {
  typename BitVector<Bits>;
};
static_assert(HasBitVector<1> && HasBitVector<160> && !HasBitVector<0> && !HasBitVector<-1>);

/// One bool per bit.
struct SlowBits {
  std::vector<bool> bits;

  explicit SlowBits(int count) : bits(static_cast<std::size_t>(count)) {}

  std::uint64_t extract(int offset, int width) const {
    std::uint64_t value = 0;
    for (int i = width - 1; i >= 0; --i)
      value = 2 * value + (bits[static_cast<std::size_t>(offset + i)] ? 1 : 0);
    return value;
  }

  void insert(int offset, int width, std::uint64_t value) {
    for (int i = 0; i < width; ++i, value /= 2) bits[static_cast<std::size_t>(offset + i)] = value % 2 != 0;
  }

  template <int Bits>
  bool same(const BitVector<Bits>& fast) const {
    for (int i = 0; i < Bits; ++i)
      if (fast.test(i) != bits[static_cast<std::size_t>(i)]) return false;
    const auto top = fast.words().back();
    return Bits % 64 == 0 || top >> (Bits % 64) == 0;
  }
};

template <int Bits>
BitVector<Bits> random_bits(core::Random& random) {
  typename BitVector<Bits>::Words words;
  for (auto& word : words) word = random();
  return BitVector<Bits>::from_words(words);
}

}  // namespace

TEST_CASE("a mask has its lowest bits set, for every width") {
  static_assert(core::low_mask(0) == 0);
  static_assert(core::low_mask(64) == ~std::uint64_t{0});
  for (int width = 0; width <= 64; ++width)
    for (int bit = 0; bit < 64; ++bit) REQUIRE(((core::low_mask(width) >> bit) & 1) == (bit < width ? 1 : 0));
}

TEST_CASE("sign extension reads every code of up to ten bits as two's complement") {
  for (int width = 1; width <= 10; ++width)
    for (int value = -(1 << (width - 1)); value < 1 << (width - 1); ++value) {
      const auto code = static_cast<std::uint64_t>(value) & core::low_mask(width);
      REQUIRE(core::sign_extend(code, width) == value);
      REQUIRE(core::sign_extend(code | (std::uint64_t{0x5a5a} << width), width) ==
              value);  // higher bits do not count
    }
  static_assert(core::sign_extend(~std::uint64_t{0}, 64) == -1);
  static_assert(core::sign_extend(std::uint64_t{1} << 63, 64) == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("a rounded-up quotient is the least number of groups that holds all items") {
  for (int items = 0; items <= 70; ++items)
    for (int size = 1; size <= 20; ++size) {
      int groups = 0;
      while (groups * size < items) ++groups;
      REQUIRE(core::ceil_div(items, size) == groups);
    }
  static_assert(core::ceil_div(std::numeric_limits<std::int64_t>::max(), std::int64_t{2}) == std::int64_t{1}
                                                                                                 << 62);
}

TEST_CASE_TEMPLATE("extract equals a loop over single bits at every offset and width", Vector, BitVector<1>,
                   BitVector<40>, BitVector<64>, BitVector<65>, BitVector<160>) {
  core::Random random(1);
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto fast = random_bits<Vector::bits>(random);
    SlowBits slow(Vector::bits);
    for (int i = 0; i < Vector::bits; ++i) slow.insert(i, 1, fast.test(i) ? 1 : 0);
    REQUIRE(slow.same(fast));
    int mismatches = 0;
    for (int offset = 0; offset < Vector::bits; ++offset)
      for (int width = 1; width <= 64 && offset + width <= Vector::bits; ++width)
        mismatches += fast.extract(offset, width) != slow.extract(offset, width) ? 1 : 0;
    REQUIRE(mismatches == 0);
  }
}

TEST_CASE_TEMPLATE("insert changes the named bits and no other at every offset and width", Vector,
                   BitVector<1>, BitVector<40>, BitVector<64>, BitVector<65>, BitVector<160>) {
  core::Random random(2);
  auto fast = random_bits<Vector::bits>(random);
  SlowBits slow(Vector::bits);
  for (int i = 0; i < Vector::bits; ++i) slow.insert(i, 1, fast.test(i) ? 1 : 0);
  int mismatches = 0;
  for (int offset = 0; offset < Vector::bits; ++offset)
    for (int width = 1; width <= 64 && offset + width <= Vector::bits; ++width) {
      const auto value = random();  // bits beyond the width must not leak
      fast.insert(offset, width, value);
      slow.insert(offset, width, value);
      mismatches += slow.same(fast) ? 0 : 1;
    }
  REQUIRE(mismatches == 0);
}

TEST_CASE("bits beyond the width are zero after construction and complement") {
  static_assert(BitVector<5>(0xff).words()[0] == 0x1f);
  static_assert((~BitVector<5>(0x0a)).words()[0] == 0x15);
  static_assert(BitVector<70>::from_words({~std::uint64_t{0}, ~std::uint64_t{0}}).words()[1] == 0x3f);
  static_assert(~BitVector<128>() == BitVector<128>::from_words({~std::uint64_t{0}, ~std::uint64_t{0}}));
  constexpr BitVector<160> zero;
  static_assert((~zero).words()[2] == 0xffffffff);
  CHECK(~~zero == zero);
  CHECK(BitVector<65>(1) != BitVector<65>::from_words({1, 1}));
}

TEST_CASE_TEMPLATE("and, or and exclusive or work on every bit alone", Vector, BitVector<1>, BitVector<40>,
                   BitVector<64>, BitVector<65>, BitVector<160>) {
  core::Random random(4);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto a = random_bits<Vector::bits>(random);
    const auto b = random_bits<Vector::bits>(random);
    int mismatches = 0;
    for (int i = 0; i < Vector::bits; ++i) {
      mismatches += (a & b).test(i) == (a.test(i) && b.test(i)) ? 0 : 1;
      mismatches += (a | b).test(i) == (a.test(i) || b.test(i)) ? 0 : 1;
      mismatches += (a ^ b).test(i) == (a.test(i) != b.test(i)) ? 0 : 1;
    }
    REQUIRE(mismatches == 0);
    REQUIRE((a ^ b ^ b) == a);
    REQUIRE((a & ~a) == Vector());  // nothing beyond the width either
    REQUIRE((a | ~a) == ~Vector());
  }
}

TEST_CASE_TEMPLATE("hexadecimal text has as many digits as the width needs and reads back the same", Vector,
                   BitVector<1>, BitVector<3>, BitVector<4>, BitVector<41>, BitVector<64>, BitVector<65>,
                   BitVector<160>) {
  core::Random random(3);
  for (int repeat = 0; repeat < 100; ++repeat) {
    const auto bits = random_bits<Vector::bits>(random);
    const auto text = bits.to_hex();
    REQUIRE(text.size() == static_cast<std::size_t>((Vector::bits + 3) / 4));
    REQUIRE(Vector::from_hex(text) == bits);
    REQUIRE(Vector::from_hex("000" + text) == bits);  // leading zeros do not count
  }
}

TEST_CASE("hexadecimal text is most significant digit first, in either case of letters") {
  CHECK(BitVector<12>(0x2bc).to_hex() == "2bc");
  CHECK(BitVector<9>(0x1bc).to_hex() == "1bc");
  CHECK(BitVector<72>::from_words({0x0123456789abcdef, 0xf5}).to_hex() == "f50123456789abcdef");
  CHECK(BitVector<12>::from_hex("aBc") == BitVector<12>(0xabc));
  CHECK(BitVector<12>::from_hex("7") == BitVector<12>(7));
}

TEST_CASE("hexadecimal text that is empty, has another character or too many bits is refused") {
  CHECK_THROWS_WITH_AS(BitVector<8>::from_hex(""), "hexadecimal word: it is empty", ParseError);
  CHECK_THROWS_WITH_AS(BitVector<8>::from_hex("1g"), "hexadecimal word '1g': 'g' is not a digit", ParseError);
  CHECK_THROWS_AS(BitVector<8>::from_hex(" 1"), ParseError);
  CHECK_THROWS_AS(BitVector<64>::from_hex("0x1"), ParseError);
  CHECK_THROWS_WITH_AS(BitVector<9>::from_hex("200"), "hexadecimal word '200' has more than 9 bits",
                       ParseError);
  CHECK_NOTHROW(BitVector<9>::from_hex("1ff"));
  CHECK_THROWS_AS(BitVector<64>::from_hex("10000000000000000"), ParseError);
}
