// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/order.hpp>

namespace bitloom::format {

template <int W, int I, Signedness S = Signed>
  requires(FixedLayout{W, I}.is_legal())
class FixedNumber;

namespace detail {

/// The type of a result.
template <int W, int I, bool IsSigned>
using FixedResult = FixedNumber<W, I, std::conditional_t<IsSigned, Signed, Unsigned>>;

constexpr int larger(int a, int b) noexcept { return a > b ? a : b; }

/// Integer bits of an operand; an unsigned one that meets a signed one gets a bit for the sign.
constexpr int meeting(int integer_bits, bool is_signed, bool other_is_signed) noexcept {
  return integer_bits + (!is_signed && other_is_signed ? 1 : 0);
}

}  // namespace detail

/// A number of fixed point with the operators of ac_fixed: results are exact and have as many bits as that needs, except
/// the quotient, which is truncated toward zero; shifts keep the type.
///
/// A result of more than 64 bits does not compile. Source: hlslibs/ac_types, the reference manual of ac_fixed.
template <int W, int I, Signedness S>
  requires(FixedLayout{W, I}.is_legal())
class FixedNumber {
 public:
  using format = Fixed<W, I, S>;
  using code_type = typename format::code_type;
  static constexpr int width = W;
  static constexpr int integer_bits = I;
  static constexpr int fraction_bits = W - I;
  static constexpr bool is_signed = S::is_signed;

  constexpr FixedNumber() noexcept = default;  ///< zero

  /// A number rounded to the type, by default down and wrapped, as the declaration of an ac_fixed does it.
  /// @throws RangeError  NaN or infinite
  template <Rounding R = Down, Overflow O = Wrap>
  [[nodiscard]] static constexpr FixedNumber from(std::floating_point auto x) {
    return from_code(format::template encode<R, O>(x));
  }
  template <Rounding R = Down, Overflow O = Wrap>
  [[nodiscard]] static constexpr FixedNumber from(std::integral auto x) noexcept {
    const bool negative = x < 0;
    const auto bits = static_cast<std::uint64_t>(x);
    return rounded<R, O>({.significand = negative ? 0 - bits : bits, .negative = negative});
  }

  /// A code as it is; bits above the type's are dropped.
  [[nodiscard]] static constexpr FixedNumber from_code(std::uint64_t code) noexcept {
    FixedNumber result;
    result.code_ = static_cast<code_type>(code & core::low_mask(W));
    return result;
  }

  /// Another type's number that this type holds exactly.
  template <int V, int J, Signedness T>
    requires(fraction_bits >= V - J && I >= detail::meeting(J, T::is_signed, S::is_signed) &&
             (S::is_signed || !T::is_signed))
  constexpr explicit FixedNumber(const FixedNumber<V, J, T>& x) noexcept
      : code_(from_code(x.raw() << (fraction_bits - (V - J))).code_) {}

  [[nodiscard]] constexpr code_type code() const noexcept { return code_; }
  /// The value in units of 2^-fraction_bits, in two's complement of 64 bits.
  [[nodiscard]] constexpr std::uint64_t raw() const noexcept { return format::layout.raw(code_); }
  [[nodiscard]] constexpr Dyadic exact() const noexcept { return format::exact(code_); }
  /// The value, of types whose values are doubles.
  [[nodiscard]] constexpr double value() const noexcept requires(W <= 53) { return format::decode(code_); }

  /// The number in another type: rounded by `R`, then fitted by `O`, in integers only.
  template <class To, Rounding R = Down, Overflow O = Wrap>
  [[nodiscard]] constexpr To to() const noexcept {
    return To::template rounded<R, O>(exact());
  }
  /// The number as an integer of a format: rounded by `R`, then fitted by `O`.
  template <IntegerFormat N, Rounding R = Down, Overflow O = Wrap>
  [[nodiscard]] constexpr std::int32_t to_integer() const {
    return N::integer(N::template encode<R, O>(exact()));
  }

  /// Bit `index` of the code, 0 the lowest.
  /// @throws RangeError  there is no such bit
  [[nodiscard]] constexpr bool bit(int index) const {
    core::check_range("bit", index, 0, W - 1);
    return ((code_ >> index) & 1) != 0;
  }
  /// The number with one bit of the code changed.
  /// @throws RangeError  there is no such bit
  [[nodiscard]] constexpr FixedNumber with_bit(int index, bool value) const {
    core::check_range("bit", index, 0, W - 1);
    const auto mask = std::uint64_t{1} << index;
    return from_code(value ? code_ | mask : code_ & ~mask);
  }
  /// Bits `Low` to `High` of the code, as an integer without a sign.
  template <int High, int Low>
    requires(0 <= Low && Low <= High && High < W)
  [[nodiscard]] constexpr FixedNumber<High - Low + 1, High - Low + 1, Unsigned> slice() const noexcept {
    return FixedNumber<High - Low + 1, High - Low + 1, Unsigned>::from_code(std::uint64_t{code_} >> Low);
  }
  /// The number with the bits from `low` on replaced by the code of `part`.
  /// @throws RangeError  the part does not lie inside
  template <int V, int J, Signedness T>
    requires(V <= W)
  [[nodiscard]] constexpr FixedNumber with_slice(int low, const FixedNumber<V, J, T>& part) const {
    core::check_range("lowest bit of the slice", low, 0, W - V);
    const auto mask = core::low_mask(V) << low;
    return from_code((code_ & ~mask) | (std::uint64_t{part.code()} << low));
  }

  [[nodiscard]] constexpr auto operator-() const noexcept requires(W < 64) {
    return detail::FixedResult<W + 1, I + 1, true>::from_code(0 - raw());
  }
  [[nodiscard]] constexpr FixedNumber operator~() const noexcept { return from_code(~std::uint64_t{code_}); }

  /// Moves the bits of the code up by n, down with the sign for n < 0; what is shifted out is lost.
  [[nodiscard]] friend constexpr FixedNumber operator<<(const FixedNumber& a, int n) noexcept {
    return n < 0 ? shifted_down(a, 0 - static_cast<unsigned>(n)) : shifted_up(a, static_cast<unsigned>(n));
  }
  /// Moves the bits of the code down by n, with the sign; up for n < 0.
  [[nodiscard]] friend constexpr FixedNumber operator>>(const FixedNumber& a, int n) noexcept {
    return n < 0 ? shifted_up(a, 0 - static_cast<unsigned>(n)) : shifted_down(a, static_cast<unsigned>(n));
  }

  /// The number that is nearest by a rule; see `to`.
  template <Rounding R, Overflow O>
  [[nodiscard]] static constexpr FixedNumber rounded(const Dyadic& x) noexcept {
    return from_code(detail::fit<O>(x, -fraction_bits, format::layout.ends(), R{}));
  }

 private:
  [[nodiscard]] static constexpr FixedNumber shifted_up(const FixedNumber& a, unsigned n) noexcept {
    return from_code(n < 64 ? std::uint64_t{a.code_} << n : 0);
  }
  [[nodiscard]] static constexpr FixedNumber shifted_down(const FixedNumber& a, unsigned n) noexcept {
    const auto raw = a.raw();
    if constexpr (is_signed)
      return from_code(static_cast<std::uint64_t>(static_cast<std::int64_t>(raw) >> (n < 63 ? n : 63)));
    else
      return from_code(n < 64 ? raw >> n : 0);
  }

  code_type code_{};
};

namespace detail {

/// The type in which two operands meet: no bit of either is lost. `Carry` more integer bits for a sum.
template <class A, class B, int Carry, bool IsSigned>
struct FixedMeeting {
  static constexpr int integer_bits = larger(meeting(A::integer_bits, A::is_signed, B::is_signed),
                                             meeting(B::integer_bits, B::is_signed, A::is_signed)) +
                                      Carry;
  static constexpr int fraction_bits = larger(A::fraction_bits, B::fraction_bits);
  static constexpr int width = integer_bits + fraction_bits;
  static constexpr std::uint64_t raw(const auto& x) noexcept {
    return x.raw() << (fraction_bits - x.fraction_bits);
  }
  static constexpr auto number(std::uint64_t raw) noexcept {
    return FixedResult<width, integer_bits, IsSigned>::from_code(raw);
  }
};

/// A sum or difference fits 64 bits.
template <class A, class B>
inline constexpr bool can_add = FixedMeeting<A, B, 1, true>::width <= 64;

template <class A, class B>
inline constexpr int quotient_width = A::width + larger(B::fraction_bits, 0) + (B::is_signed ? 1 : 0);

}  // namespace detail

/// A FixedNumber of any parameters.
template <class T>
concept AnyFixedNumber =
    std::same_as<T,
                 FixedNumber<T::width, T::integer_bits, std::conditional_t<T::is_signed, Signed, Unsigned>>>;

template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::can_add<A, B>)
[[nodiscard]] constexpr auto operator+(const A& a, const B& b) noexcept {
  using Meeting = detail::FixedMeeting<A, B, 1, A::is_signed || B::is_signed>;
  return Meeting::number(Meeting::raw(a) + Meeting::raw(b));
}
template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::can_add<A, B>)
[[nodiscard]] constexpr auto operator-(const A& a, const B& b) noexcept {
  using Meeting = detail::FixedMeeting<A, B, 1, true>;
  return Meeting::number(Meeting::raw(a) - Meeting::raw(b));
}
template <AnyFixedNumber A, AnyFixedNumber B>
  requires(A::width + B::width <= 64)
[[nodiscard]] constexpr auto operator*(const A& a, const B& b) noexcept {
  return detail::FixedResult < A::width + B::width, A::integer_bits + B::integer_bits,
         A::is_signed || B::is_signed > ::from_code(a.raw() * b.raw());
}

/// The quotient, truncated toward zero to as many bits behind the point as a has; more, if b's lowest bit is in front of
/// the point.
/// @throws RangeError  division by zero
template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::quotient_width<A, B> <= 64)
[[nodiscard]] constexpr auto operator/(const A& a, const B& b) {
  constexpr int f2 = B::fraction_bits;
  constexpr int sign = B::is_signed ? 1 : 0;
  using Result = detail::FixedResult<detail::quotient_width<A, B>, A::integer_bits + f2 + sign,
                                     A::is_signed || B::is_signed>;
  if (b.code() == 0) throw RangeError("fixed-point quotient: division by zero");
  const auto dividend = a.exact().significand << detail::larger(f2, 0);
  const auto magnitude = dividend / b.exact().significand;
  return Result::from_code(a.exact().negative != b.exact().negative ? 0 - magnitude : magnitude);
}

template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::FixedMeeting<A, B, 0, true>::width <= 64)
[[nodiscard]] constexpr auto operator&(const A& a, const B& b) noexcept {
  using Meeting = detail::FixedMeeting<A, B, 0, A::is_signed || B::is_signed>;
  return Meeting::number(Meeting::raw(a) & Meeting::raw(b));
}
template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::FixedMeeting<A, B, 0, true>::width <= 64)
[[nodiscard]] constexpr auto operator|(const A& a, const B& b) noexcept {
  using Meeting = detail::FixedMeeting<A, B, 0, A::is_signed || B::is_signed>;
  return Meeting::number(Meeting::raw(a) | Meeting::raw(b));
}
template <AnyFixedNumber A, AnyFixedNumber B>
  requires(detail::FixedMeeting<A, B, 0, true>::width <= 64)
[[nodiscard]] constexpr auto operator^(const A& a, const B& b) noexcept {
  using Meeting = detail::FixedMeeting<A, B, 0, A::is_signed || B::is_signed>;
  return Meeting::number(Meeting::raw(a) ^ Meeting::raw(b));
}

/// By exact value, whatever the types.
template <AnyFixedNumber A, AnyFixedNumber B>
[[nodiscard]] constexpr bool operator==(const A& a, const B& b) noexcept {
  return std::is_eq(compare(a.exact(), b.exact()));
}
template <AnyFixedNumber A, AnyFixedNumber B>
[[nodiscard]] constexpr std::strong_ordering operator<=>(const A& a, const B& b) noexcept {
  const auto order = compare(a.exact(), b.exact());
  return std::is_lt(order)   ? std::strong_ordering::less
         : std::is_gt(order) ? std::strong_ordering::greater
                             : std::strong_ordering::equal;
}

/// The sum of N numbers of one type, exactly: ceil(log2 N) integer bits more.
template <AnyFixedNumber T, std::size_t N>
  requires(N >= 1 && T::width + static_cast<int>(std::bit_width(N - 1)) <= 64)
[[nodiscard]] constexpr auto sum(const std::array<T, N>& terms) noexcept {
  constexpr int more = static_cast<int>(std::bit_width(N - 1));
  std::uint64_t total = 0;
  for (const auto& term : terms) total += term.raw();
  return detail::FixedResult<T::width + more, T::integer_bits + more, T::is_signed>::from_code(total);
}

}  // namespace bitloom::format
