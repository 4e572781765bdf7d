// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/format_layer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/optimizer.hpp>

namespace train = bitloom::train;
namespace format = bitloom::format;

namespace {

using Formats = bitloom::core::TypeList<format::Int<4>, format::Int<8>>;

/// Percent of the test items, all in one batch.
template <class M>
double test_accuracy(const M& model, const train::Dataset& data) {
  train::Tape<float> tape;
  const auto logits = model.forward(tape, tape.constant(data.images)).value();
  int right = 0;
  for (Eigen::Index item = 0; item < logits.cols(); ++item) {
    Eigen::Index best = 0;
    logits.col(item).maxCoeff(&best);
    right += best == data.labels[static_cast<std::size_t>(item)];
  }
  return 100.0 * right / static_cast<double>(data.count());
}

/// Dense 64-64-32-10, drawn uniformly from ±1/√inputs, trained by Adam for 40 epochs of 22 batches of 64.
double accuracy_at(const train::Split& data, std::size_t place, std::uint64_t seed) {
  train::Sequential<float> plain({1, 8, 8});
  plain.dense(64).relu().dense(32).relu().dense(10);
  bitloom::core::Random random(seed);
  const auto drawn = plain.parameters();
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto inputs =
        static_cast<double>(drawn[i / 2 * 2]->value.cols());  // of the weight, for its bias as well
    for (auto& x : drawn[i]->value.reshaped())
      x = static_cast<float>((2 * random.uniform() - 1) / std::sqrt(inputs));
  }
  auto model = train::with_formats<Formats>(plain);
  train::for_each_format_layer(model, [=](auto& layer) { layer.set_formats(place, place); });
  const auto parameters = model.parameters();
  const std::span<train::Parameter<float>* const> all(parameters);
  train::Adam<float> adam;
  train::Tape<float> tape;
  for (std::uint64_t epoch = 0; epoch < 40; ++epoch) {
    const train::Batches batches(data.train.count(), 64, seed, epoch);
    for (std::int64_t i = 0; i < data.train.count() / 64; ++i) {
      const auto batch = train::gather(data.train, batches[i]);
      tape.clear();
      const auto logits = model.forward(tape, tape.constant(batch.images));
      const auto loss = train::softmax_cross_entropy(logits, std::span<const int>(batch.labels));
      train::zero_gradients(all);
      tape.backward(loss);
      adam.step(all, 2e-3);
    }
  }
  return test_accuracy(std::as_const(model), data.test);
}

}  // namespace

TEST_CASE(
    "a network trained at 8 and at 4 bits reads digits about as well as the one of the FLIQS authors' "
    "quantizer") {
  const auto data =
      train::split(train::read_digits_csv(BITLOOM_SOURCE_DIR "/examples/data/digits8x8.csv"), 1437);
  for (const std::uint64_t seed : {1U, 2U}) {
    const double at8 = accuracy_at(data, 1, seed), at4 = accuracy_at(data, 0, seed);
    MESSAGE("seed " << seed << ": " << at8 << " % at 8 bits, " << at4 << " % at 4 bits");
    CHECK(at8 > 90.4 - 3);
    CHECK(at4 > 88.7 - 3);
  }
}
