// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/strict_json.hpp>
#include <bitloom/search/assignment.hpp>

namespace bitloom::search {

namespace detail {

/// Throws unless an object has these members and no other.
inline void check_members(const core::Json& object, const std::string& path,
                          std::initializer_list<std::string_view> names) {
  if (!object.is_object()) throw ParseError(path + ": it has to be an object");
  for (const auto name : names)
    if (!object.contains(name)) throw ParseError(path + "." + std::string(name) + ": the key is missing");
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(names, key) == names.end())
      throw ParseError(path + ": the key " + core::quoted_for_message(key) + " is unknown");
}

inline std::string text_member(const core::Json& object, const char* key, const std::string& path) {
  if (!object.at(key).is_string()) throw ParseError(path + "." + key + ": it has to be a text");
  return object.at(key).get<std::string>();
}

template <class F>
void for_each_element(const core::Json& list, const std::string& path, F f) {
  if (!list.is_array()) throw ParseError(path + ": it has to be an array");
  for (std::size_t i = 0; i < list.size(); ++i) f(list[i], path + "[" + std::to_string(i) + "]");
}

}  // namespace detail

/// An assignment as JSON, one layer a line:
/// `{"layers": [{"layer": "conv1", "weight": "int4", "activation": "int8"}], "architecture": []}`.
/// @throws ParseError  a name is no UTF-8
[[nodiscard]] inline std::string to_json(const Assignment& assignment) {
  const auto quoted = [](const std::string& text) {
    try {
      return core::Json(text).dump();
    } catch (const core::Json::exception&) {
      throw ParseError("assignment: a name is no UTF-8");
    }
  };
  std::string text = "{\"layers\": [";
  for (std::size_t i = 0; i < assignment.layers.size(); ++i) {
    const auto& [layer, weight, activation] = assignment.layers[i];
    text += std::string(i == 0 ? "\n" : ",\n") + "  {\"layer\": " + quoted(layer) +
            ", \"weight\": " + quoted(weight) + ", \"activation\": " + quoted(activation) + '}';
  }
  text += "\n], \"architecture\": [";
  for (std::size_t i = 0; i < assignment.architecture.size(); ++i) {
    const auto& [decision, value] = assignment.architecture[i];
    text += std::string(i == 0 ? "\n" : ",\n") + "  {\"decision\": " + quoted(decision) +
            ", \"value\": " + detail::number_text(value) + '}';
  }
  return text + "\n]}\n";
}

/// Reads what `to_json` writes.
/// @throws ParseError  the text is something else; the message has the path of the offending element
[[nodiscard]] inline Assignment parse_assignment(std::string_view text) {
  const auto json = core::parse_strict_json(text, "assignment");
  detail::check_members(json, "assignment", {"layers", "architecture"});
  Assignment result;
  detail::for_each_element(json.at("layers"), "layers", [&](const auto& layer, const std::string& path) {
    detail::check_members(layer, path, {"layer", "weight", "activation"});
    result.layers.push_back({detail::text_member(layer, "layer", path),
                             detail::text_member(layer, "weight", path),
                             detail::text_member(layer, "activation", path)});
  });
  detail::for_each_element(
      json.at("architecture"), "architecture", [&](const auto& value, const std::string& path) {
        detail::check_members(value, path, {"decision", "value"});
        if (!value.at("value").is_number()) throw ParseError(path + ".value: it has to be a number");
        result.architecture.push_back(
            {detail::text_member(value, "decision", path), value.at("value").template get<double>()});
      });
  return result;
}

/// Reads a file, see `parse_assignment`.
/// @throws ParseError  the file cannot be read or is something else; the message starts with its name
[[nodiscard]] inline Assignment read_assignment(const std::string& path) {
  const auto text = core::read_file(path);
  return core::naming_file(path, [&] { return parse_assignment(text); });
}

}  // namespace bitloom::search
