// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "qat_digits_reference.hpp"
#include "reference_file.hpp"

namespace bitloom::examples {

/// Files about number formats and quantizers: tables of formats, conversions, scales, blocks, dot products.
std::vector<ReferenceKind> format_file_kinds();

/// Files about searches: layers, costs, trajectories of the policy, published points.
std::vector<ReferenceKind> search_file_kinds();

/// All of them, and results of quantized training; without a trainer, of those only what needs no training.
inline std::vector<ReferenceKind> fliqs_file_kinds(QatTrainer trainer = {}) {
  auto kinds = format_file_kinds();
  for (auto& kind : search_file_kinds()) kinds.push_back(std::move(kind));
  kinds.push_back(qat_digits_kind(std::move(trainer)));
  return kinds;
}

}  // namespace bitloom::examples
