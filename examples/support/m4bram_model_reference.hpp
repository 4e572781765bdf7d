// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>

#include <fmt/core.h>

#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>

#include "check.hpp"
#include "dla_reference.hpp"

namespace bitloom::examples {

namespace detail {

/// One row of the cost functions of the study of M4BRAM: a layer, and a configuration of every accelerator.
class M4bramModelCase {
 public:
  M4bramModelCase(const core::Csv& file, std::size_t row)
      : file_(file),
        row_(row),
        bits_(file.integer(row, "pw", 2, 8), file.integer(row, "pi", 2, 8)),
        mixed_{.weights = {.high_bits = file.integer(row, "mw_pw_h", 2, 8),
                           .low_bits = file.integer(row, "mw_pw_l", 2, 8),
                           .high_ratio = parse_double(file.text(row, "mw_ratio"), where("mw_ratio"))},
               .activation = bits_.activation} {
    const auto& rule = file.text(row, "storage_rule");
    if (rule == "vitbase")
      matrices_ = 3;
    else if (rule == "vgg16")
      divisor_ = 4;
    else if (rule != "alexnet" && rule != "resnet18" && rule != "resnet34")
      throw ParseError(where("storage_rule") + ": '" + rule + "' is unknown");
    form_ = rule == "alexnet" || rule == "vgg16" ? accel::StreamForm::Plain : accel::StreamForm::Residual;
  }

  /// The first column that differs, as a sentence; empty if none does.
  std::string difference() {
    check_baselines();
    using Sizes = core::TypeList<fabric::Small, fabric::Large>;
    using Clockings = core::TypeList<fabric::Synchronous, fabric::DoublePumped>;
    core::visit_at(Sizes{}, choice("variant", "S", "L"), [&]<class Size>(std::type_identity<Size>) {
      core::visit_at(Clockings{}, choice("mode", "s", "d"),
                     [&]<class Clocking>(std::type_identity<Clocking>) { check_hybrids<Size, Clocking>(); });
    });
    visit_overlay_variant(file_.text(row_, "br_kind"), where("br_kind"),
                          [&]<class V>(std::type_identity<V>) { check_bramac<V>(); });
    return difference_;
  }

 private:
  using Study = accel::ReleasedM4bramStudy;

  void check_baselines() {
    using O = accel::M4bramBaseline<Study>;
    const auto& tile = tile_.dsp;
    check("dla_dsp", O::dsp(tile, bits_));
    check("dla_streambuf",
          stream<Study::Capacity>(divisor_, O::stream_banks<Study::BaselineWidth>(map_, tile, bits_)));
    check("dla_fcache", O::filter_bram(conv_, tile, bits_, matrices_));
    check("dla_conv", O::cycles(conv_, tile, bits_));
    check("dla_fc", O::cycles(fc_, tile, bits_));
    using Mixed = accel::MixedBaseline<Study>;
    check("mw_dla_dsp", Mixed::dsp(tile, mixed_));
    check("mw_dla_fcache", Mixed::filter_bram(conv_, tile, mixed_, matrices_));
    check("mw_dla_conv", Mixed::cycles(conv_, tile, mixed_));
    check("mw_dla_fc", Mixed::cycles(fc_, tile, mixed_));
  }

  template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
  void check_hybrids() {
    using O = accel::M4bramHybrid<Study, Size, Clocking>;
    const auto filters = O::filter_bram(conv_, tile_, bits_, matrices_);
    const auto count = O::count(conv_, tile_, bits_);
    check("m4_dsp", O::dsp(tile_, bits_));
    check("m4_streambuf", stream<Study::Capacity>(
                              divisor_, O::template stream_banks<Study::EnhancedWidth>(map_, tile_, bits_)));
    check("m4_fcache", filters);
    check("m4_conv", count.cycles());
    check("m4_readout", core::checked_product("readout", {count.readout, count.bram_outputs, count.groups}));
    check("m4_fc", O::cycles(fc_, filters, tile_, bits_));
    using Alone = accel::M4bramAlone<Study, Size, Clocking>;
    const auto& bram = tile_.bram;
    check("nodsp_streambuf",
          stream<Study::Capacity>(divisor_ * divisor_,  // a sixteenth where the hybrid keeps a quarter
                                  Alone::template stream_banks<Study::EnhancedWidth>(map_, bram, bits_)));
    check("nodsp_fcache", Alone::filter_bram(conv_, bram, bits_, matrices_));
    check("nodsp_conv", Alone::cycles(conv_, bram, bits_));
    check("nodsp_fc", Alone::cycles(fc_, filters, bram, bits_));
    using Mixed = accel::MixedM4bramHybrid<Study, Size, Clocking>;
    const auto parts = Mixed::filter_bram(conv_, tile_, mixed_, matrices_);
    check("mw_m4_dsp", Mixed::dsp(tile_, mixed_));
    check("mw_m4_fcache", parts.sum());
    check("mw_m4_conv", Mixed::cycles(conv_, tile_, mixed_));
    check("mw_m4_fc", Mixed::cycles(fc_, parts, tile_, mixed_));
  }

  template <fabric::BramacVariant Variant>
  void check_bramac() {
    using O = accel::BramacHybrid<Study, Variant>;
    const int bits = file_.integer(row_, "br_prec", 2, 8);
    auto slices = tile_.dsp;
    slices.p = 1;
    const auto tile = accel::bramac_tile<Variant>(slices, bits);
    const auto filters = O::filter_bram(conv_, tile, bits, matrices_);
    const auto banks = O::template stream_banks<Study::EnhancedWidth>(map_, tile, bits);
    check("br_dsp", O::dsp(tile, bits));
    check("br_streambuf", accel::stream_bram<accel::BramacBanks>(map_, {form_, divisor_}, banks, bits));
    check("br_fcache", filters);
    check("br_conv", O::cycles(conv_, tile, bits));
    check("br_fc", O::cycles(fc_, filters, tile, bits));
  }

  template <accel::BankCapacity Capacity>
  [[nodiscard]] std::int64_t stream(std::int64_t divisor, std::int64_t banks) const {
    return accel::stream_bram<Capacity>(map_, {form_, divisor}, banks, bits_.activation);
  }

  /// Block RAMs are written with a point: 308.0.
  void check(const char* column, std::int64_t ours) {
    const auto theirs = parse_double(file_.text(row_, column), where(column));
    if (theirs != static_cast<double>(ours) && difference_.empty())
      difference_ = fmt::format("{}: {} is {}, not {}", file_.where(row_), column, ours, theirs);
  }

  [[nodiscard]] std::int64_t n(const char* column) const { return file_.integer(row_, column); }
  [[nodiscard]] std::string where(const char* column) const { return file_.where(row_) + ", " + column; }

  /// @throws ParseError  the field is neither of the two
  [[nodiscard]] std::size_t choice(const char* column, const char* first, const char* second) const {
    const auto& text = file_.text(row_, column);
    if (text != first && text != second)
      throw ParseError(where(column) + ": '" + text + "' is neither " + first + " nor " + second);
    return text == second ? 1 : 0;
  }

  const core::Csv& file_;
  std::size_t row_;
  std::string difference_;
  accel::StreamForm form_{};
  std::int64_t divisor_ = 1, matrices_ = 1;
  accel::Widths bits_;
  accel::MixedWidths mixed_;
  accel::HybridTile tile_{
      .dsp = {.q = n("dsp_qvec"), .c = n("dsp_cvec"), .k = n("dsp_kvec"), .r = n("rvec"), .p = n("pvec")},
      .bram = {.q = n("m4_qvec"), .c = n("m4_cvec"), .k = n("m4_kvec"), .r = n("rvec"), .p = n("pvec")}};
  net::ConvShape conv_{.r = n("r"), .s = n("s"), .c = n("c"), .p = n("p"), .q = n("q"), .k = n("k")};
  net::FcShape fc_{.c = n("fc_c"), .k = n("fc_k")};
  net::FeatureMap map_{
      .pin = n("pin"), .qin = n("qin"), .cin = n("c"), .pout = n("p"), .qout = n("q"), .cout = n("k")};
};

}  // namespace detail

/// model_unit_cases.csv: every cost function of the study of M4BRAM on a layer and a configuration of each accelerator,
/// with the rounding errors of the released simulator. No two rows have the same id.
/// @return false if it is another kind of file
inline bool check_m4bram_models(const core::Csv& file, CaseCounter& counter) {
  if (!file.has_column("nodsp_fcache")) return false;
  std::set<std::int64_t> ids;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    std::string difference;
    try {
      difference = detail::M4bramModelCase(file, i).difference();
    } catch (const ParseError&) {
      throw;
    } catch (const Error& error) {
      difference = file.where(i) + ": " + error.what();
    }
    if (!ids.insert(file.integer(i, "id")).second && difference.empty())
      difference = file.where(i) + ": another row has its id, too";
    counter.add(difference.empty(), difference);
  }
  return true;
}

}  // namespace bitloom::examples
