// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/block_timing.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/fabric/m4bram.hpp>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::DoublePumped;
using fabric::Synchronous;

static_assert(Mac2Cycles<PublishedMac2> && Mac2Cycles<SignedMac2> && !Mac2Cycles<OneReadout>);
static_assert(ReadoutRule<OneReadout> && ReadoutRule<SafeReadouts> && !ReadoutRule<SignedMac2>);

template <class Clocking>
using Block = fabric::M4bram<fabric::Large, Clocking>;

TEST_CASE(
    "a published MAC2 takes the cycles of the eFSM for unsigned activations, the other for signed ones") {
  for (const int weight : {2, 4, 8})
    for (int bits = 2; bits <= 8; ++bits) {
      const fabric::Operands u{.weight_bits = weight, .activation_bits = bits, .signed_activations = false};
      const fabric::Operands s{.weight_bits = weight, .activation_bits = bits, .signed_activations = true};
      CHECK(PublishedMac2::m4bram<Synchronous>(bits) == Block<Synchronous>::mac2_cycles(u));
      CHECK(PublishedMac2::m4bram<DoublePumped>(bits) == Block<DoublePumped>::mac2_cycles(u));
      CHECK(SignedMac2::m4bram<Synchronous>(bits) == Block<Synchronous>::mac2_cycles(s));
      CHECK(SignedMac2::m4bram<DoublePumped>(bits) == Block<DoublePumped>::mac2_cycles(s));
    }
}

TEST_CASE("cycles of a MAC2 are those of the published table") {
  const auto file = test::reference_table("m4bram/precision_table.csv");
  if (!file) return;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    CAPTURE(file->where(i));
    const int bits = file->integer(i, "pi", 2, 8);
    CHECK(PublishedMac2::m4bram<Synchronous>(bits) == file->integer(i, "model_cycles_sync"));
    CHECK(PublishedMac2::m4bram<DoublePumped>(bits) == file->integer(i, "model_cycles_dp"));
    CHECK(PublishedMac2::m4bram<Synchronous>(bits) == file->integer(i, "rtl_sync_unsigned"));
    CHECK(SignedMac2::m4bram<Synchronous>(bits) == file->integer(i, "rtl_sync_signed"));
    CHECK(SignedMac2::m4bram<DoublePumped>(bits) == (file->integer(i, "rtl_dp_dummy_clk_signed") + 1) / 2);
  }
  CHECK(file->row_count() == 21);
}

TEST_CASE("accumulators are read once, or as often as the largest products ask for") {
  for (const int weight : {2, 4, 8})
    for (int bits = 2; bits <= 8; ++bits)
      for (const bool is_signed : {false, true}) {
        const fabric::Operands o{
            .weight_bits = weight, .activation_bits = bits, .signed_activations = is_signed};
        using B = fabric::M4bram<fabric::Small, Synchronous, 1, SafeReadouts::BlockPolicies>;
        // the most negative sums: all weights and activations at the ends of their ranges
        const auto lane = std::int64_t{1} << (B::lane_bits(o) - 1);
        const auto w = std::int64_t{1} << (weight - 1);
        const auto a = (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - (is_signed ? 0 : 1);
        // -w * a unsigned; w * a signed, of which the lane holds one less
        const auto fits = is_signed ? (lane - 1) / (2 * w * a) : lane / (2 * w * a);
        for (const std::int64_t mac2 : {1, 2, 3, 10, 1000}) {
          CHECK(OneReadout::readouts<B>(mac2, o) == 1);
          CHECK(SafeReadouts::readouts<B>(mac2, o) == (mac2 + fits - 1) / fits);
        }
      }
}

}  // namespace
