// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/fabric/m4bram.hpp>

#include "m4bram_trace_reference.hpp"
#include "m4bram_vector_reference.hpp"

namespace bitloom::examples {

// Reference files of M4BRAM. A counter is any type with add(ok, what is wrong), as CaseCounter; the unit tests have
// another.

namespace detail {

/// precision_table.csv: the closed forms of timing, parallelism and safe lengths.
template <class Counter>
void check_m4bram_precisions(const core::Csv& file, Counter& counter) {
  using fabric::DoublePumped, fabric::DriftingPeriod, fabric::Synchronous;
  using S = fabric::M4bram<fabric::Small, Synchronous, 1, M4bramVectorPolicies>;
  using L = fabric::M4bram<fabric::Large, Synchronous, 1, M4bramVectorPolicies>;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const int weight = file.integer(i, "pw", 2, 8);
    const int activation = file.integer(i, "pi", 2, 8);
    const fabric::Operands o{.weight_bits = weight, .activation_bits = activation};
    auto with_sign = o;
    with_sign.signed_activations = true;
    const int products = accel::MixedPacking::products({weight, activation});
    std::string difference;
    const auto same = [&](const char* column, std::int64_t ours) {
      if (file.integer(i, column) != ours)
        difference = file.where(i) + ": " + column + " is " + std::to_string(ours);
    };
    const auto rate = [&](const char* column, double ours) {  // four decimals
      const auto& text = file.text(i, column);
      char* end = nullptr;
      const double theirs = std::strtod(text.c_str(), &end);
      if (text.empty() || end != text.c_str() + text.size() || !(std::abs(theirs - ours) <= 0.00005001))
        difference = file.where(i) + ": " + column + " is " + std::to_string(ours);
    };
    same("lane_bits", S::lane_bits(o));
    same("lanes_per_bpe_S", S::lanes(o) / S::elements);
    same("lanes_per_bpe_L", L::lanes(o) / L::elements);
    same("mac_per_mac2_S", S::macs_per_mac2(o));
    same("mac_per_mac2_L", L::macs_per_mac2(o));
    same("model_cycles_sync", Synchronous::model_cycles(activation));
    same("model_cycles_dp", DoublePumped::model_cycles(activation));
    same("rtl_sync_unsigned", Synchronous::mac2_steps<DriftingPeriod>(activation, false));
    same("rtl_sync_signed", Synchronous::mac2_steps<DriftingPeriod>(activation, true));
    same("rtl_dp_dummy_clk_unsigned", DoublePumped::mac2_steps<DriftingPeriod>(activation, false));
    same("rtl_dp_dummy_clk_signed", DoublePumped::mac2_steps<DriftingPeriod>(activation, true));
    const auto per_cycle = [](int macs, int cycles) { return static_cast<double>(macs) / cycles; };
    rate("mac_per_cycle_S_sync", per_cycle(S::macs_per_mac2(o), Synchronous::model_cycles(activation)));
    rate("mac_per_cycle_S_dp", per_cycle(S::macs_per_mac2(o), DoublePumped::model_cycles(activation)));
    rate("mac_per_cycle_L_sync", per_cycle(L::macs_per_mac2(o), Synchronous::model_cycles(activation)));
    rate("mac_per_cycle_L_dp", per_cycle(L::macs_per_mac2(o), DoublePumped::model_cycles(activation)));
    same("dsp_packing_factor", products / 2);
    same("dsp_mac_per_cycle", products);
    same("safe_terms_unsigned", S::safe_terms(o));
    same("safe_terms_signed", S::safe_terms(with_sign));
    counter.add(difference.empty(), difference);
  }
}

}  // namespace detail

/// Checks a reference file of the block: bpe_vectors.csv, precision_table.csv or a trace of the eFSM.
///
/// What has no effect is not checked: weights outside the slice that is used or beside activations of 0; in traces fields
/// of ports that are not enabled.
/// @return             false if the file is of another kind
/// @throws ParseError  a field is not what the column has
template <class Counter>
bool check_m4bram_file(const core::Csv& file, Counter& counter) {
  if (file.has_column("sync_done_cycle"))
    detail::check_m4bram_vectors(file, counter);
  else if (file.has_column("rtl_dp_dummy_clk_unsigned"))
    detail::check_m4bram_precisions(file, counter);
  else if (file.has_column("raddr1_b0"))
    detail::check_m4bram_trace(file, counter);
  else
    return false;
  return true;
}

}  // namespace bitloom::examples
