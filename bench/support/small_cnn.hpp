// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>

#include <bitloom/core/random.hpp>
#include <bitloom/train/dataset.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::bench {

inline int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

/// A convolutional network on images of 28x28; the one of cnn_pytorch.py.
inline train::Sequential<float> small_cnn() {
  train::Sequential<float> model({1, 28, 28});
  model.conv2d(16, {3, 1, 1}).batch_norm().relu().max_pool({2, 2, 0});
  model.conv2d(32, {3, 1, 1}).batch_norm().relu().max_pool({2, 2, 0});
  model.dense(128).relu().dense(10);
  model.initialize(1);
  return model;
}

/// Noise with labels, to be learned by heart.
inline train::Dataset noise_images(std::int64_t count) {
  train::Dataset data{
      .images = train::Matrix<float>(784, count), .labels = {}, .shape = {1, 28, 28}, .class_count = 10};
  core::Random random(2);
  for (Eigen::Index i = 0; i < data.images.size(); ++i)
    data.images.data()[i] = static_cast<float>(random.normal());
  for (std::int64_t i = 0; i < count; ++i) data.labels.push_back(static_cast<int>(random.integer(0, 9)));
  return data;
}

}  // namespace bitloom::bench
