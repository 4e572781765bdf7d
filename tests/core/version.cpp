// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/version.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace {

std::string read(const std::string& name) {
  std::ifstream file(BITLOOM_SOURCE_DIR "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text.size() == 1 || text.front() != '0');
}

}  // namespace

TEST_CASE("the version is three numbers, as semantic versioning asks") {
  const auto first = bitloom::version.find('.');
  const auto last = bitloom::version.rfind('.');
  REQUIRE(first != last);
  CHECK(is_number(bitloom::version.substr(0, first)));
  CHECK(is_number(bitloom::version.substr(first + 1, last - first - 1)));
  CHECK(is_number(bitloom::version.substr(last + 1)));
}

TEST_CASE("the citation and the change log name this version") {
  const std::string version(bitloom::version);
  CHECK(read("CITATION.cff").find("\nversion: " + version + "\n") != std::string::npos);
  CHECK(read("CHANGELOG.md").find("\n## [" + version + "]") != std::string::npos);
}
