// SPDX-License-Identifier: Apache-2.0
// What do the codes of a number format stand for? Prints tables, and checks reference files.

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/core/table.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/format.hpp>

#include "support/check.hpp"
#include "support/format_reference.hpp"
#include "support/program.hpp"
#include "support/report.hpp"

namespace {

using namespace bitloom;

int run_table(const std::string& name, const std::string& json_file) {
  if (!json_file.empty()) core::check_writable(json_file);
  const examples::AnyFloat any(name);
  if (any.bits() > 16)
    throw RangeError(fmt::format("format: {} has {} bits; tables end at 16", name, any.bits()));
  auto codes = nlohmann::json::array();
  core::Table table({"code", "bits", "value", "class"});
  for (std::uint64_t code = 0; code < std::uint64_t{1} << any.bits(); ++code) {
    const auto x = any.exact(code);
    const auto text = x.is_finite() ? fmt::format("{}", format::to_double(x)) : std::string(any.kind(code));
    table.add_row({fmt::format("{:#04x}", code), fmt::format("{:0{}b}", code, any.bits()), text,
                   std::string(any.kind(code))});
    nlohmann::json entry{{"code", code}, {"class", any.kind(code)}, {"value", nullptr}};
    if (x.is_finite()) entry["value"] = format::to_double(x);
    codes.push_back(std::move(entry));
  }
  fmt::print("{}", table.text());
  if (!json_file.empty())
    examples::write_json(json_file,
                         {{"version", version}, {"format", name}, {"bits", any.bits()}, {"codes", codes}});
  return examples::success;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "What do the codes of a number format stand for, and do the conversions agree with reference data?",
      "formats");
  app.set_version_flag("--version", std::string(version));
  app.require_subcommand(1);

  std::string name;
  std::string json_file;
  auto* table = app.add_subcommand("table", "print every code of a format with its bits and value");
  table
      ->add_option("FORMAT", name,
                   "e4m3fn, e5m2, e2m1fn, e8m0fnu, f16, …, or eEmM_fin, eEmM_bBIAS_ieee and the like")
      ->required();
  examples::add_output(*table, "--json", json_file, "also write the result to this file");

  std::vector<std::string> files;
  auto* check = app.add_subcommand("check",
                                   "recompute reference files (tables of formats, conversions from float32 "
                                   "and float64, fixed point, integer quantizers, requantization)");
  check->add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);
  examples::add_output(*check, "--json", json_file, "also write the result to this file");

  return examples::run_program(app, argc, argv, [&] {
    if (check->parsed()) return examples::check_files(files, json_file, examples::check_format_file);
    return run_table(name, json_file);
  });
}
