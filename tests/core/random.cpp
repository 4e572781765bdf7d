// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <ranges>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace bitloom;
using core::Random;

static_assert(std::uniform_random_bit_generator<Random>);

namespace {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

/// Pearson's statistic against equal expectations; its mean is the number of cells minus one.
double chi_square(const std::vector<int>& counts) {
  const double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// An upper bound that a chi-square variable passes about once in 30,000 times (Wilson and Hilferty).
double chi_square_bound(double degrees) {
  const double part = 2 / (9 * degrees);
  return degrees * std::pow(1 - part + 4 * std::sqrt(part), 3);
}

/// The largest distance between the samples' and the given cumulative distribution, times sqrt(n).
template <class Cumulative>
double kolmogorov_smirnov(std::vector<double> samples, Cumulative cumulative) {
  std::ranges::sort(samples);
  const auto n = static_cast<double>(samples.size());
  double distance = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double p = cumulative(samples[i]);
    distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return distance * std::sqrt(n);
}
constexpr double kolmogorov_smirnov_bound = 2.2;  // passed about once in 8,000 times

template <class Draw>
std::vector<double> samples(std::size_t count, Draw draw) {
  std::vector<double> result(count);
  for (auto& x : result) x = draw();
  return result;
}

/// The average of x^power.
double moment(const std::vector<double>& xs, int power) {
  double sum = 0;
  for (const double x : xs) sum += std::pow(x, power);
  return sum / static_cast<double>(xs.size());
}

}  // namespace

TEST_CASE("philox gives the known answers of its authors") {
  static_assert(core::philox(Counter{}, Key{}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr auto ones = std::numeric_limits<std::uint32_t>::max();
  static_assert(core::philox(Counter{ones, ones, ones, ones}, Key{ones, ones}) ==
                Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  static_assert(
      core::philox(Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Key{0xa4093822, 0x299f31d0}) ==
      Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the generator's words are philox blocks of position, stream and seed") {
  constexpr std::uint64_t seed = 0x0123456789abcdef;
  constexpr std::uint64_t stream = 0xfedcba9876543210;
  Random random(seed, stream);
  for (std::uint32_t block = 0; block < 10; ++block) {
    const auto words = core::philox({block, 0, 0x76543210, 0xfedcba98}, {0x89abcdef, 0x01234567});
    REQUIRE(random() == (words[0] | std::uint64_t{words[1]} << 32));
    REQUIRE(random() == (words[2] | std::uint64_t{words[3]} << 32));
  }
}

// The golden values come from a second implementation, with integers of any length.
TEST_CASE("the first values of every distribution are golden") {
  const auto fresh = [] { return Random(42, 7); };
  Random bits = fresh();
  for (const std::uint64_t expected :
       {0xe55410cc67ee6f2cU, 0x557398d36c7eca35U, 0x600f6196e5dde940U, 0x2c8ed8398fcdf8f1U})
    CHECK(bits() == expected);
  Random uniform = fresh();
  for (const auto expected :
       {0x1.caa82198cfdcdp-1, 0x1.55ce634db1fb2p-2, 0x1.803d865b9777ap-2, 0x1.6476c1cc7e6fcp-3})
    CHECK(uniform.uniform() == expected);
  Random integer = fresh();
  for (const int expected : {3, 1, -2, -1, 1, 1, 3, 5, 0, -5, 0, -2})
    CHECK(integer.integer(-5, 5) == expected);
  Random wide = fresh();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const auto expected :
       {1545747130943982133, 2310172434593868096, -1400944692328269583, 4486382892676270810})
    CHECK(wide.integer(-(std::int64_t{1} << 62), most) == expected);
  Random widest = fresh();
  for (const auto expected : {7301479365977468716, -3065938887483405771})
    CHECK(widest.integer(std::numeric_limits<std::int64_t>::min(), most) == expected);
  Random bernoulli = fresh();
  std::string hits;
  for (int i = 0; i < 12; ++i) hits += bernoulli.bernoulli(0.3) ? '1' : '0';
  CHECK(hits == "000100001000");
  Random normal = fresh();
  for (const auto expected : {0x1.2c8ed8398fce0p+0, 0x1.eaac81660d09ep+0, -0x1.7c591c5cd48d6p+0,
                              -0x1.f2aa1154b4cd0p-2, -0x1.31d6cf0b1a7b7p+0, 0x1.bd89e45d2fc7cp-2})
    CHECK(normal.normal() == expected);
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  Random shuffle = fresh();
  shuffle.shuffle(items);
  CHECK(items == std::vector<int>{3, 1, 7, 5, 8, 9, 6, 0, 2, 4});
}

TEST_CASE("every distribution can be drawn at compile time") {
  constexpr auto drawn = [] {
    Random random(42, 7);
    const bool uniform = random.uniform() == 0x1.caa82198cfdcdp-1;
    random.integer(0, 9);
    random.bernoulli(0.5);
    random.normal();
    std::array<int, 3> items{1, 2, 3};
    random.shuffle(items);
    return uniform && items[0] + items[1] + items[2] == 6;
  };
  static_assert(drawn());
}

TEST_CASE("uniform deviates lie in [0, 1) and are spread evenly") {
  Random random(1);
  const auto xs = samples(100'000, [&] { return random.uniform(); });
  CHECK(std::ranges::all_of(xs, [](double x) { return 0 <= x && x < 1; }));
  CHECK(kolmogorov_smirnov(xs, [](double x) { return x; }) < kolmogorov_smirnov_bound);
  CHECK(moment(xs, 1) == doctest::Approx(1.0 / 2).epsilon(0.01));
  CHECK(moment(xs, 2) == doctest::Approx(1.0 / 3).epsilon(0.01));
  std::vector<int> last(64);  // the lowest bits that reach the deviate
  for (const double x : xs) ++last[static_cast<std::size_t>(std::fmod(std::ldexp(x, 53), 64))];
  CHECK(chi_square(last) < chi_square_bound(63));
}

TEST_CASE("random integers reach both bounds and are spread evenly") {
  for (const std::int64_t span : {1, 2, 6, 10, 100}) {
    Random random(2, static_cast<std::uint64_t>(span));
    std::vector<int> counts(static_cast<std::size_t>(span) + 1);
    bool inside = true;
    for (int i = 0; i < 100'000; ++i) {
      const auto x = random.integer(-3, span - 3);
      if (-3 <= x && x <= span - 3)
        ++counts[static_cast<std::size_t>(x + 3)];
      else
        inside = false;
    }
    CAPTURE(span);
    CHECK(inside);
    CHECK(chi_square(counts) < chi_square_bound(static_cast<double>(span)));
  }
}

TEST_CASE("random integers of a wide range have no bias to its lower part") {
  // A plain remainder of 64 bits by 3 · 2^62 would fall into the lowest third half of the time.
  Random random(3);
  std::vector<int> thirds(3);
  for (int i = 0; i < 30'000; ++i) {
    const auto x = random.integer(0, std::numeric_limits<std::int64_t>::max());
    REQUIRE(x >= 0);
    const auto y = random.integer(-(std::int64_t{1} << 62), std::numeric_limits<std::int64_t>::max());
    ++thirds[y < 0 ? 0 : (y < std::int64_t{1} << 62 ? 1 : 2)];
  }
  CHECK(chi_square(thirds) < chi_square_bound(2));
}

TEST_CASE("a random integer of one value is that value, and an empty range is refused") {
  Random random(4);
  CHECK(random.integer(7, 7) == 7);
  CHECK_THROWS_WITH_AS(random.integer(2, 1), "random integer: low 2 is above high 1", RangeError);
}

TEST_CASE("a coin shows heads as often as its probability says") {
  Random random(5);
  for (const double probability : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    int heads = 0;
    for (int i = 0; i < 100'000; ++i) heads += random.bernoulli(probability) ? 1 : 0;
    CAPTURE(probability);
    if (probability == 0 || probability == 1)
      CHECK(heads == static_cast<int>(100'000 * probability));
    else
      CHECK(std::abs(heads - 100'000 * probability) <
            4 * std::sqrt(100'000 * probability * (1 - probability)));
  }
}

TEST_CASE("normal deviates follow the normal distribution, into its tails") {
  Random random(6);
  const auto xs = samples(200'000, [&] { return random.normal(); });
  CHECK(kolmogorov_smirnov(xs, [](double x) { return std::erfc(-x / std::sqrt(2)) / 2; }) <
        kolmogorov_smirnov_bound);
  const auto n = static_cast<double>(xs.size());  // bounds: four standard errors
  CHECK(std::abs(moment(xs, 1)) < 4 * std::sqrt(1 / n));
  CHECK(std::abs(moment(xs, 2) - 1) < 4 * std::sqrt(2 / n));
  CHECK(std::abs(moment(xs, 3)) < 4 * std::sqrt(15 / n));
  CHECK(std::abs(moment(xs, 4) - 3) < 4 * std::sqrt(96 / n));
  for (const double threshold : {1.0, 2.0, 3.0, 4.0}) {
    const double expected = n * std::erfc(threshold / std::sqrt(2));
    const auto count =
        static_cast<double>(std::ranges::count_if(xs, [&](double x) { return std::abs(x) > threshold; }));
    CAPTURE(threshold);
    CHECK(std::abs(count - expected) < 4 * std::sqrt(expected));
  }
}

TEST_CASE("all orders of a shuffle are equally frequent") {
  Random random(7);
  std::vector<int> counts(24);
  for (int i = 0; i < 48'000; ++i) {
    std::array<int, 4> items{0, 1, 2, 3};
    random.shuffle(items);
    std::size_t rank = 0;  // of the permutation, in lexicographic order
    for (std::size_t k = 0; k < 4; ++k) {
      std::size_t smaller = 0;
      for (std::size_t j = k + 1; j < 4; ++j) smaller += items[j] < items[k] ? 1 : 0;
      rank = rank * (4 - k) + smaller;
    }
    ++counts[rank];
  }
  CHECK(chi_square(counts) < chi_square_bound(23));
}

TEST_CASE("shuffling nothing or one item does nothing") {
  Random random(8);
  std::vector<int> items;
  random.shuffle(items);
  CHECK(items.empty());
  items.push_back(5);
  random.shuffle(items);
  CHECK(items == std::vector<int>{5});
}

TEST_CASE("the same seed and stream repeat, other seeds and streams are unrelated") {
  const auto draw = [](std::uint64_t seed, std::uint64_t stream) {
    Random random(seed, stream);
    return samples(20'000, [&] { return random.uniform() - 0.5; });
  };
  const auto base = draw(1, 0);
  CHECK(draw(1, 0) == base);
  for (const auto& other : {draw(2, 0), draw(1, 1), draw(0, 1), draw(1, std::uint64_t{1} << 32)}) {
    double correlation = 0;
    for (std::size_t i = 0; i < base.size(); ++i) correlation += 12 * base[i] * other[i];
    CHECK(std::abs(correlation) < 4 * std::sqrt(static_cast<double>(base.size())));
    CHECK(std::ranges::none_of(std::views::iota(std::size_t{0}, base.size()),
                               [&](std::size_t i) { return base[i] == other[i]; }));
  }
}
