// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/quant/frozen_share.hpp>
#include <bitloom/quant/m4bram.hpp>
#include <bitloom/quant/split_filters.hpp>

#include "check.hpp"
#include "json_fields.hpp"

namespace bitloom::examples {

/// What stands behind check_m4bram_quant.
namespace quant_cases {

using M4bramWidths = std::integer_sequence<int, 2, 3, 4, 5, 6, 7, 8>;

/// Calls f(std::integral_constant<int, bits>{}).
template <class F>
void with_m4bram_width(const char* what, std::int64_t bits, F&& f) {
  core::check_range(what, bits, 2, 8);
  [&]<int... Bits>(std::integer_sequence<int, Bits...>) {
    ((Bits == bits ? f(std::integral_constant<int, Bits>{}) : void()), ...);
  }
  (M4bramWidths{});
}

inline double number(const nlohmann::json& value, const char* what) {
  if (!value.is_number()) throw ParseError(fmt::format("{}: it is not a number", what));
  return value.get<double>();
}

/// A number that is a float, written with all its digits or with the nine that tell it from other floats.
inline float float_number(const nlohmann::json& value, const char* what) {
  const double x = number(value, what);
  const auto single = static_cast<float>(x);
  if (static_cast<double>(single) != x && std::strtod(fmt::format("{:.9g}", x).c_str(), nullptr) != x)
    throw ParseError(fmt::format("{}: {} is no float", what, value.dump()));
  return single;
}

inline std::vector<float> float_numbers(const nlohmann::json& list, const char* what) {
  if (!list.is_array()) throw ParseError(fmt::format("{}: it is not a list", what));
  std::vector<float> values;
  for (const auto& element : list) values.push_back(float_number(element, what));
  return values;
}

/// Rows of the same length, one after the other.
template <class Read>
auto flattened(const nlohmann::json& rows, std::int64_t count, const char* what, Read&& read) {
  if (!rows.is_array()) throw ParseError(fmt::format("{}: it is not a list", what));
  core::check_equal(what, std::ssize(rows), "K", count);
  decltype(read(rows[0], what)) all;
  for (const auto& row : rows) {
    const auto part = read(row, what);
    core::check_equal(what, std::ssize(part), "the first row", std::ssize(rows[0]));
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

inline bool is_close(double ours, double theirs, double tolerance) {
  return std::abs(ours - theirs) <= tolerance * std::abs(ours);
}

/// A percentile, of 1/25, …, 24/25, as either of the two ways to compute it prints it.
inline bool is_share(double percentile, float share) {
  for (int i = 1; i < 25; ++i)
    if ((percentile == i / 25.0 || percentile == i * 0.04) && static_cast<float>(i / 25.0) == share)
      return true;
  return false;
}

/// Codes are equal; next to a tie, where x / scale is within 1e-5 of one, they may differ by one.
inline bool is_code(std::int64_t ours, std::int64_t theirs, float x, float scale) {
  if (ours == theirs) return true;
  const double quotient = static_cast<double>(x) / static_cast<double>(scale);
  return std::abs(ours - theirs) == 1 && std::abs(quotient - std::floor(quotient) - 0.5) <= 1e-5;
}

/// Mean squared error of values that a quantizer restores with a share.
template <class Q>
double mean_squared_error(std::span<const float> values, float share) {
  const auto restored = quant::FrozenShare<Q>(share).restore(values, {std::ssize(values)});
  std::size_t i = 0;
  return quant::detail::squared_error(values, [&](float) { return static_cast<double>(restored[i++]); }) /
         static_cast<double>(values.size());
}

/// What the library makes of a tensor.
struct QuantizedCase {
  float share = 0;
  float scale = 0;
  double error = 0;  ///< mean squared
  double gap = 0;    ///< of the second-best error, relative
  std::vector<std::int16_t> codes;
};

template <class Q>
QuantizedCase quantized(std::span<const float> values) {
  const quant::FrozenShare<Q> share(values);
  const double error = mean_squared_error<Q>(values, share.share());
  double second = std::numeric_limits<double>::infinity();
  for (int i = 1; i < 25; ++i)
    if (const auto other = static_cast<float>(i / 25.0); other != share.share())
      second = std::min(second, mean_squared_error<Q>(values, other));
  return {.share = share.share(),
          .scale = share.scale(values),
          .error = error,
          .gap = second > error ? second / error - 1 : 0,
          .codes = share.quantize(values, {std::ssize(values)}).codes.integers()};
}

/// The same of a width chosen at run time.
inline QuantizedCase quantized(std::int64_t bits, bool is_signed, std::span<const float> values) {
  QuantizedCase ours;
  with_m4bram_width("bits", bits, [&]<int Bits>(std::integral_constant<int, Bits>) {
    ours = is_signed ? quantized<quant::M4bramQuantizer<Bits>>(values)
                     : quantized<quant::M4bramQuantizer<Bits, format::Unsigned>>(values);
  });
  return ours;
}

/// Share and scale; nothing if they are right.
inline std::string compare_scale(const nlohmann::json& c, float share, float scale) {
  if (!is_share(number(c.at("percentile"), "percentile"), share)) return "the percentile";
  if (!is_close(scale, number(c.at("scale"), "scale"), 1e-6)) return "the scale";
  return {};
}

inline std::string check_m4bram_tensor(const nlohmann::json& c) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind != "weight" && kind != "act_pos" && kind != "act_signed")
    throw ParseError("kind '" + kind.substr(0, 40) + "' is not known");
  const auto values = float_numbers(c.at("x"), "x");
  const auto codes = whole_list(c.at("codes"), std::ssize(values), "codes");
  const auto ours = quantized(whole(c.at("bits"), "bits"), kind != "act_pos", values);
  if (auto wrong = compare_scale(c, ours.share, ours.scale); !wrong.empty()) return wrong;
  if (!is_close(ours.error, number(c.at("mse"), "mse"), 1e-6)) return "the mean squared error";
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (!is_code(ours.codes[i], codes[i], values[i], ours.scale)) return fmt::format("code {}", i);
  return {};
}

/// What the library makes of split filters: in shares and scales the high precision comes first.
struct QuantizedSplit {
  std::vector<std::int64_t> order;
  std::int64_t high_filters = 0;
  float shares[2]{};
  float scales[2]{};
  std::vector<std::int16_t> codes;
  double memory_bits = 0;
};

template <class High, class Low, class Order>
QuantizedSplit quantized_split(std::span<const float> values, std::int64_t filters, double high_ratio) {
  const quant::SplitFilters<High, Low, Order> split(values, filters, high_ratio);
  auto tensor = split.quantize(values);
  auto codes = tensor.integers();
  const auto share = [](const auto& part) { return part.is_known() ? part.share() : 0.0F; };
  return {.order = std::move(tensor.order),
          .high_filters = split.high_filters(),
          .shares = {share(split.high()), share(split.low())},
          .scales = {tensor.high.scales[0], tensor.low.scales[0]},
          .codes = std::move(codes),
          .memory_bits = split.nominal_bits()};
}

/// The split of any two widths.
inline QuantizedSplit quantized_split(std::span<const std::int64_t> bits, bool permute,
                                      std::span<const float> values, std::int64_t filters,
                                      double high_ratio) {
  core::check_range("low bits", bits[1], 2, bits[0]);
  QuantizedSplit ours;
  with_m4bram_width("high bits", bits[0], [&]<int HighBits>(std::integral_constant<int, HighBits>) {
    with_m4bram_width("low bits", bits[1], [&]<int LowBits>(std::integral_constant<int, LowBits>) {
      if constexpr (LowBits <= HighBits) {
        using High = quant::M4bramQuantizer<HighBits>;
        using Low = quant::M4bramQuantizer<LowBits>;
        ours = permute ? quantized_split<High, Low, quant::WorstFirst>(values, filters, high_ratio)
                       : quantized_split<High, Low, quant::InOrder>(values, filters, high_ratio);
      }
    });
  });
  return ours;
}

inline std::string check_m4bram_split(const nlohmann::json& c) {
  const auto filters = whole(c.at("K"), "K");
  const auto channels = whole(c.at("C"), "C");
  core::check_positive("K", filters);
  core::check_positive("C", channels);
  const auto values = flattened(c.at("weights"), filters, "weights", float_numbers);
  const auto codes = flattened(c.at("codes_original_order"), filters, "codes",
                               [](const auto& row, const char* what) { return whole_list(row, what); });
  core::check_equal("codes", std::ssize(codes), "the weights", std::ssize(values));
  const auto size = std::ssize(values) / filters;
  const auto kernel = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(size / channels))));
  core::check_equal("weights of a filter", size, "C times a square kernel", channels * kernel * kernel);

  const auto bits = whole_list(c.at("bits"), 2, "bits");
  const auto ours = quantized_split(bits, c.at("permute").get<bool>(), values, filters,
                                    number(c.at("high_ratio"), "high_ratio"));
  if (ours.order != whole_list(c.at("order"), filters, "order")) return "the order";
  if (!is_close(ours.memory_bits, number(c.at("memory_bits"), "memory_bits"), 1e-9)) return "the memory";
  const auto& segments = c.at("segments");
  if (!segments.is_array() || segments.size() != 2) throw ParseError("segments: they are not two");
  std::int64_t place = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& segment = segments[i];
    const auto count = i == 0 ? ours.high_filters : filters - ours.high_filters;
    if (whole(segment.at("bits"), "bits") != bits[i] || whole(segment.at("count"), "count") != count)
      return fmt::format("segment {}: bits or count", i + 1);
    if (count == 0) continue;
    if (const auto wrong = compare_scale(segment, ours.shares[i], ours.scales[i]); !wrong.empty())
      return fmt::format("segment {}: {}", i + 1, wrong);
    std::vector<float> part;
    for (const auto end = place + count; place < end; ++place) {
      const auto first = static_cast<std::size_t>(ours.order[static_cast<std::size_t>(place)] * size);
      for (auto k = first; k < first + static_cast<std::size_t>(size); ++k) {
        if (!is_code(ours.codes[k], codes[k], values[k], ours.scales[i])) return fmt::format("code {}", k);
        part.push_back(values[k]);
      }
    }
  }
  return {};
}

}  // namespace quant_cases

/// The file is one of quantized tensors and split filters, which its keys tell.
inline bool is_m4bram_quant(const nlohmann::json& file) {
  return file.is_object() && (file.contains("tensors") || file.contains("split_filters"));
}

/// quant_cases.json: tensors with percentile, scale, error and codes; filters split into two precisions.
inline void check_m4bram_quant(const nlohmann::json& file, CaseCounter& counter) {
  for (const char* key : {"tensors", "split_filters"}) {
    if (!file.contains(key)) continue;
    if (!file.at(key).is_array()) throw ParseError(fmt::format("{}: it is not a list of cases", key));
    std::size_t index = 0;
    for (const auto& c : file.at(key)) {
      std::string wrong;
      try {
        wrong = std::string_view(key) == "tensors" ? quant_cases::check_m4bram_tensor(c)
                                                   : quant_cases::check_m4bram_split(c);
        if (!wrong.empty()) wrong += " differs";
      } catch (const nlohmann::json::exception& error) {
        wrong = error.what();
      } catch (const Error& error) {
        wrong = error.what();
      }
      counter.add(wrong.empty(), fmt::format("{} {}: {}", key, ++index, wrong));
    }
  }
}

/// The same of a file.
/// @throws ParseError  it is no JSON, or not of that kind
inline void check_m4bram_quant(const std::string& path, CaseCounter& counter) {
  nlohmann::json file;
  try {
    file = nlohmann::json::parse(core::read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw ParseError(path + ": " + error.what());
  }
  if (!is_m4bram_quant(file)) throw ParseError(path + ": it has neither tensors nor split_filters");
  check_m4bram_quant(file, counter);
}

}  // namespace bitloom::examples
