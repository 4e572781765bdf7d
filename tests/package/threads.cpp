// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/threads.hpp>

#include <array>

int main() {
  std::array<std::int64_t, 100> squares{};
  bitloom::core::Threads(2).for_each_index(
      100, [&](std::int64_t i) { squares.at(static_cast<std::size_t>(i)) = i * i; });
  return squares[7] == 49 && squares[99] == 9801 ? 0 : 1;
}
