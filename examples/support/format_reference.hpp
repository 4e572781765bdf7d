// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/quant/asymmetric.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/requantize.hpp>
#include <bitloom/quant/symmetric.hpp>

#include "any_format.hpp"
#include "check.hpp"
#include "json_fields.hpp"
#include "mx_codec.hpp"

namespace bitloom::examples {

/// Hexadecimal digits of at most `bits` bits, with or without 0x.
inline std::uint64_t hex_field(const core::Csv& file, std::size_t row, const char* column, int bits) {
  const auto& text = file.text(row, column);
  const auto digits = std::string_view(text).substr(text.starts_with("0x") ? 2 : 0);
  std::uint64_t value = 0;
  if (digits.size() <= 16) value = core::BitVector<64>::from_hex(digits).words()[0];
  if (digits.size() > 16 || (value & ~core::low_mask(bits)) != 0)
    throw ParseError(fmt::format("{}, {}: '{}' has more than {} bits", file.where(row), column, text, bits));
  return value;
}

inline float f32_field(const core::Csv& file, std::size_t row, const char* column) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(hex_field(file, row, column, 32)));
}

/// A number as C writes it in hexadecimal, the whole field.
inline double number_field(const core::Csv& file, std::size_t row, const char* column) {
  const auto& text = file.text(row, column);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size())
    throw ParseError(fmt::format("{}, {}: '{}' is no number", file.where(row), column, text));
  return value;
}

/// `name` of a file `<prefix>name.csv`.
inline std::string name_in_path(const std::string& path, std::string_view prefix) {
  const auto stem = std::filesystem::path(path).stem().string();
  if (!stem.starts_with(prefix))
    throw ParseError(
        fmt::format("{}: the file's name has to be {}FORMAT.csv, to tell the format", path, prefix));
  return stem.substr(prefix.size());
}

/// table_FORMAT.csv: every code once, with fields, class and value.
inline void check_format_table(const core::Csv& file, CaseCounter& counter) {
  const AnyFloat any(name_in_path(file.name(), "table_"));
  const auto codes = std::uint64_t{1} << any.bits();
  if (file.row_count() != codes)
    counter.add(false, fmt::format("{}: {} codes, not {}", file.name(), codes, file.row_count()));
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto code = hex_field(file, i, "code", any.bits());
    const auto x = any.exact(code);
    const int fraction_bits = any.is_e8m0() ? 0 : any.layout().fraction_bits;
    const int exponent_bits = any.is_e8m0() ? 8 : any.layout().exponent_bits;
    const auto sign = any.is_e8m0() ? 0 : code >> (any.bits() - 1);
    bool ok =
        code == i && file.integer(i, "sign") == static_cast<std::int64_t>(sign) &&
        file.integer(i, "exp_field") ==
            static_cast<std::int64_t>((code >> fraction_bits) & core::low_mask(exponent_bits)) &&
        file.integer(i, "man_field") == static_cast<std::int64_t>(code & core::low_mask(fraction_bits)) &&
        file.text(i, "class") == class_name(x);
    if (x.is_finite()) {
      const double value = format::to_double(x);
      ok = ok && number_field(file, i, "value_hexfloat") == value &&
           number_field(file, i, "value_decimal") == (any.is_e8m0() ? std::log2(value) : value);
    }
    counter.add(ok, file.where(i) + ": the code stands for something else");
  }
}

/// f32_to_FORMAT.csv: float32 to codes, in up to six modes.
inline void check_float_encoding(const core::Csv& file, CaseCounter& counter) {
  using namespace format;
  const AnyFloat any(name_in_path(file.name(), "f32_to_"));
  const bool saturates =
      any.bits() <= 8 || file.has_column("rne_sat");  // files of wider formats may lack that mode
  for (const auto& column : file.header()) {
    constexpr std::array<std::string_view, 7> known{"f32_bits", "rne", "rne_sat", "rna", "rtz", "rup", "rdn"};
    if (std::ranges::find(known, column) == known.end())
      throw ParseError(file.name() + ": column '" + column + "' is not known");
  }
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto x = to_dyadic(f32_field(file, i, "f32_bits"));
    const auto check = [&](const char* column, std::uint64_t ours) {
      if (std::string_view(column) == "rne_sat" && !saturates) return;
      // NaN in a format without NaN follows a policy, which these files leave open
      if (file.text(i, column) == "-" && x.kind == Dyadic::Kind::Nan && !any.has_nan()) return;
      const auto theirs = hex_field(file, i, column, any.bits());
      counter.add(ours == theirs || (any.is_nan(ours) && any.is_nan(theirs)),
                  fmt::format("{}, {}: {:x}, not {:x}", file.where(i), column, ours, theirs));
    };
    check("rne", any.encode<NearestEven, OverflowToInfinity>(x));
    check("rne_sat", any.encode<NearestEven, Saturate>(x));
    check("rna", any.encode<NearestAway, OverflowToInfinity>(x));
    check("rtz", any.encode<TowardZero, OverflowToInfinity>(x));
    check("rup", any.encode<Up, OverflowToInfinity>(x));
    check("rdn", any.encode<Down, OverflowToInfinity>(x));
  }
}

/// f64_double_rounding.csv: float64 to codes, directly and by a wrong detour.
inline void check_double_rounding(const core::Csv& file, CaseCounter& counter) {
  using namespace format;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const AnyFloat any(file.text(i, "format"));
    const auto x = std::bit_cast<double>(hex_field(file, i, "f64_bits", 64));
    const auto field = [&](const char* column) { return hex_field(file, i, column, any.bits()); };
    const bool ok =
        any.encode<NearestEven, OverflowToInfinity>(to_dyadic(x)) == field("rne_direct") &&
        any.encode<NearestAway, OverflowToInfinity>(to_dyadic(x)) == field("rna_direct") &&
        any.encode<TowardZero, OverflowToInfinity>(to_dyadic(x)) == field("rtz_direct") &&
        any.encode<NearestEven, OverflowToInfinity>(to_dyadic(static_cast<float>(x))) == field("rne_via_f32");
    counter.add(ok, file.where(i) + ": a code differs");
  }
}

/// stochastic.csv: rounding with given random bits.
inline void check_stochastic(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const AnyFloat any(file.text(i, "format"));
    const int k = file.integer(i, "k", 1, 62);
    const format::Stochastic rounding(k, hex_field(file, i, "r", k));
    const auto x = format::to_dyadic(f32_field(file, i, "f32_bits"));
    const auto code = any.encode<format::Stochastic, format::OverflowToInfinity>(x, rounding);
    counter.add(code == hex_field(file, i, "code", any.bits()), file.where(i) + ": the code differs");
  }
}

/// fixed_point.csv: numbers to fixed point, in eight rounding and four overflow modes.
inline void check_fixed_point(const core::Csv& file, CaseCounter& counter) {
  using namespace format;
  using Roundings = core::TypeList<Down, TowardZero, NearestUp, NearestZero, NearestDown, NearestAway,
                                   NearestEven, NearestOdd>;
  using Overflows = core::TypeList<Wrap, Saturate, SaturateZero, SaturateSymmetric>;
  constexpr std::array<std::string_view, 8> roundings{"rdn", "rtz", "rhu", "rhz", "rhd", "rna", "rne", "rho"};
  constexpr std::array<std::string_view, 4> overflows{"wrap", "sat", "sat_zero", "sat_sym"};
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const FixedLayout layout{file.integer(i, "W", 1, 64), file.integer(i, "I", -1000, 1000),
                             file.flag(i, "S")};
    const auto index = [&](const auto& names, const char* column) {
      const auto found = std::ranges::find(names, file.text(i, column));
      if (found == names.end())
        throw ParseError(
            fmt::format("{}, {}: '{}' is not known", file.where(i), column, file.text(i, column)));
      return static_cast<std::size_t>(found - names.begin());
    };
    const auto x = to_dyadic(number_field(file, i, "x_f64"));
    core::visit_at(Roundings{}, index(roundings, "quant"), [&]<class R>(std::type_identity<R>) {
      core::visit_at(Overflows{}, index(overflows, "overflow"), [&]<class O>(std::type_identity<O>) {
        const auto raw = layout.raw(layout.encode<R, O>(x));
        const auto text =
            layout.is_signed ? std::to_string(static_cast<std::int64_t>(raw)) : std::to_string(raw);
        counter.add(text == file.text(i, "raw"),
                    fmt::format("{}: {}, not {}", file.where(i), text, file.text(i, "raw")));
      });
    });
  }
}

/// int_quant.csv: affine quantizers, in four roundings of the exact quotient and three orders of float32 operations.
inline void check_integer_quantizer(const core::Csv& file, CaseCounter& counter) {
  using namespace format;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const float x = f32_field(file, i, "x_f32");
    const float scale = f32_field(file, i, "scale_f32");
    const auto zero = file.integer(i, "zero_point", -1 << 30, 1 << 30);
    const auto low = file.integer(i, "qmin", -1 << 30, 1 << 30);
    const auto high = file.integer(i, "qmax", low, 1 << 30);
    const auto check = [&]<class R>(R, const char* column, double quotient) {
      const auto units = round_to_units<R>(to_dyadic(quotient), 0);
      // far outside the range the quotient may leave 63 bits
      const auto magnitude = units.huge || units.low_bits > std::uint64_t{1} << 40
                                 ? std::int64_t{1} << 40
                                 : static_cast<std::int64_t>(units.low_bits);
      const auto q =
          std::clamp<std::int64_t>((std::signbit(quotient) ? -magnitude : magnitude) + zero, low, high);
      counter.add(q == file.integer(i, column), fmt::format("{}, {}: {}", file.where(i), column, q));
    };
    // a quotient of floats that is no tie is far enough from one for the rounding of the division in double
    const double exact = static_cast<double>(x) / static_cast<double>(scale);
    const float reciprocal = x * (1.0F / scale);
    check(NearestEven{}, "exact_rne", exact);
    check(NearestAway{}, "exact_rna", exact);
    check(TowardZero{}, "exact_rtz", exact);
    check(NearestUp{}, "exact_rhu", exact);
    check(NearestEven{}, "f32div_rne", static_cast<double>(x / scale));
    check(NearestEven{}, "f32recip_rne", static_cast<double>(reciprocal));
    check(Down{}, "f32recip_floorhalf", static_cast<double>(reciprocal + 0.5F));
  }
}

/// requant.csv: accumulators scaled in three ways.
inline void check_requantization(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto accumulator = static_cast<std::int32_t>(file.integer(i, "acc_i32", INT32_MIN, INT32_MAX));
    const quant::DyadicScale scale{.multiplier = file.integer(i, "m0_q31", 1 << 30, INT32_MAX),
                                   .shift = file.integer(i, "right_shift", -30, 31)};
    counter.add(quant::multiply_doubling_high(accumulator, scale) == file.integer(i, "gemmlowp_i32") &&
                    scale.apply<format::NearestEven>(accumulator) == file.integer(i, "dyadic_rne_i32") &&
                    scale.apply<format::NearestUp>(accumulator) == file.integer(i, "dyadic_rhu_i32"),
                file.where(i) + ": a result differs");
  }
}

/// aqt_downcast.csv: floats rounded to AQT's formats.
inline void check_aqt(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const format::AqtFormat aqt{file.integer(i, "exp_min", -200, 200), file.integer(i, "exp_max", -200, 200),
                                file.integer(i, "sig_bits", 0, 23)};
    const float ours = aqt.downcast(f32_field(file, i, "x_f32"));
    const float theirs = f32_field(file, i, "y_f32");
    counter.add(std::isnan(ours) ? std::isnan(theirs)
                                 : std::bit_cast<std::uint32_t>(ours) == std::bit_cast<std::uint32_t>(theirs),
                file.where(i) + ": the float differs");
  }
}

/// mx_blocks.json: blocks of numbers in every block format and by every scale rule.
inline void check_mx_blocks(const nlohmann::json& cases, CaseCounter& counter) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto values = f32_list(cases[i].at("x_f32"));
    const bool zeros = std::ranges::all_of(values, [](float x) { return x == 0.0F; });
    if (cases[i].at("out").empty()) throw ParseError(fmt::format("block {}: it has no format", i + 1));
    for (const auto& [name, block] : cases[i].at("out").items()) {
      const auto codec = find_mx(name);
      std::vector<std::uint8_t> codes(values.size());
      const auto scale = codec.encode(values, codes);
      const auto theirs = whole_list(block.at("codes"), "codes");
      bool ok = theirs.size() == codes.size();
      // a block of zeros counts by its values, any block else by its codes
      if (!zeros) ok = ok && scale == whole(block.at("scale"), "scale");
      for (std::size_t k = 0; ok && k < codes.size(); ++k) {
        const auto code = theirs[k];
        ok = code >= 0 && code <= 255 &&
             (zeros ? codec.decode(0, static_cast<std::uint8_t>(code)) == 0.0F : codes[k] == code);
      }
      counter.add(ok, fmt::format("block {}, {}: scale or codes differ", i + 1, name));
    }
  }
}

/// nvfp4.json: tensors in blocks of 16.
inline void check_nvfp4(const nlohmann::json& cases, CaseCounter& counter) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto values = f32_list(cases[i].at("x_f32"));
    const float largest = f32_of(cases[i].at("global_amax_f32"));
    const auto scales = whole_list(cases[i].at("block_scale_e4m3"), "block_scale_e4m3");
    const auto codes = whole_list(cases[i].at("codes_e2m1"), "codes_e2m1");
    constexpr std::size_t size = quant::Nvfp4::standard_size;
    bool ok = codes.size() == values.size() && scales.size() == core::ceil_div(values.size(), size);
    for (std::size_t b = 0; ok && b < scales.size(); ++b) {
      const auto count = std::min(size, values.size() - b * size);
      std::vector<std::uint8_t> ours(count);
      ok = quant::Nvfp4::encode(std::span(values).subspan(b * size, count), largest, ours) == scales[b];
      for (std::size_t k = 0; k < count; ++k) ok = ok && ours[k] == codes[b * size + k];
    }
    counter.add(ok, fmt::format("tensor {}: scales or codes differ", i + 1));
  }
}

/// dot.json: dot products, exact and in float32.
inline void check_dot_products(const nlohmann::json& cases, CaseCounter& counter) {
  using namespace format;
  using Register = Kulisch<-600, 1280>;  // wide enough for the products of any two small formats
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& c = cases[i];
    const AnyFloat a(c.at("a_fmt").get<std::string>());
    const AnyFloat b(c.at("b_fmt").get<std::string>());
    const auto count = whole(c.at("K"), "K");
    const auto left = whole_list(c.at("a"), count, "a");
    const auto right = whole_list(c.at("b"), count, "b");
    const auto lsb = whole(c.at("lsb_exp"), "lsb_exp");
    core::check_range("lsb_exp", lsb, -500, 500);
    Register exact;
    op::FloatSum sequential;
    op::FloatTree tree;
    for (std::size_t k = 0; k < left.size(); ++k) {
      core::check_range("code of a", left[k], 0, (std::int64_t{1} << a.bits()) - 1);
      core::check_range("code of b", right[k], 0, (std::int64_t{1} << b.bits()) - 1);
      const auto p = product(a.exact(static_cast<std::uint64_t>(left[k])),
                             b.exact(static_cast<std::uint64_t>(right[k])));
      exact.add(p);
      sequential.add(p);
      tree.add(p);
    }
    const auto sum = exact.value();
    const auto same_f32 = [&](const char* key, const Dyadic& ours) {
      return Float32::encode<NearestEven, OverflowToInfinity>(ours) ==
             hex_word(c.at(key).get<std::string>(), 32);
    };
    const int shift = static_cast<int>(sum.exponent - lsb);  // of the 64 highest bits, to units of 2^lsb
    const bool fits = !sum.sticky && shift <= 0 && shift > -64 &&
                      (sum.is_zero() || std::countr_zero(sum.significand) >= -shift);
    const auto units = fits ? sum.significand >> -shift : 0;
    const auto text = (sum.negative ? "-" : "") + std::to_string(units);
    const bool ok = fits && text == c.at("exact_int").get<std::string>() && same_f32("exact_to_f32", sum) &&
                    Half::encode<NearestEven, OverflowToInfinity>(sum) ==
                        hex_word(c.at("exact_to_f16").get<std::string>(), 16) &&
                    Bfloat16::encode<NearestEven, OverflowToInfinity>(sum) ==
                        hex_word(c.at("exact_to_bf16").get<std::string>(), 16) &&
                    same_f32("seq_f32", sequential.value()) && same_f32("tree_f32", tree.value());
    counter.add(ok, fmt::format("case {}: a sum differs", i + 1));
  }
}

/// authors_symmetric_quant.json: one scale for a tensor, products with the reciprocal in float32.
inline void check_authors_quantizer(const nlohmann::json& cases, CaseCounter& counter) {
  using Widths = std::integer_sequence<int, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16>;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto bits = whole(cases[i].at("bits"), "bits");
    core::check_range("bits", bits, 2, 16);
    const auto values = f32_list(cases[i].at("x_f32"));
    const auto codes = whole_list(cases[i].at("codes"), std::ssize(values), "codes");
    const auto restored = f32_list(cases[i].at("deq_f32"));
    const float scale = f32_of(cases[i].at("scale_f32"));
    float largest = 1e-8F;
    for (const float x : values) largest = std::max(largest, std::abs(x));
    bool ok = restored.size() == values.size();
    const auto check = [&]<int Bits>(std::integral_constant<int, Bits>) {
      using Format = format::Int<Bits>;
      using Quantizer = quant::Symmetric<Format, quant::PerTensor, quant::AbsMax, format::NearestEven,
                                         quant::FloatReciprocal>;
      ok = ok && Quantizer::scale_of(largest) == scale;
      for (std::size_t k = 0; ok && k < values.size(); ++k) {
        const auto code = Format::integer(Quantizer::quantize_one(values[k], scale));
        // the authors keep the code as a float, so that a negative number which rounds to zero stays negative
        const float kept = code == 0 ? std::copysign(0.0F, values[k]) : static_cast<float>(code);
        ok = code == codes[k] &&
             std::bit_cast<std::uint32_t>(kept * scale) == std::bit_cast<std::uint32_t>(restored[k]);
      }
    };
    [&]<int... Bits>(std::integer_sequence<int, Bits...>) {
      ((Bits == bits ? check(std::integral_constant<int, Bits>{}) : void()), ...);
    }
    (Widths{});
    counter.add(ok, fmt::format("case {}: scale, codes or restored numbers differ", i + 1));
  }
}

/// int_scales.json: integers of 2 to 16 bits with a scale per tensor, channel and group, the authors' rule; with a power
/// of two; with a zero point.
inline void check_integer_scales(const nlohmann::json& cases, CaseCounter& counter) {
  using Widths = std::integer_sequence<int, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16>;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto field = [&](const char* name) { return whole(cases[i].at(name), name); };
    core::check_range("bits", field("bits"), 2, 16);
    const quant::Shape shape{field("rows"), field("cols")};
    const quant::GroupsOf groups(field("group"));
    const auto values = f32_list(cases[i].at("x_f32"));
    core::check_equal("x_f32", std::ssize(values), "rows times cols", quant::element_count(shape));
    struct Part {
      const char* name;
      std::vector<std::int64_t> codes;
      std::vector<float> scales;
      std::int64_t zero_point;
    };
    std::vector<Part> parts;
    const auto keep = [&]<class T>(const char* name, const T& tensor) {
      Part part{name, {}, {}, 0};
      using F = typename std::remove_cvref_t<decltype(tensor.codes)>::format_type;
      for (const auto code : tensor.codes.codes()) part.codes.push_back(F::integer(code));
      if constexpr (requires { tensor.scales.front().zero_point; }) {
        part.scales = {tensor.scales.front().scale};
        part.zero_point = tensor.scales.front().zero_point;
      } else {
        part.scales = tensor.scales;
      }
      parts.push_back(std::move(part));
    };
    const auto quantize = [&]<int Bits>(std::integral_constant<int, Bits>) {
      using quant::Symmetric, quant::FlooredScaling, quant::FloatReciprocal;
      using F = format::Int<Bits>;
      keep("per_tensor", Symmetric<F, FlooredScaling, FloatReciprocal>::quantize(values, shape));
      keep("per_channel",
           Symmetric<F, quant::PerChannel, FlooredScaling, FloatReciprocal>::quantize(values, shape));
      keep("per_group",
           Symmetric<F, quant::GroupsOf, FlooredScaling, FloatReciprocal>::quantize(values, shape, groups));
      keep("pot", Symmetric<F, quant::PowerOfTwoScaling>::quantize(values, shape));
      keep("asym", quant::Asymmetric<format::Int<Bits, format::Unsigned>>::quantize(values, shape));
    };
    [&]<int... Bits>(std::integer_sequence<int, Bits...>) {
      ((Bits == field("bits") ? quantize(std::integral_constant<int, Bits>{}) : void()), ...);
    }
    (Widths{});
    const auto bits_of = [](float x) { return std::bit_cast<std::uint32_t>(x); };
    for (const auto& part : parts) {
      const auto& expected = cases[i].at(part.name);
      const std::string_view name = part.name;
      bool ok = part.codes == whole_list(expected.at("codes"), std::ssize(values), part.name);
      if (name == "pot") {
        ok = ok && std::ilogb(part.scales.front()) == whole(expected.at("exp"), "exp");
      } else if (name == "asym") {
        ok = ok && bits_of(part.scales.front()) == bits_of(f32_of(expected.at("scale_f32"))) &&
             part.zero_point == whole(expected.at("zero_point"), "zero_point");
      } else {
        ok = ok && std::ranges::equal(part.scales, f32_list(expected.at("scale_f32")), {}, bits_of, bits_of);
      }
      counter.add(ok, fmt::format("case {}, {}: scales or codes differ", i + 1, part.name));
    }
  }
}

}  // namespace bitloom::examples
