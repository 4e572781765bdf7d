// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/trace.hpp>

#include <charconv>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

Space space_of_two() {
  Space space(FliqsSmallIntegers::facts);
  space.add_formats("a,\"b\"");
  space.add_values("width", {0.5, 1, 2});
  return space;
}

TraceRow row_of(const Space& space) {
  Controller<> controller(space.option_counts(), {.total_steps = 10, .max_entropy = 0.25});
  static_cast<void>(controller.update(Choice{0, 1}, 0.1));
  return {.record = controller.update(Choice{1, 2}, 0.3, {true, false}),
          .quality = 0.7,
          .cost = 12,
          .switching_error = 0};
}

TEST_CASE("a line of the table reads back as the step") {
  const auto space = space_of_two();
  const Trace trace(space);
  CHECK(
      trace.csv_header() ==
      "step,quality,cost,reward,average,advantage,entropy,entropy_coefficient,learning_rate,switching_error,"
      "\"a,\"\"b\"\"\",\"a,\"\"b\"\"=int4\",\"a,\"\"b\"\"=int8\",width,width=0.5,width=1,width=2\n");
  const auto row = row_of(space);
  const auto csv = core::Csv::parse(trace.csv_header() + trace.csv_line(row), "trace");
  const auto number = [&](const char* column) {
    const auto& text = csv.text(0, column);
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  CHECK(csv.integer(0, "step") == 1);
  CHECK(number("quality") == 0.7);
  CHECK(number("cost") == 12);
  CHECK(number("reward") == row.record.reward);
  CHECK(number("average") == row.record.average);
  CHECK(number("advantage") == row.record.advantage);
  CHECK(number("entropy") == row.record.entropy);
  CHECK(number("entropy_coefficient") == row.record.entropy_coefficient);
  CHECK(number("learning_rate") == 5e-3);
  CHECK(csv.text(0, "a,\"b\"") == "int8");
  CHECK(csv.text(0, "width") == "2");
  CHECK(number("width=1") == row.record.probabilities[1][1]);
}

TEST_CASE("a line of JSON has the whole step") {
  TraceRow row;
  row.record.step = 7;
  row.record.choice = {1, 0};
  row.record.active = {true, false};
  row.record.probabilities = {{0.25, 0.75}, {0.5, 0.25, 0.25}};
  row.record.reward = -0.1;
  row.quality = 0.5;
  row.cost = 1e20;
  const Trace trace(space_of_two());
  CHECK(
      trace.json_line(row) ==
      "{\"step\": 7, \"quality\": 0.5, \"cost\": 1e+20, \"reward\": -0.1, \"average\": 0, \"advantage\": 0, "
      "\"entropy\": 0, \"entropy_coefficient\": 0, \"learning_rate\": 0, \"switching_error\": 0, "
      "\"choice\": [1, 0], \"active\": [true, false], \"probabilities\": [[0.25, 0.75], [0.5, 0.25, "
      "0.25]]}\n");
  row.quality = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(static_cast<void>(trace.json_line(row)), "trace: quality of step 7 is not finite",
                       RangeError);
  row.quality = 0.5;
  row.record.probabilities[1][2] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(static_cast<void>(trace.json_line(row)),
                       "trace: a probability of step 7 is not finite", RangeError);
}

TEST_CASE("a step of another space is refused") {
  const auto space = space_of_two();
  const Trace trace(space);
  auto row = row_of(space);
  row.record.choice.pop_back();
  CHECK_THROWS_AS(static_cast<void>(trace.csv_line(row)), ShapeError);
  row = row_of(space);
  row.record.probabilities[1].pop_back();
  CHECK_THROWS_AS(static_cast<void>(trace.csv_line(row)), ShapeError);
  row = row_of(space);
  row.record.active.pop_back();
  CHECK_THROWS_AS(static_cast<void>(trace.json_line(row)), ShapeError);
  row = row_of(space);
  row.record.choice[0] = 2;
  CHECK_THROWS_AS(static_cast<void>(trace.json_line(row)), RangeError);
}

}  // namespace
