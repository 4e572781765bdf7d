// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_study.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/core/bits.hpp>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;
using net::FeatureMap;

static_assert(M4bramStudy<ReleasedM4bramStudy> && M4bramStudy<ExactM4bramStudy> &&
              M4bramStudy<CorrectedM4bramStudy> && M4bramStudy<WithMac2<ExactM4bramStudy, SignedMac2>> &&
              !M4bramStudy<Tile>);

double real(const core::Csv& file, std::size_t row, const char* column) {
  const auto& text = file.text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE((error == std::errc{} && end == text.data() + text.size()));
  return value;
}

/// How ours and theirs differ in a column.
struct Difference {
  std::int64_t rows{};           ///< that differ
  std::int64_t least{}, most{};  ///< theirs less ours

  friend bool operator==(const Difference&, const Difference&) = default;
};
using Differences = std::map<std::string, Difference>;

/// One row: every column that is not an argument is compared.
template <M4bramStudy S>
class UnitCase {
 public:
  UnitCase(const core::Csv& file, std::size_t row, Differences& differences)
      : file_(file), row_(row), differences_(differences) {
    const auto& rule = file.text(row, "storage_rule");
    matrices_ = rule == "vitbase" ? 3 : 1;
    form_ = rule == "alexnet" || rule == "vgg16" ? StreamForm::Plain : StreamForm::Residual;
    divisor_ = rule == "vgg16" ? 4 : 1;
  }

  template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
  void check() {
    using Baseline = M4bramBaseline<S>;
    check("dla_dsp", Baseline::dsp(tile_.dsp, bits_));
    check("dla_streambuf",
          stream<typename S::Capacity>(
              divisor_, Baseline::template stream_banks<typename S::BaselineWidth>(map_, tile_.dsp, bits_)));
    check("dla_fcache", Baseline::filter_bram(conv_, tile_.dsp, bits_, matrices_));
    check("dla_conv", Baseline::cycles(conv_, tile_.dsp, bits_));
    check("dla_fc", Baseline::cycles(fc_, tile_.dsp, bits_));

    using Hybrid = M4bramHybrid<S, Size, Clocking>;
    const auto filters = Hybrid::filter_bram(conv_, tile_, bits_, matrices_);
    const auto count = Hybrid::count(conv_, tile_, bits_);
    check("m4_dsp", Hybrid::dsp(tile_, bits_));
    check("m4_streambuf",
          stream<typename S::Capacity>(
              divisor_, Hybrid::template stream_banks<typename S::EnhancedWidth>(map_, tile_, bits_)));
    check("m4_fcache", filters);
    check("m4_conv", Hybrid::cycles(conv_, tile_, bits_));
    CHECK(count.unchecked() == count.cycles());
    check("m4_readout", count.readout * count.bram_outputs * count.groups);
    check("m4_fc", Hybrid::cycles(fc_, filters, tile_, bits_));

    using Alone = M4bramAlone<S, Size, Clocking>;
    const auto& bram = tile_.bram;
    check("nodsp_streambuf", stream<typename S::Capacity>(
                                 divisor_ * divisor_,
                                 Alone::template stream_banks<typename S::EnhancedWidth>(map_, bram, bits_)));
    check("nodsp_fcache", Alone::filter_bram(conv_, bram, bits_, matrices_));
    check("nodsp_conv", Alone::cycles(conv_, bram, bits_));
    check("nodsp_fc", Alone::cycles(fc_, filters, bram, bits_));

    using MixedDsp = MixedBaseline<S>;
    check("mw_dla_dsp", MixedDsp::dsp(tile_.dsp, mixed_));
    check("mw_dla_fcache", MixedDsp::filter_bram(conv_, tile_.dsp, mixed_, matrices_));
    check("mw_dla_conv", MixedDsp::cycles(conv_, tile_.dsp, mixed_));
    check("mw_dla_fc", MixedDsp::cycles(fc_, tile_.dsp, mixed_));

    using Mixed = MixedM4bramHybrid<S, Size, Clocking>;
    const auto parts = Mixed::filter_bram(conv_, tile_, mixed_, matrices_);
    check("mw_m4_dsp", Mixed::dsp(tile_, mixed_));
    check("mw_m4_fcache", parts.sum());
    check("mw_m4_conv", Mixed::cycles(conv_, tile_, mixed_));
    check("mw_m4_fc", Mixed::cycles(fc_, parts, tile_, mixed_));
  }

  template <fabric::BramacVariant Variant>
  void check_bramac() {
    using Hybrid = BramacHybrid<S, Variant>;
    const auto bits = static_cast<int>(n("br_prec"));
    auto slices = tile_.dsp;
    slices.p = 1;
    const auto tile = bramac_tile<Variant>(slices, bits);
    const auto filters = Hybrid::filter_bram(conv_, tile, bits, matrices_);
    check("br_dsp", Hybrid::dsp(tile, bits));
    check("br_streambuf",
          stream<BramacBanks>(
              divisor_, Hybrid::template stream_banks<typename S::EnhancedWidth>(map_, tile, bits), bits));
    check("br_fcache", filters);
    check("br_conv", Hybrid::cycles(conv_, tile, bits));
    check("br_fc", Hybrid::cycles(fc_, filters, tile, bits));
  }

 private:
  [[nodiscard]] std::int64_t n(const char* column) const { return file_.integer(row_, column); }

  template <BankCapacity Capacity>
  [[nodiscard]] std::int64_t stream(std::int64_t divisor, std::int64_t banks, int bits = 0) const {
    return stream_bram<Capacity>(map_, {form_, divisor}, banks, bits == 0 ? bits_.activation : bits);
  }

  void check(const char* column, std::int64_t ours) {
    const auto theirs = real(file_, row_, column);
    const auto more = static_cast<std::int64_t>(theirs) - ours;
    CHECK(static_cast<double>(ours + more) == theirs);
    auto& difference = differences_[column];
    difference.rows += more != 0;
    difference.least = std::min(difference.least, more);
    difference.most = std::max(difference.most, more);
  }

  const core::Csv& file_;
  std::size_t row_;
  Differences& differences_;
  std::int64_t matrices_{}, divisor_{};
  StreamForm form_{};
  std::int64_t rows_ = n("pvec"), columns_ = n("rvec");
  HybridTile tile_{
      .dsp = {.q = n("dsp_qvec"), .c = n("dsp_cvec"), .k = n("dsp_kvec"), .r = columns_, .p = rows_},
      .bram = {.q = n("m4_qvec"), .c = n("m4_cvec"), .k = n("m4_kvec"), .r = columns_, .p = rows_}};
  Widths bits_{static_cast<int>(n("pw")), static_cast<int>(n("pi"))};
  MixedWidths mixed_{.weights = {.high_bits = static_cast<int>(n("mw_pw_h")),
                                 .low_bits = static_cast<int>(n("mw_pw_l")),
                                 .high_ratio = real(file_, row_, "mw_ratio")},
                     .activation = static_cast<int>(n("pi"))};
  ConvShape conv_{n("r"), n("s"), n("c"), n("p"), n("q"), n("k")};
  FcShape fc_{n("fc_c"), n("fc_k")};
  FeatureMap map_{n("pin"), n("qin"), n("c"), n("p"), n("q"), n("k")};
};

template <M4bramStudy S>
Differences check_all(const core::Csv& file) {
  Differences differences;
  CHECK(file.row_count() == 300);
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    CAPTURE(file.where(i));
    UnitCase<S> row(file, i, differences);
    const bool large = file.text(i, "variant") == "L";
    const bool pumped = file.text(i, "mode") == "d";
    if (large)
      pumped ? row.template check<fabric::Large, fabric::DoublePumped>()
             : row.template check<fabric::Large, fabric::Synchronous>();
    else
      pumped ? row.template check<fabric::Small, fabric::DoublePumped>()
             : row.template check<fabric::Small, fabric::Synchronous>();
    file.text(i, "br_kind") == "2SA" ? row.template check_bramac<fabric::TwoSync>()
                                     : row.template check_bramac<fabric::OneDoublePumped>();
  }
  CHECK(differences.size() == 28);
  std::erase_if(differences, [](const auto& column) { return column.second.rows == 0; });
  return differences;
}

TEST_CASE("all cases of the released simulator give every one of its counts") {
  const auto file = test::reference_table("m4bram/model_unit_cases.csv");
  if (!file) return;
  const auto differences = check_all<ReleasedM4bramStudy>(*file);
  CHECK(differences.empty());
  for (const auto& difference : differences) MESSAGE("different: " << difference.first);
}

TEST_CASE(
    "in integers only convolutions of the baselines differ, by a rounding error or what is charged twice") {
  const auto file = test::reference_table("m4bram/model_unit_cases.csv");
  if (!file) return;
  const auto differences = check_all<ExactM4bramStudy>(*file);
  CHECK(differences.size() == 2);
  CHECK(differences.at("dla_conv") == Difference{.rows = 76, .least = 0, .most = 1});
  // tiles of output channels that are not full
  CHECK(differences.at("mw_dla_conv").rows == 296);
  CHECK(differences.at("mw_dla_conv").least == 0);
}

TEST_CASE(
    "corrected, stream buffers of the baseline, copies of blocks and rates of mixed slices differ besides") {
  const auto file = test::reference_table("m4bram/model_unit_cases.csv");
  if (!file) return;
  std::int64_t strides = 0, several = 0;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    const auto n = [&](const char* column) { return file->integer(i, column); };
    strides += n("dsp_qvec") > 1 && core::ceil_div(n("qin"), n("q")) != core::ceil_div(n("q"), n("qin"));
    several += n("m4_qvec") * n("pvec") > 4;
  }
  auto differences = check_all<CorrectedM4bramStudy>(*file);
  for (const auto* column : {"dla_conv", "mw_dla_conv"}) CHECK(differences.erase(column) == 1);
  CHECK(differences.at("dla_streambuf").rows <= strides);
  CHECK(differences.at("dla_streambuf").rows > strides / 2);
  CHECK(differences.at("m4_fcache") == differences.at("nodsp_fcache"));
  CHECK(differences.at("m4_fcache").most == 0);  // the released count is the smaller one
  for (const auto* column : {"m4_fcache", "mw_m4_fcache", "nodsp_fc"})
    CHECK(differences.at(column).rows == several);
  for (const auto* column : {"m4_fc", "mw_m4_fc", "nodsp_fc"}) CHECK(differences.at(column).least == 0);
  CHECK(differences.at("m4_fc").rows <= several);
  CHECK(differences.at("mw_m4_fc").rows > several);
  CHECK(differences.size() == 7);
}

TEST_CASE("a study names what it rests on") {
  const auto released = m4bram_assumptions<ReleasedM4bramStudy>();
  const auto changed =
      m4bram_assumptions<WithReadouts<WithMac2<CorrectedM4bramStudy, SignedMac2>, SafeReadouts>>();
  REQUIRE(released.size() == changed.size());
  std::int64_t different = 0;
  for (std::size_t i = 0; i < released.size(); ++i) different += released[i] != changed[i];
  CHECK(different == 5);  // arithmetic, width of the baseline's buffers, cycles of a MAC2, readouts, rate
  const auto constants = m4bram_study_constants<fabric::Large>();
  CHECK(constants.size() == 3);
  CHECK(constants.back().value == 1.334);
}

TEST_CASE("signed activations cost both blocks on the main clock a cycle, and the double-pumped ones none") {
  using Signed = WithMac2<ExactM4bramStudy, SignedMac2>;
  constexpr Tile slices{.q = 1, .c = 4, .k = 40};
  constexpr ConvShape layer{3, 3, 64, 14, 14, 64};
  const auto cycles = [&]<class S, class V, class M>(std::type_identity<S>, std::type_identity<V>,
                                                     std::type_identity<M>) {
    return BramacHybrid<S, V>::cycles(layer, bramac_tile<V, M>(slices, 8), 8);
  };
  const std::type_identity<ExactM4bramStudy> unsigned_study;
  const std::type_identity<Signed> signed_study;
  const std::type_identity<fabric::TwoSync> two;
  const std::type_identity<fabric::OneDoublePumped> one;
  // channels of a MAC2 of 10 and 11 cycles: 2 tiles of 40 and of 44; 8 cycles to read; 2 groups of outputs
  CHECK(cycles(unsigned_study, two, std::type_identity<PublishedMac2>{}) == (2 * 3 * 10 + 8) * 2 * 5 * 14);
  CHECK(cycles(signed_study, two, std::type_identity<SignedMac2>{}) == (2 * 3 * 11 + 8) * 2 * 5 * 14);
  CHECK(cycles(unsigned_study, one, std::type_identity<PublishedMac2>{}) ==
        cycles(signed_study, one, std::type_identity<SignedMac2>{}));
}

}  // namespace
