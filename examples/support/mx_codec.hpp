// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <bitloom/core/error.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/quant/mx.hpp>

namespace bitloom::examples {

/// A block format chosen at run time; elements have up to 8 bits.
struct MxCodec {
  std::uint8_t (*encode)(std::span<const float> values,
                         std::span<std::uint8_t> codes);  ///< returns the scale
  float (*decode)(std::uint8_t scale, std::uint8_t code);
  int bits;  ///< of an element
};

/// The block format of a name such as `mxfp8_e4m3/floor`.
/// @throws ParseError  there is none
inline MxCodec find_mx(const std::string& name) {
  using namespace quant;
  using Elements =
      core::TypeList<MxFp8E4m3, MxFp8E5m2, MxFp6E3m2, MxFp6E2m3, MxFp4, MxInt8, MxInt<4>, MxInt<2>>;
  using Rules = core::TypeList<ScaleFloor, ScaleCeil, ScaleToMax, ScaleEven>;
  constexpr std::array<std::string_view, 8> elements{"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3",
                                                     "mxfp4_e2m1", "mxint8",     "mxint4",     "mxint2"};
  constexpr std::array<std::string_view, 4> rules{"floor", "ceil", "rceil", "even"};
  const auto slash = std::min(name.find('/'), name.size());
  const auto element = std::ranges::find(elements, name.substr(0, slash));
  const auto rule = std::ranges::find(rules, name.substr(std::min(slash + 1, name.size())));
  if (element == elements.end() || rule == rules.end())
    throw ParseError("block format '" + name.substr(0, 40) + "' is not known");
  return core::visit_at(
      Elements{}, static_cast<std::size_t>(element - elements.begin()), [&]<class E>(std::type_identity<E>) {
        return core::visit_at(Rules{}, static_cast<std::size_t>(rule - rules.begin()),
                              []<class R>(std::type_identity<R>) {
                                using Block = MxBlock<E, R>;
                                return MxCodec{Block::encode, Block::decode, Block::Format::bits};
                              });
      });
}

}  // namespace bitloom::examples
