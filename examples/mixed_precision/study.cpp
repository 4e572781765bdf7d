// SPDX-License-Identifier: Apache-2.0
#include "mixed_precision/study.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/pareto.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/search/assignment_json.hpp>
#include <bitloom/search/greedy_search.hpp>
#include <bitloom/search/model_formats.hpp>
#include <bitloom/search/sweep.hpp>
#include <bitloom/search/trace.hpp>
#include <bitloom/train/schedule.hpp>

#include "mixed_precision/study_checkpoint.hpp"
#include "support/data.hpp"

namespace bitloom::examples {

namespace {

using search::Choice;

/// The steps of several searches as one table, written as they go: a search's lines follow those of the one before it.
class TraceFile {
 public:
  TraceFile(const std::string& path, const search::Space& space, std::size_t searches)
      : path_(path), trace_(space), waiting_(searches), done_(searches) {
    if (path_.empty()) return;
    file_.reset(std::fopen(path_.c_str(), "wb"));
    write("target,seed," + trace_.csv_header());
  }

  void add(std::size_t search, double target, std::uint64_t seed, const search::TraceRow& row) {
    if (path_.empty()) return;
    const auto line = fmt::format("{:g},{},{}", target, seed, trace_.csv_line(row));
    const std::lock_guard lock(mutex_);
    if (search == current_)
      write(line);
    else
      waiting_[search] += line;
  }
  void finish(std::size_t search) {
    if (path_.empty()) return;
    const std::lock_guard lock(mutex_);
    done_[search] = true;
    for (; current_ < done_.size() && done_[current_]; ++current_)
      if (current_ + 1 < done_.size()) write(std::exchange(waiting_[current_ + 1], {}));
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void write(const std::string& text) {
    if (!file_ || std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
        std::fflush(file_.get()) != 0)
      throw Error(path_ + ": the file cannot be written");
  }

  std::string path_;
  search::Trace trace_;
  std::unique_ptr<std::FILE, Close> file_;
  std::mutex mutex_;
  std::vector<std::string> waiting_;  // lines of searches behind the current one
  std::vector<bool> done_;
  std::size_t current_ = 0;
};

/// Trainings that run side by side, with one progress bar.
class Workshop {
 public:
  Workshop(std::string label, core::Threads threads)
      : label_(std::move(label)), threads_(std::move(threads)) {}

  /// @param steps  of the training
  /// @param task   calls what it is given after every step
  void add(std::int64_t steps, std::function<void(const std::function<void()>&)> task) {
    total_ += steps;
    tasks_.push_back(std::move(task));
  }
  void run() {
    core::Progress progress(label_, total_);
    std::mutex mutex;
    std::int64_t done = 0;
    threads_.for_each_index(std::ssize(tasks_), [&](std::int64_t i) {
      tasks_[static_cast<std::size_t>(i)]([&] {
        const std::lock_guard lock(mutex);
        progress.update(++done);
      });
    });
    tasks_.clear();
    total_ = 0;
  }

 private:
  std::string label_;
  core::Threads threads_;
  std::vector<std::function<void(const std::function<void()>&)>> tasks_;
  std::int64_t total_ = 0;
};

/// What decides the results of trainings.
std::string options_text(const StudyOptions& o) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", version, o.data, o.digits,
                     o.network, o.space, o.operands, o.grouping, o.cost, o.blocks, o.search.reward,
                     o.search.entropy, o.search.controller, o.search.quality, o.entropy_is_given,
                     o.beta.value_or(0), o.policy_rate, o.epochs, o.batch, o.learning_rate, o.seed);
}

/// Everything that trainings share, and what comes of them.
class StudyRunner {
 public:
  StudyRunner(const StudyOptions& options, const train::Split& data, Study& study)
      : options_(options),
        study_(study),
        threads_(options.threads > 0 ? core::Threads(options.threads) : core::Threads()),
        training_(data.train),
        test_(data.test),
        checkpoint_(options.checkpoint, options_text(options)) {
    if (options.search.quality == "held-out") {  // the same training data for all methods
      const auto parts = train::split(data.train, data.train.count() - data.train.count() / 5);
      training_ = parts.train;
      held_out_ = parts.test;
    }
    steps_ = (training_.count() + options.batch - 1) / options.batch * options.epochs;
  }

  void run() {
    Workshop workshop("train", threads_);
    study_.float_accuracies.resize(seeds());
    std::vector<std::optional<FormatModel>> models;
    if (!options_.from.empty()) {
      study_.float_accuracies.clear();
      const auto choice = search::choice_of(study_.space, search::read_assignment(options_.from));
      models.resize(1);
      add_fixed(workshop, "given", choice, models.data());
      run(workshop);
      study_.model = std::move(*models.front());
      return;
    }
    std::optional<FormatModel> float_model;
    for (std::size_t s = 0; s < seeds(); ++s)
      add_training(
          workshop, "float", s, &float_model,
          [this, s](FormatModel& model, const auto& step) {
            train_network(model, training_, fit_options(s), [&](const train::Step&) { step(); });
            return Choice();
          },
          [this, s](const TrainedRun& run) { study_.float_accuracies[s] = run.accuracy; });
    for (std::size_t place = 0; place < study_.space.formats().size(); ++place)
      if (study_.space.offers_everywhere(place))
        add_fixed(workshop, "uniform " + std::string(study_.space.formats()[place].name),
                  study_.space.canonical(study_.space.uniform(place)));
    for (std::int64_t i = 0; i < options_.random; ++i)
      add_fixed(workshop, fmt::format("random {}", i + 1), random_choice(static_cast<std::uint64_t>(i)));
    const auto first_search = study_.points.size();
    models.resize(options_.targets.size());
    TraceFile trace(options_.trace, study_.space, options_.targets.size() * seeds());
    for (std::size_t t = 0; t < options_.targets.size(); ++t) add_search(workshop, t, trace, models[t]);
    run(workshop);
    add_greedy(*float_model);
    choose(first_search, models);
  }

 private:
  [[nodiscard]] std::size_t seeds() const { return static_cast<std::size_t>(options_.seeds); }

  [[nodiscard]] FormatModel new_model(std::size_t s) const {
    return make_network(options_.network, training_.shape, training_.class_count, options_.seed + s);
  }

  [[nodiscard]] train::FitOptions fit_options(std::size_t s) const {
    return {.epochs = options_.epochs,
            .batch_size = options_.batch,
            .learning_rate = options_.learning_rate,
            .seed = options_.seed + s,
            .schedule = train::Cosine{}};
  }

  /// Adds one training, unless the checkpoint has it.
  /// @param keep  gets the model of the first seed
  /// @param work  work(model, step) trains, and returns the choice; empty for float
  /// @param note  gets what came of it
  template <class Work, class Note>
  void add_training(Workshop& workshop, const std::string& name, std::size_t s,
                    std::optional<FormatModel>* keep, Work work, Note note) {
    if (s > 0) keep = nullptr;
    const auto key = fmt::format("{}, seed {}", name, options_.seed + s);
    workshop.add(steps_, [this, key, s, keep, work, note](const std::function<void()>& step) {
      auto model = new_model(s);
      TrainedRun run;
      if (const auto known = checkpoint_.find(key)) {
        run = *known;
        if (keep != nullptr) checkpoint_.load(key, model);
        if (!run.choice.empty()) search::set_formats(model, study_.space, run.choice);
        for (std::int64_t i = 0; i < steps_; ++i) step();
      } else {
        run.choice = work(model, step);
        run.accuracy = answer(model, test_).accuracy;
        checkpoint_.add(key, run, keep == nullptr ? nullptr : &model);
      }
      if (!run.choice.empty()) {
        run.cost = study_.costs.cost(run.choice);
        run.bops = study_.bops.cost(run.choice);
      }
      if (keep != nullptr) keep->emplace(std::move(model));
      note(std::move(run));
    });
  }

  /// Runs the trainings, and gives points whose choice was trained for another one the runs of that.
  void run(Workshop& workshop) {
    workshop.run();
    for (const auto& [place, trained] : std::exchange(copies_, {}))
      study_.points[place].runs = study_.points[trained].runs;
  }

  [[nodiscard]] Choice random_choice(std::uint64_t i) const {
    constexpr auto stream = std::uint64_t{1} << 48;
    core::Random random(options_.seed, stream + i);
    Choice choice;
    for (const auto count : study_.space.option_counts())
      choice.push_back(static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1)));
    return study_.space.canonical(choice);
  }

  static std::string training_name(const Choice& choice) {
    std::string name = "formats";
    for (const auto option : choice) name += fmt::format(" {}", option);
    return name;
  }

  void add_fixed(Workshop& workshop, std::string method, const Choice& choice,
                 std::optional<FormatModel>* keep = nullptr) {
    const auto place = study_.points.size();
    study_.points.push_back({std::move(method), std::nullopt, std::vector<TrainedRun>(seeds())});
    const auto [trained, is_new] = trained_.try_emplace(choice, place);
    if (!is_new) {
      copies_.emplace_back(place, trained->second);
      return;
    }
    for (std::size_t s = 0; s < seeds(); ++s)
      add_training(
          workshop, training_name(choice), s, keep,
          [this, choice, s](FormatModel& model, const auto& step) {
            search::set_formats(model, study_.space, choice);
            train_network(model, training_, fit_options(s), [&](const train::Step&) { step(); });
            return choice;
          },
          [this, place, s](TrainedRun run) { study_.points[place].runs[s] = std::move(run); });
  }

  void add_search(Workshop& workshop, std::size_t t, TraceFile& trace, std::optional<FormatModel>& keep) {
    const auto place = study_.points.size();
    const double share = options_.targets[t];
    study_.points.push_back({fmt::format("search {:g}", share), share, std::vector<TrainedRun>(seeds())});
    for (std::size_t s = 0; s < seeds(); ++s)
      add_training(
          workshop, study_.points.back().method, s, &keep,
          [this, share, s, t, &trace](FormatModel& model, const auto& step) {
            const auto number = t * seeds() + s;
            auto choice =
                search_formats(model, training_, held_out_, study_.space, study_.costs, options_.search,
                               search_options(share, s), [&](const search::TraceRow& row) {
                                 trace.add(number, share, options_.seed + s, row);
                                 step();
                               });
            trace.finish(number);
            return choice;
          },
          [this, place, s](TrainedRun run) { study_.points[place].runs[s] = std::move(run); });
  }

  [[nodiscard]] search::OneShotOptions search_options(double share, std::size_t s) const {
    const bool exponential = options_.search.reward == "soft" || options_.search.reward == "hard";
    auto controller = options_.search.controller == "tunas" ? search::TuNas::options(steps_)
                                                            : search::OpenCode::options(steps_);
    controller.learning_rate = options_.policy_rate;
    controller.average_decay = 0.95;  // of a hundred steps, not of thousands
    controller.max_entropy = options_.search.controller == "tunas" && !options_.entropy_is_given ? 0 : 0.2;
    return {.fit = fit_options(s),
            .controller = controller,
            .delay = 0.25,
            .target = share * study_.top_cost,
            .beta = options_.beta.value_or(exponential ? -1 : 1),
            .seed = options_.seed + s,
            .switching_interval = options_.trace.empty() ? 0 : 1};
  }

  /// Lowers formats by how much the trained float network suffers from each without training, and trains those of the
  /// path that first meet a target.
  void add_greedy(const FormatModel& float_model) {
    const auto items = train::split(training_, std::min<std::int64_t>(training_.count(), 512)).train;
    const auto quality = [&](std::span<const std::size_t> choice) {
      auto model = float_model;
      search::set_formats(model, study_.space, choice);
      return -answer(model, items).mean_loss;
    };
    const search::SearchProblem problem(study_.space, study_.costs, quality, threads_);
    const auto path = search::GreedySearch{}.run(problem);
    Workshop workshop("train greedy", threads_);
    for (const double share : options_.targets) {
      auto found = std::ranges::find_if(
          path, [&](const search::SearchPoint& p) { return p.cost <= share * study_.top_cost; });
      if (found == path.end()) --found;
      add_fixed(workshop, fmt::format("greedy {:g}", share), found->choice);
    }
    run(workshop);
  }

  void choose(std::size_t first_search, std::vector<std::optional<FormatModel>>& models) {
    std::size_t best = 0;
    for (std::size_t t = 0; t < models.size(); ++t) {
      const auto accuracy = [&](std::size_t i) {
        return study_.points[first_search + i].mean(&TrainedRun::accuracy);
      };
      if (options_.choose == "best" ? accuracy(t) > accuracy(best)
                                    : options_.choose == fmt::format("{:g}", options_.targets[t]))
        best = t;
    }
    study_.chosen = first_search + best;
    study_.model = std::move(*models[best]);
  }

  const StudyOptions& options_;
  Study& study_;
  core::Threads threads_;
  train::Dataset training_, held_out_;
  const train::Dataset& test_;
  std::int64_t steps_{};
  StudyCheckpoint checkpoint_;
  std::map<Choice, std::size_t> trained_;                    // places of points, by their choice
  std::vector<std::pair<std::size_t, std::size_t>> copies_;  // a point, and the one whose runs it has
};

std::vector<std::size_t> front_of(std::span<const StudyPoint> points) {
  std::vector<std::array<double, 2>> objectives;
  for (const auto& point : points)
    objectives.push_back({point.mean(&TrainedRun::cost), -point.mean(&TrainedRun::accuracy)});
  return core::pareto_front<2>(objectives);
}

}  // namespace

Study run_study(const StudyOptions& options) {
  auto loaded = load_data(options.data, options.digits);
  const auto& [train, test] = loaded.parts;
  if (train.shape != test.shape)
    throw ShapeError(loaded.name + ": images to train are " + op::to_string(train.shape) + ", but to test " +
                     op::to_string(test.shape));
  auto model = make_network(options.network, train.shape, train.class_count, options.seed);
  auto space = make_space(options, search::layers_of(model));
  auto costs = make_costs(space, options.cost, options.blocks);
  auto bops = make_costs(space, "bops", options.blocks);
  Study study{.data_name = loaded.name,
              .data = std::move(loaded.parts),
              .space = std::move(space),
              .costs = std::move(costs),
              .bops = std::move(bops),
              .float_accuracies = {},
              .points = {},
              .front = {},
              .model = std::move(model)};
  for (std::size_t place = 0; place < study.space.formats().size(); ++place)
    if (study.space.offers_everywhere(place))
      study.top_cost = std::max(study.top_cost, study.costs.cost(study.space.uniform(place)));
  StudyRunner(options, study.data, study).run();
  study.front = front_of(study.points);
  if (!options.assignment.empty())
    core::write_file(options.assignment, search::to_json(search::assignment_of(
                                             study.space, study.points[study.chosen].runs[0].choice)));
  return study;
}

}  // namespace bitloom::examples
