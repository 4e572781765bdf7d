// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/gemm_pack.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/kernel/gemm_int8_paths.hpp>

using namespace bitloom;
using namespace bitloom::kernel;
using namespace bitloom::kernel::detail;

namespace {

/// Term t of a word, as the path's instruction reads it.
template <class Path>
int term(std::uint32_t word, std::int64_t t) {
  typename Path::Term terms[Path::group];
  std::memcpy(terms, &word, sizeof word);
  return terms[t];
}

}  // namespace

TEST_CASE_TEMPLATE_DEFINE("packed activations are panels of groups of columns, whatever the shape", Path,
                          activation_panels) {
  core::Random random(1);
  std::int64_t wrong = 0;
  const auto check = [&](std::int64_t depth, std::int64_t vectors, bool is_signed) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(depth * vectors));
    for (auto& x : bytes) x = static_cast<std::uint8_t>(random());
    const auto words = static_cast<std::size_t>(packed_words<Path>(depth, vectors));
    std::vector<std::uint32_t> packed(words + 1, 0xDEADBEEF);
    const std::uint8_t flip = is_signed ? 128 : 0;
    pack_activations<Path>(Integers{bytes.data(), vectors}, 0, depth, 0, vectors, flip, packed.data());
    wrong += packed.back() == 0xDEADBEEF ? 0 : 1;
    const auto groups = (depth + Path::group - 1) / Path::group;
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t j = 0; j < vectors; ++j) {
        const int byte = bytes[static_cast<std::size_t>(k * vectors + j)];
        const int value = is_signed ? static_cast<std::int8_t>(byte) : byte;
        const auto place = (j / Path::columns * groups + k / Path::group) * Path::columns + j % Path::columns;
        const int found = term<Path>(packed[static_cast<std::size_t>(place)], k % Path::group);
        if (Path::unsigned_activations ? (found & 255) != value + flip : found != value) ++wrong;
      }
  };
  for (const bool is_signed : {false, true}) {
    for (std::int64_t depth = 1; depth <= 9; ++depth)
      for (std::int64_t vectors = 1; vectors <= 70; ++vectors) check(depth, vectors, is_signed);
    check(5, vector_block<Path>, is_signed);
    check(depth_block, 3, is_signed);
  }
  CHECK(wrong == 0);
}
TEST_CASE_TEMPLATE_APPLY(activation_panels, Paths);

TEST_CASE_TEMPLATE_DEFINE("packed weights are rows with zeros behind, and starts undo what was added", Path,
                          weight_rows) {
  core::Random random(2);
  constexpr std::int64_t step = Path::lanes * Path::group;
  std::int64_t wrong = 0;
  for (std::int64_t depth = 1; depth <= depth_block; depth += depth < 140 ? 1 : 147) {
    const std::int64_t rows = 1 + depth % Path::rows;
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(rows * depth));
    for (auto& x : bytes) x = static_cast<std::int8_t>(depth % 7 == 0 ? -128 : random.integer(-128, 127));
    std::vector<typename Path::Term> packed(static_cast<std::size_t>(Path::rows * depth_block), 77);
    std::array<std::uint32_t, Path::rows> starts{};
    starts.fill(1);
    pack_weights<Path>(Integers{bytes.data(), depth}, 0, rows, 0, depth, 128, packed.data(), starts.data());
    for (std::int64_t i = 0; i < Path::rows; ++i) {
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < depth_block; ++k) {
        const int found = packed[static_cast<std::size_t>(i * depth_block + k)];
        const int weight = i < rows && k < depth ? bytes[static_cast<std::size_t>(i * depth + k)] : 0;
        sum += weight;
        const bool untouched = i >= rows || k >= (depth + step - 1) / step * step;
        if (found != (untouched ? 77 : weight)) ++wrong;
      }
      const std::int32_t start = i >= rows ? 1 : Path::unsigned_activations ? -128 * sum : 0;
      if (static_cast<std::int32_t>(starts[static_cast<std::size_t>(i)]) != start) ++wrong;
    }
  }
  CHECK(wrong == 0);
}
TEST_CASE_TEMPLATE_APPLY(weight_rows, Paths);

TEST_CASE("a block begins at any row and column of its matrix") {
  std::vector<std::int8_t> bytes(20 * 40);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::int8_t>(i * 37);
  const Integers matrix{bytes.data(), 40};
  const Integers part{bytes.data() + 3 * 40 + 5, 40};
  std::vector<std::uint32_t> one(static_cast<std::size_t>(packed_words<GenericPath>(7, 33))), two = one;
  pack_activations<GenericPath>(matrix, 3, 7, 5, 33, 128, one.data());
  pack_activations<GenericPath>(part, 0, 7, 0, 33, 128, two.data());
  CHECK(one == two);
  std::vector<std::int32_t> first(static_cast<std::size_t>(GenericPath::rows * depth_block)), second = first;
  std::array<std::uint32_t, GenericPath::rows> starts{};
  pack_weights<GenericPath>(matrix, 3, 4, 5, 33, 0, first.data(), starts.data());
  pack_weights<GenericPath>(part, 0, 4, 0, 33, 0, second.data(), starts.data());
  CHECK(first == second);
}
