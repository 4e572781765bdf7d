// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/decode_table.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;

static_assert(decode_table<E4m3fn>[0x7E] == 448 && decode_table<E2m1fn>.size() == 16);
static_assert(decode_table<Int<4>>[0xF] == -1);
static_assert(decode_table<E8m0fnu, float>[0] == 0x1p-127F);
template <class F>
concept HasTable = requires {
  decode_table<F>;
};
static_assert(HasTable<Int<8>> && !HasTable<Half>);

}  // namespace

TEST_CASE_TEMPLATE("a table holds the value of every code", F, E4m3fn, E5m2, E4m3fnuz, E3m2fn, Int<8>) {
  for (std::size_t code = 0; code < decode_table<F>.size(); ++code) {
    const double value = F::decode(static_cast<typename F::code_type>(code));
    CHECK((std::isnan(value) ? std::isnan(decode_table<F>[code]) : decode_table<F>[code] == value));
    CHECK((std::isnan(value) || static_cast<double>(decode_table<F, float>[code]) == value));
  }
}
