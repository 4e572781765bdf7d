// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/kulisch.hpp>
#include <bitloom/format/minifloat.hpp>

namespace bitloom::op {

/// How products of minifloats are summed: begins empty, takes exact products in order, gives the sum.
template <class A>
concept Accumulator = requires(A sum, const format::Dyadic& product) {
  { sum.add(product) } -> std::same_as<void>;
  { sum.value() } -> std::same_as<format::Dyadic>;
};

/// Exactly: sums of up to 2^LogTerms products of values of F and G, rounded by nobody.
template <class F, class G, int LogTerms = 30>
using ExactSum = format::KulischFor<F, G, LogTerms>;

/// In float32, one addition after the other, from +0. The exact product has to be a float.
class FloatSum {
 public:
  void add(const format::Dyadic& product) noexcept { sum_ += static_cast<float>(format::to_double(product)); }
  [[nodiscard]] format::Dyadic value() const noexcept { return format::to_dyadic(sum_); }

 private:
  float sum_ = 0.0F;
};

/// In float32, neighbours in pairs, then the sums in pairs, an odd one with +0. The exact product has to be a float.
class FloatTree {
 public:
  void add(const format::Dyadic& product) {
    terms_.push_back(static_cast<float>(format::to_double(product)));
  }
  [[nodiscard]] format::Dyadic value() const {
    auto terms = terms_;
    while (terms.size() > 1) {
      if (terms.size() % 2 != 0) terms.push_back(0.0F);
      for (std::size_t i = 0; i < terms.size() / 2; ++i) terms[i] = terms[2 * i] + terms[2 * i + 1];
      terms.resize(terms.size() / 2);
    }
    return format::to_dyadic(terms.empty() ? 0.0F : terms.front());
  }

 private:
  std::vector<float> terms_;
};

/// Sum of the products of two vectors of codes.
/// @throws ShapeError  they have different lengths
template <class F, class G, Accumulator A>
[[nodiscard]] format::Dyadic dot(std::span<const typename F::code_type> a,
                                 std::span<const typename G::code_type> b, A sum = {}) {
  core::check_equal("left codes", std::ssize(a), "right codes", std::ssize(b));
  for (std::size_t i = 0; i < a.size(); ++i) sum.add(format::product(F::exact(a[i]), G::exact(b[i])));
  return sum.value();
}

}  // namespace bitloom::op
