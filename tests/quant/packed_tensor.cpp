// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/packed_tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>

using namespace bitloom;
using format::Int;
using format::Unsigned;
using quant::PackedTensor;
using quant::Shape;

namespace {

template <class F>
concept HasPackedTensor = requires {
  typename PackedTensor<F>;
};
static_assert(HasPackedTensor<Int<1>> && HasPackedTensor<Int<32, Unsigned>> && !HasPackedTensor<int>);

template <class Tensor>
concept HasIntegers = requires(const Tensor& tensor) {
  tensor.integers();
};
static_assert(HasIntegers<PackedTensor<Int<16>>> && HasIntegers<PackedTensor<Int<15, Unsigned>>>);
static_assert(!HasIntegers<PackedTensor<Int<17>>> && !HasIntegers<PackedTensor<Int<16, Unsigned>>>);

static_assert(std::is_nothrow_move_constructible_v<PackedTensor<Int<4>>>);
static_assert(noexcept(std::declval<const PackedTensor<Int<4>>&>().size()) && noexcept(
    std::declval<const PackedTensor<Int<4>>&>().bytes()));

/// Calls visit(std::type_identity<Int<Bits, S>>{}) for 1..16 bits, signed and unsigned, and for 32.
template <class Visit>
void every_format(Visit visit) {
  [&]<int... N>(std::integer_sequence<int, N...>) {
    (visit(std::type_identity<Int<N + 1>>{}), ...);
    (visit(std::type_identity<Int<N + 1, Unsigned>>{}), ...);
  }
  (std::make_integer_sequence<int, 16>{});
  visit(std::type_identity<Int<32>>{});
}

/// The definition: a string of bits, code after code, cut into bytes.
std::vector<std::uint8_t> slow_bytes(const std::vector<std::uint32_t>& codes, int bits) {
  std::vector<bool> string;
  for (const auto code : codes)
    for (int bit = 0; bit < bits; ++bit) string.push_back(((code >> bit) & 1) != 0);
  std::vector<std::uint8_t> bytes((string.size() + 7) / 8);
  for (std::size_t j = 0; j < string.size(); ++j)
    if (string[j]) bytes[j / 8] = static_cast<std::uint8_t>(bytes[j / 8] + (1 << (j % 8)));
  return bytes;
}

}  // namespace

TEST_CASE("codes of every width are stored as one string of bits, in any order of writing") {
  core::Random random(1);
  every_format([&]<class F>(std::type_identity<F>) {
    for (std::int64_t size = 0; size <= 40; ++size) {
      std::vector<std::uint32_t> codes;
      std::vector<std::int64_t> order;
      for (std::int64_t i = 0; i < size; ++i) {
        codes.push_back(static_cast<std::uint32_t>(random.integer(0, (std::int64_t{1} << F::bits) - 1)));
        order.push_back(i);
      }
      PackedTensor<F> tensor(Shape{size});
      for (std::int64_t i = 0; i < size; ++i)  // to be overwritten
        tensor.set_code(i, static_cast<typename F::code_type>(random()));
      random.shuffle(order);
      for (const auto i : order)
        tensor.set_code(i, static_cast<typename F::code_type>(codes[static_cast<std::size_t>(i)]));
      CAPTURE(F::bits);
      CAPTURE(size);
      REQUIRE(std::ranges::equal(tensor.bytes(), slow_bytes(codes, F::bits)));
      bool same = true;
      for (std::int64_t i = 0; i < size; ++i) {
        const auto code = static_cast<typename F::code_type>(codes[static_cast<std::size_t>(i)]);
        same = same && tensor.code(i) == code && tensor.value(i) == F::decode(code);
      }
      REQUIRE(same);
      if constexpr (HasIntegers<PackedTensor<F>>) {
        const auto integers = tensor.integers();
        REQUIRE(std::ssize(integers) == size);
        for (std::int64_t i = 0; i < size; ++i)
          same = same && integers[static_cast<std::size_t>(i)] == F::integer(tensor.code(i));
        REQUIRE(same);
      }
    }
  });
}

TEST_CASE("codes are read and written many at a time, from any element on, and nothing around them changes") {
  core::Random random(2);
  every_format([&]<class F>(std::type_identity<F>) {
    using Codes = std::vector<typename F::code_type>;
    constexpr std::int64_t size = 37;
    for (std::int64_t first = 0; first <= size; ++first)
      for (std::int64_t count = 0; first + count <= size; ++count) {
        PackedTensor<F> tensor(Shape{size});
        for (std::int64_t i = 0; i < size; ++i)
          tensor.set_code(i, static_cast<typename F::code_type>(random()));
        auto expected = tensor;
        Codes codes(static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i < count; ++i) {
          codes[static_cast<std::size_t>(i)] = static_cast<typename F::code_type>(random());
          expected.set_code(first + i, codes[static_cast<std::size_t>(i)]);
        }
        tensor.write_codes(first, codes);
        bool same = tensor == expected;
        tensor.read_codes(first, codes);
        for (std::int64_t i = 0; i < count; ++i)
          same = same && codes[static_cast<std::size_t>(i)] == expected.code(first + i);
        if (!same) {
          CAPTURE(F::bits);
          CAPTURE(first);
          CAPTURE(count);
          REQUIRE(same);
        }
      }
  });
}

TEST_CASE("a tensor is made of codes or of its bytes") {
  const std::vector<std::uint8_t> codes{1, 2, 0xF7};
  const PackedTensor<Int<4>> tensor({3}, codes);
  CHECK(std::ranges::equal(tensor.bytes(), std::vector<std::uint8_t>{0x21, 0x07}));
  CHECK(tensor.codes() == std::vector<std::uint8_t>{1, 2, 7});
  CHECK(PackedTensor<Int<4>>::from_bytes({3}, tensor.bytes()) == tensor);
  CHECK(PackedTensor<Int<4>>::from_bytes({0}, {}).size() == 0);
  CHECK_THROWS_WITH_AS((PackedTensor<Int<4>>({2}, codes)), "codes is 3, but the tensor's shape is 2",
                       ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(PackedTensor<Int<4>>::from_bytes({5}, tensor.bytes())),
                       "packed bytes is 2, but the storage of the tensor's shape is 3", ShapeError);
  const std::vector<std::uint8_t> dirty{0x21, 0x17};
  CHECK_THROWS_WITH_AS(static_cast<void>(PackedTensor<Int<4>>::from_bytes({3}, dirty)),
                       "packed bytes: the last is 23, but its bits from 4 on have to be 0", RangeError);
}

TEST_CASE("more codes than there are elements are refused") {
  PackedTensor<Int<4>> tensor({2, 3});
  std::vector<std::uint8_t> codes(4);
  CHECK_THROWS_AS(tensor.read_codes(3, codes), RangeError);
  CHECK_THROWS_AS(tensor.write_codes(3, codes), RangeError);
  CHECK_THROWS_AS(tensor.write_codes(-1, codes), RangeError);
  CHECK_THROWS_AS(tensor.read_codes(7, {}), RangeError);
  CHECK_NOTHROW(tensor.read_codes(6, {}));
}

TEST_CASE("two 4-bit codes share a byte, the first in its low half") {
  PackedTensor<Int<4>> tensor({3});
  tensor.set_code(0, 0x1);
  tensor.set_code(1, 0x2);
  tensor.set_code(2, 0xF);
  CHECK(std::ranges::equal(tensor.bytes(), std::vector<std::uint8_t>{0x21, 0x0F}));
}

TEST_CASE("four 6-bit codes fill three bytes") {
  PackedTensor<Int<6, Unsigned>> tensor({2, 2});
  tensor.set_code(0, 0b000001);
  tensor.set_code(1, 0b100010);
  tensor.set_code(2, 0b110100);
  tensor.set_code(3, 0b111000);
  CHECK(std::ranges::equal(tensor.bytes(), std::vector<std::uint8_t>{0b10'000001, 0b0100'1000, 0b111000'11}));
}

TEST_CASE("a code's bits above its width are dropped, the neighbours stay") {
  PackedTensor<Int<3>> tensor({3});
  tensor.set_code(0, 0xFF);
  tensor.set_code(2, 0xF8);
  CHECK(tensor.code(0) == 7);
  CHECK(tensor.code(1) == 0);
  CHECK(tensor.code(2) == 0);
}

TEST_CASE("an index outside the tensor is refused") {
  PackedTensor<Int<4>> tensor({2, 3});
  CHECK_THROWS_WITH_AS(static_cast<void>(tensor.code(6)), "tensor index: 6 is outside 0..5", RangeError);
  CHECK_THROWS_AS(static_cast<void>(tensor.code(-1)), RangeError);
  CHECK_THROWS_AS(tensor.set_code(6, 0), RangeError);
  CHECK_THROWS_AS(static_cast<void>(tensor.value(6)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(PackedTensor<Int<4>>().code(0)), RangeError);
}

TEST_CASE("the number of elements is the product of the extents") {
  CHECK(quant::element_count({}) == 1);  // a scalar
  CHECK(quant::element_count({2, 3, 4}) == 24);
  CHECK(quant::element_count({2, 0, 4}) == 0);
  CHECK(PackedTensor<Int<4>>().size() == 0);
  CHECK(PackedTensor<Int<4>>(Shape{}).size() == 1);
  CHECK(PackedTensor<Int<4>>({2, 3}).shape() == Shape{2, 3});
}

TEST_CASE("impossible shapes are refused") {
  constexpr auto big = std::int64_t{1} << 40;
  CHECK_THROWS_WITH_AS(PackedTensor<Int<4>>({2, -1}), "tensor extent: -1 has to be at least 0", ShapeError);
  CHECK_THROWS_AS(PackedTensor<Int<4>>({big, big}), ShapeError);
  CHECK_THROWS_AS(PackedTensor<Int<4>>({big, 4, big}), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(quant::element_count({INT64_MAX})), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(quant::element_count({3, INT64_MAX / 2})), ShapeError);
  // its bytes are few enough to count in 64 bits, its bits are not
  CHECK_THROWS_AS(PackedTensor<Int<8>>({std::int64_t{1} << 61}), ShapeError);
  CHECK_THROWS_AS(PackedTensor<Int<32>>({std::int64_t{1} << 59}), ShapeError);
}

TEST_CASE("tensors are equal if their shapes and codes are") {
  PackedTensor<Int<5>> a({2, 3});
  PackedTensor<Int<5>> b({2, 3});
  CHECK(a == b);
  b.set_code(5, 1);
  CHECK(a != b);
  CHECK(a != PackedTensor<Int<5>>({3, 2}));
}
