// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/fixed_number.hpp>
#include <bitloom/format/number.hpp>

namespace bitloom::format {

/// A number in decimal, every digit of it: 448, -0.001953125, inf, nan. Ends in … if a sticky bit is below.
[[nodiscard]] inline std::string to_text(const Dyadic& x) {
  const std::string sign = x.negative ? "-" : "";
  if (x.kind == Dyadic::Kind::Nan) return "nan";
  if (x.kind == Dyadic::Kind::Infinite) return sign + "inf";
  std::string
      digits;  // lowest first, of significand · 2^exponent for exponents from 0 on, else · 10^-exponent
  for (auto rest = x.significand; rest != 0; rest /= 10) digits.push_back(static_cast<char>('0' + rest % 10));
  const auto multiply = [&](int factor) {
    int carry = 0;
    for (auto& digit : digits) {
      carry += factor * (digit - '0');
      digit = static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    if (carry != 0) digits.push_back(static_cast<char>('0' + carry));
  };
  for (int i = 0; i < x.exponent; ++i) multiply(2);
  for (int i = x.exponent; i < 0; ++i) multiply(5);  // 2^-n is 5^n · 10^-n
  const auto behind = static_cast<std::size_t>(x.exponent < 0 ? -x.exponent : 0);
  while (digits.size() <= behind) digits.push_back('0');
  digits.assign(digits.rbegin(), digits.rend());
  if (behind > 0) {
    digits.insert(digits.size() - behind, ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return sign + digits + (x.sticky ? "…" : "");
}

/// A code in hexadecimal with as many digits as the format has room for, and its value: `0x7e 448`.
template <ExactFormat F>
[[nodiscard]] std::string to_text(typename F::code_type code) {
  std::string text = "0x";
  for (int place = (F::bits + 3) / 4 - 1; place >= 0; --place)
    text.push_back("0123456789abcdef"[(std::uint64_t{code} >> (4 * place)) & 15]);
  return text + " " + to_text(F::exact(code));
}

/// Code and value, into any output stream.
template <class Stream, ExactFormat F, Convention C>
  requires requires(Stream& out) { out << std::string(); }
Stream& operator<<(Stream& out, const Number<F, C>& x) {
  out << to_text<F>(x.code());
  return out;
}
template <class Stream, int W, int I, Signedness S>
  requires requires(Stream& out) { out << std::string(); }
Stream& operator<<(Stream& out, const FixedNumber<W, I, S>& x) {
  out << to_text<Fixed<W, I, S>>(x.code());
  return out;
}

}  // namespace bitloom::format
