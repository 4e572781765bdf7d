// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/not_finite.hpp>

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/sequential.hpp>
#include <bitloom/train/trainer.hpp>

namespace train = bitloom::train;

namespace {

constexpr auto infinity = std::numeric_limits<float>::infinity();

train::Dataset four_items() {
  return {.images = train::Matrix<float>{{0, 1, 2, 3}, {3, 2, 1, 0}},
          .labels = {0, 1, 0, 1},
          .shape = {2},
          .class_count = 2};
}

train::Sequential<float> model_of_six_layers() {
  train::Sequential<float> model({2});
  model.dense(4).relu().dense(4).batch_norm().relu().dense(2).initialize(1);
  return model;
}

/// A model that does not tell its layers.
struct Opaque {
  using scalar_type = float;
  train::Parameter<float> weight{"weight", train::Matrix<float>::Ones(2, 2), {}};
  train::Parameter<float> bias{"bias", train::Matrix<float>::Ones(2, 1), {}};

  std::vector<train::Parameter<float>*> parameters() { return {&weight, &bias}; }
  train::Value<float> forward(train::Tape<float>& tape, train::Value<float> input) {
    return train::dense(input, tape.parameter(weight), tape.parameter(bias));
  }
  train::Matrix<float> predict(const train::Matrix<float>& items) const { return items; }
};

template <class M>
std::string message(M& model, const train::Dataset& data) {
  train::Sgd<float> sgd;
  train::Trainer trainer(model, data, {.batch_size = 4}, sgd);
  try {
    trainer.next();
  } catch (const bitloom::Error& error) {
    CHECK(trainer.course().step == 0);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a loss that is not finite is traced to the first layer whose output is not") {
  const auto data = four_items();
  const std::vector<std::string> kinds{"0 (dense)", "2 (dense)", "3 (batch_norm)", "5 (dense)"};
  for (std::size_t i = 0; i < 4; ++i)
    for (const std::size_t parameter : {2 * i, 2 * i + 1}) {  // weight or scale, bias or shift
      auto model = model_of_six_layers();
      model.parameters()[parameter]->value(1, 0) = infinity;
      const auto text = message(model, data);
      CAPTURE(text);
      CHECK(
          text.starts_with("fit: the loss is nan at epoch 0, step 0, but has to be finite; first in layer " +
                           kinds[i] + "; "));
    }
  auto model = model_of_six_layers();
  CHECK(message(model, data).empty());
}

TEST_CASE("a loss that is not finite because of the data says so") {
  auto data = four_items();
  data.images(1, 2) = infinity;
  auto model = model_of_six_layers();
  CHECK(message(model, data).find("; first in the images; ") != std::string::npos);
}

TEST_CASE("of a model that does not tell its layers, the first parameter that is not finite is named") {
  Opaque model;
  model.bias.value(1, 0) = infinity;
  CHECK(message(model, four_items()).find("; first in parameter bias; ") != std::string::npos);
  model.bias.value.setOnes();
  model.weight.value.setConstant(std::numeric_limits<float>::max());
  CHECK(message(model, four_items()).find("; all parameters are finite; ") != std::string::npos);
}
