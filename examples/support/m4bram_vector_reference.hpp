// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric/m4bram_run.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/op/gemm.hpp>

namespace bitloom::examples::detail {

/// Sums in one readout, lanes wrap; a MAC2 takes as long as in the released controllers.
struct M4bramVectorPolicies : fabric::M4bramPolicies {
  using Timing = fabric::DriftingPeriod;
  using Flushing = fabric::ReadoutAtEnd;
};
struct M4bramTrappingPolicies : M4bramVectorPolicies {
  using Overflow = fabric::TrapWraps;
};

/// The parts of a text between separators.
inline std::vector<std::string> parts(const std::string& text, char separator) {
  std::vector<std::string> result(1);
  for (const char c : text)
    if (c == separator)
      result.emplace_back();
    else
      result.back() += c;
  return result;
}

/// A row of bpe_vectors.csv.
struct M4bramVector {
  std::string where;
  fabric::Operands operands{};
  std::int64_t mac2{};
  std::vector<std::uint64_t> words;                      ///< [2 · MAC2]
  std::vector<int> slices;                               ///< [2 · MAC2]
  std::vector<std::array<std::int16_t, 4>> activations;  ///< [2 · MAC2][element]
  std::vector<std::uint32_t> data;                       ///< [2 · MAC2] on the bus
  std::array<std::uint64_t, 4> accumulators{};           ///< [element]
  std::vector<std::vector<std::int64_t>> lanes;          ///< [element][lane]
  bool wrapped{};
  std::int64_t synchronous_done{}, double_pumped_done{};    ///< eFSM cycle with the first readout
  std::int64_t synchronous_model{}, double_pumped_model{};  ///< main cycles in the performance model

  /// @throws ParseError, RangeError, ShapeError  the row is none
  M4bramVector(const core::Csv& file, std::size_t row, int word_bits, int duplication)
      : where(file.where(row)),
        operands{.weight_bits = file.integer(row, "pw", 2, 8),
                 .activation_bits = file.integer(row, "pi", 2, 8),
                 .signed_activations = file.flag(row, "act_signed")},
        mac2(file.integer(row, "n_mac2", 1, 128 * 64 / word_bits)),
        wrapped(file.flag(row, "wrapped")),
        synchronous_done(file.integer(row, "sync_done_cycle")),
        double_pumped_done(file.integer(row, "dp_done_dummy_clk")),
        synchronous_model(file.integer(row, "main_cycles_model_sync")),
        double_pumped_model(file.integer(row, "main_cycles_model_dp")) {
    const auto list = [&](const char* column, std::int64_t count) {
      const auto result = parts(file.text(row, column), ' ');
      core::check_equal((where + ", " + column).c_str(), std::ssize(result), "entries", count);
      return result;
    };
    const auto numbers = [&](const std::string& text, const char* column) {
      std::vector<std::int64_t> result;
      for (const auto& part : parts(text, '/'))
        result.push_back(core::parse_integer(part, where + ", " + column));
      return result;
    };
    for (const auto& text : list("words", 2 * mac2)) words.push_back(hex(text, word_bits));
    for (const auto& text : list("slices", 2 * mac2)) {
      const auto slice = core::parse_integer(text, where + ", slices");
      core::check_range("slice", slice, 0, duplication - 1);
      slices.push_back(static_cast<int>(slice));
    }
    for (const auto& text : list("acts", 2 * mac2)) {
      const auto values = numbers(text, "acts");
      core::check_equal((where + ", acts").c_str(), std::ssize(values), "elements", 4);
      auto& step = activations.emplace_back();
      for (std::size_t b = 0; b < 4; ++b) {
        const auto shared =
            b * static_cast<std::size_t>(duplication) / 4 * 4 / static_cast<std::size_t>(duplication);
        fabric::check_value("activation", values[b], operands.activation_bits, operands.signed_activations);
        core::check_equal((where + ", activation").c_str(), values[b], "that of its group", values[shared]);
        step[b] = static_cast<std::int16_t>(values[b]);
      }
    }
    for (const auto& text : list("data_words", 2 * mac2))
      data.push_back(static_cast<std::uint32_t>(hex(text, 32)));
    const auto rows = list("acc_rows", 4);
    for (std::size_t b = 0; b < 4; ++b) accumulators[b] = hex(rows[b], word_bits);
    for (const auto& text : list("acc_signed", 4)) lanes.push_back(numbers(text, "acc_signed"));
  }

 private:
  /// Hexadecimal digits, as many as the width has.
  static std::uint64_t hex(const std::string& text, int bits) {
    core::check_equal(("'" + text + "'").c_str(), std::ssize(text), "digits", bits / 4);
    return core::BitVector<64>::from_hex(text).words()[0];
  }
};

/// Runs a vector on a machine; an empty string, or what differs.
template <class B>
std::string cycle_view_difference(const M4bramVector& v, std::int64_t first_readout) {
  const auto mac2 = [&](std::int64_t index) {
    fabric::Mac2<B> m{.last = index + 1 == v.mac2};
    for (std::size_t j = 0; j < 2; ++j) {
      const auto i = 2 * index + static_cast<std::int64_t>(j);
      m.words[j] = {.word = i, .slice = v.slices[static_cast<std::size_t>(i)]};
      for (std::size_t k = 0; k < B::vectors; ++k)
        m.activations[k][j] = v.activations[static_cast<std::size_t>(i)][k * B::elements / B::vectors];
    }
    return m;
  };
  const auto machine = std::make_unique<typename B::Machine>();
  fabric::M4bramRun<B> run(*machine, v.operands);
  std::string difference;
  std::int64_t step = 0;
  std::int64_t first = -1;
  run.run(
      v.mac2, v.words, mac2,
      [&](const auto& rows) {
        for (std::size_t b = 0; b < B::elements; ++b)
          if (rows[b].words()[0] != v.accumulators[b]) difference = ": the accumulators are others";
      },
      [&](const fabric::M4bramStep& s, const auto&) {
        if (s.control.readout && first < 0) first = step;
        ++step;
      });
  if (difference.empty() && (first != first_readout || B::first_readout_step(v.mac2, v.operands) != first))
    difference = ": the first readout is in cycle " + std::to_string(first);
  return difference.empty() ? difference : v.where + ", " + std::string(B::name) + difference;
}

/// Whether an exact sum of the vector is outside its lane at the end.
template <class Size, int Duplication>
bool ends_outside(const M4bramVector& v, const std::vector<std::int16_t>& weights,
                  const std::vector<std::int16_t>& activations) {
  using B = fabric::M4bram<Size, fabric::Synchronous, Duplication, M4bramVectorPolicies>;
  const fabric::MatrixShape shape{.rows = B::lanes(v.operands), .columns = 2 * v.mac2, .vectors = B::vectors};
  std::vector<std::int32_t> exact(static_cast<std::size_t>(shape.rows * shape.vectors));
  op::PlainGemm{}(shape, weights, activations, exact);
  return std::ranges::any_of(exact, [&](std::int32_t sum) {
    return sum != core::sign_extend(static_cast<std::uint32_t>(sum), B::lane_bits(v.operands));
  });
}

/// Computes a vector in the value view; an empty string, or what differs.
template <class Size, int Duplication>
std::string value_view_difference(const M4bramVector& v) {
  using B = fabric::M4bram<Size, fabric::Synchronous, Duplication, M4bramVectorPolicies>;
  using Trapping = fabric::M4bram<Size, fabric::Synchronous, Duplication, M4bramTrappingPolicies>;
  const auto& o = v.operands;
  const int bits = o.weight_bits;
  const int outputs = B::lanes(o);
  const fabric::MatrixShape shape{.rows = outputs, .columns = 2 * v.mac2, .vectors = B::vectors};
  std::vector<std::int16_t> weights, activations;
  for (int e = 0; e < outputs; ++e)
    for (std::size_t i = 0; i < v.words.size(); ++i)
      weights.push_back(static_cast<std::int16_t>(
          core::sign_extend(v.words[i] >> (v.slices[i] * B::slice_bits + e * bits), bits)));
  for (const auto& step : v.activations)
    for (std::size_t k = 0; k < B::vectors; ++k) activations.push_back(step[k * B::elements / B::vectors]);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  B::multiply(shape, o, weights, activations, sums);
  std::array<std::uint64_t, B::elements> rows{};
  for (int e = 0; e < outputs; ++e)
    for (int k = 0; k < B::vectors; ++k) {
      const auto place = B::place(e, k, o);
      const auto sum = sums[static_cast<std::size_t>(e * B::vectors + k)];
      const auto element = static_cast<std::size_t>(place.array);
      rows[element] |= (static_cast<std::uint64_t>(sum) & core::low_mask(4 * bits))
                       << (4 * bits * place.lane);
      if (std::ssize(v.lanes[element]) != B::chunk_bits / bits ||
          v.lanes[element][static_cast<std::size_t>(place.lane)] != sum)
        return v.where + ": a lane is " + std::to_string(sum);
    }
  if (rows != v.accumulators) return v.where + ": value view has other accumulators";
  bool wraps = false;
  try {
    Trapping::multiply(shape, o, weights, activations, sums);
  } catch (const RangeError&) {
    wraps = true;
  }
  // a sum that leaves its lane and comes back wraps on the way, but not at its end
  const bool wraps_at_end = wraps && ends_outside<Size, Duplication>(v, weights, activations);
  return wraps == v.wrapped || wraps_at_end == v.wrapped
             ? ""
             : v.where + (wraps ? ": a lane wraps" : ": no lane wraps");
}

template <class Size, int Duplication>
std::string vector_difference(const core::Csv& file, std::size_t row) {
  using fabric::DoublePumped, fabric::Synchronous;
  const M4bramVector v(file, row, Size::word_bits, Duplication);
  for (std::size_t i = 0; i < v.data.size(); ++i)
    if (fabric::activation_bytes(v.activations[i], v.operands.activation_bits,
                                 v.operands.signed_activations) != v.data[i])
      return v.where + ": the data on the bus differ";
  if (v.synchronous_model != v.mac2 * Synchronous::model_cycles(v.operands.activation_bits) ||
      v.double_pumped_model != v.mac2 * DoublePumped::model_cycles(v.operands.activation_bits))
    return v.where + ": the performance model counts other cycles";
  if (auto difference = value_view_difference<Size, Duplication>(v); !difference.empty()) return difference;
  auto difference =
      cycle_view_difference<fabric::M4bram<Size, Synchronous, Duplication, M4bramVectorPolicies>>(
          v, v.synchronous_done);
  if (!difference.empty()) return difference;
  return cycle_view_difference<fabric::M4bram<Size, DoublePumped, Duplication, M4bramVectorPolicies>>(
      v, v.double_pumped_done);
}

/// bpe_vectors.csv: runs of one block in both clockings.
template <class Counter>
void check_m4bram_vectors(const core::Csv& file, Counter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& variant = file.text(i, "variant");
    const auto duplication = file.integer(i, "NI", 1, 4);
    if ((variant != "S" && variant != "L") || duplication == 3)
      throw ParseError(file.where(i) + ": there is no variant '" + variant + "' with duplication " +
                       std::to_string(duplication));
    std::string difference;
    try {
      difference = core::visit_at(core::TypeList<fabric::Small, fabric::Large>{}, variant == "L" ? 1 : 0,
                                  [&]<class Size>(std::type_identity<Size>) {
                                    return duplication == 1   ? vector_difference<Size, 1>(file, i)
                                           : duplication == 2 ? vector_difference<Size, 2>(file, i)
                                                              : vector_difference<Size, 4>(file, i);
                                  });
    } catch (const ParseError&) {
      throw;
    } catch (const Error& error) {
      difference = file.where(i) + ": " + error.what();
    }
    counter.add(difference.empty(), difference);
  }
}

}  // namespace bitloom::examples::detail
