// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/trainer.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>
#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/sequential.hpp>
#include <train/backwards.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

namespace {

/// Points in the square -1..1; the class is the quadrant.
train::Dataset quadrants(int count) {
  train::Dataset dataset{
      .images = train::Matrix<float>(2, count), .labels = {}, .shape = {2}, .class_count = 4};
  bitloom::core::Random random(3);
  for (int i = 0; i < count; ++i) {
    dataset.images.col(i) << static_cast<float>(2 * random.uniform() - 1),
        static_cast<float>(2 * random.uniform() - 1);
    dataset.labels.push_back((dataset.images(0, i) > 0 ? 1 : 0) + (dataset.images(1, i) > 0 ? 2 : 0));
  }
  return dataset;
}

template <class S>
train::Sequential<S> small_model(std::uint64_t seed = 1) {
  train::Sequential<S> model({2});
  model.dense(16).relu().dense(4);
  model.initialize(seed);
  return model;
}

template <class M>
bool same_bits(const M& left, const M& right) {
  const auto a = left.parameters(), b = right.parameters();
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i)
    same = a[i]->value.size() == b[i]->value.size() &&
           std::memcmp(a[i]->value.data(), b[i]->value.data(),
                       static_cast<std::size_t>(a[i]->value.size()) * sizeof(*a[i]->value.data())) == 0;
  return same;
}

train::Split digits() {
  return train::split(train::read_digits_csv(BITLOOM_SOURCE_DIR "/examples/data/digits8x8.csv"), 1437);
}

double train_on_digits(train::Sequential<float>& model, const train::Split& data) {
  model.initialize(1);
  train::Sgd<float> sgd;
  const auto losses =
      train::fit(model, data.train,
                 {.epochs = 20, .batch_size = 32, .learning_rate = 0.05, .schedule = train::Cosine{}}, sgd);
  CHECK(losses.back() < 0.05 * losses.front());
  const auto result = train::accuracy(model, data.test);
  MESSAGE("test accuracy " << result);
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("fit learns the quadrants with either optimizer", S, float, double) {
  const auto data = quadrants(400);
  auto model = small_model<S>();
  train::Sgd<S> sgd;
  const auto losses = train::fit(model, data, {.epochs = 30, .learning_rate = 0.05}, sgd);
  CHECK(losses.size() == 30);
  CHECK(losses.back() < 0.2 * losses.front());
  CHECK(train::accuracy(model, data) > 0.95);

  auto other = small_model<S>();
  train::Adam<S> adam;
  train::fit(other, data, {.epochs = 30, .learning_rate = 0.02}, adam);
  CHECK(train::accuracy(other, data) > 0.95);
}

TEST_CASE("the same seed gives the same bits, another seed does not") {
  const auto data = quadrants(101);
  const auto run = [&](std::uint64_t order_seed, std::uint64_t model_seed) {
    auto model = small_model<float>(model_seed);
    train::Adam<float> adam;
    const auto losses = train::fit(model, data, {.epochs = 5, .batch_size = 16, .seed = order_seed}, adam);
    return std::pair(model, losses);
  };
  const auto [model, losses] = run(1, 1);
  const auto [same_model, same_losses] = run(1, 1);
  CHECK(same_bits(model, same_model));
  CHECK(losses == same_losses);
  CHECK_FALSE(same_bits(model, run(2, 1).first));
  CHECK_FALSE(same_bits(model, run(1, 2).first));
}

TEST_CASE("at rate zero the loss of an epoch is the mean over the items, whatever the batch size") {
  const auto data = quadrants(50);
  auto model = small_model<double>();
  const auto before = model;
  train::Tape<double> tape;
  const auto logits = model.forward(tape, tape.constant(data.images.cast<double>()));
  const auto loss = softmax_cross_entropy(logits, std::span<const int>(data.labels)).value()(0, 0);
  for (const std::int64_t batch_size : {1, 7, 50, 1000}) {
    train::Sgd<double> sgd;
    const auto losses =
        train::fit(model, data, {.epochs = 2, .batch_size = batch_size, .learning_rate = 0}, sgd);
    for (const double epoch_loss : losses) CHECK(epoch_loss == doctest::Approx(loss).epsilon(1e-12));
  }
  CHECK(same_bits(model, before));
}

TEST_CASE("one step is one gradient step on the whole batch") {
  const auto data = quadrants(20);
  auto model = small_model<double>();
  auto expected = model;
  train::Tape<double> tape;
  const auto logits = expected.forward(tape, tape.constant(data.images.cast<double>()));
  tape.backward(softmax_cross_entropy(logits, std::span<const int>(data.labels)));
  for (auto* parameter : expected.parameters()) parameter->value -= 0.3 * parameter->gradient;
  for (auto* parameter : model.parameters()) parameter->gradient.setConstant(99);  // has to be forgotten

  train::Sgd<double> sgd;
  train::fit(model, data, {.epochs = 1, .batch_size = 20, .learning_rate = 0.3}, sgd);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK((model.parameters()[i]->value - expected.parameters()[i]->value).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("the callback hears of every step, and the schedule sets the rate") {
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  std::vector<train::Step> steps;
  train::fit(model, quadrants(10),
             {.epochs = 3,
              .batch_size = 4,
              .learning_rate = 0.5,
              .schedule = [](double progress) { return 1 - progress; }},
             sgd, [&](const train::Step& step) { steps.push_back(step); });
  REQUIRE(steps.size() == 9);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(steps[i].epoch == static_cast<int>(i / 3));
    CHECK(steps[i].step == static_cast<std::int64_t>(i));
    CHECK(steps[i].step_count == 9);
    CHECK(steps[i].learning_rate == doctest::Approx(0.5 * (1 - static_cast<double>(i) / 9)));
    CHECK(steps[i].loss > 0);
  }
}

TEST_CASE("a loss that is not finite stops the training, and says where") {
  auto model = small_model<float>();
  const auto before = model;
  auto data = quadrants(10);
  data.images(1, 3) = std::numeric_limits<float>::quiet_NaN();
  train::Sgd<float> sgd;
  CHECK_THROWS_WITH_AS(train::fit(model, data, {.batch_size = 10}, sgd),
                       doctest::Contains("nan at epoch 0, step 0"), bitloom::Error);
  CHECK(same_bits(model, before));
  CHECK_THROWS_WITH_AS(
      train::fit(model, quadrants(10), {.epochs = 50, .batch_size = 5, .learning_rate = 1e30}, sgd),
      doctest::Contains("at epoch 0, step 1, but has to be finite"), bitloom::Error);
}

TEST_CASE("options and data that make no sense are refused") {
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  const auto data = quadrants(10);
  CHECK_THROWS_AS(train::fit(model, data, {.epochs = -1}, sgd), bitloom::RangeError);
  CHECK_THROWS_AS(train::fit(model, data, {.batch_size = 0}, sgd), bitloom::RangeError);
  CHECK_THROWS_AS(train::fit(model, train::split(data, 0).train, {}, sgd), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(train::accuracy(model, train::split(data, 0).train)),
                  bitloom::RangeError);
  auto many = data;
  many.class_count = 5;
  CHECK_THROWS_AS(static_cast<void>(train::accuracy(model, many)), bitloom::RangeError);
  CHECK(train::fit(model, data, {.epochs = 0}, sgd).empty());
}

TEST_CASE("a trainer makes one step at a time what fit makes at once, with any executor") {
  const auto data = quadrants(101);
  const train::FitOptions options{.epochs = 3, .batch_size = 16, .schedule = train::Cosine{}};
  auto model = small_model<float>(), other = model;
  train::Adam<float> adam, other_adam;
  std::vector<double> fit_losses;
  const auto losses = train::fit(model, data, options, adam,
                                 [&](const train::Step& step) { fit_losses.push_back(step.loss); });

  auto backwards = options;
  backwards.executor = Backwards{};
  train::Trainer trainer(other, data, backwards, other_adam);
  CHECK(trainer.step_count() == 21);
  for (std::int64_t i = 0; i < 21; ++i) {
    REQUIRE_FALSE(trainer.done());
    CHECK(trainer.course().step == i);
    const auto step = trainer.next();
    CHECK(step.step == i);
    CHECK(step.items == (i % 7 == 6 ? 5 : 16));
    CHECK(step.loss == fit_losses[static_cast<std::size_t>(i)]);
  }
  CHECK(trainer.done());
  CHECK(trainer.course().epoch_losses == losses);
  CHECK(same_bits(model, other));
  CHECK_THROWS_WITH_AS(trainer.next(), "fit: all 21 steps were made", bitloom::Error);
}

TEST_CASE("a step counts what the model had right before it") {
  const auto data = quadrants(64);
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  train::Trainer trainer(model, data, {.epochs = 20, .batch_size = 64, .learning_rate = 0.05}, sgd);
  while (!trainer.done()) {
    const auto expected = train::accuracy(std::as_const(model), data);
    const auto step = trainer.next();
    CHECK(static_cast<double>(step.right) / static_cast<double>(step.items) == expected);
  }
  CHECK(train::accuracy(model, data, Backwards{}) == train::accuracy(model, data));
}

TEST_CASE("the rest of an epoch is kept as a smaller batch or dropped") {
  const auto data = quadrants(10);
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  std::vector<std::int64_t> items;
  const auto note = [&](const train::Step& step) { items.push_back(step.items); };
  const train::FitOptions keep{.epochs = 2, .batch_size = 4};
  auto drop = keep;
  drop.last_batch = train::LastBatch::drop;
  CHECK(train::fit(model, data, keep, sgd, note).size() == 2);
  CHECK(items == std::vector<std::int64_t>{4, 4, 2, 4, 4, 2});
  items.clear();
  std::vector<double> losses;
  const auto means = train::fit(model, data, drop, sgd, [&](const train::Step& step) {
    note(step);
    losses.push_back(step.loss);
    CHECK(step.step_count == 4);
  });
  CHECK(items == std::vector<std::int64_t>{4, 4, 4, 4});
  CHECK(means == std::vector{(4 * losses[0] + 4 * losses[1]) / 8, (4 * losses[2] + 4 * losses[3]) / 8});
  drop.batch_size = 11;
  CHECK_THROWS_AS(train::fit(model, data, drop, sgd), bitloom::RangeError);
}

TEST_CASE("label smoothing is that of the loss") {
  const auto data = quadrants(8);
  auto model = small_model<double>();
  train::Tape<double> tape;
  const auto logits = model.forward(tape, tape.constant(data.images.cast<double>()));
  const auto expected =
      softmax_cross_entropy(logits, std::span<const int>(data.labels), {.label_smoothing = 0.3})
          .value()(0, 0);
  train::Sgd<double> sgd;
  const auto losses = train::fit(model, data, {.epochs = 1, .batch_size = 8, .label_smoothing = 0.3}, sgd);
  CHECK(losses[0] == doctest::Approx(expected).epsilon(1e-14));
  CHECK_THROWS_AS(train::fit(model, data, {.label_smoothing = 1.5}, sgd), bitloom::RangeError);
}

TEST_CASE("augmentation changes the images of a batch; its random numbers depend on seed and step alone") {
  auto data = quadrants(8);
  std::vector<std::uint64_t> draws;
  const auto run = [&](std::uint64_t seed, std::int64_t from) {
    auto model = small_model<float>();
    train::Sgd<float> sgd;
    draws.clear();
    train::Trainer trainer(model, data,
                           {.epochs = 3,
                            .batch_size = 4,
                            .seed = seed,
                            .augment =
                                [&](train::Matrix<float>& images, const bitloom::op::TensorShape& shape,
                                    bitloom::core::Random& random) {
                                  CHECK(shape.size() == images.rows());
                                  draws.push_back(random());
                                  images.setZero();
                                }},
                           sgd);
    trainer.resume({.step = from,
                    .epoch_losses = std::vector<double>(static_cast<std::size_t>(from / 2)),
                    .items = from % 2 * 4});
    trainer.run();
    return model;
  };
  const auto model = run(1, 0);
  const auto all = draws;
  CHECK(all.size() == 6);
  CHECK(std::ranges::adjacent_find(all) == all.end());
  run(1, 3);
  CHECK(draws == std::vector(all.begin() + 3, all.end()));
  run(2, 0);
  CHECK(draws != all);
  CHECK(model.parameters()[0]->value == small_model<float>().parameters()[0]->value);  // it saw zeros only

  auto broken = small_model<float>();
  train::Sgd<float> sgd;
  CHECK_THROWS_AS(
      train::fit(broken, data,
                 {.augment = [](train::Matrix<float>& images, const auto&, auto&) { images.resize(2, 1); }},
                 sgd),
      bitloom::ShapeError);
}

TEST_CASE("a schedule that gives no rate is refused") {
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  for (const double factor :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(train::fit(model, quadrants(4), {.schedule = [=](double) { return factor; }}, sgd),
                    bitloom::RangeError);
  CHECK_THROWS_WITH_AS(train::fit(model, quadrants(4), {.learning_rate = 1e39}, sgd),  // infinite as a float
                       doctest::Contains("in the precision of the parameters"), bitloom::RangeError);
  CHECK_THROWS_WITH_AS(train::fit(model, quadrants(4), {.schedule = nullptr}, sgd),
                       "fit: schedule is empty, but has to be a function", bitloom::RangeError);
}

TEST_CASE("a trainer resumes at places of its own course only") {
  auto model = small_model<float>();
  train::Sgd<float> sgd;
  const auto data = quadrants(10);
  train::Trainer trainer(model, data, {.epochs = 2, .batch_size = 4}, sgd);
  CHECK_THROWS_AS(trainer.resume({.step = 7}), bitloom::RangeError);
  CHECK_THROWS_AS(trainer.resume({.step = -1}), bitloom::RangeError);
  CHECK_THROWS_AS(trainer.resume({.step = 3}), bitloom::RangeError);  // an epoch without its loss
  CHECK_THROWS_AS(trainer.resume({.step = 1}), bitloom::RangeError);  // 4 items were seen
  CHECK(trainer.course().step == 0);
  trainer.resume({.step = 4, .epoch_losses = {1.5}, .loss_sum = 2, .items = 4});
  CHECK(trainer.next().step == 4);
  CHECK(trainer.run().size() == 2);
}

TEST_CASE("accuracy counts the items whose largest output is at their label, the first of equals") {
  train::Sequential<float> identity({3});
  const train::Dataset data{.images = train::Matrix<float>{{1, 0, 0, 2, 5}, {0, 1, 0, 2, 7}, {0, 0, 1, 1, 6}},
                            .labels = {0, 1, 0, 0, 1},
                            .shape = {3},
                            .class_count = 3};
  CHECK(train::accuracy(identity, data) == doctest::Approx(0.8));
}

TEST_CASE("accuracy counts no item with an output that is not a number") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                  infinity = std::numeric_limits<float>::infinity();
  train::Sequential<float> identity({3});
  const train::Dataset data{.images = train::Matrix<float>{{nan, nan, 0, 2, infinity, -infinity},
                                                           {nan, 1, nan, 1, 0, -infinity},
                                                           {nan, 0, 1, nan, 0, -infinity}},
                            .labels = {0, 1, 2, 0, 0, 0},
                            .shape = {3},
                            .class_count = 3};
  CHECK(train::accuracy(identity, data) == doctest::Approx(2.0 / 6));
  CHECK(train::detail::count_right(train::Matrix<float>{{1, 1, 1}}, std::vector<int>{0, 1, -1}) == 1);
}

TEST_CASE("a small MLP reads handwritten digits") {
  const auto data = digits();
  train::Sequential<float> model({1, 8, 8});
  model.dense(64).relu().dense(32).relu().dense(10);
  CHECK(train_on_digits(model, data) >= 0.87);
}

TEST_CASE("a small CNN reads handwritten digits better") {
  const auto data = digits();
  train::Sequential<float> model({1, 8, 8});
  model.conv2d(8, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2});
  model.conv2d(16, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2}).dense(10);
  CHECK(train_on_digits(model, data) >= 0.90);
}
