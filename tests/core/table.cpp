// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/table.hpp>

#include <doctest/doctest.h>

using namespace bitloom;

TEST_CASE("the first column is aligned left and the others right, with a rule below the header") {
  core::Table table({"block", "cycles", "ns"});
  table.add_row({"BRAMAC-2SA", "7", "11.9"});
  table.add_row({"DSP", "1024", "1"});
  CHECK(table.text() ==
        "block       cycles    ns\n"
        "----------  ------  ----\n"
        "BRAMAC-2SA       7  11.9\n"
        "DSP           1024     1\n");
}

TEST_CASE("a character outside ASCII takes one column") {
  core::Table table({"block", "µm²"});
  table.add_row({"größe", "1"});
  table.add_row({"x", "2000"});
  CHECK(table.text() ==
        "block   µm²\n"
        "-----  ----\n"
        "größe     1\n"
        "x      2000\n");
}

TEST_CASE("no line ends with spaces") {
  core::Table table({"a", "note"});
  table.add_row({"long name", ""});
  table.add_row({"", ""});
  CHECK(table.text() ==
        "a          note\n"
        "---------  ----\n"
        "long name\n"
        "\n");
}

TEST_CASE("a table without rows is its header") {
  CHECK(core::Table({"one", "two"}).text() == "one  two\n---  ---\n");
}

TEST_CASE("a row with too few or too many cells is refused and leaves the table as it was") {
  core::Table table({"one", "two"});
  CHECK_THROWS_WITH_AS(table.add_row({"1"}), "cells of a table row is 1, but the header is 2", ShapeError);
  CHECK_THROWS_AS(table.add_row({"1", "2", "3"}), ShapeError);
  CHECK(table.text() == "one  two\n---  ---\n");
}
