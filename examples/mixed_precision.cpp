// SPDX-License-Identifier: Apache-2.0
// Which format should each layer of my network have, and what does that cost and give? Searches while it trains, compares
// with uniform formats and other baselines, and runs what it chose bit by bit on models of FPGA blocks.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/core/version.hpp>

#include "mixed_precision/qat_training.hpp"
#include "mixed_precision/study.hpp"
#include "support/check.hpp"
#include "support/fliqs_kinds.hpp"
#include "support/program.hpp"

namespace {

using namespace bitloom;

template <class Names>
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& value, const Names& names,
                        const std::string& what) {
  return app.add_option(name, value, what)
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())))
      ->capture_default_str();
}

/// What options say only together.
void check_together(const examples::StudyOptions& options) {
  for (const auto& file : {options.trace, options.assignment, options.checkpoint, options.json, options.html})
    if (!file.empty()) core::check_writable(file);
  const bool exponential = options.search.reward == "soft" || options.search.reward == "hard";
  if (exponential && options.search.quality == "loss")
    throw RangeError("--reward " + options.search.reward +
                     ": an exponential reward needs an accuracy; with --quality loss it would reward cost");
  if (exponential && options.beta.value_or(-1) > 0)
    throw RangeError("--beta: " + std::to_string(*options.beta) + " has to be 0 or less with --reward " +
                     options.search.reward);
  if (options.choose != "best" && std::ranges::none_of(options.targets, [&](double target) {
        return options.choose == fmt::format("{:g}", target);
      }))
    throw RangeError("--choose: '" + options.choose + "' is neither best nor one of --targets");
}

int run(const examples::StudyOptions& options) {
  check_together(options);
  auto study = examples::run_study(options);
  const auto deployment = examples::deploy(study.model, study.data,
                                           {.batch = options.batch,
                                            .blocks = options.blocks,
                                            .sample = options.sample,
                                            .threads = options.threads});
  return examples::report_study(study, deployment, options);
}

void add_network(CLI::App& app, examples::StudyOptions& o) {
  app.add_option("--data", o.data, "folder with IDX files, e.g. of Fashion-MNIST; without it, digits")
      ->check(examples::not_empty());
  app.add_option("--digits", o.digits, "CSV file with digits of 8x8 pixels, used without --data")
      ->capture_default_str();
  add_choice(app, "--network", o.network, std::vector<std::string>{"cnn", "mlp"},
             "two convolutions with normalization and pooling, or dense layers of 64 and 32");
  app.add_option("--epochs", o.epochs, "epochs of every training; 10 with --data")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--batch", o.batch, "images of a step")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "of the weights (Adam), falling along half a cosine")
      ->check(CLI::Range(1e-9, 10.0))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "seed of weights, batches and choices")
      ->check(examples::seed_number())
      ->capture_default_str();
  app.add_option("--seeds", o.seeds, "trainings of each kind, from that seed; means are shown")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--threads", o.threads, "trainings side by side; 0 for one on each core")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

void add_search(CLI::App& app, examples::StudyOptions& o) {
  add_choice(app, "--space", o.space, examples::space_names,
             "formats to choose from; both: integers and minifloats of 4 and 8 bits");
  add_choice(app, "--operands", o.operands, examples::operand_names,
             "one format for weights and inputs of a layer, one for each, or for weights alone with inputs "
             "of 8 bits");
  add_choice(app, "--grouping", o.grouping, examples::grouping_names, "what decides together");
  add_choice(app, "--cost", o.cost, examples::cost_names, "what the search is to keep down");
  app.add_option("--targets", o.targets,
                 "costs to search for, as shares of that of the most expensive uniform format")
      ->delimiter(',')
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  app.add_option("--random", o.random, "random assignments to train")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  using Parts = examples::SearchParts;
  add_choice(app, "--reward", o.search.reward, Parts::rewards, "how accuracy and cost become one number");
  app.add_option("--beta", o.beta, "how much costs weigh: 1, or -1 for exponential rewards")
      ->check(CLI::Range(-1e6, 1e6));
  add_choice(app, "--entropy", o.search.entropy, Parts::entropies,
             "how the pressure to commit rises; with --controller tunas there is none unless this is given");
  add_choice(
      app, "--quality", o.search.quality, Parts::qualities,
      "what is taken for the accuracy of a step; held-out keeps a fifth of the training images for it");
  add_choice(app, "--controller", o.search.controller, Parts::controllers, "how the policy learns");
  app.add_option("--policy-rate", o.policy_rate, "learning rate of the policy")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
}

void add_result(CLI::App& app, examples::StudyOptions& o) {
  app.add_option("--choose", o.choose, "network to execute: best, or a target")->capture_default_str();
  app.add_option("--blocks", o.blocks, "blocks that execute it, and that costs in cycles are for")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--sample", o.sample, "test images that also run clock by clock")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--from", o.from, "no search: train and execute the formats of this file")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  examples::add_output(app, "--trace", o.trace, "write every step of the searches to this file, as a table");
  examples::add_output(app, "--assignment", o.assignment, "write the chosen formats to this file, as JSON");
  examples::add_output(
      app, "--checkpoint", o.checkpoint,
      "keep finished trainings in this file, and go on with the others after a stop; searches "
      "that it has are not in the trace");
  examples::add_output(app, "--json", o.json, "also write the result to this file");
  examples::add_output(app, "--html", o.html, "also write a page with charts to this file");
}

/// Longer, in what the user does not say otherwise.
void lengthen(const CLI::App& app, examples::StudyOptions& o) {
  const auto is_free = [&](const char* name) { return app.get_option(name)->count() == 0; };
  if (is_free("--epochs")) o.epochs = o.data.empty() ? 60 : 20;
  if (is_free("--seeds")) o.seeds = 5;
  if (is_free("--random")) o.random = 8;
  if (is_free("--targets")) o.targets = {0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};
  if (is_free("--sample")) o.sample = 16;
}

}  // namespace

int main(int argc, char** argv) {
  examples::StudyOptions options;
  CLI::App app(
      "Which format should each layer of my network have, and what does that cost and give? Searches formats "
      "while the network trains, compares with uniform formats and other baselines, and runs the chosen "
      "network bit by bit on models of FPGA blocks.",
      "mixed_precision");
  app.set_version_flag("--version", std::string(version));
  add_network(app, options);
  add_search(app, options);
  add_result(app, options);
  bool full = false;
  app.add_flag("--full", full, "more epochs, seeds, targets and baselines: minutes");

  std::vector<std::string> files;
  std::string check_json;
  int check_seeds = 20;
  auto& check = *app.add_subcommand(
      "check", "recompute reference files of searches, quantizers and quantized training");
  check.add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);
  check.add_option("--seeds", check_seeds, "trainings of each setting")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  examples::add_output(check, "--json", check_json, "also write the result to this file");

  return examples::run_program(app, argc, argv, [&] {
    if (check.parsed()) {
      const auto kinds = examples::fliqs_file_kinds(examples::qat_trainer(check_seeds, core::Threads()));
      return examples::check_files(files, check_json,
                                   [&](const std::string& path, examples::CaseCounter& counter) {
                                     examples::check_reference_file(path, kinds, counter);
                                   });
    }
    if (!options.data.empty() && app.get_option("--epochs")->count() == 0) options.epochs = 10;
    options.entropy_is_given = app.get_option("--entropy")->count() > 0;
    if (full) lengthen(app, options);
    return run(options);
  });
}
