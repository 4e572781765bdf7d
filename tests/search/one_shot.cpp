// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/one_shot.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/threads.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/train/elastic.hpp>
#include <bitloom/train/optimizer.hpp>

namespace op = bitloom::op;
namespace search = bitloom::search;
namespace train = bitloom::train;
using Formats = search::FliqsSmallIntegers;
using Plain = train::Sequential<float>;
using Model = decltype(train::with_formats<Formats::types>(std::declval<const Plain&>()));

namespace {

/// Points in a square, labelled by the quadrant.
train::Dataset quadrants(std::int64_t count) {
  train::Dataset data{.images = train::Matrix<float>(2, count), .labels = {}, .shape = {2}, .class_count = 4};
  bitloom::core::Random random(5);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto x = 2 * random.uniform() - 1, y = 2 * random.uniform() - 1;
    data.images.col(i) << static_cast<float>(x), static_cast<float>(y);
    data.labels.push_back((x > 0 ? 1 : 0) + (y > 0 ? 2 : 0));
  }
  return data;
}

Model model(std::uint64_t seed) {
  Plain plain({2});
  plain.dense(16).relu().dense(16).relu().dense(4).initialize(seed);
  return train::with_formats<Formats::types>(plain);
}

struct Run {
  std::vector<search::TraceRow> rows;
  search::Choice best;
  std::vector<float> weights;
  double accuracy{};
};

template <class Quality = search::BatchAccuracy>
Run run(search::OneShotOptions options, train::AnyExecutor executor = {}, Quality quality = {}) {
  const auto data = quadrants(512);
  auto network = model(1);
  const auto space = search::format_space(Formats::facts, search::layers_of(network));
  const search::CostTable costs(space, search::Bops{});
  const search::Choice dearest(space.decisions().size(), 1);
  options.target *= costs.cost(dearest);
  options.fit.executor = std::move(executor);
  train::Adam<float> adam;
  search::OneShotSearch one_shot(network, data, space, costs, adam, options, std::move(quality));
  Run result;
  while (!one_shot.done()) result.rows.push_back(one_shot.next());
  result.best = one_shot.finish();
  for (const auto* parameter : network.parameters())
    result.weights.insert(result.weights.end(), parameter->value.data(),
                          parameter->value.data() + parameter->value.size());
  result.accuracy = train::accuracy(network, data);
  return result;
}

struct ExponentialPolicies : search::OneShotPolicies {
  using RewardPolicy = search::SoftExponentialReward<>;
};

search::OneShotOptions options(double target) {
  return {.fit = {.epochs = 30, .batch_size = 32, .learning_rate = 0.01},
          .controller = {.learning_rate = 0.05, .average_decay = 0.95, .max_entropy = 0.2},
          .target = target};
}

}  // namespace

TEST_CASE("a search ends near its target, with the weights trained") {
  const auto cheap = run(options(0.3)), dear = run(options(0.95));
  CHECK(cheap.accuracy > 0.9);
  CHECK(dear.accuracy > 0.9);
  const auto bits = [](const Run& r) {
    std::size_t sum = 0;
    for (const auto option : r.best) sum += option;
    return sum;
  };
  CHECK(bits(cheap) < bits(dear));
  CHECK(std::ssize(cheap.rows) == 30 * 16);
  CHECK(cheap.rows.back().record.probabilities[0][cheap.best[0]] > 0.8);  // it has committed itself
}

TEST_CASE("every step's row is what the step was") {
  auto with_errors = options(0.5);
  with_errors.switching_interval = 2;
  with_errors.fit.epochs = 4;
  const auto r = run(with_errors);
  std::size_t switched = 0;
  for (std::size_t i = 0; i < r.rows.size(); ++i) {
    const auto& row = r.rows[i];
    REQUIRE(row.record.step == static_cast<std::int64_t>(i));
    REQUIRE(row.quality >= 0);
    REQUIRE(row.quality <= 1);
    const bool same = i == 0 || r.rows[i - 1].record.choice == row.record.choice;
    if (i % 2 == 1 || same) REQUIRE(row.switching_error == 0);
    if (i % 2 == 0 && !same) {
      REQUIRE(row.switching_error > 0);
      ++switched;
    }
  }
  CHECK(switched > 5);
  CHECK(r.rows[15].record.learning_rate == 0);  // a quarter of 64 steps is warm-up
  CHECK(r.rows[16].record.learning_rate > 0);
}

TEST_CASE("the same search gives the same bits on several threads") {
  const auto one = run(options(0.5)), several = run(options(0.5), bitloom::core::Threads(2));
  CHECK(one.best == several.best);
  CHECK(one.weights == several.weights);
  auto other_seed = options(0.5);
  other_seed.seed = 2;
  CHECK(run(other_seed).weights != one.weights);
}

TEST_CASE("a search that is stopped and resumed gives the bits of one that is not") {
  const auto data = quadrants(256);
  const auto start = [&](auto&& f) {
    auto network = model(1);
    const auto space = search::format_space(Formats::facts, search::layers_of(network));
    const search::CostTable costs(space, search::Bops{});
    train::Adam<float> adam;
    auto few = options(1e5);
    few.fit.epochs = 4;  // of 8 steps
    few.switching_interval = 1;
    search::OneShotSearch one_shot(network, data, space, costs, adam, few);
    f(one_shot);
    std::vector<double> end{static_cast<double>(one_shot.controller().logits(0)[0])};
    while (!one_shot.done()) end.push_back(one_shot.next().switching_error);
    for (const auto* parameter : network.parameters()) end.push_back(parameter->value.sum());
    for (std::size_t d = 0; d < 3; ++d) end.push_back(one_shot.controller().logits(d)[1]);
    return end;
  };
  for (const int steps : {0, 3, 13, 31, 32}) {
    train::TensorFile saved;
    const auto whole = start([&](auto& one_shot) {
      for (int i = 0; i < steps; ++i) one_shot.next();
      saved = one_shot.checkpoint();
    });
    CHECK(whole == start([&](auto& one_shot) { one_shot.restore(saved); }));
    start([&](auto& one_shot) {
      for (std::size_t i = 0; i < saved.tensors.size(); ++i) {
        auto damaged = saved;
        damaged.tensors.erase(damaged.tensors.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK_THROWS_AS(one_shot.restore(damaged), bitloom::ParseError);
      }
    });
  }
}

TEST_CASE("a search that goes back to its beginning gives the model the formats that it had there") {
  const auto data = quadrants(64);
  auto network = model(1);
  const auto space = search::format_space(Formats::facts, search::layers_of(network));
  const search::CostTable costs(space, search::Bops{});
  train::Adam<float> adam;
  search::OneShotSearch one_shot(network, data, space, costs, adam, options(1e5));
  const auto start = one_shot.checkpoint();
  const auto outputs = network.predict(data.images);
  while (one_shot.next().record.choice == search::Choice(3, 0)) {
  }
  one_shot.restore(start);
  CHECK(network.predict(data.images) == outputs);
}

TEST_CASE("quality can be minus the loss, or the accuracy on items held out") {
  auto few = options(0.5);
  few.fit.epochs = 2;
  for (const auto& row : run(few, {}, search::MinusLoss{}).rows) REQUIRE(row.quality < 0);
  const auto held_out = run(few, {}, search::HeldOutAccuracy(quadrants(100), 64, 1)).rows;
  CHECK(held_out.front().quality != held_out.back().quality);
  CHECK_THROWS_AS(search::HeldOutAccuracy(quadrants(0), 64, 1), bitloom::RangeError);
  CHECK_THROWS_AS(search::HeldOutAccuracy(quadrants(4), 0, 1), bitloom::RangeError);
}

TEST_CASE("formats, width, kernel and depth are searched together on one set of weights") {
  using Types = Formats::types;
  using Conv = train::FormatLayer<train::Conv2d<float>, Types>;
  using Dense = train::FormatLayer<train::Dense<float>, Types>;
  using Body = train::Sequential<float, Conv, train::ElasticChannels>;
  using Block = train::Skippable<float, Body>;
  using Super = train::Sequential<float, Block, Dense>;
  const op::ConvGeometry outer{.input = {1, 6, 6}, .out_channels = 4, .window = {5, 1, 2}};
  const op::ConvGeometry inner{.input = {4, 6, 6}, .out_channels = 1, .window = {3, 1, 1}};
  Body body({1, 6, 6});
  body.add(Conv(train::Conv2d<float>(outer))).batch_norm().relu().add(train::ElasticChannels({4, 6, 6}));
  body.add(Conv(train::Conv2d<float>(inner)));
  Super network({1, 6, 6});
  network.add(Block(std::move(body))).add(Dense(train::Dense<float>(36, 2)));
  network.initialize(1);

  search::Space space(Formats::facts);
  const auto depth = space.add_values("depth", {0, 1});
  const std::vector<search::Condition> there{{depth, {1}}};
  const auto width = space.add_values("width", {2, 4}, there),
             kernel = space.add_values("kernel", {3, 5}, there);
  const auto body_format = space.add_formats("body", {}, there), last = space.add_formats("last");
  const auto conv = [](double in, double out, double window) {
    return bitloom::net::ConvShape{.r = std::llround(window),
                                   .s = std::llround(window),
                                   .c = std::llround(in),
                                   .p = 6,
                                   .q = 6,
                                   .k = std::llround(out)};
  };
  using Shape = std::optional<bitloom::net::LayerShape>;
  space.add_layer(
      "outer", {depth, width, kernel},
      [&](auto v) { return v[0] == 0 ? Shape() : Shape(conv(1, v[1], v[2])); },
      search::ByDecision{body_format}, search::ByDecision{body_format});
  space.add_layer(
      "inner", {depth, width}, [&](auto v) { return v[0] == 0 ? Shape() : Shape(conv(v[1], 1, 3)); },
      search::ByDecision{body_format}, search::ByDecision{body_format});
  space.add_layer({"last", bitloom::net::FcShape{.c = 36, .k = 2}}, search::ByDecision{last},
                  search::ByDecision{last});
  const search::CostTable costs(space, search::Bops{});

  const auto set_architecture = [&](std::span<const std::size_t> choice) {
    const auto value = [&](std::size_t decision) {
      return std::get<search::ValueOptions>(space.decisions()[decision].options).values[choice[decision]];
    };
    train::for_each_layer<Block>(network, [&](Block& block) { block.set_active(value(depth) == 1); });
    train::for_each_layer<train::ElasticChannels>(
        network, [&](auto& layer) { layer.set_active(std::llround(value(width))); });
    bool is_outer = true;
    train::for_each_layer<Conv>(network, [&](Conv& layer) {
      if (std::exchange(is_outer, false))
        layer.set_weight_mask(train::kernel_mask<float>(outer, 1, std::llround(value(kernel))));
    });
  };
  train::Dataset edges{
      .images = train::Matrix<float>(36, 256), .labels = {}, .shape = {1, 6, 6}, .class_count = 2};
  bitloom::core::Random random(3);
  for (Eigen::Index i = 0; i < edges.images.cols(); ++i) {  // a bright row, or a bright column
    edges.labels.push_back(static_cast<int>(random.integer(0, 1)));
    const auto place = random.integer(0, 5);
    for (Eigen::Index k = 0; k < 36; ++k)
      edges.images(k, i) = (edges.labels.back() == 0 ? k / 6 : k % 6) == place ? 1.0F : 0.0F;
  }
  train::Adam<float> adam;
  auto both = options(costs.cost(space.uniform(0)));
  both.fit.epochs = 40;
  both.beta = 0.05;
  both.set_architecture = set_architecture;
  search::OneShotSearch one_shot(network, edges, space, costs, adam, both);
  std::set<search::Choice> seen;
  bool masked = false;
  while (!one_shot.done()) {
    const auto row = one_shot.next();
    seen.insert(space.canonical(row.record.choice));
    masked = masked || !row.record.active[width];  // decisions of a body that is left out do not matter
  }
  const auto best = one_shot.finish();
  CHECK(seen.size() > 10);  // of 2 · (1 + 2 · 2 · 2)
  CHECK(masked);
  CHECK(best[depth] == 1);  // without the body a row and a column look alike to the last layer
  CHECK(train::accuracy(network, edges) > 0.95);
}

TEST_CASE("a space that is not the model's is refused") {
  const auto data = quadrants(64);
  auto network = model(1);
  train::Adam<float> adam;
  const auto refuse = [&](const search::Space& space, auto options, auto error) {
    const search::CostTable costs(space, search::Bops{});
    CHECK_THROWS_AS(search::OneShotSearch(network, data, space, costs, adam, options), decltype(error));
  };
  auto layers = search::layers_of(network);
  CHECK(layers.size() == 3);
  CHECK(layers[1].name == "2.dense");
  CHECK(layers[1].shape == bitloom::net::LayerShape{bitloom::net::FcShape{.c = 16, .k = 16}});
  refuse(search::format_space(search::FliqsLargeIntegers::facts, layers), options(1e5),
         bitloom::ShapeError(""));
  refuse(search::format_space(search::FliqsSmallFloats::facts, layers), options(1e5),
         bitloom::ShapeError(""));
  refuse(search::format_space(Formats::facts, layers), options(0), bitloom::RangeError(""));
  auto late = options(1e5);
  late.delay = 1.5;
  refuse(search::format_space(Formats::facts, layers), late, bitloom::RangeError(""));
  const auto space = search::format_space(Formats::facts, layers);
  auto no_weight = options(1e5);
  no_weight.beta = std::nan("");
  refuse(space, no_weight, bitloom::RangeError(""));
  layers.pop_back();
  const auto shorter = search::format_space(Formats::facts, layers);
  refuse(shorter, options(1e5), bitloom::ShapeError(""));

  const search::CostTable of_shorter(shorter, search::Bops{}), costs(space, search::Bops{});
  CHECK_THROWS_AS(search::OneShotSearch(network, data, space, of_shorter, adam, options(1e5)),
                  bitloom::ShapeError);
  using Exponential =
      search::OneShotSearch<Model, train::Adam<float>, search::BatchAccuracy, ExponentialPolicies>;
  CHECK_THROWS_AS(Exponential(network, data, space, costs, adam, options(1e5)),
                  bitloom::RangeError);  // beta is 1
  const search::Choice narrow{0, 0, 0}, wide{1, 1, 1};
  CHECK(search::mean_switching_error(network, space, narrow, wide) > 0);
  CHECK_THROWS_AS(static_cast<void>(search::mean_switching_error(network, shorter, {0, 0}, {1, 1})),
                  bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(search::mean_switching_error(network, space, narrow, {1, 1})),
                  bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(search::mean_switching_error(network, space, {0, 0, 2}, wide)),
                  bitloom::RangeError);
}
