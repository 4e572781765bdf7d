// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>

#include "check.hpp"

namespace bitloom::examples {

/// A kind of reference file, which the names in it tell, and what counts its cases.
class ReferenceKind {
 public:
  using TableCheck = std::function<void(const core::Csv& file, CaseCounter& counter)>;
  using JsonCheck =
      std::function<void(const nlohmann::json& json, const std::string& path, CaseCounter& counter)>;

  /// A table that has at least these columns.
  static ReferenceKind table(std::vector<std::string> columns, TableCheck check) {
    return {std::move(columns), std::move(check)};
  }
  /// JSON that has at least these keys: itself, or the first case of it if it is a list of cases or has them by name.
  static ReferenceKind json(std::vector<std::string> keys, JsonCheck check) {
    return {std::move(keys), std::move(check)};
  }
  /// Likewise, for a check that has no need of the path.
  static ReferenceKind json(std::vector<std::string> keys,
                            void (*check)(const nlohmann::json& json, CaseCounter& counter)) {
    return json(std::move(keys), [check](const nlohmann::json& content, const std::string&,
                                         CaseCounter& counter) { check(content, counter); });
  }

  /// Counts the cases of a table.
  /// @return  false if it is of another kind
  [[nodiscard]] bool check(const core::Csv& file, CaseCounter& counter) const {
    const auto* check = std::get_if<TableCheck>(&check_);
    if (check == nullptr) return false;
    if (!std::ranges::all_of(names_, [&](const auto& name) { return file.has_column(name); })) return false;
    (*check)(file, counter);
    return true;
  }

  /// Counts the cases of JSON.
  /// @return  false if it is of another kind
  [[nodiscard]] bool check(const nlohmann::json& json, const std::string& path, CaseCounter& counter) const {
    const auto* check = std::get_if<JsonCheck>(&check_);
    if (check == nullptr || json.empty() || !(has_names(json) || has_names(*json.begin()))) return false;
    (*check)(json, path, counter);
    return true;
  }

 private:
  ReferenceKind(std::vector<std::string> names, std::variant<TableCheck, JsonCheck> check)
      : names_(std::move(names)), check_(std::move(check)) {}

  [[nodiscard]] bool has_names(const nlohmann::json& json) const {
    return json.is_object() &&
           std::ranges::all_of(names_, [&](const auto& name) { return json.contains(name); });
  }

  std::vector<std::string> names_;
  std::variant<TableCheck, JsonCheck> check_;
};

/// Checks one reference file by the first of the kinds that it is of.
/// @throws ParseError  it is of none of the kinds, cannot be read, or contradicts its form
inline void check_reference_file(const std::string& path, std::span<const ReferenceKind> kinds,
                                 CaseCounter& counter) {
  const auto text = core::read_file(path);
  const bool is_json = text.starts_with('[') || text.starts_with('{');
  bool known = false;
  if (!is_json) {
    const auto file = core::Csv::parse(text, path);
    known = std::ranges::any_of(kinds, [&](const auto& kind) { return kind.check(file, counter); });
  } else {
    try {
      const auto json = nlohmann::json::parse(text);
      known = std::ranges::any_of(kinds, [&](const auto& kind) { return kind.check(json, path, counter); });
    } catch (const nlohmann::json::exception& error) {
      throw ParseError(path + ": " + error.what());
    } catch (const Error& error) {
      throw ParseError(path + ": " + error.what());
    }
  }
  if (!known) throw ParseError(path + ": this is not a kind of file that can be checked");
}

}  // namespace bitloom::examples
