// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m20k_batch.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

TEST_CASE("every memory of a batch has the bits of a memory of its own, whatever its policies") {
  core::Random random(5);
  std::int64_t wrong = 0, refused = 0;
  for (const std::int64_t blocks : {1, 7, 16, 33})
    for (const auto same_port : {ReadDuringWrite::OldData, ReadDuringWrite::NewData})
      for (const auto mixed_port :
           {ReadDuringWrite::OldData, ReadDuringWrite::NewData, ReadDuringWrite::DontCare}) {
        const M20k::Configuration configuration{.same_port = same_port, .mixed_port = mixed_port};
        M20kBatch batch(blocks, configuration);
        std::vector<M20k> each(static_cast<std::size_t>(blocks), M20k(configuration));
        const auto request = [&] {
          const auto address = static_cast<std::uint32_t>(random.integer(508, 512));  // 512 does not exist
          return PortRequest{random.bernoulli(0.7), random.bernoulli(0.5), address, random()};
        };
        for (int cycle = 0; cycle < 200; ++cycle) {
          const auto a = request(), b = request();
          std::vector<std::uint64_t> data_a, data_b;
          const bool own = random.bernoulli(0.5);
          for (std::int64_t i = 0; own && i < blocks; ++i) {
            data_a.push_back(random());
            data_b.push_back(random());
          }
          bool is_refused = false;
          try {
            batch.step(a, b, data_a, data_b);
          } catch (const Error&) {
            is_refused = true;
            ++refused;
          }
          for (std::size_t i = 0; i < each.size(); ++i) {
            auto own_a = a, own_b = b;
            if (own) {
              own_a.data = data_a[i];
              own_b.data = data_b[i];
            }
            try {
              each[i].step(own_a, own_b);
              wrong += is_refused ? 1 : 0;
            } catch (const Error&) {
              wrong += is_refused ? 0 : 1;
            }
            const auto block = static_cast<std::int64_t>(i);
            const auto found_a = batch.output(block, 0), found_b = batch.output(block, 1);
            wrong +=
                found_a.data == each[i].output_a().data && found_b.data == each[i].output_b().data ? 0 : 1;
            wrong +=
                found_a.defined == each[i].output_a().defined && found_b.defined == each[i].output_b().defined
                    ? 0
                    : 1;
            for (int column = 0; column < 4; ++column)
              wrong += batch.word(block, 127, column) == each[i].word(127, column) ? 0 : 1;
          }
        }
      }
  CHECK(wrong == 0);
  CHECK(refused > 500);
}

TEST_CASE("a batch of memories says what it cannot do") {
  CHECK_THROWS_WITH_AS(M20kBatch(0), doctest::Contains("blocks"), RangeError);
  CHECK_THROWS_AS(M20kBatch(65537), RangeError);
  CHECK_THROWS_WITH_AS(M20kBatch(1, {.ratio_a = {512, 32}}), doctest::Contains("512x40"), RangeError);
  CHECK_THROWS_AS(M20kBatch(1, {.mode = PortMode::SimpleDualPort}), RangeError);
  M20kBatch batch(3);
  const std::vector<std::uint64_t> words{1, 2};
  const auto write = PortRequest::write_to(0, 7);
  CHECK_THROWS_WITH_AS(batch.step(write, {}, words), doctest::Contains("data_a: 2 words for 3 blocks"),
                       ShapeError);
  CHECK_THROWS_AS(batch.step(write, {}, {}, words), ShapeError);
  CHECK(batch.word(0, 0, 0) == 0);
  CHECK_THROWS_AS(static_cast<void>(batch.word(3, 0, 0)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.word(0, 128, 0)), RangeError);
  CHECK_THROWS_AS(batch.set_word(0, 0, 4, 0), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.output(3, 0)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.output(0, 2)), RangeError);
}

}  // namespace
