// SPDX-License-Identifier: Apache-2.0
#include "support/reference_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>

using namespace bitloom;
using namespace bitloom::examples;

namespace {

/// The kind that a file of this content is taken for.
std::string kind_of(const std::string& content) {
  std::string seen;
  const auto table = [&](const std::string& name) {
    return [&seen, name](const core::Csv&, CaseCounter& counter) {
      seen += name;
      counter.add(true, "");
    };
  };
  const auto json = [&](const std::string& name) {
    return [&seen, name](const nlohmann::json&, const std::string&, CaseCounter& counter) {
      seen += name;
      counter.add(true, "");
    };
  };
  const std::vector<ReferenceKind> kinds{
      ReferenceKind::table({"x", "y"}, table("xy")),
      ReferenceKind::table({"x"}, table("x")),
      ReferenceKind::json({"a"}, json("a")),
      ReferenceKind::json({"b", "c"}, json("bc")),
      ReferenceKind::json({"bad"}, [](const nlohmann::json& cases,
                                      CaseCounter&) { static_cast<void>(cases.at("bad").at("worse")); }),
  };
  const auto path = (std::filesystem::temp_directory_path() / "bitloom_reference_file").string();
  core::write_file(path, content);
  CaseCounter counter;
  try {
    check_reference_file(path, kinds, counter);
  } catch (...) {
    std::filesystem::remove(path);
    throw;
  }
  std::filesystem::remove(path);
  CHECK(counter.passed() == 1);
  return seen;
}

}  // namespace

TEST_CASE("the names in a file tell its kind, and the first kind that fits checks it") {
  CHECK(kind_of("y,x\n1,2\n") == "xy");
  CHECK(kind_of("x,z\n1,2\n") == "x");
  CHECK(kind_of(R"({"a": 1})") == "a");
  CHECK(kind_of(R"([{"a": 1}, {"b": 1}])") == "a");
  CHECK(kind_of(R"({"first": {"b": 1, "c": 2}})") == "bc");
}

TEST_CASE("a file of no known kind or of another form is an error that starts with its path") {
  for (const auto* content :
       {"z\n1\n", "[]", "{}", "[1]", R"({"b": 1})", R"([{"z": {"a": 1}}])", "[{", R"({"bad": {}})"}) {
    CAPTURE(content);
    CHECK_THROWS_WITH_AS(kind_of(content), doctest::Contains("bitloom_reference_file: "), ParseError);
  }
}
