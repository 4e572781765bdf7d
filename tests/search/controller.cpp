// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/controller.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const std::vector<std::size_t> counts{2, 3, 4};

/// -advantage · Σ w log p + coefficient · Σ w H by the textbook, for logits [decision][option].
double loss(const std::vector<std::vector<double>>& logits, const Choice& choice,
            const std::vector<bool>& active, double temperature, double least, double weight,
            double advantage, double coefficient) {
  double result = 0;
  for (std::size_t d = 0; d < logits.size(); ++d) {
    if (!active[d]) continue;
    double sum = 0;
    for (const double logit : logits[d]) sum += std::exp(logit / temperature);
    double entropy = 0;
    for (std::size_t i = 0; i < logits[d].size(); ++i) {
      const auto n = static_cast<double>(logits[d].size());
      const double p = least + (1 - n * least) * std::exp(logits[d][i] / temperature) / sum;
      entropy -= p * std::log(p);
      if (i == choice[d]) result -= weight * advantage * std::log(p);
    }
    result += weight * coefficient * entropy;
  }
  return result;
}

struct Steady : OpenCode {
  using Entropy = ConstantEntropy;
};
struct SteadySum : Steady {
  using Reduction = SumOverDecisions;
};

/// Adam on numerical gradients of the textbook's loss, beside the controller.
template <class Policies>
void compare_with_twin(const ControllerOptions& options, bool with_masks) {
  Controller<double, Policies> controller(counts, options);
  std::vector<std::vector<double>> logits, first, second;
  for (const auto count : counts) logits.push_back(std::vector<double>(count, options.initial_logit));
  first = second = logits;
  for (auto* moments : {&first, &second})
    for (auto& row : *moments) row.assign(row.size(), 0);
  core::Random random(5);
  double average = 0;
  int updates = 0;
  for (int step = 0; step < 40; ++step) {
    const auto choice = controller.sample(random);
    const double reward = random.uniform() - (choice[1] == 2 ? 1 : 0);
    const std::vector<bool> active{true, !with_masks || choice[0] == 0, !with_masks || choice[1] != 0};
    average = step == 0 ? reward : options.average_decay * average + (1 - options.average_decay) * reward;
    const auto record = controller.update(choice, reward, active);
    REQUIRE(record.average == doctest::Approx(average));
    REQUIRE(record.advantage == doctest::Approx(reward - average));
    if (step < options.delay_steps) {
      for (std::size_t d = 0; d < counts.size(); ++d)
        REQUIRE(controller.logits(d) == std::vector<double>(counts[d], options.initial_logit));
      continue;
    }
    ++updates;
    const auto matter = static_cast<std::size_t>(active[0] + active[1] + active[2]);
    const double weight = Policies::Reduction::weight(matter);
    const auto at = logits;
    for (std::size_t d = 0; d < counts.size(); ++d)
      for (std::size_t i = 0; i < counts[d]; ++i) {
        const auto moved = [&](double by) {
          auto x = at;
          x[d][i] += by;
          return loss(x, choice, active, options.temperature, options.min_probability, weight,
                      reward - average, options.max_entropy);
        };
        const double h = 1e-5;
        const double gradient = (moved(h) - moved(-h)) / (2 * h);
        first[d][i] = options.first_decay * first[d][i] + (1 - options.first_decay) * gradient;
        second[d][i] = options.second_decay * second[d][i] + (1 - options.second_decay) * gradient * gradient;
        logits[d][i] -=
            options.learning_rate * first[d][i] / (1 - std::pow(options.first_decay, updates)) /
            (std::sqrt(second[d][i] / (1 - std::pow(options.second_decay, updates))) + options.epsilon);
        REQUIRE(controller.logits(d)[i] == doctest::Approx(logits[d][i]).epsilon(1e-5));
      }
  }
}

TEST_CASE("a controller descends the loss of its textbook with Adam") {
  ControllerOptions options{.total_steps = 40, .delay_steps = 3, .learning_rate = 0.05, .average_decay = 0.9};
  compare_with_twin<Steady>(options, false);
  compare_with_twin<Steady>(options, true);
  compare_with_twin<SteadySum>(options, true);
  options.temperature = 2.5;
  options.min_probability = 0.05;
  options.first_decay = 0;
  compare_with_twin<Steady>(options, true);
}

TEST_CASE(
    "mean and sum over a constant number of decisions go the same way, for Adam takes no notice of factors") {
  const ControllerOptions options{.total_steps = 40, .learning_rate = 0.05};
  Controller<double, Steady> mean(counts, options);
  Controller<double, SteadySum> sum(counts, options);
  core::Random random(6);
  for (int i = 0; i < 40; ++i) {
    const auto choice = mean.sample(random);
    const double reward = random.uniform();
    mean.update(choice, reward);
    sum.update(choice, reward);
  }
  for (std::size_t d = 0; d < counts.size(); ++d)
    for (std::size_t i = 0; i < counts[d]; ++i)
      CHECK(mean.logits(d)[i] == doctest::Approx(sum.logits(d)[i]).epsilon(1e-6));
}

TEST_CASE("the first advantage is zero and later ones are the decay times the surprise") {
  Controller<> controller(counts, {.total_steps = 10, .average_decay = 0.75});
  CHECK(controller.update(Choice{0, 0, 0}, 4).advantage == 0);
  CHECK(controller.update(Choice{0, 0, 0}, 8).advantage == doctest::Approx(0.75 * (8 - 4)));
  CHECK(controller.step() == 2);
}

TEST_CASE("the warm-up samples evenly and leaves the policy alone") {
  Controller<> controller(counts, {.total_steps = 4000, .delay_steps = 3000, .learning_rate = 1});
  core::Random random(7);
  std::vector<int> seen(4);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(controller.is_warming_up());
    const auto choice = controller.sample(random);
    ++seen[choice[2]];
    const auto record = controller.update(choice, static_cast<double>(choice[2]));
    REQUIRE(record.learning_rate == 0);
    REQUIRE(record.probabilities[1] == std::vector<double>(3, 1.0 / 3));
  }
  CHECK_FALSE(controller.is_warming_up());
  for (const int count : seen) CHECK(std::abs(count - 750) < 120);  // five standard deviations
  CHECK(controller.logits(2) == std::vector<double>(4, 0.5));
  CHECK(controller.update(Choice{0, 0, 0}, 1).learning_rate == 1);
  CHECK(controller.logits(2) != std::vector<double>(4, 0.5));
}

TEST_CASE("TuNAS keeps its policy in the warm-up but warms the averages of Adam") {
  struct Resting : TuNas {
    using Warmup = RestingWarmup;
  };
  const auto options = TuNas::options(8);
  Controller<double, TuNas> warm(counts, options);
  Controller<double, Resting> resting(counts, options);
  for (const double reward : {1.0, 5.0}) {
    CHECK(warm.update(Choice{1, 1, 1}, reward).learning_rate == 0);
    resting.update(Choice{1, 1, 1}, reward);
    CHECK(warm.logits(0) == std::vector<double>(2, 0.0));
  }
  CHECK(warm.update(Choice{1, 1, 1}, 3.3).learning_rate == options.learning_rate);
  resting.update(Choice{1, 1, 1}, 3.3);
  // the first step of a cold Adam is the learning rate; the large surprise in the warm-up makes this one smaller
  CHECK(std::abs(resting.logits(0)[1]) == doctest::Approx(options.learning_rate));
  CHECK(std::abs(warm.logits(0)[1]) < 0.5 * options.learning_rate);
  CHECK(warm.update(Choice{1, 1, 1}, 3).learning_rate ==
        doctest::Approx(options.learning_rate * std::pow(10, 1.0 / 6)));
}

TEST_CASE("samples follow the policy") {
  ControllerOptions options{.total_steps = 100, .learning_rate = 0.3, .initial_logit = 0, .max_entropy = 0};
  Controller<float> controller(counts, options);
  for (int i = 0; i < 5; ++i) controller.update(Choice{1, 2, 3}, i);
  const auto probabilities = controller.probabilities(2);
  CHECK(probabilities[3] > 0.4F);
  core::Random random(1);
  std::vector<int> seen(4);
  constexpr int samples = 20000;
  for (int i = 0; i < samples; ++i) ++seen[controller.sample(random)[2]];
  for (std::size_t i = 0; i < 4; ++i) {
    const double p = probabilities[i];
    CHECK(std::abs(seen[i] - p * samples) < 5 * std::sqrt(p * (1 - p) * samples));
  }
  CHECK(controller.best() == Choice{1, 2, 3});
  CHECK(Controller<>(counts, options).best() == Choice{0, 0, 0});
  core::Random a(9), b(9);
  CHECK(controller.sample(a) == controller.sample(b));
}

TEST_CASE("a good option is found, and entropy that is pressed down ends in certainty") {
  ControllerOptions options{
      .total_steps = 600, .delay_steps = 60, .learning_rate = 0.05, .average_decay = 0.9};
  Controller<> controller(counts, options);
  core::Random random(11);
  double entropy = 0;
  for (std::int64_t i = 0; i < options.total_steps; ++i) {
    const auto choice = controller.sample(random);
    const double reward = (choice[0] == 1) + (choice[1] == 0) + (choice[2] == 2) + 0.1 * random.normal();
    entropy = controller.update(choice, reward).entropy;
    if (i == 60) CHECK(entropy == doctest::Approx((std::log(2) + std::log(3) + std::log(4)) / 3));
  }
  CHECK(controller.best() == Choice{1, 0, 2});
  CHECK(entropy < 0.05);
}

TEST_CASE("no option falls below the least probability") {
  ControllerOptions options{
      .total_steps = 500, .learning_rate = 0.5, .min_probability = 0.1, .max_entropy = 0};
  Controller<> controller(counts, options);
  for (int i = 0; i < 300; ++i) controller.update(Choice{0, 0, 0}, i);
  for (std::size_t d = 0; d < counts.size(); ++d) {
    const auto p = controller.probabilities(d);
    for (const double each : p) CHECK(each >= 0.1);
    CHECK(p[0] > 0.9 - 0.1 * static_cast<double>(counts[d] - 1));
  }
}

TEST_CASE("extreme logits stay finite") {
  Controller<float> controller(counts, {.total_steps = 100, .learning_rate = 1000, .max_entropy = 0.5});
  for (std::size_t i = 0; i < 50; ++i) controller.update(Choice{i % 2, i % 3, i % 4}, i % 7 == 0 ? 1 : -1);
  for (std::size_t d = 0; d < counts.size(); ++d)
    for (const float p : controller.probabilities(d)) CHECK(std::isfinite(p));
  core::Random random(1);
  for (int i = 0; i < 20; ++i) CHECK(controller.sample(random).size() == 3);
}

TEST_CASE("a controller goes on from any state of another, past the last step as well") {
  const ControllerOptions options{.total_steps = 4, .delay_steps = 1, .learning_rate = 0.1};
  const auto run = [&](Controller<float>& controller, std::int64_t steps) {
    for (; controller.step() < steps;) {
      core::Random random(3, static_cast<std::uint64_t>(controller.step()));
      const auto choice = controller.sample(random);
      controller.update(choice, static_cast<double>(choice[2]));
    }
  };
  Controller<float> whole(counts, options);
  run(whole, 8);
  for (const std::int64_t stop : {0, 1, 3, 4, 6}) {
    Controller<float> first(counts, options), second(counts, options);
    run(first, stop);
    second.restore(first.state());
    run(second, 8);
    CHECK(second.state() == whole.state());
  }
  auto negative = whole.state();
  negative.tensors[0] = train::to_tensor("steps", std::vector<std::int64_t>{-1, 0});
  CHECK_THROWS_WITH_AS(whole.restore(negative), doctest::Contains("step -1"), ParseError);
}

TEST_CASE_TEMPLATE("a reward whose distance from the average does not fit is refused, and nothing learned", S,
                   float, double) {
  Controller<S> controller(counts, {.total_steps = 9});
  controller.update(Choice{0, 1, 2}, 1.7e308);
  const auto before = controller.state();
  CHECK_THROWS_WITH_AS(controller.update(Choice{0, 1, 2}, -1.7e308), doctest::Contains("reward: -1.7e+308"),
                       RangeError);
  CHECK(controller.state() == before);
}

TEST_CASE("impossible numbers, choices and rewards are refused") {
  const auto make = [](const ControllerOptions& options) { Controller<>(counts, options); };
  CHECK_NOTHROW(make({}));
  CHECK_THROWS_AS(make({.total_steps = 0}), RangeError);
  CHECK_THROWS_AS(make({.total_steps = 5, .delay_steps = 6}), RangeError);
  CHECK_THROWS_AS(make({.learning_rate = -1}), RangeError);
  CHECK_THROWS_AS(make({.average_decay = 1}), RangeError);
  CHECK_THROWS_WITH_AS(make({.temperature = 0}), "temperature: 0 has to be at least 1e-30 and below 1e+30",
                       RangeError);
  CHECK_THROWS_AS(make({.temperature = std::nan("")}), RangeError);
  CHECK_THROWS_AS(make({.min_probability = 0.25}), RangeError);  // of four options
  CHECK_THROWS_AS(Controller<>(std::vector<std::size_t>{}, {}), ShapeError);
  CHECK_THROWS_AS(Controller<>(std::vector<std::size_t>{2, 0}, {}), ShapeError);
  Controller<> controller(counts, {});
  CHECK_THROWS_AS(controller.update(Choice{0, 0}, 1), ShapeError);
  CHECK_THROWS_AS(controller.update(Choice{0, 0, 4}, 1), RangeError);
  CHECK_THROWS_AS(controller.update(Choice{0, 0, 0}, 1, {true}), ShapeError);
  CHECK_THROWS_AS(controller.update(Choice{0, 0, 0}, std::numeric_limits<double>::infinity()), RangeError);
  CHECK(controller.step() == 0);
  CHECK(controller.update(Choice{0, 0, 0}, 1, std::vector<bool>(3, false)).entropy == 0);
}

}  // namespace
