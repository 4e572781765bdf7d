// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/layer_list.hpp>

#include <doctest/doctest.h>

#include <cstdint>

#include <bitloom/core/error.hpp>

using namespace bitloom::net;
using bitloom::ShapeError;

TEST_CASE("operations of a convolution are those of its six loops") {
  for (int r = 1; r <= 3; ++r)
    for (int s = 1; s <= 3; ++s)
      for (int c = 1; c <= 3; ++c)
        for (int p = 1; p <= 3; ++p)
          for (int q = 1; q <= 3; ++q)
            for (int k = 1; k <= 3; ++k) {
              std::int64_t count = 0;
              for (int i = 0; i < r; ++i)
                for (int j = 0; j < s; ++j)
                  for (int l = 0; l < c; ++l)
                    for (int m = 0; m < p; ++m)
                      for (int n = 0; n < q; ++n) count += k;
              const ConvShape shape{.r = r, .s = s, .c = c, .p = p, .q = q, .k = k};
              REQUIRE(shape.macs() == count);
              REQUIRE(shape.weights() * p * q == count);
            }
}

TEST_CASE("a list adds its layers up") {
  const LayerList list{{ConvShape{3, 3, 16, 8, 8, 32}, FcShape{10, 7}}};
  static_assert(FcShape{10, 7}.macs() == 70 && FcShape{10, 7}.weights() == 70);
  CHECK(macs(list.layers[0]) == 294'912);
  CHECK(list.macs() == 294'912 + 70);
  CHECK(LayerList{}.macs() == 0);
}

TEST_CASE("feature maps count the elements of both sides") {
  constexpr FeatureMap map{.pin = 55, .qin = 54, .cin = 3, .pout = 27, .qout = 26, .cout = 96};
  static_assert(map.input_elements() == 55 * 54 * 3);
  static_assert(map.output_elements() == 27 * 26 * 96);
}

TEST_CASE("an extent below one or a count beyond 63 bits is refused") {
  constexpr std::int64_t huge = std::int64_t{1} << 31;
  for (const ConvShape shape : {ConvShape{}, ConvShape{3, 3, 0, 8, 8, 8}, ConvShape{3, -3, 8, 8, 8, -8},
                                ConvShape{1, 1, huge, huge, 2, 1}})
    CHECK_THROWS_AS(static_cast<void>(shape.macs()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(ConvShape{0, 1, 1, 1, 1, 1}.weights()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(FcShape{0, 1}.macs()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(FeatureMap{}.input_elements()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(FeatureMap{.pin = 1, .qin = 1, .cin = 1, .pout = -1}.output_elements()),
                  ShapeError);
  CHECK(FcShape{huge, huge}.macs() == std::int64_t{1} << 62);
  CHECK_THROWS_AS(static_cast<void>(LayerList{{FcShape{huge, huge}, FcShape{huge, huge}}}.macs()),
                  ShapeError);
}

TEST_CASE("a workload says nothing about the residual buffer by itself") {
  const Workload workload;
  CHECK_FALSE(workload.residual.has_value());
  CHECK(workload.rvec == 3);
  CHECK(workload.feature_maps.empty());
  Workload other = workload;
  other.residual = false;
  CHECK(other != workload);
}
