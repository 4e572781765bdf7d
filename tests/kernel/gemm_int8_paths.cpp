// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/gemm_int8_paths.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::kernel::detail;

namespace {

static_assert(std::tuple_size_v<Paths> == 1 || !std::is_same_v<BestPath, GenericPath>);

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("every lane adds its group of products, whatever the other lanes hold", Path,
                          lanes) {
  static_assert(sizeof(typename Path::Vector) == 4 * Path::lanes);
  static_assert(sizeof(typename Path::Term) * Path::group == 4);
  static_assert(Path::columns % Path::lanes == 0);
  constexpr auto group = static_cast<std::size_t>(Path::group);
  using Term = typename Path::Term;
  core::Random random(1);
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    std::array<int, group> terms{};
    for (auto& x : terms) x = static_cast<int>(random.integer(low, high));
    return terms;
  };
  const auto join = [](const std::array<int, group>& values) {
    std::array<Term, group> terms{};
    for (std::size_t t = 0; t < group; ++t) terms[t] = static_cast<Term>(values[t]);
    std::uint32_t word = 0;
    std::memcpy(&word, terms.data(), sizeof word);
    return word;
  };
  std::int64_t wrong = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto weights = draw(-128, 127);
    std::array<std::uint32_t, Path::lanes> activations{}, sums{}, expected{};
    for (std::size_t lane = 0; lane < activations.size(); ++lane) {
      const auto terms = i % 2 == 0 || Path::unsigned_activations ? draw(0, 255) : draw(-128, 127);
      activations[lane] = join(terms);
      sums[lane] = expected[lane] = static_cast<std::uint32_t>(random());
      for (std::size_t t = 0; t < group; ++t)
        expected[lane] += static_cast<std::uint32_t>(weights[t] * terms[t]);
    }
    Path::store(sums.data(), Path::multiply_add(Path::load(sums.data()), Path::load(activations.data()),
                                                Path::broadcast(join(weights))));
    wrong += sums == expected ? 0 : 1;
    Path::store(sums.data(), Path::add(Path::load(sums.data()), Path::load(activations.data())));
    for (std::size_t lane = 0; lane < sums.size(); ++lane)
      wrong += sums[lane] == expected[lane] + activations[lane] ? 0 : 1;
  }
  CHECK(wrong == 0);
}
TEST_CASE_TEMPLATE_APPLY(lanes, Paths);
