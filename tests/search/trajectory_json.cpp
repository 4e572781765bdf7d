// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/search/controller.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

template <EntropySchedule E>
struct OpenCodeWith : OpenCode {
  using Entropy = E;
};

/// The largest differences of logits and advantages from those of a run.
template <class S, class E>
std::pair<double, double> differences(const nlohmann::json& run) {
  const auto& config = run.at("config");
  const std::vector<std::size_t> counts(config.at("layers").get<std::size_t>(),
                                        config.at("options_bits").size());
  ControllerOptions options;
  options.total_steps = config.at("total_steps");
  options.delay_steps = config.at("delay_steps");
  options.learning_rate = config.at("rl_learning_rate");
  options.average_decay = config.at("ema_alpha");
  options.initial_logit = config.at("initial_logit");
  options.temperature = config.at("temperature");
  options.max_entropy = config.at("max_entropy_beta");
  Controller<S, OpenCodeWith<E>> controller(counts, options);
  double logits = 0, advantages = 0;
  for (const auto& step : run.at("steps")) {
    const auto record = controller.update(step.at("indices").get<Choice>(), step.at("reward").get<double>());
    CHECK(record.entropy_coefficient ==
          doctest::Approx(step.at("entropy_beta").get<double>()).epsilon(1e-12));
    CHECK(record.average == doctest::Approx(step.at("ema").get<double>()).epsilon(1e-12));
    advantages = std::max(advantages, std::abs(record.advantage - step.at("advantage").get<double>()));
    for (std::size_t d = 0; d < counts.size(); ++d)
      for (std::size_t i = 0; i < counts[d]; ++i)
        logits = std::max(logits, std::abs(static_cast<double>(controller.logits(d)[i]) -
                                           step.at("logits").at(d).at(i).template get<double>()));
  }
  return {logits, advantages};
}

TEST_CASE("the controller goes the way of the authors' open-source code, in float and in double") {
  const auto path = std::string(BITLOOM_REFERENCE_DIR) + "/fliqs/policy_trajectory.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data " << path << " is not there");
    return;
  }
  const auto runs = nlohmann::json::parse(core::read_file(path));
  REQUIRE_FALSE(runs.empty());
  for (const auto& run : runs)
    core::for_each_type(core::TypeList<CosineEntropy, LinearEntropy, ConstantEntropy, HeavisideEntropy>{},
                        [&]<class E>(std::type_identity<E>) {
                          if (run.at("config").at("entropy_schedule") != E::name) return;
                          CAPTURE(E::name);
                          const auto [in_double, advantage] = differences<double, E>(run);
                          CHECK(in_double <= 1e-6);  // theirs are float32
                          CHECK(advantage <= 1e-12);
                          CHECK(differences<float, E>(run).first <= 2e-5);
                        });
}

}  // namespace
