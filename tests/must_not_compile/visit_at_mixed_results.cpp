// expects: visit_at: the visitor has to return the same type for every type of the list
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/type_list.hpp>

auto value_of_second() {
  return bitloom::core::visit_at(bitloom::core::TypeList<char, short>{}, 1, [](auto type) {
    return typename decltype(type)::type{};  // a char for one, a short for the other
  });
}
