// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/fabric/agreement.hpp>
#include <bitloom/fabric/bramac_bounds.hpp>
#include <bitloom/fabric/padded.hpp>
#include <bitloom/fabric/weight_storage.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};
struct Trapping : Wrapping {
  using Overflow = TrapWraps;
};
struct Flushed : M4bramPolicies {
  using Flushing = FlushLanes;
};
struct ReleasedSign : M4bramPolicies {
  using Sign = AsReleased;
};
struct ReleasedWrapping : Wrapping {
  using Sign = AsReleased;
  using Overflow = TrapWraps;
};
struct Drifting : M4bramPolicies {
  using Timing = DriftingPeriod;
};

using SmallSync = M4bram<Small, Synchronous>;
static_assert(Block<SmallSync> && Block<M4bram<Large, DoublePumped, 4>> && Block<Padded<SmallSync>>);
static_assert(!Block<M4bram<Small, DoublePumped, 1, Drifting>>, "its machine cannot run a product");
static_assert(StreamsWeights<SmallSync> && accel::StoresWeights<SmallSync> && !StopsForWeights<SmallSync>);
static_assert(StreamsWeights<Padded<SmallSync>> && accel::StoresWeights<Padded<SmallSync>>);

/// Every width and sign, value against machine: every two-term product of up to 8 bits together, and random products.
template <class B>
void check_views(int products) {
  for (const auto& o : test::m4bram_operands()) {
    const auto agreement = verify<B>(o, 7, products);
    CAPTURE(to_string(o));
    CAPTURE(to_string(agreement));
    CHECK(agreement.holds());
    if (verifies_all(o))
      CHECK(agreement.operands >= std::int64_t{1} << 2 * (o.weight_bits + o.activation_bits));
  }
}

TEST_CASE_TEMPLATE(
    "value view, machine and formula agree for every width, sign, size and duplication, synchronous", B,
    M4bram<Small, Synchronous, 1>, M4bram<Small, Synchronous, 2>, M4bram<Small, Synchronous, 4>,
    M4bram<Large, Synchronous, 1>, M4bram<Large, Synchronous, 2>, M4bram<Large, Synchronous, 4>) {
  check_views<B>(1);
}

TEST_CASE_TEMPLATE(
    "value view, machine and formula agree for every width, sign, size and duplication, double-pumped", B,
    M4bram<Small, DoublePumped, 1>, M4bram<Small, DoublePumped, 2>, M4bram<Small, DoublePumped, 4>,
    M4bram<Large, DoublePumped, 1>, M4bram<Large, DoublePumped, 2>, M4bram<Large, DoublePumped, 4>) {
  check_views<B>(1);
}

template <class B>
std::vector<std::int32_t> machine_sums(const test::Product& p, const Operands& o) {
  std::vector<std::int32_t> sums(p.result.size());
  const auto machine = std::make_unique<typename B::Machine>();
  CHECK(B::run(*machine, p.shape, o, p.weights, p.activations, sums) == B::cycles(p.shape, o));
  return sums;
}

template <class B>
std::vector<std::int32_t> value_sums(const test::Product& p, const Operands& o) {
  std::vector<std::int32_t> sums(p.result.size());
  B::multiply(p.shape, o, p.weights, p.activations, sums);
  return sums;
}

TEST_CASE_TEMPLATE("products that flush or widen are the exact integers, whatever the shape", B,
                   M4bram<Small, Synchronous, 4>, M4bram<Large, DoublePumped, 1>,
                   M4bram<Small, DoublePumped, 2, Flushed>) {
  core::Random random(3);
  for (const auto& o : test::m4bram_operands()) {
    if (!B::supports(o)) {
      CHECK((o.weight_bits == 2 && o.activation_bits >= 6));
      continue;
    }
    for (const auto& shape : {MatrixShape{1, 1, 1}, MatrixShape{33, 31, 5}, MatrixShape{3, 200, 1}}) {
      CAPTURE(to_string(o));
      const test::Product p(shape, o, random);
      CHECK(value_sums<B>(p, o) == p.result);
      CHECK(machine_sums<B>(p, o) == p.result);
    }
  }
}

TEST_CASE("a run reports two copies for each MAC2 and streams what does not fit") {
  using B = M4bram<Large, Synchronous, 2>;
  const Operands o{.weight_bits = 4, .activation_bits = 6};
  core::Random random(4);
  const MatrixShape shape{.rows = 30, .columns = 301, .vectors = 5};
  const test::Product p(shape, o, random);
  std::vector<std::int32_t> sums(p.result.size());
  const auto machine = std::make_unique<B::Machine>();
  const auto use = run_product<B>(*machine, shape, o, p.weights, p.activations, sums);
  CHECK(sums == p.result);
  CHECK(B::words(shape, o) == 4 * 151 * 2);  // 4 groups of 8 outputs, words of 2 columns, 64 bits
  CHECK(use.busy_cycles == B::busy(shape, o));
  CHECK(use.busy_cycles == 2 * 3 * 4 * 151);
  CHECK(use.streamed_words == 2 * B::streamed_pairs(shape, o, 256));
  CHECK(use.streamed_words == 3 * 4 * 151 * 2 - 512);
  CHECK(use.load_cycles == 256);
}

TEST_CASE_TEMPLATE("a machine that gets its weights just in time takes the tiled latency", B,
                   M4bram<Small, Synchronous, 1>, M4bram<Small, DoublePumped, 4>,
                   M4bram<Large, DoublePumped, 1>, M4bram<Large, Synchronous, 2>) {
  core::Random random(2);
  for (const auto& o : test::m4bram_operands())
    for (const std::int64_t columns : {1, 3, 90}) {
      const MatrixShape shape{random.integer(1, 40), columns, random.integer(1, 3)};
      const test::Product p(shape, o, random);
      std::vector<std::int32_t> sums(p.result.size());
      const auto machine = std::make_unique<typename B::Machine>();
      const auto use = run_product<B>(*machine, shape, o, p.weights, p.activations, sums, leading_pairs);
      CAPTURE(to_string(o));
      CHECK(sums == p.result);
      CHECK(use.load_cycles + use.cycles == latency_cycles<B>(shape, o, Weights::Tiled));
      CHECK(use.cycles == B::cycles(shape, o));
    }
}

TEST_CASE("with one readout at the end sums wrap in their lane, and the views agree") {
  using Sync = M4bram<Small, Synchronous, 1, Wrapping>;
  using Pumped = M4bram<Large, DoublePumped, 2, Wrapping>;
  core::Random random(5);
  int wrapped = 0;
  for (const auto& o : test::m4bram_operands()) {
    const test::Product p({.rows = 21, .columns = 150, .vectors = 3}, o, random);
    CAPTURE(to_string(o));
    const auto sums = value_sums<Sync>(p, o);
    CHECK(machine_sums<Sync>(p, o) == sums);
    CHECK(machine_sums<Pumped>(p, o) == sums);
    CHECK(value_sums<Pumped>(p, o) == sums);
    int wrong = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      wrong += sums[i] != core::sign_extend(static_cast<std::uint32_t>(p.result[i]), 4 * o.weight_bits);
      wrapped += sums[i] != p.result[i];
    }
    CHECK(wrong == 0);
  }
  CHECK(wrapped > 100);
  std::vector<std::int32_t> sum(1);
  SmallSync::accumulate({.rows = 1, .columns = 200}, {.weight_bits = 2, .activation_bits = 2},
                        std::vector<std::int16_t>(200, -2), std::vector<std::int16_t>(200, 3), sum);
  CHECK(sum[0] == -1200 + 5 * 256);
}

/// What a message says but for the time: behind ` in `, in MAC2 or in main cycles.
std::string facts(const std::string& message) {
  const auto time = message.find(" in ");
  return time == std::string::npos ? message
                                   : message.substr(0, time) + message.substr(message.find(": ", time));
}

/// The message of the error that the call throws.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const RangeError& error) {
    return error.what();
  }
  return "none";
}

TEST_CASE_TEMPLATE("where wraps are trapped, both views refuse the same lane at the same sum", B,
                   M4bram<Small, Synchronous, 1, Trapping>, M4bram<Large, DoublePumped, 4, Trapping>,
                   M4bram<Small, Synchronous, 2, ReleasedWrapping>) {
  core::Random random(6);
  int refused = 0;
  int passed = 0;
  for (const auto& o : test::m4bram_operands())
    for (const std::int64_t columns : {2, 40, 700}) {
      test::Product p({.rows = 19, .columns = columns, .vectors = 5}, o, random);
      if (o.weight_bits == 8)  // 700 products never wrap
        continue;
      CAPTURE(to_string(o));
      std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
      const auto machine = std::make_unique<typename B::Machine>();
      const auto expected = message_of([&] { B::multiply(p.shape, o, p.weights, p.activations, value); });
      const auto found = message_of([&] { B::run(*machine, p.shape, o, p.weights, p.activations, cycle); });
      CHECK(facts(expected) == facts(found));
      if (expected == "none") {
        CHECK(value == cycle);
        ++passed;
      } else {
        ++refused;
      }
    }
  CHECK(refused > 10);
  CHECK(passed > 10);
}

TEST_CASE("the value view names the lane, the element, the MAC2 and the sum that leaves the lane") {
  using B = M4bram<Small, Synchronous, 2, Trapping>;
  const Operands o{.weight_bits = 2, .activation_bits = 4};
  // vector 1 of outputs 0 to 5: output 5 sums to -2 · 15 a term
  std::vector<std::int16_t> weights(6 * 8, 0), activations(8 * 2, 0);
  for (std::size_t c = 0; c < 8; ++c) {
    weights[5 * 8 + c] = -2;
    activations[2 * c + 1] = 15;
  }
  std::vector<std::int32_t> sums(12);
  CHECK_THROWS_WITH_AS(B::multiply({6, 8, 2}, o, weights, activations, sums),
                       "accumulator: lane 1 of array 3 wraps in MAC2 2: -120 + -60 does not fit 8 bits",
                       RangeError);
  // a sum that comes back is refused as well: it left its lane
  for (std::size_t c = 6; c < 8; ++c) weights[5 * 8 + c] = 1;
  CHECK_THROWS_AS(B::multiply({6, 8, 2}, o, weights, activations, sums), RangeError);
  using Flushing = M4bram<Small, Synchronous, 2>;
  Flushing::multiply({6, 8, 2}, o, weights, activations, sums);
  CHECK(sums[11] == -6 * 30 + 30);
}

TEST_CASE("as released, both views have the products of the literal sign step") {
  using Released = M4bram<Large, Synchronous, 2, ReleasedSign>;
  core::Random random(14);
  for (const auto& o : test::m4bram_operands()) {
    const test::Product p({.rows = 30, .columns = 17, .vectors = 4}, o, random);
    CAPTURE(to_string(o));
    const auto value = value_sums<Released>(p, o);
    CHECK(machine_sums<Released>(p, o) == value);
    CHECK((value == p.result) == !o.signed_activations);
  }
  // double-pumped, one shift too many doubles unsigned products
  using Doubled = M4bram<Large, DoublePumped, 1, M4bramAsReleased>;
  const Operands o{.weight_bits = 8, .activation_bits = 8};
  const test::Product p({.rows = 9, .columns = 12, .vectors = 2}, o, random);
  const auto value = value_sums<Doubled>(p, o);
  for (std::size_t i = 0; i < value.size(); ++i) CHECK(value[i] == 2 * p.result[i]);
}

TEST_CASE("operands and shapes that do not fit are refused by both views") {
  const Operands o{.weight_bits = 4, .activation_bits = 6};
  const auto machine = std::make_unique<SmallSync::Machine>();
  std::vector<std::int32_t> sum(1);
  const std::vector<std::int16_t> fits{1, 2}, large{1, 8}, wide{64, 0};
  const MatrixShape shape{.rows = 1, .columns = 2};
  CHECK_THROWS_WITH_AS(SmallSync::multiply(shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_WITH_AS(SmallSync::run(*machine, shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_WITH_AS(SmallSync::run(*machine, shape, o, fits, wide, sum), "activation: 64 is outside 0..63",
                       RangeError);
  CHECK_THROWS_AS(SmallSync::multiply(shape, o, fits, wide, sum), RangeError);
  CHECK_THROWS_AS(SmallSync::multiply({.rows = 2, .columns = 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(SmallSync::run(*machine, {.rows = 2, .columns = 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(SmallSync::multiply({.rows = 0, .columns = 2}, o, fits, fits, sum), ShapeError);
  for (const auto& lacking :
       {Operands{.weight_bits = 3, .activation_bits = 4}, Operands{.weight_bits = 4, .activation_bits = 9},
        Operands{.weight_bits = 4, .signed_weights = false, .activation_bits = 4}}) {
    CHECK_THROWS_AS(SmallSync::multiply(shape, lacking, fits, fits, sum), RangeError);
    CHECK_THROWS_AS(SmallSync::run(*machine, shape, lacking, fits, fits, sum), RangeError);
  }
  const Operands bytes{.weight_bits = 8, .activation_bits = 8};
  const std::vector<std::int16_t> long_row(65536, 1);
  CHECK_THROWS_AS(SmallSync::multiply({.rows = 1, .columns = 65536}, bytes, long_row, long_row, sum),
                  RangeError);
}

TEST_CASE("padded operands are exact, and cost and store what those of the padded width do") {
  using P = Padded<M4bram<Small, DoublePumped, 2, Flushed>>;
  for (const auto& [weight, activation] : {std::pair{3, 3}, {2, 7}, {1, 1}, {6, 5}})
    for (const bool is_signed : {false, true})
      CHECK(verify<P>({.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed},
                      1, 2)
                .holds());
  // without widening, 2-bit weights take the next width where a lane is too narrow
  CHECK(P::padded({.weight_bits = 2, .activation_bits = 7}).weight_bits == 4);
  CHECK(storage_efficiency<P>({.weight_bits = 3, .activation_bits = 4}) == doctest::Approx(0.8 * 0.75));
  CHECK(memory_word_bits<P>() == 32);
  CHECK(loads_beside_copies<P>());
}

TEST_CASE("cuts from the weights themselves are never more than the worst case, also in narrow lanes") {
  core::Random random(9);
  for (const auto& o : test::m4bram_operands()) {
    const test::Product p({.rows = 9, .columns = 121, .vectors = 1}, o, random);
    CAPTURE(to_string(o));
    const auto r = readouts<M4bram<Small, Synchronous>>(p.shape, o, p.weights);
    CHECK(r.from_weights <= r.worst_case);
    // one MAC2 at a time, where not even one is safe
    using Narrow = M4bram<Small, Synchronous, 1, Wrapping>;
    std::int64_t sum = 0;
    for (const auto part : safe_parts<Narrow>(p.weights, 121, o)) {
      CHECK(part > 0);
      sum += part;
    }
    CHECK(sum == 61);
  }
}

}  // namespace
