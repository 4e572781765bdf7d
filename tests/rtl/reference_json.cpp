// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// Runs a line of a reference file beside the RTL; the accumulators have to be those of the line.
template <class B>
void check_case(const nlohmann::json& line) {
  const int bits = line.at("n");
  const Operands o{.weight_bits = bits,
                   .activation_bits = bits,
                   .signed_activations = line.at("signed_inputs").get<int>() == 1};
  const auto count = line.at("K").get<std::int64_t>();
  using R = rtl::Recorded<B>;
  const auto mac2 = [&](std::int64_t i) {
    const auto word = [&](const char* key) {
      return core::BitVector<40>::from_hex(line.at(key).at(static_cast<std::size_t>(i)).get<std::string>())
          .words()[0];
    };
    Mac2<R> m{.words = {word("w1"), word("w2")}, .last = i + 1 == count};
    for (std::size_t k = 0; k < B::arrays; ++k)
      m.activations[k] = {line.at("i1").at(k).at(static_cast<std::size_t>(i)).get<std::int16_t>(),
                          line.at("i2").at(k).at(static_cast<std::size_t>(i)).get<std::int16_t>()};
    return m;
  };
  std::int64_t wrong = -1;
  const auto verdict = rtl::test::simulation<B>().check([&](auto& machine) {
    BramacRun<R> run(machine, o);
    run.run(count, count, mac2, [&](const auto& rows) {
      wrong = 0;
      for (std::size_t k = 0; k < B::arrays; ++k)
        for (int e = 0; e < B::lanes(o); ++e)
          wrong += lanes::value(rows[k], e, B::lane_bits(o)) !=
                   line.at("acc").at(k).at(static_cast<std::size_t>(e));
    });
  });
  CHECK(wrong == 0);
  CAPTURE(verdict.text);
  CHECK(verdict.passed);
}

TEST_CASE("the RTL computes the reference dot products and goes through the reference traces") {
  if (!rtl::test::can_simulate()) return;
  // the traces of these operands are compared with the machine's elsewhere, cycle by cycle
  for (const std::string name : {"trace_operands.jsonl", "mac2_dot_vectors.jsonl"}) {
    std::ifstream file(BITLOOM_REFERENCE_DIR "/bramac/" + name);
    if (!file) {
      MESSAGE("skipped: the reference data bramac/" << name << " is not there");
      continue;
    }
    int cases = 0;
    for (std::string text; std::getline(file, text); ++cases) {
      CAPTURE(name);
      CAPTURE(cases);
      const auto line = nlohmann::json::parse(text);
      if (line.at("variant") == "2SA")
        check_case<Bramac2sa>(line);
      else
        check_case<Bramac1da>(line);
    }
    CHECK(cases == (name == "trace_operands.jsonl" ? 12 : 51));
  }
}

}  // namespace
