// SPDX-License-Identifier: Apache-2.0
// What the examples check against the reference data, held here too, and that the checks see every changed number.
#include "../../examples/support/m4bram_reference.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/file.hpp>

namespace {

using namespace bitloom;

struct Count {
  std::int64_t passed = 0;
  std::int64_t failed = 0;
  std::string first;

  void add(bool ok, const std::string& what) {
    ++(ok ? passed : failed);
    if (!ok && first.empty()) first = what;
  }
};

/// The text of a reference file; empty if it is not there.
std::string reference(const std::string& name) {
  const auto path = std::string(BITLOOM_REFERENCE_DIR "/m4bram/") + name;
  if (std::filesystem::exists(path)) return core::read_file(path);
  MESSAGE("skipped: the reference data " << path << " are not there");
  return {};
}

Count check(const std::string& text, const std::string& name) {
  Count count;
  try {
    const bool known = examples::check_m4bram_file(core::Csv::parse(text, name), count);
    CHECK(known);
  } catch (const Error& error) {
    count.add(false, error.what());
  }
  return count;
}

TEST_CASE("block vectors, precision table and traces of the controllers are those of the reference") {
  for (const auto& [name, cases] : {std::pair{"bpe_vectors.csv", 258},
                                    {"precision_table.csv", 21},
                                    {"efsm_trace_sync.csv", 434},
                                    {"efsm_trace_dp.csv", 504}}) {
    const auto text = reference(name);
    if (text.empty()) continue;
    const auto count = check(text, name);
    CHECK(count.first == "");
    CHECK(count.failed == 0);
    CHECK(count.passed == cases);
  }
  Count count;
  CHECK(!examples::check_m4bram_file(core::Csv::parse("a,b\n1,2\n", "other.csv"), count));
}

/// The lines of a file.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Calls f(place in the line) for the digits of a line, but for those of the column named.
template <class F>
void for_each_digit(const std::string& line, const std::string& header, const std::string& without, F&& f) {
  std::size_t column = 0;
  const auto names = examples::detail::parts(header, ',');
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') ++column;
    if (std::isxdigit(static_cast<unsigned char>(line[i])) != 0 && names[column] != without) f(i);
  }
}

void change(char& digit) {  // 9 and f down, the others up
  digit = static_cast<char>(digit == '9' || digit == 'f' ? digit - 1 : digit + 1);
}

TEST_CASE("a changed digit of a block vector or of the precision table is found, wherever it is") {
  for (const std::string name : {"bpe_vectors.csv", "precision_table.csv"}) {
    const auto lines = lines_of(reference(name));
    std::int64_t changed = 0;
    std::int64_t found = 0;
    for (std::size_t row = 1; row < lines.size(); row += std::max<std::size_t>(lines.size() / 14, 1)) {
      const auto& line = lines[row];
      const auto csv = core::Csv::parse(lines[0] + "\n" + line, name);
      // every weight counts, if the whole word is multiplied with something
      const bool words_count = csv.has_column("NI") && csv.text(0, "NI") == "1" &&
                               (" " + csv.text(0, "acts")).find(" 0/") == std::string::npos;
      std::size_t count = 0;
      for_each_digit(line, lines[0], words_count ? "" : "words", [&](std::size_t place) {
        if (count++ % 5 != 0 && line.size() > 200) return;
        auto wrong = line;
        change(wrong[place]);
        ++changed;
        const auto result = check(lines[0] + "\n" + wrong + "\n", name);
        found += result.failed > 0 ? 1 : 0;
        if (result.failed == 0) MESSAGE(name << ", line " << row << ": " << wrong);
      });
    }
    if (!lines.empty()) CHECK(changed > 100);
    CHECK(found == changed);
  }
}

TEST_CASE("a changed output of a trace is found, and a row that is missing") {
  for (const std::string name : {"efsm_trace_sync.csv", "efsm_trace_dp.csv"}) {
    const auto lines = lines_of(reference(name));
    if (lines.empty()) continue;
    const auto text_of = [](const std::vector<std::string>& some) {
      std::string text;
      for (const auto& line : some) text += line + "\n";
      return text;
    };
    const auto names = examples::detail::parts(lines[0], ',');
    std::int64_t changed = 0;
    std::int64_t found = 0;
    for (std::size_t row = 1; row < lines.size(); row += 41) {
      auto fields = examples::detail::parts(lines[row], ',');
      for (std::size_t column = 0; column < names.size(); ++column) {
        const bool always_counts = names[column] == "carry_in" || names[column] == "readout" ||
                                   names[column].starts_with("ren") || names[column].starts_with("wen");
        if (!always_counts) continue;
        auto wrong = fields;
        wrong[column] = std::string(fields[column] == "0" ? "1" : "0");
        std::string line;
        for (const auto& field : wrong) line += (line.empty() ? "" : ",") + std::string(field);
        auto others = lines;
        others[row] = line;
        ++changed;
        found += check(text_of(others), name).failed == 1 ? 1 : 0;
      }
    }
    CHECK(changed > 50);
    CHECK(found == changed);
    auto cut = lines;
    cut.erase(cut.begin() + 20);
    CHECK(check(text_of(cut), name).failed > 0);
  }
}

}  // namespace
