// SPDX-License-Identifier: Apache-2.0
#include "mixed_precision/qat_training.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/model_formats.hpp>
#include <bitloom/train/dataset.hpp>

#include "support/data.hpp"
#include "support/format_training.hpp"

namespace bitloom::examples {

namespace {

using Sizes = std::span<const std::int64_t>;

/// The place of the integers of so many bits.
std::size_t place_of_bits(std::int64_t bits) {
  return search::find_format(MixedFormats::facts, "int" + std::to_string(bits));
}

class QatDigits {
 public:
  QatDigits(int seeds, core::Threads threads)
      : seeds_(seeds),
        threads_(std::move(threads)),
        data_(load_data("", BITLOOM_EXAMPLE_DATA "/digits8x8.csv").parts) {}

  std::vector<double> uniform(Sizes sizes, std::optional<QatWidths> widths) const {
    check_sizes(sizes);
    FormatPlaces places;
    if (widths) places = {place_of_bits(widths->weight), place_of_bits(widths->activation)};
    return each_seed<double>([&](std::uint64_t seed) {
      auto model = make_uniform_mlp(sizes, seed);
      train::for_each_format_layer(model,
                                   [&](auto& layer) { layer.set_formats(places.weight, places.activation); });
      train_network(model, data_.train, fit_options(seed));
      return 100 * answer(model, data_.test).accuracy;
    });
  }

  std::vector<FoundNetwork> search(Sizes sizes, std::span<const std::int64_t> options, double target) const {
    check_sizes(sizes);
    std::vector<std::size_t> places;
    for (const auto bits : options) places.push_back(place_of_bits(bits));
    const auto space =
        search::format_space(MixedFormats::facts, search::layers_of(make_uniform_mlp(sizes, 1)), {}, places);
    const search::CostTable costs(space, search::Bops{});
    // costs are relative to 8 bits everywhere, whether or not these are among the options
    double full = 0;
    for (const auto& layer : search::layers_of(make_uniform_mlp(sizes, 1)))
      full += search::Bops::cost(layer.shape, eight_bits, eight_bits);
    return each_seed<FoundNetwork>([&](std::uint64_t seed) {
      auto model = make_uniform_mlp(sizes, seed);
      const search::OneShotOptions one_shot{
          .fit = fit_options(seed),
          .controller = {.learning_rate = 0.02, .average_decay = 0.95, .max_entropy = 0.2},
          .target = target * full,
          .seed = seed};
      FoundNetwork found;
      const auto choice = search_formats(model, data_.train, {}, space, costs, {}, one_shot);
      for (const auto option : choice) found.bits.push_back(options[option]);
      found.accuracy_percent = 100 * answer(model, data_.test).accuracy;
      return found;
    });
  }

 private:
  struct FormatPlaces {
    std::optional<std::size_t> weight, activation;
  };
  static constexpr auto eight_bits = search::format_facts<format::Int<8>>;

  void check_sizes(Sizes sizes) const {
    core::check_equal("inputs of the network", sizes.front(), "pixels", data_.train.shape.size());
    core::check_equal("outputs of the network", sizes.back(), "classes", data_.train.class_count);
    for (const auto size : sizes) core::check_range("size of a layer", size, 1, 1 << 12);
  }

  static train::FitOptions fit_options(std::uint64_t seed) {
    return {.epochs = 40,
            .batch_size = 64,
            .learning_rate = 2e-3,
            .seed = seed,
            .last_batch = train::LastBatch::drop};
  }

  /// The results of all seeds, in their order.
  template <class T, class F>
  std::vector<T> each_seed(F&& f) const {
    std::vector<T> results(static_cast<std::size_t>(seeds_));
    threads_.for_each_index(seeds_, [&](std::int64_t i) {
      results[static_cast<std::size_t>(i)] = f(static_cast<std::uint64_t>(i) + 1);
    });
    return results;
  }

  int seeds_;
  core::Threads threads_;
  train::Split data_;
};

}  // namespace

QatTrainer qat_trainer(int seeds, const core::Threads& threads) {
  const auto digits = std::make_shared<const QatDigits>(seeds, threads);
  return {.uniform = [digits](Sizes sizes,
                              std::optional<QatWidths> widths) { return digits->uniform(sizes, widths); },
          .search = [digits](Sizes sizes, Sizes options,
                             double target) { return digits->search(sizes, options, target); }};
}

}  // namespace bitloom::examples
