// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/unpack_integers.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

using namespace bitloom;

namespace {

template <int Bits, template <int> class Step>
struct Way {
  static constexpr int bits = Bits;
  using Unpack = Step<Bits>;
};

template <int Bits>
concept HasUnpack = requires(std::uint8_t* bytes) {
  kernel::unpack_integers<Bits>(bytes, 0, 0, true, bytes);
};
static_assert(HasUnpack<2> && HasUnpack<4> && !HasUnpack<3> && !HasUnpack<8>);

/// Code i of a bit string, one bit at a time.
int value_of(const std::vector<std::uint8_t>& string, std::int64_t i, int bits, bool is_signed) {
  int value = 0;
  for (int b = 0; b < bits; ++b) {
    const auto place = static_cast<std::size_t>(i * bits + b);
    value += ((string[place / 8] >> (place % 8)) & 1) << b;
  }
  return is_signed && value >= 1 << (bits - 1) ? value - (1 << bits) : value;
}

}  // namespace

TEST_CASE_TEMPLATE("every run of codes, wherever it begins and ends, becomes the same integers", W,
                   Way<2, kernel::detail::GenericUnpack>, Way<4, kernel::detail::GenericUnpack>,
                   Way<2, kernel::detail::BestUnpack>, Way<4, kernel::detail::BestUnpack>) {
  constexpr int bits = W::bits;
  constexpr std::int64_t most = 2 * W::Unpack::codes + 10;  // two vectors and something on both sides
  std::int64_t wrong = 0;
  for (std::int64_t first = 0; first <= 9; ++first)
    for (std::int64_t count = 0; count <= most; ++count)
      for (const bool is_signed : {false, true}) {
        // no byte more than the codes need, so that a sanitizer sees a read beyond them
        std::vector<std::uint8_t> string(static_cast<std::size_t>(((first + count) * bits + 7) / 8));
        for (std::size_t i = 0; i < string.size(); ++i) string[i] = static_cast<std::uint8_t>(i * 167 + 91);
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count + 1), 0x55);
        kernel::unpack_integers<bits, typename W::Unpack>(string.data(), first, count, is_signed,
                                                          bytes.data());
        for (std::int64_t i = 0; i < count; ++i)
          if (bytes[static_cast<std::size_t>(i)] !=
              static_cast<std::uint8_t>(value_of(string, first + i, bits, is_signed)))
            ++wrong;
        if (bytes.back() != 0x55) ++wrong;
      }
  CHECK(wrong == 0);
}

TEST_CASE("every byte holds the integers that its bits say, in every place of a vector") {
  std::int64_t wrong = 0;
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t place = 0; place < 16; ++place) {
      std::vector<std::uint8_t> string(16, 0x3C);
      string[place] = static_cast<std::uint8_t>(byte);
      std::vector<std::uint8_t> four(32), two(64);
      kernel::unpack_integers<4>(string.data(), 0, 32, true, four.data());
      kernel::unpack_integers<2>(string.data(), 0, 64, true, two.data());
      for (std::size_t i = 0; i < 32; ++i)
        if (static_cast<std::int8_t>(four[i]) != value_of(string, static_cast<std::int64_t>(i), 4, true))
          ++wrong;
      for (std::size_t i = 0; i < 64; ++i)
        if (static_cast<std::int8_t>(two[i]) != value_of(string, static_cast<std::int64_t>(i), 2, true))
          ++wrong;
    }
  CHECK(wrong == 0);
}

TEST_CASE("the first code is in the lowest bits") {
  const std::vector<std::uint8_t> string{0xE1, 0x07};
  std::vector<std::uint8_t> bytes(4);
  kernel::unpack_integers<4>(string.data(), 0, 4, true, bytes.data());
  CHECK(bytes == std::vector<std::uint8_t>{1, 0xFE, 7, 0});
  kernel::unpack_integers<2>(string.data(), 1, 4, false, bytes.data());
  CHECK(bytes == std::vector<std::uint8_t>{0, 2, 3, 3});
}
