// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::net {

/// The largest extent that a file of workloads may give.
inline constexpr std::int64_t max_file_extent = (std::int64_t{1} << 31) - 1;

namespace detail {

using Json = nlohmann::ordered_json;  // keeps the file's order of networks

/// The keys of the two lists of layers, baseline and enhanced; a network has one of these pairs.
inline constexpr std::array<std::array<std::string_view, 2>, 3> layer_keys{
    {{"layers", "layers"}, {"dla_layers", "bramac_layers"}, {"dla", "m4bram"}}};

/// Text from a file as a part of a one-line message: no control characters, and cut if long.
inline std::string printable(std::string_view text, std::size_t length = 80) {
  const bool cut = text.size() > length;
  if (cut) {
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    text = text.substr(0, length);
  }
  std::string line(text);
  for (char& character : line)
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) character = '?';
  return cut ? line + "..." : line;
}

inline std::string describe(const Json& value) {
  if (value.is_object()) return "an object of " + std::to_string(value.size());
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  return printable(value.dump());
}

[[noreturn]] inline void fail(const std::string& path, const std::string& reason) {
  throw ParseError(path + ": " + reason);
}

inline std::string at(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

/// Calls `f` and puts the path before the message of what it throws.
template <class F>
void check_size(const std::string& path, F f) {
  try {
    f();
  } catch (const ShapeError& error) {
    fail(path, error.what());
  }
}

/// JSON text as a tree; refuses what the tree would hide, a key given twice, and useless depth.
inline Json parse_tree(std::string_view text) {
  constexpr int max_depth = 8;  // a list of layers has 5; a slip beyond that is better told with its path
  std::set<std::string> networks;
  std::set<std::string> keys;
  std::string network;
  const auto watch = [&](int depth, Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= max_depth)
      fail(network.empty() ? "workloads" : printable(network), "it is nested deeper than a list of layers");
    if (event != Event::key) return true;
    const auto& key = value.get_ref<const std::string&>();
    if (depth == 1) {
      network = key;
      keys.clear();
      if (!networks.insert(key).second) fail(printable(key), "the network is given twice");
    } else if (depth == 2 && !keys.insert(key).second) {
      fail(printable(network) + "." + printable(key), "the key is given twice");
    }
    return true;
  };
  if (const auto zero = text.find('\0');
      zero != text.npos)  // the parser would take it for the end of the text
    fail("workloads", "no valid JSON: byte " + std::to_string(zero) + " is zero");
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::exception& error) {
    std::string_view reason = error.what();
    reason.remove_prefix(std::min(reason.find("] ") + 2, reason.size()));  // the library's own error number
    if (text.empty()) reason = "the text is empty";
    fail("workloads", "no valid JSON: " + printable(reason, 160));
  }
}

inline std::int64_t parse_extent(const Json& value, const std::string& path) {
  if (!value.is_number_integer())
    fail(path, describe(value) + " has to be an integer in 1.." + std::to_string(max_file_extent));
  const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{max_file_extent};
  if (huge) fail(path, describe(value) + " has to be at most " + std::to_string(max_file_extent));
  const auto extent = value.get<std::int64_t>();
  if (extent < 1) fail(path, describe(value) + " has to be at least 1");
  return extent;
}

template <std::size_t N>
std::array<std::int64_t, N> parse_extents(const Json& value, const std::string& path) {
  if (!value.is_array() || value.size() != N)
    fail(path, describe(value) + " has to be an array of " + std::to_string(N) + " integers");
  std::array<std::int64_t, N> extents{};
  for (std::size_t i = 0; i < N; ++i) extents[i] = parse_extent(value[i], at(path, i));
  return extents;
}

inline LayerShape parse_layer(const Json& value, const std::string& path) {
  if (!value.is_array() || value.size() != 2)
    fail(path, describe(value) + " has to be an array [kind, extents]");
  if (value[0] == "conv") {
    const auto [r, s, c, p, q, k] = parse_extents<6>(value[1], at(path, 1));
    return ConvShape{.r = r, .s = s, .c = c, .p = p, .q = q, .k = k};
  }
  if (value[0] == "fc") {
    const auto [c, k] = parse_extents<2>(value[1], at(path, 1));
    return FcShape{.c = c, .k = k};
  }
  fail(at(path, 0), describe(value[0]) + " has to be \"conv\" or \"fc\"");
}

inline FeatureMap parse_feature_map(const Json& value, const std::string& path) {
  const auto [pin, qin, cin, pout, qout, cout] = parse_extents<6>(value, path);
  const FeatureMap map{.pin = pin, .qin = qin, .cin = cin, .pout = pout, .qout = qout, .cout = cout};
  check_size(path, [&] {
    static_cast<void>(core::checked_sum("feature maps", map.input_elements(), map.output_elements()));
  });
  return map;
}

/// An array with at least one element, each read by `parse_element(value, path)`.
template <class F>
auto parse_list(const Json& value, const std::string& path, F parse_element) {
  if (!value.is_array() || value.empty())
    fail(path, describe(value) + " has to be an array that is not empty");
  std::vector<decltype(parse_element(value, path))> list;
  for (std::size_t i = 0; i < value.size(); ++i) list.push_back(parse_element(value[i], at(path, i)));
  return list;
}

inline LayerList parse_layer_list(const Json& network, std::string_view key, const std::string& path) {
  const auto list_path = path + "." + std::string(key);
  const auto found = network.find(std::string(key));
  if (found == network.end()) fail(list_path, "the key is missing");
  LayerList list{parse_list(*found, list_path, parse_layer)};
  check_size(list_path, [&] { static_cast<void>(list.macs()); });
  return list;
}

inline Workload parse_workload(const std::string& name, const Json& network) {
  const auto path = printable(name);
  if (name.empty()) fail("workloads", "the name of a network is empty");
  if (!network.is_object()) fail(path, describe(network) + " has to be an object");

  const auto holds = [&](std::string_view key) { return network.contains(std::string(key)); };
  const auto* pair = &layer_keys[0];
  for (const auto& candidate : layer_keys)
    if (holds(candidate[0]) || holds(candidate[1])) pair = &candidate;
  for (const auto& [key, value] : network.items())
    if (key != (*pair)[0] && key != (*pair)[1] && key != "iofmap" && key != "residual" && key != "rvec")
      fail(path + "." + printable(key),
           "the key is unknown, or does not go with '" + std::string((*pair)[0]) + "'");

  Workload workload{.name = name,
                    .baseline = parse_layer_list(network, (*pair)[0], path),
                    .enhanced = parse_layer_list(network, (*pair)[1], path),
                    .feature_maps = {},
                    .residual = {}};
  if (holds("iofmap"))
    workload.feature_maps = parse_list(network.at("iofmap"), path + ".iofmap", parse_feature_map);
  if (holds("rvec")) workload.rvec = parse_extent(network.at("rvec"), path + ".rvec");
  if (holds("residual")) {
    const auto& residual = network.at("residual");
    if (!residual.is_boolean()) fail(path + ".residual", describe(residual) + " has to be true or false");
    workload.residual = residual.get<bool>();
  }
  return workload;
}

inline std::string quoted(const std::string& name) {
  try {
    return Json(name).dump();
  } catch (const Json::exception&) {
    fail(printable(name), "the name of the network is no UTF-8");
  }
}

inline std::string extents_text(std::initializer_list<std::int64_t> extents) {
  std::string text;
  for (const auto extent : extents) text += (text.empty() ? "[" : ", ") + std::to_string(extent);
  return text + "]";
}

inline std::string layer_text(const LayerShape& layer) {
  if (const auto* conv = std::get_if<ConvShape>(&layer))
    return "[\"conv\", " + extents_text({conv->r, conv->s, conv->c, conv->p, conv->q, conv->k}) + "]";
  const auto& fc = std::get<FcShape>(layer);
  return "[\"fc\", " + extents_text({fc.c, fc.k}) + "]";
}

template <class T, class F>
std::string list_text(std::string_view key, const std::vector<T>& list, F element_text) {
  std::string text;
  for (const auto& element : list) text += (text.empty() ? "\n      " : ",\n      ") + element_text(element);
  return ",\n    \"" + std::string(key) + "\": [" + text + "\n    ]";
}

}  // namespace detail

/// Reads a JSON object of networks: `{"name": {"layers": [["conv", [r, s, c, p, q, k]], ["fc", [c, k]]]}}`.
///
/// In place of `layers`, which serves the baseline and the enhanced accelerator, a network may have two
/// lists: `dla_layers` and `bramac_layers`, or `dla` and `m4bram`. Optional keys: `iofmap`, a list of
/// [pin, qin, cin, pout, qout, cout]; `residual`, true or false; `rvec`. Extents are 1..2^31 - 1.
///
/// @return             one workload per network, in the order of the text
/// @throws ParseError  the text is something else; the message starts with the path of the offending
///                     element, as in `alexnet.dla_layers[3][1][2]: -3 has to be at least 1`
[[nodiscard]] inline std::vector<Workload> parse_workloads(std::string_view text) {
  const auto document = detail::parse_tree(text);
  if (!document.is_object() || document.empty())
    detail::fail("workloads", detail::describe(document) + " has to be an object with a network or more");
  std::vector<Workload> workloads;
  for (const auto& [name, network] : document.items())
    workloads.push_back(detail::parse_workload(name, network));
  return workloads;
}

/// Reads a file of networks, see `parse_workloads`.
/// @throws ParseError  the file cannot be read or is something else; the message starts with the file's name
[[nodiscard]] inline std::vector<Workload> read_workloads(const std::string& file_name) {
  const auto text = core::read_file(file_name);
  return core::naming_file(file_name, [&] { return parse_workloads(text); });
}

/// The text that `parse_workloads` reads as these workloads: one layer a line, `layers` where both lists are
/// equal, else `dla_layers` and `bramac_layers`.
/// @throws ParseError  there is no workload, or one that no file may contain: an empty name or list, two of
///                     one name, an extent outside 1..2^31 - 1
[[nodiscard]] inline std::string to_json(std::span<const Workload> workloads) {
  const char* separator = "{";
  std::string text;
  for (const auto& workload : workloads) {
    text += std::exchange(separator, ",");
    text += "\n  " + detail::quoted(workload.name) + ": {\n    \"rvec\": " + std::to_string(workload.rvec);
    if (workload.residual)
      text += std::string(",\n    \"residual\": ") + (*workload.residual ? "true" : "false");
    const bool same = workload.baseline == workload.enhanced;
    const auto& [baseline_key, enhanced_key] = detail::layer_keys[same ? 0 : 1];
    text += detail::list_text(baseline_key, workload.baseline.layers, detail::layer_text);
    if (!same) text += detail::list_text(enhanced_key, workload.enhanced.layers, detail::layer_text);
    if (!workload.feature_maps.empty())
      text += detail::list_text("iofmap", workload.feature_maps, [](const FeatureMap& map) {
        return detail::extents_text({map.pin, map.qin, map.cin, map.pout, map.qout, map.cout});
      });
    text += "\n  }";
  }
  text += workloads.empty() ? "{}\n" : "\n}\n";
  static_cast<void>(parse_workloads(text));  // what cannot be read is not written
  return text;
}

}  // namespace bitloom::net
