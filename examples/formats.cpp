// SPDX-License-Identifier: Apache-2.0
// What do the codes of a number format stand for, what do they do to numbers, and where do two formats or conventions
// differ? Prints tables, quantizes files, compares formats, and checks reference files.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/format.hpp>
#include <bitloom/quant/convert.hpp>

#include "support/any_format.hpp"
#include "support/check.hpp"
#include "support/fliqs_kinds.hpp"
#include "support/format_diff.hpp"
#include "support/format_quantize.hpp"
#include "support/number_file.hpp"
#include "support/program.hpp"
#include "support/report.hpp"

namespace {

using namespace bitloom;

int run_table(const std::string& name, const std::string& json_file) {
  if (!json_file.empty()) core::check_writable(json_file);
  const examples::AnyFormat any(name);
  if (any.bits() > 16)
    throw RangeError(fmt::format("format: {} has {} bits; tables end at 16", name, any.bits()));
  auto codes = nlohmann::json::array();
  core::Table table({"code", "bits", "value", "class"});
  for (std::uint64_t code = 0; code < std::uint64_t{1} << any.bits(); ++code) {
    const auto x = any.exact(code);
    table.add_row({fmt::format("{:#04x}", code), fmt::format("{:0{}b}", code, any.bits()),
                   examples::short_text(x), std::string(examples::class_name(x))});
    nlohmann::json entry{{"code", code}, {"class", examples::class_name(x)}, {"value", nullptr}};
    if (x.is_finite()) entry["value"] = format::to_double(x);
    codes.push_back(std::move(entry));
  }
  fmt::print("{}", table.text());
  if (!json_file.empty())
    examples::write_json(json_file,
                         {{"version", version}, {"format", name}, {"bits", any.bits()}, {"codes", codes}});
  return examples::success;
}

struct QuantizeOptions {
  std::string format;
  std::string file;
  std::string scale = "none";
  std::string per = "tensor";
  std::int64_t bins = 16;
  std::string output;
  std::string json;
};

int run_quantize(const QuantizeOptions& options) {
  for (const auto& file : {options.json, options.output})
    if (!file.empty()) core::check_writable(file);
  const bool blocks = options.format.starts_with("mx") || options.format == "nvfp4";
  const auto choice = examples::ScaleChoice::parse(options.scale);
  if (blocks && (options.scale != "none" || options.per != "tensor"))
    throw RangeError("quantize: " + options.format +
                     " has scales of its own; --scale and --per do not go with it");
  std::optional<examples::FormatWithRules> format;
  if (!blocks) format.emplace(options.format);
  const auto numbers = examples::read_numbers(options.file);
  auto restored = blocks ? examples::quantize_blocks(options.format, numbers)
                         : examples::quantize_codes(*format, numbers, choice, options.per == "row");
  const examples::QuantizationReport report(options.format, numbers, std::move(restored), options.bins);
  report.print();
  if (!options.output.empty()) examples::write_numbers(options.output, numbers, report.restored());
  if (!options.json.empty()) {
    auto json = report.json();
    json.update({{"file", options.file}, {"scale", options.scale}, {"scale_per", options.per}});
    examples::write_json(options.json, json);
  }
  return examples::success;
}

int run_diff(const std::string& a, const std::string& b, std::int64_t limit, const std::string& json_file) {
  if (!json_file.empty()) core::check_writable(json_file);
  const examples::FormatDiff diff(examples::parse_conversion(a), examples::parse_conversion(b));
  diff.print(static_cast<std::size_t>(limit));
  if (!json_file.empty()) examples::write_json(json_file, diff.json());
  return examples::success;
}

/// Names of the formats whose arrays of floats have a fast path.
std::vector<std::string> fast_names() {
  std::vector<std::string> names;
  core::for_each_type(format::NamedFormats{}, [&]<class F>(std::type_identity<F>) {
    if constexpr (quant::HasFastFloats<F>) names.emplace_back(format::name_of(format::format_id<F>));
  });
  return names;
}

/// Encodes float32 patterns, every `step`-th of all, as an array and one by one.
template <class F>
std::int64_t array_mismatches(std::int64_t step, const std::string& name) {
  constexpr std::int64_t portion = 1 << 16;
  const auto count = (std::int64_t{1} << 32) / step;
  const auto portions = core::ceil_div(count, portion);
  std::vector<std::int64_t> mismatches(static_cast<std::size_t>(portions));
  core::Progress progress("verify " + name, portions);
  std::atomic<std::int64_t> done = 0;
  std::mutex drawing;
  core::Threads{}.for_each_index(portions, [&](std::int64_t p) {
    std::vector<float> values;
    for (auto i = p * portion; i < std::min((p + 1) * portion, count); ++i)
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(i * step)));
    std::vector<typename F::code_type> codes(values.size());
    quant::encode_array<F>(values, codes);
    auto& wrong = mismatches[static_cast<std::size_t>(p)];
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong +=
          codes[i] != F::template encode<format::NearestEven, format::Saturate, format::NanToMax>(values[i]);
    const std::lock_guard lock(drawing);
    progress.update(++done);
  });
  return std::accumulate(mismatches.begin(), mismatches.end(), std::int64_t{0});
}

int run_verify(const std::vector<std::string>& names, std::int64_t step, const std::string& json_file) {
  if (!json_file.empty()) core::check_writable(json_file);
  auto list = nlohmann::json::array();
  bool ok = true;
  for (const auto& name : names) {
    format::visit(format::find_format(name), [&]<class F>(std::type_identity<F>) {
      if constexpr (quant::HasFastFloats<F>) {
        const auto wrong = array_mismatches<F>(step, name);
        const auto count = (std::int64_t{1} << 32) / step;
        ok = ok && wrong == 0;
        fmt::print("{}: array {} scalar on {} floats\n", name, wrong == 0 ? "=" : "!=", count);
        list.push_back({{"format", name}, {"floats", count}, {"mismatches", wrong}});
      } else {
        throw RangeError("format: '" + name + "' has no fast path for arrays");
      }
    });
  }
  if (!json_file.empty())
    examples::write_json(json_file, {{"version", version}, {"step", step}, {"verified", list}, {"ok", ok}});
  return ok ? examples::success : examples::check_failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "What do the codes of a number format stand for, what do they do to numbers, and where do two formats "
      "or "
      "conventions differ?",
      "formats");
  app.set_version_flag("--version", std::string(version));
  app.require_subcommand(1);

  std::string name;
  std::string json_file;
  auto* table = app.add_subcommand("table", "print every code of a format with its bits and value");
  table
      ->add_option("FORMAT", name,
                   "e4m3fn, e5m2, e2m1fn, e8m0fnu, f16, …, or eEmM_fin, eEmM_bBIAS_ieee and the like; int4, "
                   "uint8, fixed8_4 (width, integer bits), ufixed8_4")
      ->required();
  examples::add_output(*table, "--json", json_file, "also write the result to this file");

  const std::string with_rules =
      "a format as for table, with rules of conversion behind a colon: e4m3fn:ml_dtypes, int8:rna,wrap; "
      "rules are " +
      examples::ConversionRules::words();
  QuantizeOptions quantize_options;
  auto* quantize = app.add_subcommand(
      "quantize",
      "send the numbers of a CSV file or a PNG image through a format; error statistics and a histogram");
  quantize
      ->add_option(
          "FORMAT", quantize_options.format,
          with_rules + "; or mxfp8_e4m3, mxfp4_e2m1/ceil, mxint8 … or nvfp4, in blocks along the rows")
      ->required();
  quantize->add_option("FILE", quantize_options.file, "numbers: comma-separated text, or a PNG image")
      ->required()
      ->check(CLI::ExistingFile);
  quantize
      ->add_option(
          "--scale", quantize_options.scale,
          "none, max (the largest magnitude to the largest value), pow2 (the next power of two above "
          "that), or a number that values are multiplied by")
      ->capture_default_str();
  quantize->add_option("--per", quantize_options.per, "a scale for the whole tensor, or for each row")
      ->check(CLI::IsMember({"tensor", "row"}))
      ->capture_default_str();
  quantize->add_option("--bins", quantize_options.bins, "of the histogram")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  examples::add_output(*quantize, "--output", quantize_options.output,
                       "also write the restored numbers to this file, in the form of the input");
  examples::add_output(*quantize, "--json", quantize_options.json, "also write the result to this file");

  std::string side_a;
  std::string side_b;
  std::int64_t limit = 40;
  auto* diff = app.add_subcommand(
      "diff", "every code and every float32 number on which two formats or conventions differ");
  diff->add_option("A", side_a,
                   with_rules +
                       "; or the scale of a block with this largest magnitude: mxfp4_e2m1/floor, with rules "
                       "floor, ceil, rceil, even")
      ->required();
  diff->add_option("B", side_b, "the other one")->required();
  diff->add_option("--limit", limit, "lines to print of each list")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  examples::add_output(*diff, "--json", json_file, "also write the result, all of it, to this file");

  std::vector<std::string> files;
  auto* check = app.add_subcommand("check",
                                   "recompute reference files (tables of formats, conversions from float32 "
                                   "and float64, fixed point, stochastic rounding, quantizers and scales, "
                                   "requantization, AQT, MX blocks, NVFP4, dot products; layers, costs, "
                                   "policies and published points of format searches)");
  check->add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);
  examples::add_output(*check, "--json", json_file, "also write the result to this file");

  auto names = fast_names();
  std::int64_t step = 4099;
  bool full = false;
  auto* verify =
      app.add_subcommand("verify", "compare the fast encoding of arrays with that of single numbers");
  verify->add_option("FORMAT", names, "formats; all that have a fast path, if none is named");
  verify->add_option("--step", step, "take every so many of the 2^32 float32 patterns")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  verify->add_flag("--full", full, "take all of them: minutes for each format");
  examples::add_output(*verify, "--json", json_file, "also write the result to this file");

  return examples::run_program(app, argc, argv, [&] {
    if (check->parsed())
      return examples::check_files(
          files, json_file,
          [kinds = examples::fliqs_file_kinds()](const std::string& path, examples::CaseCounter& counter) {
            examples::check_reference_file(path, kinds, counter);
          });
    if (quantize->parsed()) return run_quantize(quantize_options);
    if (diff->parsed()) return run_diff(side_a, side_b, limit, json_file);
    if (verify->parsed()) return run_verify(names, full ? 1 : step, json_file);
    return run_table(name, json_file);
  });
}
