// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/lane_arithmetic.hpp>

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using kernel::LaneTable;

using Words = kernel::LaneBuffer;

Words random_words(std::int64_t count, core::Random& random) {
  Words words;
  for (std::int64_t i = 0; i < count; ++i) words.push_back(static_cast<std::uint32_t>(random()));
  return words;
}

/// One word, lane by lane.
std::uint32_t sum_of(int lane_bits, std::uint32_t a, std::uint32_t b, kernel::LaneSum sum) {
  const auto mask = (std::uint64_t{1} << lane_bits) - 1;
  std::uint64_t result = 0;
  for (int at = 0; at < 32; at += lane_bits) {
    auto lane = ((a >> at) & mask) + ((b >> at) & mask) + (sum.carry ? 1 : 0);
    if (sum.doubled) lane *= 2;
    result |= (lane & mask) << at;
  }
  return static_cast<std::uint32_t>(result);
}

TEST_CASE("lanes of fixed and of chosen rows are added, doubled and inverted as one by one") {
  core::Random random(1);
  const LaneTable table{.words = 3, .items = 3 * kernel::lane_items};
  const auto size = table.words * table.items;
  std::int64_t wrong = 0;
  for (int round = 0; round < 50; ++round) {
    const auto first = random_words(size, random), second = random_words(size, random),
               both = random_words(size, random), b = random_words(size, random);
    const auto bit1 = random_words(table.items, random), bit2 = random_words(table.items, random);
    const kernel::FixedRow fixed{first.data()};
    const kernel::ChosenRow chosen{bit1.data(), bit2.data(), first.data(), second.data(), both.data()};
    const auto word = [&](bool is_chosen, std::size_t place) {
      if (!is_chosen) return first[place];
      const auto item = place % static_cast<std::size_t>(table.items);
      const auto bits = (bit2[item] >> 31) << 1 | bit1[item] >> 31;
      return bits == 0 ? 0 : bits == 1 ? first[place] : bits == 2 ? second[place] : both[place];
    };
    for (const bool is_chosen : {false, true}) {
      for (const int lane_bits : {8, 16, 32})
        for (const bool carry : {false, true})
          for (const bool doubled : {false, true}) {
            auto out = b;  // in place
            if (is_chosen)
              kernel::add_lanes(lane_bits, chosen, out.data(), {carry, doubled}, table, out.data());
            else
              kernel::add_lanes(lane_bits, fixed, out.data(), {carry, doubled}, table, out.data());
            for (std::size_t i = 0; i < out.size(); ++i)
              wrong += out[i] == sum_of(lane_bits, word(is_chosen, i), b[i], {carry, doubled}) ? 0 : 1;
          }
      Words out(b.size());
      if (is_chosen)
        kernel::invert_lanes(chosen, table, out.data());
      else
        kernel::invert_lanes(fixed, table, out.data());
      for (std::size_t i = 0; i < out.size(); ++i) wrong += out[i] == ~word(is_chosen, i) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("every byte of every place is extended to lanes") {
  const std::int64_t items = 256;
  static_assert(256 % kernel::lane_items == 0);
  core::Random random(2);
  auto low = random_words(items, random), high = random_words(items, random);
  std::int64_t wrong = 0;
  for (const int bits : {2, 4, 8})
    for (int place = 0; place < 5; ++place) {
      auto& words = place < 4 ? low : high;
      const int shift = place % 4 * 8;
      for (std::uint32_t byte = 0; byte < 256; ++byte)
        words[byte] = (words[byte] & ~(std::uint32_t{0xFF} << shift)) | byte << shift;
      Words out(static_cast<std::size_t>(5 * items));
      kernel::extend_to_lanes(bits, low.data(), high.data(), items, out.data());
      for (std::size_t byte = 0; byte < 256; ++byte) {
        std::uint64_t expected = 0;
        for (int e = 0; e < 8 / bits; ++e) {
          auto value = static_cast<std::int64_t>((byte >> (e * bits)) & ((1U << bits) - 1));
          if (value >= 1 << (bits - 1)) value -= 1 << bits;
          expected |= (static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << (4 * bits)) - 1))
                      << (4 * bits * e);
        }
        wrong += out[static_cast<std::size_t>(place) * 256 + byte] == expected ? 0 : 1;
      }
    }
  CHECK(wrong == 0);
}

}  // namespace
