// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/core.h>

#include <bitloom/accel/explore.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/version.hpp>

#include "dla_reference.hpp"
#include "program.hpp"
#include "workloads.hpp"

namespace bitloom::examples {

/// Figures of one exploration, as text so that their digits show how they were rounded.
struct PublishedExploration {
  std::string_view network, label;
  int bits;
  std::string_view variant, speedup, area_ratio, speedup_per_area;
};

/// Output of the released overlay simulator of BRAMAC (arXiv 2304.03974).
inline constexpr std::array<PublishedExploration, 12> published_explorations{
    {{"alexnet", "AlexNet", 2, "2SA", "2.19", "2.02", "1.09"},
     {"alexnet", "AlexNet", 4, "2SA", "2.26", "2.16", "1.05"},
     {"alexnet", "AlexNet", 8, "2SA", "1.69", "1.86", "0.91"},
     {"alexnet", "AlexNet", 2, "1DA", "1.70", "1.53", "1.11"},
     {"alexnet", "AlexNet", 4, "1DA", "1.79", "1.52", "1.18"},
     {"alexnet", "AlexNet", 8, "1DA", "1.62", "1.53", "1.06"},
     {"resnet34", "ResNet-34", 2, "2SA", "1.15", "0.99", "1.16"},
     {"resnet34", "ResNet-34", 4, "2SA", "1.45", "1.37", "1.06"},
     {"resnet34", "ResNet-34", 8, "2SA", "1.38", "1.23", "1.12"},
     {"resnet34", "ResNet-34", 2, "1DA", "1.52", "1.17", "1.30"},
     {"resnet34", "ResNet-34", 4, "1DA", "1.37", "1.25", "1.10"},
     {"resnet34", "ResNet-34", 8, "1DA", "1.68", "1.25", "1.34"}}};

/// A published mean of speed-ups over 2, 4 and 8 bits.
struct PublishedMean {
  std::string_view network, label, variant, speedup;
};

/// Source: abstract of arXiv 2304.03974.
inline constexpr std::array<PublishedMean, 4> published_means{{{"alexnet", "AlexNet", "2SA", "2.05"},
                                                               {"alexnet", "AlexNet", "1DA", "1.7"},
                                                               {"resnet34", "ResNet-34", "2SA", "1.33"},
                                                               {"resnet34", "ResNet-34", "1DA", "1.52"}}};

/// A part of a page of reproduced results.
struct ReproducedSection {
  std::string markdown;
  bool reproduced = true;  ///< every figure rounds to the published one
};

namespace detail {

template <accel::OverlayStudy Study>
accel::Exploration explore_published(std::string_view network, std::string_view variant, int bits) {
  const auto workload = built_in_workload(std::string(network));
  return visit_overlay_variant(std::string(variant), "published", [&]<class V>(std::type_identity<V>) {
    return accel::explore<V, Study>(*workload, bits);
  });
}

}  // namespace detail

/// The DLA overlay with BRAMAC: 12 explorations and 4 means, published figures beside ours.
inline ReproducedSection reproduce_overlays() {
  ReproducedSection section;
  auto& text = section.markdown;
  const auto beside = [&](double ours, std::string_view published) {
    const bool same = rounds_to(ours, std::string(published));
    section.reproduced = section.reproduced && same;
    return fmt::format("{} | {:.4f}{}", published, ours, same ? "" : " (differs)");
  };
  const auto tile = [](const accel::Candidate& c) {
    return fmt::format("{}/{}/{}", c.tile.q, c.tile.c, c.tile.k);
  };

  text +=
      "## The DLA overlay with BRAMAC\n\n"
      "Best configuration within 1518 DSP slices and 1500 block RAMs, against the best one without BRAMAC. "
      "Tiles are\n"
      "output columns / input channels / output channels.\n\n"
      "| network | bits | variant | speed-up, published | ours | area ratio, published | ours | speed-up per "
      "area, "
      "published | ours | DLA | with BRAMAC |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& p : published_explorations) {
    const auto found = detail::explore_published<accel::ReleasedStudy>(p.network, p.variant, p.bits);
    const auto& best = found.best();
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", p.label, p.bits, p.variant,
                        beside(best.speedup, p.speedup), beside(best.area_ratio, p.area_ratio),
                        beside(best.speedup_per_area(), p.speedup_per_area), tile(found.best_baseline()),
                        tile(best));
  }
  text +=
      "\nMeans of the speed-ups over 2, 4 and 8 bits:\n\n"
      "| network | variant | published | ours |\n| --- | --- | --- | --- |\n";
  for (const auto& p : published_means) {
    double sum = 0;
    for (const int bits : {2, 4, 8})
      sum += detail::explore_published<accel::ReleasedStudy>(p.network, p.variant, bits).best().speedup;
    text += fmt::format("| {} | {} | {} |\n", p.label, p.variant, beside(sum / 3, p.speedup));
  }
  text +=
      "\n### How\n\n"
      "`compute_in_bram explore --network alexnet --bits 2 --variant 2sa --released` prints the first row "
      "with its\n"
      "layers, the counts of rejected tiles and the Pareto front. The study rests on these assumptions:\n\n";
  for (const auto& assumption : accel::study_assumptions<accel::ReleasedStudy>)
    text += fmt::format("* {}\n", assumption);
  text +=
      "\n### What changes when the published study is corrected\n\n"
      "*Own maps*: exact cycles, and stream buffers sized by each network's own feature maps (`explore` "
      "without an\n"
      "option). *Corrected*: stream buffers also count as block RAMs of the budget, and overlays run at the "
      "clock of\n"
      "the slowest of their blocks (`--corrected`): 549 MHz with DSP slices, 500 MHz with 1DA, both of them "
      "assumed.\n\n"
      "| network | bits | variant | speed-up, released | own maps | corrected | area ratio, released | own "
      "maps | "
      "corrected | block RAMs, released | corrected | with BRAMAC, corrected |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& p : published_explorations) {
    const auto released =
        detail::explore_published<accel::ReleasedStudy>(p.network, p.variant, p.bits).best();
    const auto own = detail::explore_published<accel::ExactStudy>(p.network, p.variant, p.bits).best();
    const auto corrected =
        detail::explore_published<accel::CorrectedStudy>(p.network, p.variant, p.bits).best();
    text +=
        fmt::format("| {} | {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {} | {} | {} |\n",
                    p.label, p.bits, p.variant, released.speedup, own.speedup, corrected.speedup,
                    released.area_ratio, own.area_ratio, corrected.area_ratio, released.resources.bram(),
                    corrected.resources.bram(), tile(corrected));
  }
  return section;
}

/// Writes the page of BRAMAC's published results beside ours.
///
/// @param more  sections of other parts, which follow
/// @return      exit code: check_failed if a figure does not round to the published one
/// @throws Error  the file cannot be written
inline int run_reproduce(const std::string& path, const std::vector<ReproducedSection>& more = {}) {
  auto sections = more;
  sections.insert(sections.begin(), reproduce_overlays());
  std::string text =
      "# BRAMAC: published results and ours\n\n"
      "Written by `compute_in_bram reproduce docs/reproduction/bramac.md`. Published figures are from "
      "\"BRAMAC:\n"
      "Compute-in-BRAM Architectures for Multiply-Accumulate on FPGAs\", arXiv 2304.03974, and its released "
      "simulators.\n"
      "Ours are computed, never copied; one that does not round to the published figure is marked "
      "*differs*.\n";
  bool reproduced = true;
  for (const auto& section : sections) {
    text += "\n" + section.markdown;
    reproduced = reproduced && section.reproduced;
  }
  core::write_file(path, text);
  fmt::print("{}: {}\n", path,
             reproduced ? "every published figure is reproduced" : "a published figure differs");
  return reproduced ? success : check_failed;
}

}  // namespace bitloom::examples
