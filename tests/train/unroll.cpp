// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/unroll.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/op/im2col.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;

TEST_CASE("unroll and fold_add are im2col and its transpose, for every small square window") {
  int count = 0;
  for (const op::TensorShape input :
       {op::TensorShape{2, 4, 5}, op::TensorShape{1, 1, 3}, op::TensorShape{1, 6, 2}})
    for (std::int64_t kernel = 1; kernel <= 6; ++kernel)
      for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t padding = 0; padding <= 4; ++padding) {
          const op::ConvGeometry geometry{
              .input = input, .out_channels = 1, .window = {kernel, stride, padding}};
          if (kernel > std::min(input.height, input.width) + 2 * padding) continue;
          ++count;
          const auto shape = train::conv2d_shape(geometry);
          const auto out = geometry.output();
          const auto positions = out.height * out.width;
          const auto image = random_matrix<float>(input.size(), 1, 1);
          auto columns = random_matrix<float>(geometry.patch() * positions, 1, 2);
          const auto size = static_cast<std::size_t>(columns.size());
          std::vector<float> expected(size), found(size, 99.0F);
          op::im2col<float>(geometry, {image.data(), static_cast<std::size_t>(image.size())}, expected,
                            positions);
          train::detail::unroll(shape, image.data(), found.data());
          CHECK(found == expected);

          std::vector<float> folded(static_cast<std::size_t>(input.size()), 0.5F), wanted = folded;
          op::col2im_add<float>(geometry, {columns.data(), size}, positions, wanted);
          train::detail::fold_add(shape, columns.data(), folded.data());
          CHECK(folded == wanted);
        }
  CHECK(count > 250);
}
