// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/pack_codes.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/code.hpp>

namespace {

using namespace bitloom;

/// The definition: a string of bits, code after code, cut into bytes.
template <class Code>
std::vector<std::uint8_t> slow_bytes(const std::vector<Code>& codes, int bits) {
  std::vector<std::uint8_t> bytes((codes.size() * static_cast<std::size_t>(bits) + 7) / 8);
  std::size_t place = 0;
  for (const std::uint64_t code : codes)
    for (int bit = 0; bit < bits; ++bit, ++place)
      bytes[place / 8] = static_cast<std::uint8_t>(bytes[place / 8] | ((code >> bit) & 1) << (place % 8));
  return bytes;
}

template <int Bits, class Code>
void packs_as_defined() {
  core::Random random(4);
  for (std::size_t count = 0; count <= 70; ++count) {
    std::vector<Code> codes(count);
    for (auto& code : codes) code = static_cast<Code>(random());  // with bits above the width
    const auto expected = slow_bytes(codes, Bits);
    std::vector<std::uint8_t> bytes(expected.size(), 0xAA);
    kernel::pack_codes<Bits>(codes.data(), count, bytes.data());
    CAPTURE(Bits);
    CAPTURE(count);
    REQUIRE(bytes == expected);
    std::vector<Code> unpacked(count);
    kernel::unpack_codes<Bits>(bytes.data(), count, unpacked.data());
    for (auto& code : codes) code = static_cast<Code>(code & core::low_mask(Bits));
    REQUIRE(unpacked == codes);
  }
}

TEST_CASE("codes of 1 to 16 bits, up to 70 of them, are packed as one string of bits, and come back") {
  [&]<int... N>(std::integer_sequence<int, N...>) {
    (packs_as_defined<N + 1, format::detail::Code<N + 1>>(), ...);
  }
  (std::make_integer_sequence<int, 16>{});
}

TEST_CASE("wider codes, and narrow ones in wide places, are packed as well") {
  packs_as_defined<17, std::uint32_t>();
  packs_as_defined<31, std::uint32_t>();
  packs_as_defined<32, std::uint32_t>();
  packs_as_defined<33, std::uint64_t>();
  packs_as_defined<53, std::uint64_t>();
  packs_as_defined<63, std::uint64_t>();
  packs_as_defined<64, std::uint64_t>();
  packs_as_defined<4, std::uint16_t>();
  packs_as_defined<6, std::uint32_t>();
  packs_as_defined<16, std::uint64_t>();
}

TEST_CASE("long arrays of 4-bit codes are packed in pairs, the first in the low half") {
  std::vector<std::uint8_t> codes(1001);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i * 7 % 16);
  std::vector<std::uint8_t> bytes(501);
  kernel::pack_codes<4>(codes.data(), codes.size(), bytes.data());
  CHECK(bytes == slow_bytes(codes, 4));
  std::vector<std::uint8_t> unpacked(codes.size());
  kernel::unpack_codes<4>(bytes.data(), codes.size(), unpacked.data());
  CHECK(unpacked == codes);
}

}  // namespace
