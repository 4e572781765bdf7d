// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/format.hpp>
#include <bitloom/quant/mx.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/scaling.hpp>

#include "any_format.hpp"
#include "mx_codec.hpp"
#include "number_file.hpp"

namespace bitloom::examples {

/// Numbers after a trip through a format.
struct Restored {
  std::vector<float> values{};
  std::set<std::uint64_t> codes{};  ///< that were used
  int bits{};                       ///< of a code
  std::int64_t scale_bits = 0;      ///< of all scales together
  std::int64_t clipped = 0;         ///< numbers beyond the largest or lowest value, their scale applied
};

/// How the scale of a tensor or row is chosen: none, the largest magnitude to the largest value, the next power of two
/// above that, or a given number.
struct ScaleChoice {
  enum class Kind { None, Max, PowerOfTwo, Given } kind = Kind::None;
  float given = 1;

  /// @throws ParseError  the text is none of `none`, `max`, `pow2` and a positive number
  static ScaleChoice parse(const std::string& text) {
    if (text == "none") return {};
    if (text == "max") return {Kind::Max};
    if (text == "pow2") return {Kind::PowerOfTwo};
    float value = 0;
    if (!detail::parse_number(text, value) || !(value > 0) || std::isinf(value))
      throw ParseError("--scale: '" + text + "' is none of none, max, pow2 and a positive number");
    return {Kind::Given, value};
  }

  /// The scale for a largest magnitude; 1 for zero, or where the quotient is too small for a float.
  /// @throws RangeError  it is too large for one
  [[nodiscard]] float scale(float largest, double format_max) const {
    if (kind == Kind::None) return 1;
    if (kind == Kind::Given) return given;
    return kind == Kind::Max ? quant::RealScaling::scale(largest, format_max)
                             : quant::PowerOfTwoScaling::scale(largest, format_max);
  }
};

/// Quantizes by a format of single codes, with one scale for all numbers or one a row.
/// @throws RangeError  NaN or an infinity that the rules do not provide for
inline Restored quantize_codes(const FormatWithRules& format, const NumberTable& table,
                               const ScaleChoice& choice, bool per_row) {
  Restored result{.bits = format.format.bits()};
  const double format_max = format::to_double(format.format.max());
  const double format_lowest = format::to_double(format.format.lowest());
  const auto ends = per_row ? table.row_ends : std::vector{std::ssize(table.values)};
  std::int64_t i = 0;
  for (const auto end : ends) {
    float largest = 0;
    for (auto k = i; k < end; ++k) {
      const float x = std::abs(table.values[static_cast<std::size_t>(k)]);
      if (std::isfinite(x)) largest = std::max(largest, x);
    }
    const float scale = choice.scale(largest, format_max);
    if (choice.kind != ScaleChoice::Kind::None) result.scale_bits += 32;
    for (; i < end; ++i) {
      const float x = table.values[static_cast<std::size_t>(i)];
      const double scaled = static_cast<double>(x) / scale;  // far enough from every tie that it is not
      const auto code = format.format.encode(format::to_dyadic(scaled), format.rules);
      if (!code) throw RangeError(fmt::format("number {}: {} has no code in {}", i + 1, x, format.text));
      const double value = format::to_double(format.format.exact(*code));
      // a rounded scale may put the largest magnitude a hair beyond the largest value
      const double hair = std::abs(scaled) * 0x1p-22;
      if (std::isfinite(x) && (scaled - hair > format_max || scaled + hair < format_lowest)) ++result.clipped;
      result.codes.insert(*code);
      result.values.push_back(static_cast<float>(value * scale));
    }
  }
  return result;
}

/// Quantizes every row in blocks of a format with block scales: `mxfp4_e2m1`, `mxfp8_e4m3/ceil` …, `nvfp4`.
inline Restored quantize_blocks(const std::string& name, const NumberTable& table) {
  Restored result;
  const auto blocks = [&](std::int64_t size, int bits, auto&& block) {
    result.bits = bits;
    std::int64_t i = 0;
    for (const auto end : table.row_ends)
      for (; i < end; i = std::min(i + size, end)) {
        const auto count = static_cast<std::size_t>(std::min(size, end - i));
        block(std::span(table.values).subspan(static_cast<std::size_t>(i), count));
        result.scale_bits += 8;
      }
  };
  if (name == "nvfp4") {
    float largest = 0;
    for (const float x : table.values)
      if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    result.scale_bits = 32;
    blocks(quant::Nvfp4::standard_size, 4, [&](std::span<const float> values) {
      std::vector<std::uint8_t> codes(values.size());
      const auto scale = quant::Nvfp4::encode(values, largest, codes);
      for (const auto code : codes) {
        result.codes.insert(code);
        result.values.push_back(quant::Nvfp4::decode(scale, largest, code));
      }
    });
    return result;
  }
  const auto codec = find_mx(name.find('/') == std::string::npos ? name + "/floor" : name);
  blocks(32, codec.bits, [&](std::span<const float> values) {
    std::vector<std::uint8_t> codes(values.size());
    const auto scale = codec.encode(values, codes);
    for (const auto code : codes) {
      result.codes.insert(code);
      result.values.push_back(codec.decode(scale, code));
    }
  });
  return result;
}

/// What a format does to numbers.
class QuantizationReport {
 public:
  QuantizationReport(std::string format, const NumberTable& table, Restored restored, std::int64_t bins)
      : format_(std::move(format)), restored_(std::move(restored)), count_(std::ssize(table.values)) {
    double squares = 0;
    double error_squares = 0;
    std::int64_t finite = 0;
    for (std::size_t i = 0; i < table.values.size(); ++i) {
      const float x = table.values[i];
      const double error = static_cast<double>(restored_.values[i]) - static_cast<double>(x);
      if (!std::isfinite(x) || !std::isfinite(error)) continue;
      ++finite;
      low_ = std::min(low_, x);
      high_ = std::max(high_, x);
      sum_ += error;
      absolute_ += std::abs(error);
      squares += static_cast<double>(x) * x;
      error_squares += error * error;
      if (std::abs(error) > worst_) {
        worst_ = std::abs(error);
        worst_at_ = x;
      }
      flushed_ += x != 0.0F && restored_.values[i] == 0.0F ? 1 : 0;
      exact_ += error == 0 ? 1 : 0;
    }
    left_out_ = count_ - finite;
    if (finite == 0) throw RangeError("quantize: there is no number with a finite error");
    sum_ /= static_cast<double>(finite);
    absolute_ /= static_cast<double>(finite);
    rms_ = std::sqrt(error_squares / static_cast<double>(finite));
    if (error_squares > 0 && squares > 0) sqnr_db_ = 10 * std::log10(squares / error_squares);

    bins_.resize(static_cast<std::size_t>(low_ == high_ ? 1 : bins));
    const double width = (static_cast<double>(high_) - low_) / static_cast<double>(bins_.size());
    for (std::size_t b = 0; b < bins_.size(); ++b) {
      bins_[b].from = low_ + static_cast<double>(b) * width;
      bins_[b].to = b + 1 == bins_.size() ? high_ : low_ + static_cast<double>(b + 1) * width;
    }
    for (std::size_t i = 0; i < table.values.size(); ++i) {
      const float x = table.values[i];
      const double error = static_cast<double>(restored_.values[i]) - static_cast<double>(x);
      if (!std::isfinite(x) || !std::isfinite(error)) continue;
      const auto place = width > 0 ? static_cast<std::size_t>((static_cast<double>(x) - low_) / width) : 0;
      auto& bin = bins_[std::min(place, bins_.size() - 1)];
      ++bin.count;
      bin.squares += error * error;
    }
  }

  void print() const {
    fmt::print("{}: {} numbers from {} to {}", format_, count_ - left_out_, low_, high_);
    if (left_out_ > 0) fmt::print(", and {} that are NaN or infinite, before or after", left_out_);
    fmt::print(
        "\n{:.3f} bits a number with scales; {} of {} codes used\n", bits_per_number(),
        restored_.codes.size(),
        restored_.bits < 64 ? std::to_string(std::uint64_t{1} << restored_.bits) : std::string("2^64"));
    fmt::print("{} exact, {} beyond the range, {} became zero\n", exact_, restored_.clipped, flushed_);
    fmt::print(
        "error: mean {:.4g}, mean magnitude {:.4g}, rms {:.4g}, largest {:.4g} at {}; signal to noise {}\n\n",
        sum_, absolute_, rms_, worst_, worst_at_,
        sqnr_db_ ? fmt::format("{:.2f} dB", *sqnr_db_) : std::string("-"));
    std::int64_t most = 1;
    for (const auto& bin : bins_) most = std::max(most, bin.count);
    core::Table table({"from", "to", "numbers", "rms error", ""});
    for (const auto& bin : bins_) {
      std::string bar;
      for (std::int64_t i = 0; i < 40; ++i) bar += i * most < 40 * bin.count ? "█" : " ";
      table.add_row({fmt::format("{:.4g}", bin.from), fmt::format("{:.4g}", bin.to),
                     std::to_string(bin.count), bin.count == 0 ? "-" : fmt::format("{:.3g}", bin.rms()),
                     bar});
    }
    fmt::print("{}", table.text());
  }

  [[nodiscard]] nlohmann::json json() const {
    auto histogram = nlohmann::json::array();
    for (const auto& bin : bins_) {
      nlohmann::json entry{
          {"from", bin.from}, {"to", bin.to}, {"numbers", bin.count}, {"rms_error", nullptr}};
      if (bin.count > 0) entry["rms_error"] = bin.rms();
      histogram.push_back(std::move(entry));
    }
    return {{"version", version},
            {"format", format_},
            {"numbers", count_},
            {"left_out", left_out_},
            {"lowest", low_},
            {"largest", high_},
            {"bits_per_number", bits_per_number()},
            {"codes_used", restored_.codes.size()},
            {"exact", exact_},
            {"beyond_range", restored_.clipped},
            {"became_zero", flushed_},
            {"mean_error", sum_},
            {"mean_absolute_error", absolute_},
            {"rms_error", rms_},
            {"largest_error", worst_},
            {"largest_error_at", worst_at_},
            {"sqnr_db", sqnr_db_ ? nlohmann::json(*sqnr_db_) : nlohmann::json(nullptr)},
            {"histogram", histogram}};
  }

  [[nodiscard]] std::span<const float> restored() const { return restored_.values; }

 private:
  struct Bin {
    double from{}, to{};
    std::int64_t count{};
    double squares{};
    [[nodiscard]] double rms() const { return std::sqrt(squares / static_cast<double>(count)); }
  };

  [[nodiscard]] double bits_per_number() const {
    return restored_.bits + static_cast<double>(restored_.scale_bits) / static_cast<double>(count_);
  }

  std::string format_;
  Restored restored_;
  std::int64_t count_;
  std::int64_t left_out_{}, flushed_{}, exact_{};
  float low_ = std::numeric_limits<float>::infinity();
  float high_ = -std::numeric_limits<float>::infinity();
  double sum_{}, absolute_{}, rms_{}, worst_{};
  float worst_at_{};
  std::optional<double> sqnr_db_;
  std::vector<Bin> bins_;
};

}  // namespace bitloom::examples
