// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/checkpoint.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>
#include <bitloom/train/activation_layers.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/residual.hpp>
#include <bitloom/train/sequential.hpp>

namespace train = bitloom::train;

namespace {

using Inner = train::Sequential<float, train::Dropout>;
using Model = train::Sequential<float, train::Dropout, train::Residual<float, Inner>>;

/// With running statistics and random draws, also within a layer.
Model make_model() {
  Inner body({1, 4, 4});
  body.conv2d(1, {3, 1, 1}).batch_norm().add(train::Dropout(0.2));
  Model model({1, 4, 4});
  model.conv2d(1, {3, 1, 1}).batch_norm().relu().add(train::Residual(std::move(body)));
  model.add(train::Dropout(0.4)).dense(3).initialize(1);
  return model;
}

train::Dataset make_data(std::int64_t count = 22) {
  train::Dataset data{
      .images = train::Matrix<float>(16, count), .labels = {}, .shape = {1, 4, 4}, .class_count = 3};
  bitloom::core::Random random(5);
  for (Eigen::Index i = 0; i < data.images.size(); ++i)
    data.images.data()[i] = static_cast<float>(random.normal());
  for (std::int64_t i = 0; i < count; ++i) data.labels.push_back(static_cast<int>(random.integer(0, 2)));
  return data;
}

/// With random draws of its own.
train::FitOptions make_options() {
  return {.epochs = 3,
          .batch_size = 5,
          .learning_rate = 0.03,
          .schedule = train::Cosine{},
          .augment = [](train::Matrix<float>& images, const auto&, bitloom::core::Random& random) {
            images.array() += static_cast<float>(random.normal());
          }};
}

template <class O>
std::string error_of_restore(const train::TensorFile& file, const train::FitOptions& options,
                             const train::Dataset& data) {
  auto model = make_model();
  O optimizer;
  train::Trainer trainer(model, data, options, optimizer);
  const auto before = train::checkpoint(trainer);
  try {
    train::restore(trainer, file);
  } catch (const bitloom::ParseError& error) {
    CHECK(train::checkpoint(trainer) == before);
    return error.what();
  }
  return "none";
}

}  // namespace

static_assert(train::SavableModel<Model> && !train::SavableModel<train::Sequential<long double>>);

TEST_CASE("weights are parameters and buffers by name, and go to another model bit by bit") {
  const auto data = make_data();
  auto model = make_model();
  train::Sgd<float> sgd;
  train::fit(model, data, make_options(), sgd);
  const auto file = train::weights(model);
  std::vector<std::string> names;
  for (const auto& tensor : file.tensors) names.push_back(tensor.name + ' ' + train::describe(tensor));
  CHECK(names == std::vector<std::string>{"0.weight F32 1x9", "0.bias F32 1", "1.scale F32 1",
                                          "1.shift F32 1", "3.body.0.weight F32 1x9", "3.body.0.bias F32 1",
                                          "3.body.1.scale F32 1", "3.body.1.shift F32 1", "5.weight F32 3x16",
                                          "5.bias F32 3", "1.running_mean F32 1", "1.running_variance F32 1",
                                          "3.body.1.running_mean F32 1", "3.body.1.running_variance F32 1"});
  auto other = make_model();
  train::set_weights(other, file);
  CHECK(other.predict(data.images) == model.predict(data.images));
  CHECK(train::weights(other) == file);
}

TEST_CASE("weights that are not a model's change nothing and are refused with the names") {
  auto model = make_model();
  const auto before = train::weights(model);
  const auto error = [&](train::TensorFile file) {
    file.tensors[0].values = std::vector<float>(9, 7.0F);  // would be seen if it were set
    try {
      train::set_weights(model, file);
    } catch (const bitloom::ParseError& e) {
      CHECK(train::weights(model) == before);
      return std::string(e.what());
    }
    return std::string("none");
  };
  auto file = before;
  file.tensors.pop_back();
  CHECK(error(file) == "the tensor 3.body.1.running_variance is missing");
  file = before;
  file.tensors.push_back(train::to_tensor("more", std::vector<float>{1}));
  CHECK(error(file) == "the tensor more is none of the model's");
  file = before;
  file.tensors[8].shape = {16, 3};
  CHECK(error(file) == "the tensor 5.weight is F32 16x3, but has to be 3x16");
  file.tensors[8] = {"5.weight", {3, 16}, std::vector<double>(48)};
  CHECK(error(file) == "the tensor 5.weight is F64 3x16, but its numbers have to be F32");
}

TEST_CASE_TEMPLATE("a training that goes on from a checkpoint gives the same bits, from wherever", O,
                   train::Sgd<float>, train::AdamW<float>, train::RmsProp<float, train::EpsilonInside>) {
  const auto data = make_data();
  auto model = make_model();
  O optimizer;
  train::Trainer trainer(model, data, make_options(), optimizer);
  std::vector<train::TensorFile> checkpoints{train::checkpoint(trainer)};
  while (!trainer.done()) {
    trainer.next();
    checkpoints.push_back(train::checkpoint(trainer));
  }
  REQUIRE(checkpoints.size() == 16);
  for (const std::size_t from : {0U, 1U, 4U, 5U, 7U, 14U, 15U}) {
    auto fresh = make_model();
    fresh.initialize(99);
    O other;
    train::Trainer resumed(fresh, data, make_options(), other);
    CHECK(train::restore(resumed, checkpoints[from]) == train::TensorFile{});
    CHECK(resumed.course().step == static_cast<std::int64_t>(from));
    CHECK(resumed.run() == trainer.course().epoch_losses);
    CHECK(train::checkpoint(resumed) == checkpoints.back());
  }
}

TEST_CASE("a caller's own tensors and texts ride along") {
  const auto data = make_data();
  auto model = make_model();
  train::Sgd<float> sgd;
  train::Trainer trainer(model, data, make_options(), sgd);
  trainer.next();
  const train::TensorFile extra{.tensors = {train::to_tensor("logits/0", std::vector<double>{0.1, -0.2}),
                                            train::to_tensor("step", std::vector<std::int64_t>{5})},
                                .metadata = {{"formats", "int4 int8"}, {"seed", "2"}}};
  const auto file = train::checkpoint(trainer, extra);
  CHECK(train::restore(trainer, file) == extra);
}

TEST_CASE("a checkpoint of another model, optimizer or training changes nothing and is refused") {
  const auto data = make_data();
  auto model = make_model();
  train::Adam<float> adam;
  train::Trainer trainer(model, data, make_options(), adam);
  for (int i = 0; i < 6; ++i) trainer.next();
  const auto file = train::checkpoint(trainer);
  const auto options = make_options();
  const auto error = [&](const train::TensorFile& damaged) {
    return error_of_restore<train::Adam<float>>(damaged, options, data);
  };
  CHECK(error(file) == "none");
  CHECK(error_of_restore<train::Sgd<float>>(file, options, data) ==
        "the tensor optimizer/velocity/0.weight is missing");
  CHECK(error_of_restore<train::Adam<float>>(file, options, make_data(23)) ==
        "the checkpoint has 22 as course/dataset_count, but the trainer has 23");
  auto other = options;
  other.batch_size = 4;
  CHECK(error_of_restore<train::Adam<float>>(file, other, data) ==
        "the checkpoint has 5 as course/batch_size, but the trainer has 4");
  CHECK(error({}) == "the checkpoint has nothing as course/batch_size, but the trainer has 5");

  const auto change = [&](const std::string& name, const train::TensorValues& values) {
    auto damaged = file;
    for (auto& tensor : damaged.tensors)
      if (tensor.name == name) tensor.values = values;
    return error(damaged);
  };
  const auto integer = [](std::int64_t value) { return std::vector<std::int64_t>{value}; };
  CHECK(change("course/step", integer(16)) ==
        "the checkpoint does not fit: resume: step: 16 is outside 0..15");
  CHECK(change("course/step", integer(-1)).starts_with("the checkpoint does not fit: resume: step"));
  CHECK(change("course/step", std::vector<std::int64_t>{1, 2}) ==
        "the tensor course/step has 2 numbers, but has to have 1");
  CHECK(change("course/items", integer(1)).starts_with("the checkpoint does not fit: resume: items"));
  CHECK(change("course/epoch_losses", std::vector<double>{}) != "none");
  CHECK(change("optimizer/steps", integer(0)) != "none");
  CHECK(change("optimizer/steps", integer(-1)).starts_with("the checkpoint does not fit: optimizer state"));
  CHECK(change("counters", std::vector<std::uint64_t>{1}) ==
        "the checkpoint has 1 counters, but the model has 4");
  auto more = file;
  more.tensors.push_back(train::to_tensor("more", std::vector<float>{1}));
  CHECK(error(more) == "the checkpoint has 41 tensors of its own, but the training has 40");
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {  // none is superfluous
    auto damaged = file;
    damaged.tensors.erase(damaged.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(error(damaged) == "the tensor " + file.tensors[i].name + " is missing");
  }
}
