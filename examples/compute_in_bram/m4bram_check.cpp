// SPDX-License-Identifier: Apache-2.0
#include "compute_in_bram/m4bram.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>

#include "support/m4bram_accuracy_reference.hpp"
#include "support/m4bram_area_reference.hpp"
#include "support/m4bram_model_reference.hpp"
#include "support/m4bram_quant_reference.hpp"
#include "support/m4bram_reference.hpp"

namespace bitloom::examples {

bool check_m4bram(const std::string& path, CaseCounter& counter) {
  const auto text = core::read_file(path);
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && text[first] == '{') {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded() || !is_m4bram_quant(json)) return false;
    check_m4bram_quant(json, counter);
    return true;
  }
  const auto file = core::Csv::parse(text, path);
  return check_m4bram_file(file, counter) || check_m4bram_area(file, counter) ||
         check_m4bram_models(file, counter) || check_m4bram_accuracy(file, counter) ||
         check_m4bram_searches(file, counter);
}

}  // namespace bitloom::examples
