// SPDX-License-Identifier: Apache-2.0
// Images per second of training a small convolutional network on images of 28x28, on all cores: forward, backward and
// the step of the optimizer. The peer is PyTorch with the same network; see cnn_pytorch.py.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/threads.hpp>
#include <bitloom/rtl/tool.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/tape.hpp>

#include "support/small_cnn.hpp"
#include "support/summary.hpp"

namespace {

using namespace bitloom;
using bench::cores;

/// Multiply-accumulate operations of a training step for one image: three products of every layer's size, of which the
/// first layer does not need the input's gradient.
constexpr double macs_per_image = 2.0 * 784 * 16 * 9 + 3.0 * (196 * 32 * 144 + 1568 * 128 + 128 * 10);

/// The network with a batch of noise, which it has to learn by heart.
class Training {
 public:
  explicit Training(std::int64_t batch) {
    parameters_ = model_.parameters();
    data_ = bench::noise_images(batch);
  }

  /// @return  the loss before the step
  float step() {
    tape_.clear();
    const auto loss = softmax_cross_entropy(model_.forward(tape_, tape_.constant(data_.images)),
                                            std::span<const int>(data_.labels));
    const std::span<train::Parameter<float>* const> all(parameters_);
    train::zero_gradients(all);
    tape_.backward(loss);
    sgd_.step(all, 0.01);
    return loss.value()(0, 0);
  }

 private:
  train::Sequential<float> model_ = bench::small_cnn();
  std::vector<train::Parameter<float>*> parameters_;
  train::Dataset data_;
  train::Tape<float> tape_{core::Threads(bench::cores())};
  train::Sgd<float> sgd_;
};

void train_cnn(benchmark::State& state, std::int64_t batch) {
  Training training(batch);
  const float first = training.step();
  for (int i = 0; i < 30; ++i) training.step();
  if (!(training.step() < first / 2)) return state.SkipWithError("the network does not learn");
  for (auto _ : state) benchmark::DoNotOptimize(training.step());
  state.SetItemsProcessed(state.iterations() * batch);
}
void train_cnn_batch32(benchmark::State& state) { train_cnn(state, 32); }
void train_cnn_batch256(benchmark::State& state) { train_cnn(state, 256); }
BENCHMARK(train_cnn_batch32)->UseRealTime();
BENCHMARK(train_cnn_batch256)->UseRealTime();

/// Images per second if all cores did nothing but multiply and add vectors in registers.
void limit_train_cnn(benchmark::State& state) {
  using Packet = Eigen::internal::packet_traits<float>::type;
  constexpr auto lanes = static_cast<std::int64_t>(Eigen::internal::packet_traits<float>::size);
  constexpr std::int64_t rounds = 1 << 16, sums = 12;
  const core::Threads threads(cores());
  for (auto _ : state)
    threads.for_each_index(cores(), [](std::int64_t) {
      Packet sum[sums], factor = Eigen::internal::pset1<Packet>(0.5F);
      for (auto& each : sum) each = Eigen::internal::pset1<Packet>(1.0F);
      for (std::int64_t i = 0; i < rounds; ++i)
        for (auto& each : sum) each = Eigen::internal::pmadd(each, factor, factor);
      for (auto& each : sum) benchmark::DoNotOptimize(each);
    });
  state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) *
                                                    static_cast<double>(cores() * rounds * sums * lanes) /
                                                    macs_per_image));
}
BENCHMARK(limit_train_cnn)->UseRealTime();

/// PyTorch in a process of its own, as it is fastest: with one thread, or with all that wait in either way.
class PyTorch {
 public:
  /// @param python  an interpreter that has the module `torch`
  PyTorch(std::string python, std::int64_t batch) : python_(std::move(python)), batch_(batch) {
    const std::vector<Setting> settings{{1, "ACTIVE"}, {cores(), "ACTIVE"}, {cores(), "PASSIVE"}};
    double best = 0;
    for (const auto& setting : settings)
      if (const double rate = run(setting, 1); rate > best) {
        best = rate;
        setting_ = setting;
      }
  }

  /// Images per second; 0 if it failed.
  [[nodiscard]] double rate() const { return run(setting_, 2); }

 private:
  struct Setting {
    int threads = 1;
    std::string wait = "ACTIVE";
  };

  [[nodiscard]] double run(const Setting& setting, int seconds) const {
    const auto script = std::filesystem::path(__FILE__).replace_filename("cnn_pytorch.py").string();
    const auto finished = rtl::run_program(
        {"env", "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", "OMP_WAIT_POLICY=" + setting.wait,
         python_, script, std::to_string(batch_), std::to_string(setting.threads), std::to_string(seconds)});
    return finished.exit_code == 0 ? std::strtod(finished.output.c_str(), nullptr) : 0;
  }

  std::string python_;
  std::int64_t batch_;
  Setting setting_;
};

/// An interpreter that has PyTorch; empty if there is none.
std::string python_with_torch() {
  for (const auto& python : {rtl::find_program("python3"), std::string("/usr/bin/python3")})
    if (!python.empty() && rtl::run_program({python, "-c", "import torch"}).exit_code == 0) return python;
  return {};
}

const bool registered = [] {
  const auto python = python_with_torch();
  if (python.empty()) {
    std::fprintf(stderr, "bench: train_cnn has no peer, because no python3 has the module torch\n");
    return false;
  }
  for (const std::int64_t batch : {32, 256})
    benchmark::RegisterBenchmark(
        ("pytorch_cnn_batch" + std::to_string(batch)).c_str(),
        [=](benchmark::State& state) {
          static std::vector<std::pair<std::int64_t, PyTorch>> peers;
          const auto found = std::ranges::find(peers, batch, [](const auto& peer) { return peer.first; });
          const auto& peer =
              found != peers.end() ? found->second : peers.emplace_back(batch, PyTorch(python, batch)).second;
          for (auto _ : state) {
            const double rate = peer.rate();
            if (!(rate > 0)) return state.SkipWithError("PyTorch failed");
            state.SetIterationTime(static_cast<double>(batch) / rate);
          }
          state.SetItemsProcessed(state.iterations() * batch);
        })
        ->UseManualTime()
        ->Iterations(1);
  return true;
}();

const bench::AddRow batch32_row({.name = "train_cnn_batch32",
                                 .unit = "images/s",
                                 .benchmark = "train_cnn_batch32",
                                 .peer = "pytorch",
                                 .peer_benchmark = "pytorch_cnn_batch32",
                                 .limit_benchmark = "limit_train_cnn"});
const bench::AddRow batch256_row({.name = "train_cnn_batch256",
                                  .unit = "images/s",
                                  .benchmark = "train_cnn_batch256",
                                  .peer = "pytorch",
                                  .peer_benchmark = "pytorch_cnn_batch256",
                                  .limit_benchmark = "limit_train_cnn"});

}  // namespace
