// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/fabric/m4bram_run.hpp>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// A reference file, or nothing, with a message.
std::optional<core::Csv> reference(const std::string& name) {
  const auto path = std::string(BITLOOM_REFERENCE_DIR "/m4bram/") + name;
  if (std::filesystem::exists(path)) return core::Csv::parse(core::read_file(path), name);
  MESSAGE("skipped: the reference data " << path << " are not there");
  return {};
}

TEST_CASE_TEMPLATE("the RTL as released goes through the traces of the released controllers", Clocking,
                   Synchronous, DoublePumped) {
  if (!rtl::test::can_simulate()) return;
  const auto file = reference(Clocking::clock_ratio == 1 ? "efsm_trace_sync.csv" : "efsm_trace_dp.csv");
  if (!file) return;
  using B = M4bram<Small, Clocking, 1, M4bramAsReleased>;
  const auto verdict = rtl::test::simulation<B>().check([&](auto& machine) {
    machine.tick({.a = PortRequest::write_to(0, 0x12345678)});  // the word that all copies read
    for (std::size_t i = 0; i < file->row_count(); ++i)
      machine.step(
          {.reset = file->flag(i, "reset"),
           .cim = {.enable = file->flag(i, "cim_en"),
                   .configure = file->flag(i, "in_clear"),
                   .byte_enable = static_cast<std::uint8_t>(file->integer(i, "byte_en", 0, 15)),
                   .data = static_cast<std::uint32_t>(std::stoul(file->text(i, "data"), nullptr, 16))}});
  });
  CAPTURE(verdict.text);
  CHECK(verdict.passed);
  CHECK(verdict.cycles == static_cast<std::int64_t>(file->row_count()) + Clocking::clock_ratio);
}

/// Sums that are never cut.
struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};

/// The fields of a text, each read by `read`.
template <class Read>
auto fields(const std::string& text, char separator, Read read) {
  std::vector<decltype(read(text))> result;
  std::istringstream stream(text);
  for (std::string field; std::getline(stream, field, separator);) result.push_back(read(field));
  return result;
}
std::uint64_t hexadecimal(const std::string& text) { return std::stoull(text, nullptr, 16); }
int decimal(const std::string& text) { return std::stoi(text); }

/// Runs a row of block vectors on a machine. Returns the number of accumulator rows that differ.
template <class B>
int run_vector(typename B::Machine& machine, const core::Csv& file, std::size_t row) {
  const auto words = fields(file.text(row, "words"), ' ', hexadecimal);
  const auto slices = fields(file.text(row, "slices"), ' ', decimal);
  const auto activations =
      fields(file.text(row, "acts"), ' ', [](const std::string& step) { return fields(step, '/', decimal); });
  const auto sums = fields(file.text(row, "acc_rows"), ' ', hexadecimal);
  const auto count = file.integer(row, "n_mac2");
  const auto mac2 = [&](std::int64_t index) {
    Mac2<B> m{.last = index + 1 == count};
    for (std::size_t j = 0; j < 2; ++j) {
      const auto i = static_cast<std::size_t>(2 * index) + j;
      m.words[j] = {.word = static_cast<std::int64_t>(i), .slice = slices[i]};
      for (std::size_t k = 0; k < B::vectors; ++k)
        m.activations[k][j] = static_cast<std::int16_t>(activations[i][k * B::elements / B::vectors]);
    }
    return m;
  };
  int wrong = B::elements;
  M4bramRun<B> run(machine, {.weight_bits = file.integer(row, "pw", 2, 8),
                             .activation_bits = file.integer(row, "pi", 2, 8),
                             .signed_activations = file.flag(row, "act_signed")});
  run.run(count, words, mac2, [&](const auto& rows) {
    for (std::size_t k = 0; k < B::elements; ++k) wrong -= rows[k].words()[0] == sums[k] ? 1 : 0;
  });
  return wrong;
}

TEST_CASE_TEMPLATE("the RTL computes the reference block vectors", Emitted,
                   M4bram<Small, Synchronous, 1, Wrapping>, M4bram<Large, DoublePumped, 1, Wrapping>) {
  if (!rtl::test::can_simulate()) return;
  const auto file = reference("bpe_vectors.csv");
  if (!file) return;
  using Size = typename Emitted::size;
  using Clocking = typename Emitted::clocking;
  int cases = 0;
  int wrong = 0;
  const auto verdict = rtl::test::simulation<Emitted>().check([&](auto& machine) {
    for (std::size_t i = 0; i < file->row_count(); ++i) {
      if (file->text(i, "variant") != Size::name) continue;
      ++cases;
      const auto run = [&]<int Duplication>(std::integral_constant<int, Duplication>) {
        using B = rtl::Recorded<M4bram<Size, Clocking, Duplication, Wrapping>>;
        if (file->integer(i, "NI") == Duplication) wrong += run_vector<B>(machine, *file, i);
      };
      run(std::integral_constant<int, 1>{});
      run(std::integral_constant<int, 2>{});
      run(std::integral_constant<int, 4>{});
    }
  });
  CHECK(cases == 129);
  CHECK(wrong == 0);
  CAPTURE(verdict.text);
  CHECK(verdict.passed);
}

}  // namespace
