// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// JSON with the members of objects in the order of the text.
using Json = nlohmann::ordered_json;

/// A text from a file as a part of a one-line message: quoted, escaped, and cut if long.
[[nodiscard]] inline std::string quoted_for_message(std::string_view text) {
  return Json(text.substr(0, 40)).dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// JSON text as a tree; refuses what a tree would hide, such as a key that is given twice.
///
/// @param what   what the text should be; starts the error message
/// @param depth  of arrays and objects within each other, at most
/// @throws ParseError  the text is no JSON, has a zero byte, gives a key twice, or is nested deeper
[[nodiscard]] inline Json parse_strict_json(std::string_view text, const std::string& what, int depth = 64) {
  if (text.find('\0') != std::string_view::npos)  // the parser would take it for the end
    throw ParseError(what + ": it has a zero byte");
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int level, Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && level >= depth)
      throw ParseError(what + ": it is nested deeper than " + std::to_string(depth));
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(value.get<std::string>()).second)
      throw ParseError(what + ": the key " + quoted_for_message(value.get<std::string>()) +
                       " is given twice");
    return true;
  };
  auto json = Json::parse(text.begin(), text.end(), watch, false);
  if (json.is_discarded()) throw ParseError(what + ": it is no valid JSON");
  return json;
}

}  // namespace bitloom::core
