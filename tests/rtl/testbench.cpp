// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/testbench.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/file.hpp>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// The trace of a small product, in lines of fields.
template <class B>
std::vector<std::vector<std::string>> small_trace() {
  std::ostringstream text;
  const auto machine = std::make_unique<typename rtl::Recorded<B>::Machine>(text);
  const MatrixShape shape{.rows = 3, .columns = 4, .vectors = 1};
  const std::vector<std::int16_t> weights{1, -2, 3, -4, 5, -6, 7, -8, 2, 3, 4, 5}, activations{1, -1, -8, 7};
  std::vector<std::int32_t> sums(3);
  rtl::Recorded<B>::run(*machine, shape, {.weight_bits = 4, .activation_bits = 4, .signed_activations = true},
                        weights, activations, sums);
  machine->end_trace();
  std::vector<std::vector<std::string>> lines;
  std::istringstream stream(text.str());
  for (std::string line; std::getline(stream, line);) {
    auto& fields = lines.emplace_back();
    std::istringstream words(line);
    for (std::string word; words >> word;) fields.push_back(word);
  }
  return lines;
}

template <class B>
rtl::Verdict run(const std::vector<std::vector<std::string>>& lines) {
  std::string text;
  for (const auto& line : lines) {
    for (const auto& field : line) text += (&field == &line.front() ? "" : " ") + field;
    text += '\n';
  }
  const rtl::TemporaryFolder folder;
  core::write_file(folder.file("trace"), text);
  return rtl::test::simulation<B>().run(folder.file("trace"));
}

/// A digit whose lowest bit is another.
char flipped(char digit) {
  const std::string digits = "0123456789abcdef";
  return digits[digits.find(digit) ^ 1];
}

/// The place of a column's last digit, or of the column that it depends on.
std::size_t place(const std::vector<rtl::Column>& columns, const std::string& signal) {
  std::size_t end = 0;
  for (const auto& c : columns) {
    end += static_cast<std::size_t>(c.digits);
    if (c.signal == signal) return end - 1;
  }
  return std::string::npos;
}

TEST_CASE_TEMPLATE("one wrong bit in any column of a trace is found, with its cycle and its name", B,
                   Bramac2sa, Bramac1da, rtl::test::M4bramSyncSmall, rtl::test::M4bramPumpedLarge) {
  if (!rtl::test::can_simulate()) return;
  const auto good = small_trace<B>();
  const auto whole = run<B>(good);
  CHECK(whole.passed);
  CHECK(whole.text == "PASS " + std::to_string(whole.cycles) + " cycles");

  const auto flip = [&](std::size_t line, std::size_t field, std::size_t digit, const std::string& signal) {
    auto lines = good;
    auto& text = lines[line][field];
    text[digit] = flipped(text[digit]);
    const auto verdict = run<B>(lines);
    CAPTURE(signal);
    CAPTURE(verdict.text);
    CHECK(!verdict.passed);
    CHECK(verdict.text.starts_with("FAIL cycle " + std::to_string(line - 1) + ": " + signal + " is "));
  };
  using H = rtl::Hardware<B>;
  constexpr std::size_t a_q = rtl::BramacBlock<B> ? 8 : 9;  // others have a bus in front of the ports
  constexpr std::size_t b_q = a_q + 1, control = a_q + 2, registers = a_q + 3, rows = a_q + 4;
  constexpr std::size_t arrays = H::arrays, word_digits = H::word_bits / 4;
  const auto last_cycle = [&](auto has) {  // the last cycle in which a column means something
    std::size_t found = 0;
    for (std::size_t i = 1; i < good.size() && good[i][0] == "c"; ++i)
      if (has(good[i])) found = i;
    return found;
  };
  const auto columns = rtl::control_columns(H::arrays);
  for (const auto& c : columns) {
    const auto guard = c.only_if.empty() ? std::string::npos : place(columns, c.only_if);
    const auto line = last_cycle(
        [&](const auto& fields) { return guard == std::string::npos || fields[control][guard] == '1'; });
    flip(line, control, place(columns, c.signal), c.signal);
  }
  const auto kept = H::registers();
  for (const auto& c : kept) flip(5, registers, place(kept, c.signal), c.signal);
  flip(last_cycle([](const auto& fields) { return fields[a_q][0] == '1'; }), a_q, word_digits, "a_q");
  flip(last_cycle([](const auto& fields) { return fields[b_q][0] == '1'; }), b_q, word_digits, "b_q");
  for (std::size_t k = 0; k < 2 * arrays; ++k) {  // PREADD writes two rows of every array
    const auto line = last_cycle([](const auto& fields) { return fields.size() == rows + 2 * arrays; });
    const auto row = k % 2 == 0 ? "row 3" : "row 5";
    flip(line, rows + k, 7, std::string(row) + " of array " + std::to_string(k / 2));
  }
  auto words = good;
  auto& digit = words[good.size() - 2][2].back();
  digit = flipped(digit);
  CHECK(run<B>(words).text.find(": word ") != std::string::npos);
}

TEST_CASE("a trace that is cut, of another block or no trace at all does not pass") {
  if (!rtl::test::can_simulate()) return;
  const auto good = small_trace<Bramac2sa>();
  const auto fails = [](const auto& lines, const std::string& text) {
    const auto verdict = run<Bramac2sa>(lines);
    CAPTURE(verdict.text);
    CHECK(!verdict.passed);
    CHECK(verdict.text.starts_with("FAIL the trace is malformed after cycle " + text));
  };
  for (const std::size_t lines : {good.size() - 1, good.size() / 2, std::size_t{2}})
    fails(std::vector(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(lines)), "");
  auto half_line = good;
  half_line.resize(10);
  half_line[9].resize(4);
  fails(half_line, "8");
  auto miscounted = good;
  miscounted.back()[1].back() = flipped(miscounted.back()[1].back());
  fails(miscounted, "");
  fails(small_trace<Bramac1da>(), "-1");
  fails(small_trace<rtl::test::M4bramSyncSmall>(), "-1");
  fails(std::vector<std::vector<std::string>>{{"hello"}}, "-1");
  const auto missing = rtl::test::simulation<Bramac2sa>().run("/bitloom-no-such-file");
  CHECK(!missing.passed);
  CHECK(missing.text == "FAIL /bitloom-no-such-file: it cannot be opened");
}

}  // namespace
