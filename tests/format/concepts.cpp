// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/concepts.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/quant/packed_tensor.hpp>

using namespace bitloom;
using namespace bitloom::format;

namespace {

/// One bit for -1 and +1, written from the concept's text alone.
struct Binary {
  using code_type = std::uint8_t;
  static constexpr int bits = 1;
  static constexpr bool is_signed = true;
  static constexpr double decode(code_type code) { return code == 0 ? -1 : 1; }
  static constexpr double lowest() { return -1; }
  static constexpr double max() { return 1; }
  template <Rounding>
  static constexpr code_type encode(double x) {
    return x < 0 ? 0 : 1;
  }
};
static_assert(Format<Binary> && !IntegerFormat<Binary>);

/// The same as integers.
struct BinaryInteger : Binary {
  static constexpr IntegerRange range{.lowest = -1, .max = 1};
  static constexpr std::int32_t integer(code_type code) { return code == 0 ? -1 : 1; }
  static constexpr code_type code(std::int64_t value) { return value < 0 ? 0 : 1; }
  template <Rounding, Overflow = Saturate>
  static constexpr code_type encode(double x) {
    return x < 0 ? 0 : 1;
  }
};
static_assert(IntegerFormat<BinaryInteger>);

struct SignedCode : Binary {
  using code_type = std::int8_t;
};
struct FloatValue : Binary {
  static constexpr float decode(code_type) { return 0; }
};
struct IntegerBounds : Binary {
  static constexpr int max() { return 1; }
};
struct EncodesText : Binary {
  template <Rounding>
  static constexpr code_type encode(const char*) {
    return 0;
  }
};
struct WideInteger : BinaryInteger {
  static constexpr std::int64_t integer(code_type) { return 0; }
};
static_assert(!Format<SignedCode> && !Format<FloatValue> && !Format<IntegerBounds> && !Format<EncodesText>);
static_assert(Format<WideInteger> && !IntegerFormat<WideInteger>);

}  // namespace

TEST_CASE("a format of one's own is packed like those of the library") {
  quant::PackedTensor<Binary> signs({10});
  for (const std::int64_t positive : {0, 3, 9}) signs.set_code(positive, Binary::encode<NearestEven>(0.5));
  CHECK(signs.bytes()[0] == 0b0000'1001);
  CHECK(signs.bytes()[1] == 0b10);
  CHECK(signs.value(3) == 1);
  CHECK(signs.value(4) == -1);
  quant::PackedTensor<BinaryInteger> integers({2});
  integers.set_code(1, BinaryInteger::code(1));
  CHECK(integers.integers() == std::vector<std::int16_t>{-1, 1});
}
