// SPDX-License-Identifier: Apache-2.0
// Runs the benchmarks, prints one table and writes it as JSON. Every figure is the median of several repetitions, taken
// in random order, so that a ratio compares times of the same minutes.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/version.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;

/// Collects the rates of all repetitions.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      if (run.error_occurred) {
        std::fprintf(stderr, "bench: %s: %s\n", run.benchmark_name().c_str(), run.error_message.c_str());
        failed_ = true;
      } else if (run.run_type == Run::RT_Iteration) {
        const auto rate = run.counters.find("items_per_second");
        if (rate != run.counters.end()) rates_[run.run_name.function_name].push_back(rate->second);
      }
    }
  }

  [[nodiscard]] bool failed() const { return failed_; }

  /// Median rate and its spread, (largest - smallest) / median.
  struct Figure {
    double median;
    double spread;
  };
  [[nodiscard]] std::optional<Figure> figure(const std::string& name) const {
    const auto found = rates_.find(name);
    if (found == rates_.end()) return std::nullopt;
    auto sorted = found->second;
    std::ranges::sort(sorted);
    const double median = sorted[sorted.size() / 2];
    return Figure{median, (sorted.back() - sorted.front()) / median};
  }

 private:
  std::map<std::string, std::vector<double>> rates_;
  bool failed_ = false;
};

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string number(std::optional<double> value) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", *value);
  return text;
}

std::string joined(const std::vector<std::string>& cells) {
  std::string line;
  for (const auto& cell : cells) line += (line.empty() ? "" : " | ") + cell;
  return line;
}

nlohmann::json json(std::optional<double> value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  std::string markdown;  // also write the table to this file, as Markdown
  if (argc > 1 && std::string(argv[1]).starts_with("--markdown=")) {
    markdown = std::string(argv[1]).substr(std::string("--markdown=").size());
    std::copy(argv + 2, argv + argc, argv + 1);
    --argc;
  }
  std::vector<std::string> defaults{argv[0], "--benchmark_repetitions=5",
                                    "--benchmark_enable_random_interleaving=true",
                                    "--benchmark_min_time=0.2"};
  std::vector<char*> arguments;
  for (auto& argument : defaults) arguments.push_back(argument.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);

  const std::vector<std::string> header{"benchmark", "ours", "peer",        "ratio",     "share of limit",
                                        "spread",    "unit", "peer's name", "ns/element"};
  core::Table table(header);
  std::string lines = "| " + joined(header) + " |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  auto summary = nlohmann::json::array();
  for (const auto& row : bench::rows()) {
    const auto scaled = [&](const std::string& name) -> std::optional<double> {
      const auto figure = collector.figure(name);
      return figure ? std::optional(figure->median / row.items_per_unit) : std::nullopt;
    };
    const auto value = scaled(row.benchmark);
    if (!value) continue;  // filtered out
    const auto peer = scaled(row.peer_benchmark);
    const auto limit = scaled(row.limit_benchmark);
    auto ratio = peer;
    auto share = limit;
    if (ratio) ratio = *value / *ratio;
    if (share) share = *value / *share;
    std::optional<double> ns_per_element;
    if (row.items_per_element > 0)
      ns_per_element = row.items_per_element / (*value * row.items_per_unit) * 1e9;
    const std::vector<std::string> cells{row.name,
                                         number(value),
                                         number(peer),
                                         number(ratio),
                                         number(share),
                                         number(collector.figure(row.benchmark)->spread),
                                         row.unit,
                                         row.peer.empty() ? "-" : row.peer,
                                         number(ns_per_element)};
    table.add_row(cells);
    lines += "| " + joined(cells) + " |\n";
    summary.push_back({{"name", row.name},
                       {"value", *value},
                       {"unit", row.unit},
                       {"peer", row.peer.empty() ? nlohmann::json(nullptr) : nlohmann::json(row.peer)},
                       {"peer_value", json(peer)},
                       {"ratio", json(ratio)},
                       {"limit", json(limit)},
                       {"share", json(share)},
                       {"ns_per_element", json(ns_per_element)}});
  }
  const auto machine = std::string("bitloom ") + std::string(version) + ", " + BITLOOM_COMPILER + ", " +
                       BITLOOM_COMPILE_FLAGS + ", " + processor();
  std::printf("%s\n\n%s", machine.c_str(), table.text().c_str());
  try {
    if (!markdown.empty()) core::write_file(markdown, machine + "\n\n" + lines);
    core::write_file(BITLOOM_BENCH_SUMMARY, summary.dump(2) + "\n");
  } catch (const Error& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 2;
  }
  return collector.failed() ? 1 : 0;
}
