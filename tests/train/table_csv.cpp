// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/table_csv.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>

namespace train = bitloom::train;

namespace {

const std::string small = "3,2,yes,no\n1.5,-2,0\n0,1e3,1\n7,0.25,0\n";

template <class H = train::SizesHeader>
void check_throws(const std::string& text, const std::string& message) {
  CHECK_THROWS_WITH_AS(static_cast<void>(train::parse_table_csv<H>(text)), ("table csv, " + message).c_str(),
                       bitloom::ParseError);
}

}  // namespace

TEST_CASE("a table is read as it is written, whatever its first line says") {
  static_assert(train::TableHeader<train::SizesHeader> && train::TableHeader<train::NamesHeader> &&
                train::TableHeader<train::NoHeader> && !train::TableHeader<int>);
  const auto rows = small.substr(small.find('\n') + 1);
  const auto sizes = train::parse_table_csv(small);
  const auto names = train::parse_table_csv<train::NamesHeader>("length,width,kind\n" + rows);
  const auto bare = train::parse_table_csv<train::NoHeader>(rows.substr(0, rows.size() - 1));
  for (const auto* table : {&sizes, &names, &bare}) {
    const auto& dataset = table->dataset;
    CHECK_NOTHROW(check(dataset));
    CHECK(dataset.images == train::Matrix<float>{{1.5F, 0.0F, 7.0F}, {-2.0F, 1000.0F, 0.25F}});
    CHECK(dataset.labels == std::vector<int>{0, 1, 0});
    CHECK((dataset.class_count == 2 && dataset.shape == bitloom::op::TensorShape{2}));
  }
  CHECK(sizes.class_names == std::vector<std::string>{"yes", "no"});
  CHECK(names.feature_names == std::vector<std::string>{"length", "width"});
  CHECK((sizes.feature_names.empty() && names.class_names.empty() && bare.feature_names.empty() &&
         bare.class_names.empty()));
  CHECK(train::parse_table_csv("1,1,a,b,c\r\n2,0\r\n").dataset.class_count == 3);  // also what has no item
  CHECK(train::parse_table_csv<train::NoHeader>("1,4\n2,0\n").dataset.class_count == 5);
}

TEST_CASE("a wrong table is refused with line and column") {
  check_throws("", "line 1, column 1: there is no line");
  check_throws("3,2,yes,no\n", "line 2, column 1: there is no row");
  check_throws("3,2\n", "line 1, column 4: a comma has to follow the number of features");
  check_throws("3,2,yes,\n", "line 1, column 9: class name is missing");
  check_throws("0,2,yes\n", "line 1, column 1: number of rows 0 is outside 1..2147483647");
  check_throws("1,0,yes\n", "line 1, column 3: number of features 0 is outside 1..16777216");
  check_throws("length,width\n1,0\n", "line 1, column 1: number of rows is not an integer of fitting size");
  check_throws("1,2,yes\n1,0\n", "line 2, column 4: a comma has to follow the feature");
  check_throws("1,2,yes\n1,2,0,0\n", "line 2, column 6: the line has to end after the label");
  check_throws("1,2,yes\n1,2,1\n", "line 2, column 5: label 1 is outside 0..0");
  check_throws("1,2,yes\n1,2,-1\n", "line 2, column 5: label -1 is outside 0..0");
  check_throws("1,2,yes\n1,x,0\n", "line 2, column 3: feature is not a finite number of fitting size");
  check_throws("1,2,yes\n1,nan,0\n", "line 2, column 3: feature is not a finite number of fitting size");
  check_throws("2,1,yes\n1,0\n", "line 3, column 1: there are 1 rows, but the first line says 2");
  check_throws("1,1,yes\n1,0\n2,0", "line 3, column 4: there are 2 rows, but the first line says 1");
  check_throws("2,1,yes\n1,0\n\n", "line 3, column 1: feature is not a finite number of fitting size");
  check_throws<train::NoHeader>("1\n", "line 1, column 2: a comma has to follow the feature");
  check_throws<train::NoHeader>("1,2,0\n1,0\n", "line 2, column 4: a comma has to follow the feature");
  check_throws<train::NoHeader>("1,65536\n", "line 1, column 3: label 65536 is outside 0..65535");
  check_throws<train::NamesHeader>("a\n1,0\n", "line 1, column 2: a comma has to follow the feature name");
  check_throws<train::NamesHeader>("a,b\n", "line 2, column 1: there is no row");
}

TEST_CASE("a table cut at any length, or corrupted, is refused or still consistent") {
  for (std::size_t length = 0; length + 1 < small.size(); ++length)
    CHECK_THROWS_AS(static_cast<void>(train::parse_table_csv(small.substr(0, length))), bitloom::ParseError);
  CHECK(train::parse_table_csv(small.substr(0, small.size() - 1)).dataset.count() == 3);
  bitloom::core::Random random(1);
  int refused = 0;
  for (int trial = 0; trial < 5000; ++trial) {
    auto corrupt = small;
    for (auto edits = random.integer(1, 3); edits > 0; --edits)
      corrupt[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(small.size()) - 1))] =
          static_cast<char>(random.integer(10, 126));
    try {
      const auto table = train::parse_table_csv(corrupt);
      check(table.dataset);
      REQUIRE(table.dataset.images.allFinite());
      REQUIRE(table.dataset.class_count == static_cast<int>(table.class_names.size()));
    } catch (const bitloom::ParseError&) {
      ++refused;
    }
  }
  CHECK(refused > 2000);
  CHECK(refused < 5000);
}

TEST_CASE("the real tables are complete, and a line that is missing is noticed") {
  struct Real {
    const char* file;
    std::int64_t count, features;
    std::vector<std::int64_t> histogram;
    std::vector<std::string> names;
  };
  const std::vector<Real> tables{{"iris.csv", 150, 4, {50, 50, 50}, {"setosa", "versicolor", "virginica"}},
                                 {"wine_data.csv", 178, 13, {59, 71, 48}, {"class_0", "class_1", "class_2"}},
                                 {"breast_cancer.csv", 569, 30, {212, 357}, {"malignant", "benign"}}};
  for (const auto& real : tables) {
    const auto path = std::string(BITLOOM_REFERENCE_DIR "/datasets/") + real.file;
    if (!std::filesystem::exists(path)) {
      MESSAGE("skipped: there is no " << path);
      continue;
    }
    const auto [dataset, feature_names, class_names] = train::read_table_csv(path);
    CHECK_NOTHROW(check(dataset));
    CHECK((dataset.count() == real.count && dataset.shape == bitloom::op::TensorShape{real.features}));
    CHECK((class_names == real.names && dataset.class_count == std::ssize(real.names)));
    for (std::size_t label = 0; label < real.histogram.size(); ++label)
      CHECK(std::ranges::count(dataset.labels, static_cast<int>(label)) == real.histogram[label]);
    const auto text = bitloom::core::read_file(path);
    const auto last_line = text.rfind('\n', text.size() - 2) + 1;
    CHECK_THROWS_WITH_AS(static_cast<void>(train::parse_table_csv(text.substr(0, last_line))),
                         doctest::Contains("rows, but the first line says"), bitloom::ParseError);
  }
  const std::string iris = BITLOOM_REFERENCE_DIR "/datasets/iris.csv";
  if (std::filesystem::exists(iris)) {
    const auto images = train::read_table_csv(iris).dataset.images;
    CHECK(images.col(0) == Eigen::Vector4f(5.1F, 3.5F, 1.4F, 0.2F));
    CHECK(images.col(149) == Eigen::Vector4f(5.9F, 3.0F, 5.1F, 1.8F));
  }
  CHECK_THROWS_WITH_AS(static_cast<void>(train::read_table_csv("/no/such/file")),
                       "/no/such/file: the file cannot be opened", bitloom::ParseError);
}
