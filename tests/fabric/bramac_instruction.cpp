// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_instruction.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class Variant>
Instruction random_instruction(core::Random& random) {
  const auto number = [&](int high) { return static_cast<int>(random.integer(0, high)); };
  return {.precision = 2 << number(2),
          .signed_inputs = random.bernoulli(0.5),
          .reset = random.bernoulli(0.5),
          .start = random.bernoulli(0.5),
          .copy = random.bernoulli(0.5),
          .done = random.bernoulli(0.5),
          .row1 = number(127),
          .row2 = Variant::arrays == 1 ? number(127) : 0,
          .column = number(3),
          .input1 = static_cast<std::uint8_t>(number(255)),
          .input2 = static_cast<std::uint8_t>(number(255))};
}

TEST_CASE_TEMPLATE("decoding an encoded instruction gives it back, and the word has 40 bits", Variant,
                   TwoSync, OneDoublePumped) {
  core::Random random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto instruction = random_instruction<Variant>(random);
    const auto word = encode<Variant>(instruction);
    REQUIRE(word < std::uint64_t{1} << 40);
    REQUIRE(decode<Variant>(word) == instruction);
  }
}

TEST_CASE("the fields of an instruction lie where the controller looks for them") {
  CHECK(encode<TwoSync>({.precision = 2}) == 0x1);
  CHECK(encode<TwoSync>({.precision = 8, .signed_inputs = true}) == 0x7);
  CHECK(encode<TwoSync>({.precision = 4, .reset = true, .copy = true}) == 0x2A);
  CHECK(encode<TwoSync>({.precision = 4, .start = true, .done = true}) == 0x52);
  CHECK(encode<TwoSync>({.precision = 4, .row1 = 127, .column = 3, .input1 = 0xA5, .input2 = 0x5A}) ==
        0x5AA5FF82);
  CHECK(encode<OneDoublePumped>({.precision = 4, .row1 = 1, .row2 = 1, .column = 1}) ==
        (0x2 | 1 << 7 | 1 << 14 | 1 << 21));
  CHECK(encode<OneDoublePumped>({.precision = 4, .input1 = 1, .input2 = 1}) ==
        (0x2ULL | 1ULL << 23 | 1ULL << 31));
}

TEST_CASE("activations sit in the top bits of their byte") {
  CHECK(justify(3, 2, false) == 0xC0);
  CHECK(justify(-1, 2, true) == 0xC0);
  CHECK(justify(-8, 4, true) == 0x80);
  CHECK(justify(7, 4, true) == 0x70);
  CHECK(justify(255, 8, false) == 0xFF);
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true}) {
      const int low = is_signed ? -(1 << (bits - 1)) : 0;
      const int high = (1 << (is_signed ? bits - 1 : bits)) - 1;
      CHECK_THROWS_AS(static_cast<void>(justify(low - 1, bits, is_signed)), RangeError);
      CHECK_THROWS_AS(static_cast<void>(justify(high + 1, bits, is_signed)), RangeError);
    }
}

TEST_CASE("fields that the block lacks are refused") {
  CHECK_THROWS_AS(static_cast<void>(encode<TwoSync>({.precision = 3})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode<TwoSync>({.row1 = 128})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode<TwoSync>({.row2 = 1})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode<OneDoublePumped>({.column = 4})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(decode<TwoSync>(0)), RangeError);
  CHECK_THROWS_WITH(static_cast<void>(precision_code(3)), "precision: 3 bits; BRAMAC has 2, 4 and 8");
}

}  // namespace
