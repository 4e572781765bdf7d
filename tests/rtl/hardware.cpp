// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/hardware.hpp>

#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/m4bram.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

int digits(const std::vector<rtl::Column>& columns) {
  return std::accumulate(columns.begin(), columns.end(), 0,
                         [](int n, const auto& c) { return n + c.digits; });
}

TEST_CASE("the columns of a trace are those of the block") {
  for (const int arrays : {1, 2, 4}) CHECK(digits(rtl::control_columns(arrays)) == 11 + arrays);
  CHECK(digits(rtl::Hardware<Bramac1da>::registers()) == 4 + 4);
  CHECK(digits(rtl::Hardware<Bramac2sa>::registers()) == 4 + 8);
  CHECK(digits(rtl::Hardware<M4bram<Small, Synchronous>>::registers()) == 6 + 16);
  CHECK(digits(rtl::Hardware<M4bram<Large, DoublePumped>>::registers()) == 6 + 8 + 16);
}

TEST_CASE("an input has as many digits as its bits need") {
  CHECK(rtl::Input{"x"}.digits() == 1);
  CHECK(rtl::Input{"x", 4}.digits() == 1);
  CHECK(rtl::Input{"x", 5}.digits() == 2);
}

TEST_CASE("a readout has all accumulators, a word a cycle") {
  CHECK(rtl::readout_words<Bramac1da> == 4);
  CHECK(rtl::readout_words<Bramac2sa> == 8);
  CHECK(rtl::readout_words<M4bram<Small, Synchronous>> == M4bram<Small, Synchronous>::readout_cycles());
  CHECK(rtl::readout_words<M4bram<Large, Synchronous>> == M4bram<Large, Synchronous>::readout_cycles());
  CHECK(rtl::detail::select_high(1) == -1);
  CHECK(rtl::detail::select_high(4) == 1);
  CHECK(rtl::detail::select_high(8) == 2);
}

}  // namespace
