// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/controller.hpp>
#include <bitloom/search/space.hpp>

namespace bitloom::search {

/// One step of a search, as a trace has it.
struct TraceRow {
  StepRecord record;
  double quality{};
  double cost{};
  double switching_error{};  ///< 0 where it is not measured
};

/// Lines of a search as text: a table with a header, or one JSON object a line. Numbers are as short as reads back the
/// same. The caller appends the lines to a file as the search goes.
class Trace {
 public:
  explicit Trace(const Space& space) {
    for (std::size_t d = 0; d < space.decisions().size(); ++d) {
      auto& options = options_.emplace_back();
      names_.push_back(space.decisions()[d].name);
      for (std::size_t i = 0; i < space.decisions()[d].size(); ++i)
        options.push_back(space.option_name(d, i));
    }
  }

  /// The columns: numbers of the step, then for every decision `name`, the option taken, and `name=option`, the
  /// probabilities.
  [[nodiscard]] std::string csv_header() const {
    std::string line = "step";
    for (const auto name : columns) line += ',' + std::string(name);
    for (std::size_t d = 0; d < names_.size(); ++d) {
      line += ',' + field(names_[d]);
      for (const auto& option : options_[d]) line += ',' + field(names_[d] + '=' + option);
    }
    return line + '\n';
  }

  /// @throws ShapeError, RangeError  the row is of another space
  [[nodiscard]] std::string csv_line(const TraceRow& row) const {
    check(row.record);
    std::string line = detail::number_text(row.record.step);
    for (const double value : numbers(row)) line += ',' + detail::number_text(value);
    for (std::size_t d = 0; d < names_.size(); ++d) {
      line += ',' + field(options_[d].at(row.record.choice[d]));
      for (const double p : row.record.probabilities[d]) line += ',' + detail::number_text(p);
    }
    return line + '\n';
  }

  /// `{"step": 0, "quality": …, "choice": [options as numbers], "active": […], "probabilities": [[…]]}`.
  /// @throws ShapeError  the row is of another space
  /// @throws RangeError  as csv_line, or a number is not finite, which JSON cannot hold
  [[nodiscard]] std::string json_line(const TraceRow& row) const {
    check(row.record);
    std::string line = "{\"step\": " + detail::number_text(row.record.step);
    const auto finite = [&](std::string_view what, double value) {
      if (!std::isfinite(value))
        throw RangeError("trace: " + std::string(what) + " of step " + std::to_string(row.record.step) +
                         " is not finite");
      return detail::number_text(value);
    };
    const auto values = numbers(row);
    for (std::size_t i = 0; i < columns.size(); ++i)
      line += ", \"" + std::string(columns[i]) + "\": " + finite(columns[i], values[i]);
    const auto list = [&](const auto& items, auto text) {
      std::string result = "[";
      for (std::size_t i = 0; i < items.size(); ++i) result += (i == 0 ? "" : ", ") + text(items[i]);
      return result + ']';
    };
    line += ", \"choice\": " +
            list(row.record.choice, [](std::size_t option) { return detail::number_text(option); });
    line += ", \"active\": " +
            list(row.record.active, [](bool is) { return std::string(is ? "true" : "false"); });
    line += ", \"probabilities\": " + list(row.record.probabilities, [&](const auto& options) {
              return list(options, [&](double p) { return finite("a probability", p); });
            });
    return line + "}\n";
  }

 private:
  static constexpr std::array<std::string_view, 9> columns{
      "quality",       "cost",           "reward", "average", "advantage", "entropy", "entropy_coefficient",
      "learning_rate", "switching_error"};

  static std::array<double, columns.size()> numbers(const TraceRow& row) {
    const auto& r = row.record;
    return {row.quality,           row.cost,        r.reward,           r.average, r.advantage, r.entropy,
            r.entropy_coefficient, r.learning_rate, row.switching_error};
  }

  /// Quoted if it has to be.
  static std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  }

  void check(const StepRecord& record) const {
    core::check_equal("choice", std::ssize(record.choice), "decisions", std::ssize(names_));
    core::check_equal("active decisions", std::ssize(record.active), "decisions", std::ssize(names_));
    core::check_equal("probabilities", std::ssize(record.probabilities), "decisions", std::ssize(names_));
    for (std::size_t d = 0; d < names_.size(); ++d) {
      core::check_equal("probabilities of a decision", std::ssize(record.probabilities[d]), "its options",
                        std::ssize(options_[d]));
      core::check_range("option", static_cast<std::int64_t>(record.choice[d]), 0,
                        std::ssize(options_[d]) - 1);
    }
  }

  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> options_;
};

}  // namespace bitloom::search
