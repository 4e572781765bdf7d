// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// A list of policies: the bridge from a choice made at run time to a type.
template <class... Types>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Types);
};

/// Calls `f(std::type_identity<T>{})` with the `index`-th type of the list and returns what it returns.
///
/// All calls have to return the same type.
/// @throws RangeError  `index` is not in the list
template <class First, class... Rest, class F>
constexpr decltype(auto) visit_at(TypeList<First, Rest...>, std::size_t index, F&& f) {
  using Result = std::invoke_result_t<F&, std::type_identity<First>>;
  static_assert((std::is_same_v<Result, std::invoke_result_t<F&, std::type_identity<Rest>>> && ...),
                "visit_at: the visitor has to return the same type for every type of the list");
  constexpr Result (*calls[])(F&) = {
      [](F& g) -> Result { return g(std::type_identity<First>{}); },
      [](F& g) -> Result { return g(std::type_identity<Rest>{}); }...,
  };
  if (index > sizeof...(Rest))
    detail::throw_out_of_range("index", static_cast<std::int64_t>(index), 0,
                               static_cast<std::int64_t>(sizeof...(Rest)));
  return calls[index](f);
}

/// Calls `f(std::type_identity<T>{})` with every type of the list, in order.
template <class... Types, class F>
constexpr void for_each_type(TypeList<Types...>, F&& f) {
  (f(std::type_identity<Types>{}), ...);
}

}  // namespace bitloom::core
