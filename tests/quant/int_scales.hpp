// SPDX-License-Identifier: Apache-2.0
#pragma once

#if __has_include(<nlohmann/json.hpp>)

#include <bit>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::test {

/// Float bits as hexadecimal words.
inline std::vector<float> floats(const nlohmann::json& words) {
  std::vector<float> values;
  for (const auto& word : words)
    values.push_back(
        std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(word.get<std::string>(), nullptr, 16))));
  return values;
}

/// A case of the reference data fliqs/int_scales.json.
struct IntScalesCase {
  nlohmann::json json;
  std::vector<float> values;
  quant::Shape shape;
  std::int64_t group;

  [[nodiscard]] std::vector<std::int16_t> codes(const char* key) const {
    return json[key]["codes"].get<std::vector<std::int16_t>>();
  }
};

/// Calls visit(std::type_identity<format::Int<bits, S>>{}, case) for every case; says so where the data is not at hand.
template <class S = format::Signed, class Visit>
void for_each_int_scales_case(Visit&& visit) {
  const std::string path = BITLOOM_REFERENCE_DIR "/fliqs/int_scales.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data fliqs/int_scales.json is not there");
    return;
  }
  for (const auto& json : nlohmann::json::parse(core::read_file(path))) {
    const IntScalesCase item{json,
                             floats(json["x_f32"]),
                             {json["rows"].get<std::int64_t>(), json["cols"].get<std::int64_t>()},
                             json["group"].get<std::int64_t>()};
    using Widths = core::TypeList<format::Int<3, S>, format::Int<6, S>, format::Int<8, S>>;
    core::for_each_type(Widths{}, [&]<class F>(std::type_identity<F> format) {
      if (F::bits == json["bits"].get<int>()) visit(format, item);
    });
  }
}

}  // namespace bitloom::test

#endif
