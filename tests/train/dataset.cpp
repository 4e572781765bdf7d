// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/dataset.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

namespace train = bitloom::train;

namespace {

/// Item i has the pixels i and 100 + i, and the label i mod 3.
train::Dataset numbered(int count) {
  train::Dataset dataset{
      .images = train::Matrix<float>(2, count), .labels = {}, .shape = {1, 1, 2}, .class_count = 3};
  for (int i = 0; i < count; ++i) {
    dataset.images.col(i) << static_cast<float>(i), static_cast<float>(100 + i);
    dataset.labels.push_back(i % 3);
  }
  return dataset;
}

std::vector<std::int64_t> order(const train::Batches& batches) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < batches.count(); ++i)
    all.insert(all.end(), batches[i].begin(), batches[i].end());
  return all;
}

}  // namespace

TEST_CASE("split keeps the order of the file") {
  const auto dataset = numbered(10);
  const auto [first, rest] = train::split(dataset, 7);
  CHECK((first.count() == 7 && rest.count() == 3));
  CHECK(first.images == dataset.images.leftCols(7));
  CHECK(rest.images == dataset.images.rightCols(3));
  CHECK(first.labels == std::vector<int>{0, 1, 2, 0, 1, 2, 0});
  CHECK(rest.labels == std::vector<int>{1, 2, 0});
  CHECK((rest.shape == dataset.shape && rest.class_count == 3 && first.shape == dataset.shape));
  CHECK(train::split(dataset, 0).train.count() == 0);
  CHECK(train::split(dataset, 10).test.count() == 0);
  CHECK_THROWS_AS(static_cast<void>(train::split(dataset, 11)), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(train::split(dataset, -1)), bitloom::RangeError);
}

TEST_CASE("gather takes items in the given order") {
  const std::vector<std::int64_t> indices{4, 0, 4};
  const auto part = train::gather(numbered(5), indices);
  CHECK(part.images == train::Matrix<float>{{4.0F, 0.0F, 4.0F}, {104.0F, 100.0F, 104.0F}});
  CHECK(part.labels == std::vector<int>{1, 0, 1});
  CHECK((part.class_count == 3 && part.shape.width == 2));
  for (const std::int64_t wrong : {-1, 5})
    CHECK_THROWS_AS(static_cast<void>(train::gather(numbered(5), std::span(&wrong, 1))), bitloom::RangeError);
  auto unlabelled = numbered(5);
  unlabelled.labels.pop_back();
  CHECK_THROWS_WITH_AS(static_cast<void>(train::gather(unlabelled, indices)),
                       "dataset images is 5, but its labels is 4", bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(train::shuffled(unlabelled, 1)), bitloom::ShapeError);
}

TEST_CASE("a shuffled data set has every item with its label, in an order that the seed decides") {
  const auto dataset = numbered(50);
  const auto mixed = train::shuffled(dataset, 3);
  CHECK_NOTHROW(check(mixed));
  std::vector<int> seen(50);
  for (Eigen::Index i = 0; i < 50; ++i) {
    const auto number = static_cast<int>(mixed.images(0, i));
    ++seen[static_cast<std::size_t>(number)];
    CHECK(mixed.images(1, i) == static_cast<float>(100 + number));
    CHECK(mixed.labels[static_cast<std::size_t>(i)] == number % 3);
  }
  CHECK(seen == std::vector<int>(50, 1));
  CHECK(mixed.images != dataset.images);
  CHECK(mixed.images == train::shuffled(dataset, 3).images);
  CHECK(mixed.images != train::shuffled(dataset, 4).images);
  CHECK(train::shuffled(numbered(0), 1).count() == 0);
}

TEST_CASE("the batches of an epoch hold every item once, in an order that seed and epoch decide") {
  const train::Batches batches(10, 4, 1, 0);
  CHECK(batches.count() == 3);
  CHECK((batches[0].size() == 4 && batches[1].size() == 4 && batches[2].size() == 2));
  auto all = order(batches);
  CHECK(all == order(train::Batches(10, 4, 1, 0)));
  CHECK(all == order(train::Batches(10, 3, 1, 0)));
  CHECK(all != order(train::Batches(10, 4, 1, 1)));
  CHECK(all != order(train::Batches(10, 4, 2, 0)));
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(train::Batches(0, 4, 1, 0).count() == 0);
  CHECK(train::Batches(8, 4, 1, 0).count() == 2);
  CHECK_THROWS_AS(static_cast<void>(batches[3]), bitloom::RangeError);
  CHECK_THROWS_AS(train::Batches(10, 0, 1, 0), bitloom::RangeError);
  CHECK_THROWS_AS(train::Batches(-1, 4, 1, 0), bitloom::RangeError);
}

TEST_CASE("a data set that contradicts itself is refused") {
  auto dataset = numbered(4);
  CHECK_NOTHROW(check(dataset));
  dataset.labels[2] = 3;
  CHECK_THROWS_AS(check(dataset), bitloom::RangeError);
  dataset.labels.pop_back();
  CHECK_THROWS_AS(check(dataset), bitloom::ShapeError);
  dataset = numbered(4);
  dataset.shape.width = 3;
  CHECK_THROWS_AS(check(dataset), bitloom::ShapeError);
}
