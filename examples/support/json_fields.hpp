// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>

namespace bitloom::examples {

/// A whole number, and nothing that would have to be rounded or cut to become one.
/// @throws RangeError  the value is something else
inline std::int64_t whole(const nlohmann::json& value, const std::string& what) {
  const bool fits = value.is_number_integer() &&
                    !(value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX});
  if (!fits) throw RangeError(what + ": " + value.dump().substr(0, 40) + " is not a whole number of 64 bits");
  return value.get<std::int64_t>();
}

/// A list of whole numbers.
inline std::vector<std::int64_t> whole_list(const nlohmann::json& value, const std::string& what) {
  if (!value.is_array()) throw ShapeError(what + ": it is not a list");
  std::vector<std::int64_t> numbers;
  for (const auto& element : value) numbers.push_back(whole(element, what));
  return numbers;
}

/// A list of exactly `count` whole numbers.
inline std::vector<std::int64_t> whole_list(const nlohmann::json& value, std::int64_t count,
                                            const std::string& what) {
  auto numbers = whole_list(value, what);
  core::check_equal(what.c_str(), std::ssize(numbers), "what the case asks for", count);
  return numbers;
}

/// A number of a JSON file, in decimal or whole.
inline double real(const nlohmann::json& value, const std::string& what) {
  if (!value.is_number()) throw RangeError(what + ": " + value.dump().substr(0, 40) + " is not a number");
  return value.get<double>();
}
/// A list of such numbers.
inline std::vector<double> real_list(const nlohmann::json& value, const std::string& what) {
  if (!value.is_array()) throw ShapeError(what + ": it is not a list");
  std::vector<double> numbers;
  for (const auto& element : value) numbers.push_back(real(element, what));
  return numbers;
}

/// A word of exactly `bits` / 4 hexadecimal digits.
inline std::uint64_t hex_word(const std::string& text, int bits) {
  if (std::ssize(text) != bits / 4)
    throw RangeError("word '" + text.substr(0, 40) + "': it does not have " + std::to_string(bits / 4) +
                     " digits");
  return core::BitVector<64>::from_hex(text).words()[0];
}

/// Float bits as eight hexadecimal digits.
inline float f32_of(const nlohmann::json& json) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(hex_word(json.get<std::string>(), 32)));
}
inline std::vector<float> f32_list(const nlohmann::json& json) {
  if (!json.is_array()) throw ShapeError("numbers: they are not a list");
  std::vector<float> values;
  for (const auto& element : json) values.push_back(f32_of(element));
  return values;
}

}  // namespace bitloom::examples
