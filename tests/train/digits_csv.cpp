// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/digits_csv.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>

namespace train = bitloom::train;

namespace {

/// A line whose pixel i is (i + shift) mod 17.
std::string line(int shift, int label) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += std::to_string((i + shift) % 17) + ',';
  return text + std::to_string(label) + '\n';
}

void check_throws(const std::string& text, const std::string& message) {
  CHECK_THROWS_WITH_AS(static_cast<void>(train::parse_digits_csv(text)), message.c_str(),
                       bitloom::ParseError);
}

}  // namespace

TEST_CASE("digits are read row by row, and scaled by 16") {
  for (const auto& text : {line(0, 7) + line(5, 2), line(0, 7) + line(5, 2).substr(0, line(5, 2).size() - 1),
                           line(0, 7).insert(line(0, 7).size() - 1, "\r") + line(5, 2)}) {
    const auto dataset = train::parse_digits_csv(text);
    REQUIRE(dataset.count() == 2);
    CHECK(dataset.labels == std::vector<int>{7, 2});
    CHECK((dataset.shape == bitloom::op::TensorShape{1, 8, 8} && dataset.class_count == 10));
    for (int i = 0; i < 64; ++i) {
      CHECK(dataset.images(i, 0) == static_cast<float>(i % 17) / 16);
      CHECK(dataset.images(i, 1) == static_cast<float>((i + 5) % 17) / 16);
    }
  }
}

TEST_CASE("a wrong digit file is refused with line and column") {
  const auto good = line(0, 7);
  check_throws("", "digits csv, line 1, column 1: there is no line");
  check_throws(good + "\n", "digits csv, line 2, column 1: pixel is not an integer of fitting size");
  check_throws(good + "17" + good.substr(1), "digits csv, line 2, column 1: pixel 17 is outside 0..16");
  check_throws("0,-1" + good.substr(3), "digits csv, line 1, column 3: pixel -1 is outside 0..16");
  check_throws("0,99999999999" + good.substr(3),
               "digits csv, line 1, column 3: pixel is not an integer of fitting size");
  check_throws("0;1" + good.substr(3), "digits csv, line 1, column 2: a comma has to follow the pixel");
  check_throws("0,1.5" + good.substr(3), "digits csv, line 1, column 4: a comma has to follow the pixel");
  check_throws(
      good.substr(0, good.size() - 1) + ",1\n",
      "digits csv, line 1, column " + std::to_string(good.size()) + ": the line has to end after the label");
  check_throws(line(0, 10), "digits csv, line 1, column " + std::to_string(good.size() - 1) +
                                ": label 10 is outside 0..9");
}

TEST_CASE("a digit file cut at any length, or corrupted, is refused or still consistent") {
  const auto text = line(0, 7) + line(5, 2) + line(9, 0);
  const auto one = line(0, 7).size(), two = one + line(5, 2).size();
  for (std::size_t length = 0; length < text.size(); ++length) {
    const bool complete =
        length + 1 == one || length == one || length + 1 == two || length == two || length + 1 == text.size();
    CAPTURE(length);
    if (complete)
      CHECK(train::parse_digits_csv(text.substr(0, length)).count() == (length <= one   ? 1
                                                                        : length <= two ? 2
                                                                                        : 3));
    else
      CHECK_THROWS_AS(static_cast<void>(train::parse_digits_csv(text.substr(0, length))),
                      bitloom::ParseError);
  }
  bitloom::core::Random random(1);
  int refused = 0;
  for (int trial = 0; trial < 5000; ++trial) {
    auto corrupt = text;
    for (auto edits = random.integer(1, 3); edits > 0; --edits)
      corrupt[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1))] =
          static_cast<char>(random.integer(0, 255));
    try {
      check(train::parse_digits_csv(corrupt));
    } catch (const bitloom::ParseError&) {
      ++refused;
    }
  }
  CHECK(refused > 4000);
  CHECK(refused < 5000);
}

TEST_CASE("the real digits are complete") {
  const std::string path = BITLOOM_SOURCE_DIR "/examples/data/digits8x8.csv";
  const auto dataset = train::read_digits_csv(path);
  CHECK(dataset.count() == 1797);
  std::vector<int> histogram(10);
  for (const int label : dataset.labels) ++histogram[static_cast<std::size_t>(label)];
  CHECK(histogram == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  CHECK(dataset.labels[1796] == 8);
  CHECK(dataset.images(3, 0) == 13.0F / 16);
  CHECK(dataset.images.minCoeff() == 0);
  CHECK(dataset.images.maxCoeff() == 1);
}
