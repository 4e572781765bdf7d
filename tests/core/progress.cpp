// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/progress.hpp>

#include <doctest/doctest.h>

using namespace bitloom;

TEST_CASE("the bar grows with the part that is done and keeps its width") {
  const core::Progress progress("layers", 60);
  CHECK(progress.bar(0) == "[..............................]   0%");
  CHECK(progress.bar(1) == "[..............................]   1%");
  CHECK(progress.bar(2) == "[#.............................]   3%");
  CHECK(progress.bar(30) == "[###############...............]  50%");
  CHECK(progress.bar(59) == "[#############################.]  98%");
  CHECK(progress.bar(60) == "[##############################] 100%");
}

TEST_CASE("the bar stays inside its ends when more or less than all is done") {
  const core::Progress progress("layers", 10);
  CHECK(progress.bar(-1) == progress.bar(0));
  CHECK(progress.bar(11) == progress.bar(10));
  const core::Progress nothing("nothing", 0);
  CHECK(nothing.bar(0) == "[..............................]   0%");
  CHECK(nothing.bar(1) == "[##############################] 100%");
}

TEST_CASE("an update within the first second writes nothing and does no harm") {
  core::Progress progress("layers", 10);
  for (int i = 0; i <= 10; ++i) progress.update(i, "a note");
  CHECK(progress.bar(10).back() == '%');
}
