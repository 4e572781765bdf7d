// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include <fmt/core.h>

#include <bitloom/core/csv.hpp>

#include "check.hpp"
#include "dla_reference.hpp"

namespace bitloom::examples {

/// published_accuracy.csv: accuracies on ImageNet, in per cent. They rest on training and are not reproduced; what can be
/// recomputed is the loss against the float network, and that all rows of a network have the same one.
/// @return  false if the file is of another kind
inline bool check_m4bram_accuracy(const core::Csv& file, CaseCounter& counter) {
  if (!file.has_column("float_top1") || !file.has_column("drop")) return false;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto percent = [&](std::size_t row, const char* column) {
      return detail::parse_double(file.text(row, column), file.where(row) + ", " + column);
    };
    static_cast<void>(file.integer(i, "weight_bits", 1, 32));
    static_cast<void>(file.integer(i, "activation_bits", 1, 32));
    std::size_t first = 0;
    while (file.text(first, "network") != file.text(i, "network")) ++first;
    const auto drop = percent(i, "float_top1") - percent(i, "top1");
    std::string difference;
    if (std::abs(drop - percent(i, "drop")) > 1e-6)
      difference = fmt::format("{}: drop is {:.2f}", file.where(i), drop);
    if (percent(i, "float_top1") != percent(first, "float_top1"))
      difference = file.where(i) + ": the float network has another accuracy before";
    counter.add(difference.empty(), difference);
  }
  return true;
}

}  // namespace bitloom::examples
