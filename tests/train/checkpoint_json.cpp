// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/checkpoint_json.hpp>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>
#include <bitloom/train/activation_layers.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/sequential.hpp>

namespace train = bitloom::train;

namespace {

using Model = train::Sequential<float, train::Dropout>;

Model make_model() {
  Model model({1, 4, 4});
  model.conv2d(2, {3, 1, 1}).batch_norm().relu().add(train::Dropout(0.4)).dense(2).initialize(1);
  return model;
}

train::Dataset make_data() {
  train::Dataset data{
      .images = train::Matrix<float>(16, 50), .labels = {}, .shape = {1, 4, 4}, .class_count = 2};
  bitloom::core::Random random(5);
  for (Eigen::Index i = 0; i < data.images.size(); ++i)
    data.images.data()[i] = static_cast<float>(random.normal());
  for (int i = 0; i < 50; ++i) data.labels.push_back(static_cast<int>(random.integer(0, 1)));
  return data;
}

/// A folder of its own, removed at the end.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("bitloom_checkpoint_" + std::to_string(getpid()));

  Folder() { std::filesystem::create_directory(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  std::string file(const char* name) const { return (path / name).string(); }
};

const train::FitOptions options{
    .epochs = 8, .batch_size = 8, .learning_rate = 0.01, .schedule = train::Cosine{}};

/// In a process of its own: trains and saves every third step, until it is killed by SIGKILL, which is in the steps after
/// it has made `saves` files. False if it ended by itself.
template <class O>
bool train_until_killed(const std::string& path, const train::Dataset& data, int saves) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto model = make_model();
    O optimizer;
    train::Trainer trainer(model, data, options, optimizer);
    if (std::filesystem::exists(path)) train::load_checkpoint(path, trainer);
    for (int saved = 0; saved <= saves;) {  // one more, if nobody kills it before
      trainer.next();
      if (trainer.course().step % 3 != 0) continue;
      train::save_checkpoint(path, trainer);
      ++saved;
      if (write(ends[1], "", 1) != 1) _exit(1);
    }
    sleep(60);
    _exit(1);
  }
  close(ends[1]);
  char byte = 0;
  int heard = 0;
  while (heard < saves && read(ends[0], &byte, 1) == 1) ++heard;
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  return heard == saves && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace

TEST_CASE_TEMPLATE("a training that is killed again and again gives the bits of one that is not", O,
                   train::Sgd<float>, train::Adam<float>) {
  const Folder folder;
  const auto path = folder.file("training.safetensors");
  const auto data = make_data();
  auto expected_model = make_model();
  O expected_optimizer;
  train::Trainer expected(expected_model, data, options, expected_optimizer);
  expected.run();
  REQUIRE(expected.step_count() == 56);

  CHECK(train_until_killed<O>(path, data, 1));
  CHECK(train_until_killed<O>(path, data, 5));
  CHECK(train_until_killed<O>(path, data, 3));
  auto model = make_model();
  O optimizer;
  train::Trainer trainer(model, data, options, optimizer);
  train::load_checkpoint(path, trainer);
  CHECK(trainer.course().step >= 27);
  CHECK(trainer.course().step <= 36);
  CHECK(trainer.course().step % 3 == 0);
  CHECK(trainer.run() == expected.course().epoch_losses);
  CHECK(train::checkpoint(trainer) == train::checkpoint(expected));
}

TEST_CASE("weights go through a file, and one that does not fit leaves the model as it is") {
  const Folder folder;
  const auto path = folder.file("weights.safetensors");
  const auto data = make_data();
  auto model = make_model();
  train::Sgd<float> sgd;
  train::fit(model, data, options, sgd);
  train::save_weights(path, model);
  auto other = make_model();
  train::load_weights(path, other);
  CHECK(other.predict(data.images) == model.predict(data.images));

  train::Sequential<float> larger({1, 4, 4});
  larger.conv2d(3, {3, 1, 1});
  CHECK_THROWS_WITH_AS(train::load_weights(path, larger),
                       (path + ": the tensor 0.weight is F32 2x9, but has to be 3x9").c_str(),
                       bitloom::ParseError);
  CHECK_THROWS_AS(train::load_weights(folder.file("missing"), other), bitloom::ParseError);
  CHECK_THROWS_AS(train::save_weights(folder.file("no/folder"), model), bitloom::Error);
}

TEST_CASE(
    "extra tensors and texts go through a checkpoint's file; a cut file is refused and changes nothing") {
  const Folder folder;
  const auto path = folder.file("training.safetensors");
  const auto data = make_data();
  auto model = make_model();
  train::RmsProp<float> optimizer;
  train::Trainer trainer(model, data, options, optimizer);
  trainer.next();
  const train::TensorFile extra{.tensors = {train::to_tensor("logits", std::vector<double>{0.1, 1e-300})},
                                .metadata = {{"formats", "int4\nint8"}}};
  train::save_checkpoint(path, trainer, extra);
  const auto saved = train::checkpoint(trainer, extra);
  trainer.next();
  CHECK(train::load_checkpoint(path, trainer) == extra);
  CHECK(train::checkpoint(trainer, extra) == saved);

  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK_THROWS_WITH_AS(train::load_checkpoint(path, trainer), doctest::Contains(path.c_str()),
                       bitloom::ParseError);
  CHECK(train::checkpoint(trainer, extra) == saved);
}
