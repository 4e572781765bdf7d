// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m20k.hpp>

#include <cstdint>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

TEST_CASE("every aspect ratio stores and returns every word at full depth") {
  core::Random random(8);
  for (const auto& ratio : M20k::aspect_ratios) {
    CAPTURE(ratio.depth);
    M20k memory({.ratio_a = ratio, .ratio_b = ratio});
    std::vector<std::uint64_t> content;
    for (int a = 0; a < ratio.depth; ++a) {
      content.push_back(random() & core::low_mask(ratio.width));
      memory.step(PortRequest::write_to(static_cast<std::uint32_t>(a), content.back()), {});
    }
    int mismatches = 0;
    for (int a = 0; a < ratio.depth; ++a) {
      memory.step({}, PortRequest::read_from(static_cast<std::uint32_t>(a)));
      mismatches += memory.output_b().data == content[static_cast<std::size_t>(a)] ? 0 : 1;
    }
    CHECK(mismatches == 0);
    CHECK_THROWS_AS(memory.step(PortRequest::read_from(static_cast<std::uint32_t>(ratio.depth)), {}),
                    RangeError);
  }
}

TEST_CASE("ports of different widths see the same bits, the lowest address in the lowest bits") {
  const std::vector<std::vector<AspectRatio>> families{
      {{512, 40}, {1024, 20}, {2048, 10}, {4096, 5}},
      {{512, 32}, {1024, 16}, {2048, 8}, {4096, 4}, {8192, 2}, {16384, 1}}};
  core::Random random(9);
  for (const auto& family : families)
    for (const auto& narrow : family) {
      const auto& wide = family.front();
      M20k memory({.ratio_a = wide, .ratio_b = narrow});
      const auto parts = static_cast<std::uint32_t>(wide.width / narrow.width);
      for (int i = 0; i < 50; ++i) {
        const auto address = static_cast<std::uint32_t>(random.integer(0, 511));
        const auto word = random() & core::low_mask(wide.width);
        memory.step(PortRequest::write_to(address, word), {});
        for (std::uint32_t p = 0; p < parts; ++p) {
          memory.step({}, PortRequest::read_from(address * parts + p));
          const auto shift = static_cast<int>(p) * narrow.width;
          REQUIRE(memory.output_b().data == ((word >> shift) & core::low_mask(narrow.width)));
        }
      }
    }
}

TEST_CASE("widths without the fifth bit leave every fifth bit of the memory alone") {
  M20k memory({.ratio_a = {512, 32}, .ratio_b = {16384, 1}});
  memory.set_word(0, 1, core::low_mask(40));
  memory.step(PortRequest::write_to(0, 0xFFFFFFFF), {});
  CHECK(memory.word(0, 0) == 0x7BDEF7BDEF);
  memory.step(PortRequest::write_to(1, 0), {});
  CHECK(memory.word(0, 1) == (core::low_mask(40) & ~std::uint64_t{0x7BDEF7BDEF}));
  memory.step({}, PortRequest::write_to(4, 0));  // bit 4 of word 0 is the first of the second unit
  CHECK(memory.word(0, 0) == (0x7BDEF7BDEF & ~(std::uint64_t{1} << 5)));
}

TEST_CASE("reads are registered, and a port without a request keeps its output") {
  M20k memory;
  CHECK(!memory.output_a().defined);
  memory.step(PortRequest::write_to(3, 0x77), {});
  memory.step({}, PortRequest::read_from(3));
  CHECK(memory.output_b().data == 0x77);
  memory.step(PortRequest::write_to(3, 0x88), {});
  CHECK(memory.output_b().data == 0x77);
  CHECK(memory.word(0, 3) == 0x88);
}

TEST_CASE("a read during a write returns what its policy says") {
  using enum ReadDuringWrite;
  const auto mixed = [](ReadDuringWrite rule) {
    M20k memory({.mixed_port = rule});
    memory.set_word(1, 1, 10);
    memory.step(PortRequest::write_to(5, 20), PortRequest::read_from(5));
    return memory.output_b();
  };
  CHECK(mixed(OldData).data == 10);
  CHECK(mixed(NewData).data == 20);
  CHECK(!mixed(DontCare).defined);
  const auto same = [](ReadDuringWrite rule) {
    M20k memory({.same_port = rule});
    memory.set_word(1, 1, 10);
    memory.step(PortRequest::write_to(5, 20), {});
    return memory.output_a().data;
  };
  CHECK(same(OldData) == 10);
  CHECK(same(NewData) == 20);
  CHECK_THROWS_AS(M20k({.same_port = DontCare}), RangeError);
  M20k other({.mixed_port = DontCare});
  other.step(PortRequest::write_to(5, 20), PortRequest::read_from(6));
  CHECK(other.output_b().defined);
  other.step(PortRequest::read_from(5), PortRequest::read_from(5));  // nobody writes
  CHECK(other.output_a().defined);
  CHECK(other.output_a().data == 20);
  other.step(PortRequest::read_from(5), PortRequest::write_to(5, 30));
  CHECK(!other.output_a().defined);
}

TEST_CASE("ports do only what their mode allows") {
  M20k single({.mode = PortMode::SinglePort});
  CHECK_THROWS_AS(single.step({}, PortRequest::read_from(0)), ScheduleError);
  M20k simple({.mode = PortMode::SimpleDualPort});
  CHECK_THROWS_AS(simple.step(PortRequest::read_from(0), {}), ScheduleError);
  CHECK_THROWS_AS(simple.step({}, PortRequest::write_to(0, 1)), ScheduleError);
  simple.step(PortRequest::write_to(0, 1), PortRequest::read_from(0));
  CHECK(!simple.output_a().defined);
  M20k both;
  CHECK_THROWS_AS(both.step(PortRequest::write_to(7, 1), PortRequest::write_to(7, 2)), ScheduleError);
  both.step(PortRequest::write_to(7, 1), PortRequest::write_to(8, 2));
  CHECK(both.word(2, 0) == 2);
  M20k mixed({.ratio_a = {512, 40}, .ratio_b = {4096, 5}});
  CHECK_THROWS_AS(mixed.step(PortRequest::write_to(1, 1), PortRequest::write_to(15, 2)), ScheduleError);
  CHECK_NOTHROW(mixed.step(PortRequest::write_to(1, 1), PortRequest::write_to(16, 2)));
}

TEST_CASE("an aspect ratio that the block lacks is refused") {
  CHECK_THROWS_WITH_AS(M20k({.ratio_a = {256, 80}}), "aspect ratio: an M20K has no 256x80", RangeError);
  static_assert(M20k::bits == 20480);
  static_assert(M20k::geometry.words() == 512 && M20k::geometry.word_bits() == 40);
}

}  // namespace
