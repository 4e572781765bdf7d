// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/format.hpp>
#include <bitloom/format/text.hpp>

#include "any_format.hpp"
#include "mx_codec.hpp"
#include "report.hpp"

namespace bitloom::examples {

/// One side of a comparison: how float32 numbers become codes.
struct Conversion {
  std::string text;         ///< as the user wrote it
  std::string format_name;  ///< without rules; same names: codes are compared, else values
  int bits{};               ///< of a code
  bool is_block_scale = false;
  std::function<std::optional<std::uint64_t>(float)> encode{};  ///< none where it is an error
  std::function<std::uint64_t(float)>
      key{};  ///< equal at two numbers of one sign: the code is equal between them
  std::function<format::Dyadic(std::uint64_t)> exact{};
  float end =
      std::numeric_limits<float>::infinity();  ///< beyond it there is no telling where the code changes
};

/// A conversion of a text such as `e4m3fn:ml_dtypes`, or of `mxfp4_e2m1/floor`, the scale of a block whose largest
/// magnitude is the number.
inline Conversion parse_conversion(const std::string& text) {
  if (text.find('/') != std::string::npos) {
    Conversion result{.text = text, .format_name = "scale", .bits = 8, .is_block_scale = true};
    result.encode = [codec = find_mx(text)](float x) -> std::optional<std::uint64_t> {
      std::uint8_t code{};
      return codec.encode(std::span(&x, 1), std::span(&code, 1));
    };
    result.key = [encode = result.encode](float x) { return *encode(x); };
    result.exact = [](std::uint64_t code) { return format::E8m0fnu::exact(static_cast<std::uint8_t>(code)); };
    return result;
  }
  const FormatWithRules side(text);
  const auto& format = side.format;
  if (format.bits() > 16)
    throw RangeError(
        fmt::format("{}: it has {} bits; formats are compared up to 16", format.name(), format.bits()));
  Conversion result{.text = text, .format_name = format.name(), .bits = format.bits()};
  result.encode = [side](float x) { return side.encode(x); };
  result.exact = [format](std::uint64_t code) { return format.exact(code); };
  if (!format.is_fixed()) {
    result.key = [side](float x) { return side.encode(x).value_or(~std::uint64_t{0}); };
    return result;
  }
  // codes of two bits more do not come back when numbers leave the range
  auto wide = format.fixed_layout();
  wide.width += wide.is_signed ? 2 : 3;
  wide.integer_bits += wide.is_signed ? 2 : 3;
  wide.is_signed = true;
  result.key = [wide, rules = side.rules](float x) {
    if (!std::isfinite(x)) return ~std::uint64_t{0};
    // what is flushed and what is not are different numbers, even where the code is the same
    const bool flushed = rules.flush_input && format::to_dyadic(x).subnormal;
    const auto code =
        wide.encode<AnyRounding, format::Saturate>(format::to_dyadic(flushed ? 0.0F : x), rules.rounding);
    return 2 * code + (flushed ? 1 : 0);
  };
  if (side.rules.overflow == 1)  // wraps for ever
    result.end = static_cast<float>(format::to_double(wide.exact(wide.ends().max)) / 2);
  return result;
}

/// Float32 numbers, neighbours in their order, that two conversions treat alike and differently from each other.
struct DifferingRange {
  float first{};
  float last{};
  std::int64_t count{};  ///< of float32 numbers
  std::optional<std::uint64_t> a, b;
};

/// Every number on which two conversions differ.
class FormatDiff {
 public:
  FormatDiff(Conversion a, Conversion b) : a_(std::move(a)), b_(std::move(b)) {
    if (a_.is_block_scale != b_.is_block_scale)
      throw RangeError("diff: a block's scale can be compared with another scale only");
    if (a_.bits == b_.bits && a_.format_name != b_.format_name)
      for (std::uint64_t code = 0; code < std::uint64_t{1} << a_.bits; ++code)
        if (!same_value(a_.exact(code), b_.exact(code))) codes_.push_back(code);
    end_ = std::min(a_.end, b_.end);
    const auto last = std::bit_cast<std::uint32_t>(end_);
    // zero may have the code of infinity, so it stands alone
    walk(0, 0);
    walk(1, last);
    if (!a_.is_block_scale) {
      walk(sign, sign);
      walk(sign + 1, sign | last);
    }
    const auto nans = (std::int64_t{1} << 23) - 1;
    add(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN(), nans);
    if (!a_.is_block_scale)
      add(-std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(), nans);
  }

  [[nodiscard]] const std::vector<std::uint64_t>& codes() const { return codes_; }
  [[nodiscard]] const std::vector<DifferingRange>& ranges() const { return ranges_; }
  [[nodiscard]] std::int64_t numbers() const {
    std::int64_t sum = 0;
    for (const auto& range : ranges_) sum += range.count;
    return sum;
  }

  void print(std::size_t limit) const {
    const auto more = [&](std::size_t count) {
      if (count > limit) fmt::print("… {} more; --limit or --json shows them\n", count - limit);
    };
    if (!codes_.empty()) {
      fmt::print("{} codes stand for different values\n\n", codes_.size());
      core::Table table({"code", a_.text, b_.text});
      for (std::size_t i = 0; i < std::min(limit, codes_.size()); ++i)
        table.add_row({fmt::format("{:#04x}", codes_[i]), short_text(a_.exact(codes_[i])),
                       short_text(b_.exact(codes_[i]))});
      fmt::print("{}", table.text());
      more(codes_.size());
      fmt::print("\n");
    }
    fmt::print("{} float32 numbers in {} ranges become different {}{}\n", numbers(), ranges_.size(),
               a_.format_name == b_.format_name ? "codes" : "values", scope());
    if (ranges_.empty()) return;
    core::Table table({"from", "to", "numbers", a_.text, b_.text});
    for (std::size_t i = 0; i < std::min(limit, ranges_.size()); ++i) {
      const auto& r = ranges_[i];
      table.add_row({fmt::format("{}", r.first), fmt::format("{}", r.last), std::to_string(r.count),
                     cell(a_, r.a), cell(b_, r.b)});
    }
    fmt::print("\n{}", table.text());
    more(ranges_.size());
  }

  [[nodiscard]] nlohmann::json json() const {
    auto codes = nlohmann::json::array();
    for (const auto code : codes_)
      codes.push_back({{"code", code},
                       {"a_value", format::to_text(a_.exact(code))},
                       {"b_value", format::to_text(b_.exact(code))}});
    auto ranges = nlohmann::json::array();
    const auto side = [](const Conversion& c, std::optional<std::uint64_t> code) {
      if (!code) return nlohmann::json(nullptr);
      return nlohmann::json{{"code", *code}, {"value", format::to_text(c.exact(*code))}};
    };
    const auto bits = [](float x) { return fmt::format("{:08x}", std::bit_cast<std::uint32_t>(x)); };
    for (const auto& r : ranges_)
      ranges.push_back({{"from_f32", bits(r.first)},
                        {"to_f32", bits(r.last)},
                        {"numbers", r.count},
                        {"a", side(a_, r.a)},
                        {"b", side(b_, r.b)}});
    return {{"version", version},
            {"a", a_.text},
            {"b", b_.text},
            {"differing_codes", codes},
            {"differing_numbers", numbers()},
            {"largest_compared", std::isinf(end_) ? nlohmann::json(nullptr) : nlohmann::json(end_)},
            {"ranges", ranges}};
  }

 private:
  static constexpr std::uint32_t sign = 0x80000000;

  static bool same_value(const format::Dyadic& a, const format::Dyadic& b) {
    if (a.kind == format::Dyadic::Kind::Nan || b.kind == format::Dyadic::Kind::Nan) return a.kind == b.kind;
    return std::is_eq(format::compare(a, b));
  }

  static std::string cell(const Conversion& c, std::optional<std::uint64_t> code) {
    return code ? fmt::format("{:#04x} {}", *code, short_text(c.exact(*code))) : "error";
  }

  [[nodiscard]] std::string scope() const {
    if (a_.is_block_scale) return ", as the largest magnitude of a block";
    return std::isinf(end_) ? "" : fmt::format(", of magnitudes up to {}", end_);
  }

  /// Numbers of one sign, by their bits: halved until both conversions keep their code in each part.
  void walk(std::uint32_t first, std::uint32_t last) {
    const auto x = std::bit_cast<float>(first);
    const auto y = std::bit_cast<float>(last);
    if (a_.key(x) == a_.key(y) && b_.key(x) == b_.key(y)) return add(x, y, std::int64_t{last} - first + 1);
    const auto middle = first + (last - first) / 2;
    walk(first, middle);
    walk(middle + 1, last);
  }

  void add(float first, float last, std::int64_t count) {
    const auto a = a_.encode(first);
    const auto b = b_.encode(first);
    bool same = a.has_value() == b.has_value();
    if (a && b) same = a_.format_name == b_.format_name ? *a == *b : same_value(a_.exact(*a), b_.exact(*b));
    if (same) return;
    const bool goes_on =
        !ranges_.empty() && !std::isnan(first) && ranges_.back().a == a && ranges_.back().b == b &&
        std::bit_cast<std::uint32_t>(ranges_.back().last) + 1 == std::bit_cast<std::uint32_t>(first);
    if (goes_on) {
      ranges_.back().last = last;
      ranges_.back().count += count;
    } else {
      ranges_.push_back({first, last, count, a, b});
    }
  }

  Conversion a_, b_;
  float end_{};
  std::vector<std::uint64_t> codes_;
  std::vector<DifferingRange> ranges_;
};

}  // namespace bitloom::examples
