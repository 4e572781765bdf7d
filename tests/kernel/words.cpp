// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/words.hpp>

#include <array>
#include <bit>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom::kernel::detail;

static_assert(select(true, 1, 2) == 1 && select(false, 1, 2) == 2);
static_assert(less(0xFFFFFFFF, 0) && !less(0, 0xFFFFFFFF) && !less(5, 5));
static_assert(lesser(0xFFFFFFFE, 1) == 0xFFFFFFFE && greater(0xFFFFFFFE, 1) == 1);
static_assert(multiply(to_word(3.0F), to_word(-0.5F)) == to_word(-1.5F));
static_assert(to_float(0xFFFFFFFF) == to_word(-1.0F));
static_assert(from_word<std::uint8_t>(0x1FF) == 0xFF && from_word<float>(to_word(2.5F)) == 2.5F);

TEST_CASE(
    "a product with a double is rounded to an integer, ties to even, in spite of the errors of both "
    "factors") {
  for (const float scale : {0x1.998p-4F, 0x1.ffep-3F, 0x1.358p+30F, 0x1.552p-70F, 0x1p-130F, 3.0F})
    for (int i = 0; i < 1000; ++i) {
      // scale · (i + 1/2) is a float
      const auto x = static_cast<float>(static_cast<double>(scale) * (i + 0.5));
      CAPTURE(scale);
      CAPTURE(i);
      REQUIRE(multiply_and_round(to_word(x), 1.0 / static_cast<double>(scale)) ==
              static_cast<std::uint32_t>(i + i % 2));
      REQUIRE(multiply_and_round(to_word(x) + 1, 1.0 / static_cast<double>(scale)) ==
              static_cast<std::uint32_t>(i + 1));
      REQUIRE(multiply_and_round(to_word(x) - 1, 1.0 / static_cast<double>(scale)) ==
              static_cast<std::uint32_t>(i));
    }
}

#if defined(__AVX512BW__)
std::array<std::uint32_t, 16> lanes(Words words) {
  std::array<std::uint32_t, 16> result{};
  _mm512_storeu_si512(result.data(), words.v);
  return result;
}
Words vector(const std::array<std::uint32_t, 16>& words) { return _mm512_loadu_si512(words.data()); }

TEST_CASE("a vector of words computes what its words do") {
  bitloom::core::Random random(1);
  const std::array<std::uint32_t, 8> special{0,          0x80000000, 0x7F800000, 0xFF800000,
                                             0x00000001, 0x007FFFFF, 0x7F7FFFFF, 0x3F800000};
  for (int round = 0; round < 2000; ++round) {
    std::array<std::uint32_t, 16> a{}, b{};
    for (auto* side : {&a, &b})
      for (auto& word : *side)
        word = random.bernoulli(0.2) ? special[static_cast<std::size_t>(random.integer(0, 7))]
                                     : static_cast<std::uint32_t>(random());
    const auto agree = [&](auto vectors, auto words) {
      const auto ours = lanes(vectors(vector(a), vector(b)));
      for (std::size_t i = 0; i < 16; ++i) {
        const std::uint32_t expected = words(a[i], b[i]);
        const bool nan = (expected & 0x7FFFFFFF) > 0x7F800000 && (ours[i] & 0x7FFFFFFF) > 0x7F800000;
        if (ours[i] != expected && !nan) return false;
      }
      return true;
    };
    const auto both = [&](auto f) { return agree(f, f); };
    CHECK(both([](auto x, auto y) { return x & y; }));
    CHECK(both([](auto x, auto y) { return x | y; }));
    CHECK(both([](auto x, auto y) { return x ^ y; }));
    CHECK(both([](auto x, auto y) { return x + y; }));
    CHECK(both([](auto x, auto y) { return x - y; }));
    CHECK(both([](auto x, auto) { return x << 7; }));
    CHECK(both([](auto x, auto) { return x >> 7; }));
    CHECK(both([](auto x, auto y) { return lesser(x, y); }));
    CHECK(both([](auto x, auto y) { return greater(x, y); }));
    CHECK(both([](auto x, auto y) { return select(less(x, y), y, x); }));
    CHECK(both([](auto x, auto y) { return select(equal(x, y), y, x); }));
    CHECK(both([](auto x, auto y) { return add(x, y); }));
    CHECK(both([](auto x, auto y) { return subtract(x, y); }));
    CHECK(both([](auto x, auto y) { return multiply(x, y); }));
    CHECK(both([](auto x, auto y) { return divide(x, y); }));
    CHECK(both([](auto x, auto) { return to_float(x); }));
    for (auto& word : a) word = std::bit_cast<std::uint32_t>(static_cast<float>(random.uniform() * 1000));
    CHECK(both([](auto x, auto) { return multiply_and_round(x, 7.7); }));
    std::uint32_t largest = 0;
    for (auto& word : a) largest = greater(largest, word);
    CHECK(largest_word(vector(a)) == largest);
  }
}
#endif

}  // namespace
