// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/op/accumulator.hpp>

namespace bitloom::op {

/// Sum of the products of two vectors of codes, of format F and of format G, in order.
///
/// @param sum  begins here
/// @throws ShapeError  they have different lengths
/// @throws RangeError  the accumulator refuses a product
template <class F, class G, AccumulatorOf<F, G> A = ExactSum<F, G>>
[[nodiscard]] constexpr format::Dyadic dot(std::span<const typename F::code_type> a,
                                           std::span<const typename G::code_type> b, A sum = {}) {
  core::check_equal("left codes", std::ssize(a), "right codes", std::ssize(b));
  for (std::size_t i = 0; i < a.size(); ++i) sum.add(format::product(F::exact(a[i]), G::exact(b[i])));
  return sum.value();
}

}  // namespace bitloom::op
