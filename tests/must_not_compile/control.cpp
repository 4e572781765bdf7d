// expects: ok
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/type_list.hpp>

int size_of_second() {
  return bitloom::core::visit_at(bitloom::core::TypeList<char, short>{}, 1, [](auto type) {
    return static_cast<int>(sizeof(typename decltype(type)::type));
  });
}
