// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/bramac.hpp>

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class B>
std::string emitted() {
  std::ostringstream text;
  rtl::emit<B>(text);
  return text.str();
}

static_assert(rtl::BramacBlock<Bramac2sa> && rtl::BramacBlock<Bramac<OneDoublePumped, AsReleased>>);
static_assert(!rtl::BramacBlock<int> && !rtl::BramacBlock<TwoSync>);

TEST_CASE("instruction bits are those of the layout") {
  const auto sync = emitted<Bramac2sa>();
  CHECK(sync.find("assign reset = instruction && a_data[3];") != std::string::npos);
  CHECK(sync.find("{a_data[13:7], a_data[15:14]}") != std::string::npos);
  const auto pumped = emitted<Bramac1da>();
  CHECK(pumped.find("{a_data[20:14], a_data[22:21]}") != std::string::npos);
  CHECK(pumped.find("{a_data[30:23], a_data[38:31]}") != std::string::npos);
}

}  // namespace
