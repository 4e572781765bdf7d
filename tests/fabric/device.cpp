// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/device.hpp>

#include <cmath>
#include <cstdlib>

#include <doctest/doctest.h>

#include "support/reference_table.hpp"

namespace {

using namespace bitloom::fabric;

constexpr Operands signed_operands(int bits) {
  return {.weight_bits = bits, .activation_bits = bits, .signed_activations = true};
}

/// To one digit behind the point, as published.
double rounded(double x) { return std::round(10 * x) / 10; }

template <class B>
double ratio(int bits) {
  return rounded(peak_ratio<Arria10Gx900, B>(signed_operands(bits)));
}

static_assert(peak_rate<Bramac2sa>(signed_operands(2)).macs == 80 &&
              peak_rate<Bramac2sa>(signed_operands(2)).cycles == 5);
static_assert(peak_rate<DspSlice>(signed_operands(4)).macs == 4);

}  // namespace

TEST_CASE("ratios of peak throughput and core areas are the published ones") {
  CHECK(ratio<Bramac2sa>(2) == 2.6);
  CHECK(ratio<Bramac2sa>(4) == 2.3);
  CHECK(ratio<Bramac2sa>(8) == 1.9);
  CHECK(ratio<Bramac1da>(2) == 2.1);
  CHECK(ratio<Bramac1da>(4) == 2.0);
  CHECK(ratio<Bramac1da>(8) == 1.7);
  CHECK(rounded(100 * core_increase<Arria10Gx900>(1.338)) == 6.8);
  CHECK(rounded(100 * core_increase<Arria10Gx900>(1.169)) == 3.4);
  CHECK_THROWS_AS((void)Arria10Gx900::logic_throughput(3), bitloom::RangeError);
}

TEST_CASE("peak throughputs are those of the reference table") {
  if (const auto table = bitloom::test::reference_table("bramac/peak_throughput_model.csv"))
    for (std::size_t i = 0; i < table->row_count(); ++i) {
      const auto engine = table->text(i, "engine");
      const auto o = signed_operands(table->integer(i, "precision", 2, 8));
      const auto check = [&]<class B>(double count) {
        CAPTURE(engine);
        CHECK(peak_throughput<B>(count, o) ==
              doctest::Approx(std::strtod(table->text(i, "tmac_per_s").c_str(), nullptr)).epsilon(1e-4));
        CHECK(peak_rate<B>(o).macs == table->integer(i, "macs_in_parallel_per_block"));
        CHECK(peak_rate<B>(o).cycles == table->integer(i, "cycles_per_group"));
      };
      if (engine == "DSP_packed") check.operator()<DspSlice>(Arria10Gx900::dsp_slices.value);
      if (engine == "BRAMAC-2SA") check.operator()<Bramac2sa>(Arria10Gx900::block_rams.value);
      if (engine == "BRAMAC-1DA") check.operator()<Bramac1da>(Arria10Gx900::block_rams.value);
    }
}
