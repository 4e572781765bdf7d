// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/search/assignment.hpp>

#include "mixed_precision/study.hpp"
#include "support/deployment_report.hpp"
#include "support/html_report.hpp"
#include "support/program.hpp"
#include "support/report.hpp"

namespace bitloom::examples {

namespace {

double accuracy(const StudyPoint& point) { return point.mean(&TrainedRun::accuracy); }
double cost(const StudyPoint& point) { return point.mean(&TrainedRun::cost); }

/// What a user reads and what a file holds of a study.
class StudyReport {
 public:
  StudyReport(const Study& study, const Deployment& deployment, const StudyOptions& options)
      : study_(study), deployment_(deployment), options_(options) {
    for (const auto& stage : deployment.stages) basis_.add(stage);
  }

  void print() const {
    fmt::print("{}\n\n", facts());
    core::Table table(header());
    if (!study_.float_accuracies.empty()) table.add_row(float_row());
    for (std::size_t i = 0; i < study_.points.size(); ++i) table.add_row(cells(i));
    fmt::print("{}\n", table.text());
    for (const auto& line : verdicts()) fmt::print("{}\n", line);
    fmt::print("\n");
    for (const auto& line : deployment_lines()) fmt::print("{}\n", line);
    if (deployment_.on_blocks) {
      core::Table stages(stage_header());
      for (const auto& row : stage_rows(deployment_)) stages.add_row(row);
      fmt::print("\n{}\n", stages.text());
    }
    for (const auto& line : assumptions()) fmt::print("{}\n", line);
  }

  [[nodiscard]] nlohmann::json json() const {
    nlohmann::json report{{"version", version},
                          {"seed", options_.seed},
                          {"seeds", options_.seeds},
                          {"data", study_.data_name},
                          {"train_images", study_.data.train.count()},
                          {"test_images", study_.data.test.count()},
                          {"network", options_.network},
                          {"epochs", options_.epochs},
                          {"batch_images", options_.batch},
                          {"learning_rate", options_.learning_rate},
                          {"space", options_.space},
                          {"operands", options_.operands},
                          {"grouping", options_.grouping},
                          {"decisions", study_.space.decisions().size()},
                          {"choices", study_.space.size()},
                          {"cost_model", study_.costs.name()},
                          {"cost_unit", study_.costs.unit()},
                          {"top_uniform_cost", study_.top_cost},
                          {"search",
                           {{"reward", options_.search.reward},
                            {"entropy", options_.search.entropy},
                            {"controller", options_.search.controller},
                            {"quality", options_.search.quality},
                            {"policy_learning_rate", options_.policy_rate}}},
                          {"float_accuracies", study_.float_accuracies},
                          {"points", nlohmann::json::array()},
                          {"front", study_.front},
                          {"chosen", study_.chosen},
                          {"verdicts", verdicts()},
                          {"deployment", deployment_json(deployment_, study_.data.test.count())}};
    for (std::size_t i = 0; i < study_.points.size(); ++i) report["points"].push_back(point_json(i));
    basis_.write_to(report);
    report["assumptions"] = assumptions();
    for (const auto& constant : study_.costs.constants()) report["constants"].push_back(to_json(constant));
    return report;
  }

  [[nodiscard]] std::string html() const {
    HtmlReport page("A format for every layer");
    page.paragraph(facts());
    page.scatter_chart(scatter());
    page.format_map(format_map());
    page.heading("All networks");
    std::vector<std::vector<std::string>> rows;
    if (!study_.float_accuracies.empty()) rows.push_back(float_row());
    for (std::size_t i = 0; i < study_.points.size(); ++i) rows.push_back(cells(i));
    page.table(header(), rows);
    for (const auto& line : verdicts()) page.paragraph(line);
    page.heading("The chosen network, executed");
    for (const auto& line : deployment_lines()) page.paragraph(line);
    if (deployment_.on_blocks) page.table(stage_header(), stage_rows(deployment_));
    page.heading("What the figures rest on");
    for (const auto& line : assumptions()) page.paragraph(line);
    return page.text();
  }

 private:
  [[nodiscard]] std::string facts() const {
    return fmt::format(
        "{}: {} images to train, {} to test; network {} of {} layers with weights, {} epochs, seed {}{}. "
        "Space {}, {} "
        "operands, {} to decide, {:g} choices. Cost: {} [{}].",
        study_.data_name, study_.data.train.count(), study_.data.test.count(), options_.network,
        study_.space.layers().size(), options_.epochs, options_.seed,
        options_.seeds > 1 ? fmt::format(" and {} more, of which means are shown", options_.seeds - 1) : "",
        options_.space, options_.operands, study_.space.decisions().size(), study_.space.size(),
        study_.costs.name(), study_.costs.unit());
  }

  [[nodiscard]] bool on_front(std::size_t point) const {
    return std::ranges::find(study_.front, point) != study_.front.end();
  }

  [[nodiscard]] bool shows_bops() const { return study_.costs.name() != study_.bops.name(); }

  [[nodiscard]] std::vector<std::string> header() const {
    std::vector<std::string> names{"method", "formats", "accuracy", "cost", "of top"};
    if (shows_bops()) names.push_back("MBOPs");
    names.push_back("front");
    return names;
  }

  [[nodiscard]] std::vector<std::string> float_row() const {
    double sum = 0;
    for (const double value : study_.float_accuracies) sum += value;
    std::vector<std::string> row{"float", "float32", percent(sum / static_cast<double>(options_.seeds)), "-",
                                 "-"};
    if (shows_bops()) row.push_back("-");
    row.push_back("");
    return row;
  }

  /// Formats of the layers; weight/activation where they differ.
  [[nodiscard]] std::string formats_text(std::span<const std::size_t> choice) const {
    std::string text;
    for (const auto& layer : search::assignment_of(study_.space, choice).layers)
      text += (text.empty() ? "" : " ") +
              (layer.weight == layer.activation ? layer.weight : layer.weight + "/" + layer.activation);
    return text;
  }

  [[nodiscard]] std::vector<std::string> cells(std::size_t place) const {
    const auto& point = study_.points[place];
    std::set<search::Choice> different;
    for (const auto& run : point.runs) different.insert(run.choice);
    auto formats = formats_text(point.runs.front().choice);
    if (different.size() > 1) formats += fmt::format(" and {} more", different.size() - 1);
    std::vector<std::string> row{point.method, std::move(formats), percent(accuracy(point)),
                                 fmt::format("{:.4g}", cost(point)),
                                 fmt::format("{:.3f}", cost(point) / study_.top_cost)};
    if (shows_bops()) row.push_back(fmt::format("{:.3f}", point.mean(&TrainedRun::bops) / 1e6));
    row.push_back(std::string(on_front(place) ? "front" : "") + (place == study_.chosen ? " chosen" : ""));
    return row;
  }

  /// For every uniform format, whether another method gives more.
  [[nodiscard]] std::vector<std::string> verdicts() const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < study_.points.size(); ++i) {
      const auto& point = study_.points[i];
      if (!point.method.starts_with("uniform")) continue;
      const StudyPoint* better = nullptr;
      for (const auto& other : study_.points)
        if (&other != &point && cost(other) <= cost(point) && accuracy(other) >= accuracy(point) &&
            (cost(other) < cost(point) || accuracy(other) > accuracy(point)) &&
            (better == nullptr || accuracy(other) > accuracy(*better)))
          better = &other;
      if (better == nullptr)
        lines.push_back(fmt::format(
            "{} is not dominated: nothing that was found is as accurate at no more cost.", point.method));
      else
        lines.push_back(fmt::format(
            "{} is dominated by {}: {:+.2f} points at {:.2f} of its cost{}.", point.method, better->method,
            100 * (accuracy(*better) - accuracy(point)), cost(*better) / cost(point),
            better->runs.front().choice == point.runs.front().choice ? ", with the same formats" : ""));
    }
    return lines;
  }

  [[nodiscard]] std::vector<std::string> deployment_lines() const {
    const auto name = study_.points[study_.chosen].method +
                      (options_.seeds > 1 ? fmt::format(", seed {},", options_.seed) : "");
    return examples::deployment_lines(deployment_, name, study_.data.test.count());
  }

  [[nodiscard]] std::vector<std::string> assumptions() const {
    std::vector<std::string> lines{
        "Every network is trained with the same epochs; a searched one is not trained again after its "
        "search.",
        "Weights have one scale a layer, inputs one a layer from the largest magnitude of the batch at hand; "
        "for execution frozen at the mean of batches of training images. Biases, normalizations and what is "
        "between the layers are float.",
        "The chosen network is the most accurate of several on the test split, so its accuracy is a little "
        "optimistic.",
        "At equal bits a minifloat counts as an integer does in bit operations; the cost models energy and "
        "mac tell them "
        "apart."};
    if (options_.cost == "m4bram-overlay")
      lines.emplace_back(
          "The overlay has 2 output columns, 8 input channels and as many output channels as its blocks "
          "have lanes; weights of other widths than 2, 4 and 8 are padded.");
    if (deployment_.on_blocks) {
      lines.emplace_back("* At an assumed clock; cycles are counted.");
      lines.insert(lines.end(), accel::network_assumptions.begin(), accel::network_assumptions.begin() + 2);
    }
    for (const auto& constant : study_.costs.constants()) lines.push_back(constant_text(constant));
    return lines;
  }

  [[nodiscard]] nlohmann::json layers_json(std::span<const std::size_t> choice) const {
    auto layers = nlohmann::json::array();
    for (const auto& layer : search::assignment_of(study_.space, choice).layers)
      layers.push_back({{"layer", layer.layer}, {"weight", layer.weight}, {"activation", layer.activation}});
    return layers;
  }

  [[nodiscard]] nlohmann::json point_json(std::size_t place) const {
    const auto& point = study_.points[place];
    nlohmann::json entry{{"method", point.method},
                         {"target_share", nullptr},
                         {"accuracy", accuracy(point)},
                         {"cost", cost(point)},
                         {"cost_share", cost(point) / study_.top_cost},
                         {"bit_operations", point.mean(&TrainedRun::bops)},
                         {"on_front", on_front(place)},
                         {"runs", nlohmann::json::array()}};
    if (point.target) entry["target_share"] = *point.target;
    for (std::size_t s = 0; s < point.runs.size(); ++s)
      entry["runs"].push_back({{"seed", options_.seed + s},
                               {"accuracy", point.runs[s].accuracy},
                               {"cost", point.runs[s].cost},
                               {"bit_operations", point.runs[s].bops},
                               {"layers", layers_json(point.runs[s].choice)}});
    return entry;
  }

  [[nodiscard]] Scatter scatter() const {
    Scatter chart{.title = "Accuracy on the test split over cost",
                  .x_title = fmt::format("cost: {} [{}]", study_.costs.name(), study_.costs.unit()),
                  .y_title = "accuracy [%]",
                  .series = {{"uniform", {}, Scatter::Draw::Marks},
                             {"search", {}, Scatter::Draw::Marks},
                             {"random", {}, Scatter::Draw::Marks},
                             {"greedy", {}, Scatter::Draw::Marks},
                             {"front of all", {}, Scatter::Draw::Front}}};
    for (std::size_t i = 0; i < study_.points.size(); ++i) {
      const auto& point = study_.points[i];
      const auto series = std::ranges::find_if(
          chart.series, [&](const Scatter::Series& s) { return point.method.starts_with(s.name); });
      Scatter::Point mark{.x = cost(point),
                          .y = 100 * accuracy(point),
                          .label = point.method,
                          .tooltip = formats_text(point.runs.front().choice)};
      chart.series.back().points.push_back(mark);
      chart.series.back().points.back().label.clear();
      if (point.method.starts_with("random")) mark.label.clear();
      (series == chart.series.end() ? chart.series[1] : *series).points.push_back(std::move(mark));
    }
    std::erase_if(chart.series, [](const Scatter::Series& s) { return s.points.empty(); });
    return chart;
  }

  /// A row for every point of the front, the dearest first.
  [[nodiscard]] FormatMap format_map() const {
    FormatMap map{
        .title = "Formats of the networks on the front: bits of every layer", .layers = {}, .rows = {}};
    for (const auto& layer : study_.space.layers()) map.layers.push_back(layer.name);
    auto front = study_.front;
    std::ranges::sort(front, std::greater{}, [&](std::size_t i) { return cost(study_.points[i]); });
    for (const auto i : front) {
      const auto& point = study_.points[i];
      auto& row = map.rows.emplace_back();
      row.label = fmt::format("{}: {}, {:.4g}", point.method, percent(accuracy(point)), cost(point));
      for (const auto& layer : study_.space.layers()) {
        const auto facts = [&](const search::FormatSource& source) {
          return study_.space.formats()[study_.space.place(source, point.runs.front().choice)];
        };
        const auto weight = facts(layer.weight), activation = facts(layer.activation);
        row.cells.push_back(
            {std::string(weight.name), std::string(activation.name), weight.bits, activation.bits});
      }
    }
    return map;
  }

  const Study& study_;
  const Deployment& deployment_;
  const StudyOptions& options_;
  Basis basis_;
};

}  // namespace

int report_study(const Study& study, const Deployment& deployment, const StudyOptions& options) {
  const StudyReport report(study, deployment, options);
  report.print();
  if (!options.json.empty()) write_json(options.json, report.json());
  if (!options.html.empty()) {
    core::write_file(options.html, report.html());
    fmt::print("report: {}\n", options.html);
  }
  return deployment.agrees(study.data.test.count()) ? success : check_failed;
}

}  // namespace bitloom::examples
