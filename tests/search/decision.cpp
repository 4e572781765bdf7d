// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/decision.hpp>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::search;

TEST_CASE("a decision has as many options as it lists") {
  const Decision formats{"a", FormatOptions{{0, 2, 1}}, {}};
  const Decision values{"b", ValueOptions{{0.5, 1}}, {{0, {1, 2}}}};
  CHECK(formats.is_format());
  CHECK(formats.size() == 3);
  CHECK_FALSE(values.is_format());
  CHECK(values.size() == 2);
  CHECK(values.conditions[0].holds(2));
  CHECK_FALSE(values.conditions[0].holds(0));
}

TEST_CASE("numbers have their shortest text") {
  CHECK(detail::number_text(0.1) == "0.1");
  CHECK(detail::number_text(3.0) == "3");
  CHECK(detail::number_text(-12) == "-12");
  CHECK(detail::number_text(5e-324) == "5e-324");
  CHECK(detail::number_text(-1.7976931348623157e308) == "-1.7976931348623157e+308");
}

}  // namespace
