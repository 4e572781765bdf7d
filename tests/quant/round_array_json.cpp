// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/round_array.hpp>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>
#include <quant/int_scales.hpp>

namespace {

using namespace bitloom;

std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> result;
  for (const float x : values) result.push_back(std::bit_cast<std::uint32_t>(x));
  return result;
}

TEST_CASE("scales, codes and restored values are those of the FLIQS authors' code, signs of zeros included") {
  const std::string path = BITLOOM_REFERENCE_DIR "/fliqs/authors_symmetric_quant.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data fliqs/authors_symmetric_quant.json is not there");
    return;
  }
  using Widths = core::TypeList<format::Int<2>, format::Int<3>, format::Int<4>, format::Int<5>,
                                format::Int<6>, format::Int<7>, format::Int<8>, format::Int<16>>;
  int cases = 0;
  for (const auto& json : nlohmann::json::parse(core::read_file(path)))
    core::for_each_type(Widths{}, [&]<class F>(std::type_identity<F>) {
      if (F::bits != json["bits"].get<int>()) return;
      ++cases;
      const auto values = test::floats(json["x_f32"]);
      const float scale = quant::FlooredSymmetric<F>::scale_of(quant::absmax_array(values));
      CHECK(bits({scale}) == bits(test::floats(nlohmann::json::array({json["scale_f32"]}))));
      std::vector<float> rounded(values.size());
      quant::round_quotients<F>(values, scale, rounded);
      CHECK(rounded == json["codes"].get<std::vector<float>>());
      quant::round_array<F>(values, scale, rounded);
      CHECK(bits(rounded) == bits(test::floats(json["deq_f32"])));
    });
  CHECK(cases == 8);
}

}  // namespace
