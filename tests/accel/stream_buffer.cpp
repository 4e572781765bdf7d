// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/stream_buffer.hpp>

#include <cstdint>
#include <limits>
#include <set>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::FeatureMap;

static_assert(StreamWidth<ReleasedWidth> && StreamWidth<StrideWidth> && !StreamWidth<Tile>);
static_assert(BankCapacity<DenseBanks<>> && BankCapacity<DenseBanks<40>> && BankCapacity<NibbleBanks> &&
              !BankCapacity<StrideWidth>);
static_assert(StreamWindow<SeparateWindows> && StreamWindow<CommonWindow> && !StreamWindow<NibbleBanks>);

TEST_CASE("a block RAM holds dense words, or activations of 4 or 8 bits") {
  static_assert(DenseBanks<>::activations(8) == 2048 && DenseBanks<>::activations(4) == 4096 &&
                DenseBanks<>::activations(2) == 8192);
  static_assert(DenseBanks<40>::activations(8) == 2560 && DenseBanks<40>::activations(4) == 5120 &&
                DenseBanks<40>::activations(2) == 10240);
  for (int bits = 2; bits <= 8; ++bits) CHECK(NibbleBanks::activations(bits) == (bits > 4 ? 2048 : 4096));
}

/// The input columns that the output columns of a tile read, with `step` between neighbours and `r` for each.
std::int64_t columns(const Tile& tile, std::int64_t step) {
  std::set<std::int64_t> read;
  for (std::int64_t q = 0; q < tile.q; ++q)
    for (std::int64_t r = 0; r < tile.r; ++r) read.insert(q * step + r);
  return std::ssize(read);
}

TEST_CASE("banks are the input columns that a tile reads, for each channel and row") {
  constexpr FeatureMap halved{.pin = 8, .qin = 8, .cin = 4, .pout = 4, .qout = 4, .cout = 8};
  constexpr FeatureMap same{.pin = 8, .qin = 8, .cin = 4, .pout = 8, .qout = 8, .cout = 8};
  std::int64_t wrong = 0;
  for (std::int64_t q = 1; q <= 5; ++q)
    for (std::int64_t c = 1; c <= 3; ++c)
      for (std::int64_t p = 1; p <= 3; ++p) {
        const Tile tile{.q = q, .c = c, .k = 1, .r = 3, .p = p};
        wrong += stream_banks<StrideWidth>(same, tile) != columns(tile, 1) * c * p;
        wrong += stream_banks<StrideWidth>(halved, tile) != columns(tile, 2) * c * p;
        wrong += stream_banks<ReleasedWidth>(halved, tile) != columns(tile, 1) * c * p;
      }
  CHECK(wrong == 0);
}

TEST_CASE("two engines have banks of their own, or share the columns of one window") {
  constexpr FeatureMap map{.pin = 8, .qin = 8, .cin = 4, .pout = 4, .qout = 4, .cout = 8};
  constexpr Tile slices{.q = 3, .c = 4, .k = 8, .r = 3, .p = 2};
  constexpr Tile blocks{.q = 2, .c = 5, .k = 8, .r = 3, .p = 2};
  static_assert(SeparateWindows::banks<StrideWidth>(map, slices, blocks) == (7 * 4 + 5 * 5) * 2);
  static_assert(CommonWindow::banks<StrideWidth>(map, slices, blocks) == 11 * 4 * 2);
  static_assert(CommonWindow::banks<ReleasedWidth>(map, slices, blocks) == 7 * 4 * 2);
  CHECK(SeparateWindows::banks<StrideWidth>(map, slices, blocks) ==
        stream_banks<StrideWidth>(map, slices) + stream_banks<StrideWidth>(map, blocks));
}

/// Banks get the elements of the maps in turn; all open a block RAM where the first is full.
std::int64_t walk(std::int64_t elements, std::int64_t banks, std::int64_t capacity) {
  std::int64_t opened = 0;
  for (std::int64_t e = 0; e < elements; ++e)
    if (e % banks == 0 && e / banks % capacity == 0) opened += banks;
  return opened;
}

TEST_CASE("a buffer keeps the input and its outputs, or a part of them, and each bank whole block RAMs") {
  std::int64_t wrong = 0;
  for (std::int64_t width = 1; width <= 40; width += 3)
    for (std::int64_t banks = 1; banks <= 7; ++banks)
      for (const auto form : {StreamForm::Plain, StreamForm::Residual})
        for (const std::int64_t divisor : {1, 4, 16})
          for (const int bits : {2, 4, 5, 8}) {
            const FeatureMap map{.pin = width, .qin = 9, .cin = 16, .pout = 5, .qout = width, .cout = 8};
            const auto elements = width * 9 * 16 + static_cast<std::int64_t>(form) * 5 * width * 8;
            const auto kept = (elements + divisor - 1) / divisor;  // the rest waits outside
            wrong += stream_bram<NibbleBanks>(map, {form, divisor}, banks, bits) !=
                     walk(kept, banks, bits > 4 ? 2048 : 4096);
            wrong += stream_bram<DenseBanks<40>>(map, {form, divisor}, banks, bits) !=
                     walk(kept, banks, 512 * 40 / bits);
          }
  CHECK(wrong == 0);
}

TEST_CASE("impossible banks, divisors and widths are errors, and counts never wrap") {
  constexpr FeatureMap map{8, 8, 8, 8, 8, 8};
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr FeatureMap huge{most, 1, 1, most, 1, 1};
  const auto bram = [](const FeatureMap& m, StreamStorage storage, std::int64_t banks, int bits) {
    return stream_bram(m, storage, banks, bits);
  };
  CHECK_THROWS_AS(static_cast<void>(bram(map, StreamForm::Plain, 0, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(bram(map, {StreamForm::Plain, 0}, 1, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(bram(map, {StreamForm::Plain, most}, 2, 8)), ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(bram(map, StreamForm::Plain, 1, 9)),
                       "activation bits: 9 is outside 2..8", RangeError);
  CHECK_THROWS_AS(static_cast<void>(bram(huge, StreamForm::Plain, 1, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(bram(huge, StreamForm::Residual, 1, 8)), ShapeError);
  CHECK_THROWS_AS(
      static_cast<void>(stream_banks<StrideWidth>({most, 1, 1, 1, 0, 1}, {.q = 2, .c = 1, .k = 1})),
      ShapeError);
  CHECK_THROWS_AS(
      static_cast<void>(stream_banks<StrideWidth>({1, most, 1, 1, 1, 1}, {.q = 4, .c = 1, .k = 1})),
      ShapeError);
}

}  // namespace
