// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include <boost/graph/topological_sort.hpp>

#include <bitloom/core/random.hpp>

using namespace bitloom::net;
using bitloom::RangeError;
using bitloom::ShapeError;
using Vertex = Network::Vertex;

namespace {

std::string reason(const Network& network) {
  try {
    static_cast<void>(infer_shapes(network));
    return "no error";
  } catch (const ShapeError& error) {
    return error.what();
  }
}

/// image -> conv -> norm -> relu, with a shortcut around them, then a classifier.
Network residual() {
  Network network;
  const auto image = network.input("image", {8, 6, 5});
  auto x = network.add("conv", Conv2d{.out_channels = 8, .kernel = 3, .padding = 1, .bias = false}, image);
  x = network.add("norm", BatchNorm{}, x);
  x = network.add("sum", Add{}, x, image);
  x = network.add("pool", GlobalAveragePool{}, x);
  network.add("classifier", Dense{.out_features = 10}, x);
  return network;
}

}  // namespace

TEST_CASE("shapes, operations and parameters follow the edges") {
  const auto network = residual();
  REQUIRE(network.size() == 6);
  const std::vector<TensorShape> expected{{8, 6, 5}, {8, 6, 5}, {8, 6, 5}, {8, 6, 5}, {8, 1, 1}, {10, 1, 1}};
  CHECK(infer_shapes(network) == expected);
  const auto layers = statistics(network);
  CHECK(layers[1].macs == 8 * 8 * 9 * 30);
  CHECK(layers[1].parameters == 8 * 8 * 9);
  CHECK(layers[2].parameters == 16);
  CHECK(macs(network) == 8 * 8 * 9 * 30 + 80);
  CHECK(parameters(network) == 8 * 8 * 9 + 16 + 90);
  CHECK(network.outputs() == std::vector<Vertex>{5});
}

TEST_CASE("vertices are found by name and keep name and layer") {
  const auto network = residual();
  CHECK(network.vertex("sum") == 3);
  CHECK(network.node(3).name == "sum");
  CHECK(network.node(3).layer == Layer(Add{}));
  CHECK(boost::num_edges(network.graph()) == 6);
  CHECK_THROWS_WITH_AS(static_cast<void>(network.vertex("nobody")), "network: it has no layer 'nobody'",
                       RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(network.node(6)),
                       "vertex: vertex 6 is not among the 6 of the network", RangeError);
  CHECK_THROWS_AS(static_cast<void>(network.inputs(99)), RangeError);
}

TEST_CASE("inputs keep the order of the arguments, doubles included") {
  Network network;
  std::array<Vertex, 3> images{};
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = network.input("image" + std::to_string(i), {static_cast<std::int64_t>(i) + 1, 2, 2});
  const std::array order{images[2], images[0], images[2], images[1]};
  const auto joined = network.add("joined", Concatenate{}, order);
  CHECK(network.inputs(joined) == std::vector<Vertex>(order.begin(), order.end()));
  const auto packed = network.add("packed", Concatenate{}, images[1], images[0]);
  network.connect(images[2], packed);
  CHECK(network.inputs(packed) == std::vector<Vertex>{images[1], images[0], images[2]});
  network.output(joined);
  network.output(packed);
  CHECK(infer_shapes(network)[joined] == TensorShape{3 + 1 + 3 + 2, 2, 2});
}

TEST_CASE("a network that is refused stays as it was") {
  auto network = residual();
  CHECK_THROWS_WITH_AS(network.add("conv", Relu{}, Vertex{0}),
                       "network: the name 'conv' is taken by vertex 1", RangeError);
  CHECK_THROWS_WITH_AS(network.add("", Relu{}, Vertex{0}), "network: a layer's name is empty", RangeError);
  CHECK_THROWS_WITH_AS(network.add("late", Add{}, Vertex{0}, Vertex{6}),
                       "layer 'late', input: vertex 6 is not among the 6 of the network", RangeError);
  CHECK_THROWS_AS(network.connect(0, 6), RangeError);
  CHECK_THROWS_AS(network.connect(6, 0), RangeError);
  CHECK_THROWS_AS(network.output(6), RangeError);
  CHECK(network.size() == 6);
  CHECK(boost::num_edges(network.graph()) == 6);
  CHECK(reason(network) == "no error");
  network.output(network.add("late", Relu{}, Vertex{5}));
  CHECK(reason(network) == "no error");
}

TEST_CASE("an impossible network names the layer, its kind and the reason") {
  SUBCASE("kernel") {
    Network network;
    const auto image = network.input("image", {3, 4, 4});
    network.add("wide", Conv2d{.out_channels = 8, .kernel = 7, .padding = 1}, image);
    CHECK(reason(network) ==
          "layer 'wide' (conv2d): kernel height 7 is larger than the padded input height 6 (4 + 2 * 1)");
  }
  SUBCASE("sum") {
    Network network;
    const auto image = network.input("image", {3, 4, 4});
    const auto smaller = network.add("half", MaxPool2d{.kernel = 2, .stride = 2}, image);
    network.add("sum", Add{}, image, smaller);
    CHECK(reason(network) == "layer 'sum' (add): input 0 is 3x4x4, but input 1 is 3x2x2");
  }
  SUBCASE("input") {
    Network network;
    network.input("image", {3, -4, 4});
    CHECK(reason(network) == "layer 'image' (input): tensor shape: -4 has to be at least 1");
  }
  SUBCASE("missing input") {
    Network network;
    network.add("relu", Relu{});
    CHECK(reason(network) == "layer 'relu' (relu): it takes 1 input, but has 0");
  }
  SUBCASE("too many inputs") {
    auto network = residual();
    network.connect(0, network.vertex("pool"));
    CHECK(reason(network) == "layer 'pool' (global_average_pool): it takes 1 input, but has 2");
  }
  SUBCASE("overflow of one layer") {
    Network network;
    const auto x = network.input("vector", {.channels = std::int64_t{1} << 40});
    network.add("fc", Dense{.out_features = std::int64_t{1} << 40}, x);
    CHECK(reason(network) == "layer 'fc' (dense): macs: 1099511627776 * 1099511627776 does not fit 63 bits");
  }
  SUBCASE("empty") { CHECK(reason(Network{}) == "network: it has no layers"); }
}

TEST_CASE("totals beyond 63 bits are refused") {
  Network network;
  auto x = network.input("vector", {.channels = std::int64_t{1} << 31});
  for (const char* name : {"fc1", "fc2"})
    x = network.add(name, Dense{.out_features = std::int64_t{1} << 31, .bias = false}, x);
  CHECK(statistics(network)[2].macs == std::int64_t{1} << 62);
  CHECK_THROWS_AS(static_cast<void>(macs(network)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(parameters(network)), ShapeError);
}

TEST_CASE("a cycle is named in the direction of its edges") {
  Network network;
  const auto image = network.input("image", {3, 4, 4});
  const auto a = network.add("a", Add{}, image);
  const auto b = network.add("b", Relu{}, a);
  const auto c = network.add("c", Relu{}, b);
  network.add("end", Relu{}, c);
  network.connect(c, a);
  const auto text = reason(network);
  CHECK(text == "network: 'a' -> 'b' -> 'c' -> 'a' is a cycle");
  Network loop;
  const auto self = loop.add("self", Relu{});
  loop.connect(self, self);
  CHECK(reason(loop) == "network: 'self' -> 'self' is a cycle");
}

TEST_CASE("a layer that nobody reads has to be an output") {
  Network network;
  const auto image = network.input("image", {3, 4, 4});
  const auto side = network.add("side", Relu{}, image);
  const auto main = network.add("main", BatchNorm{}, image);
  CHECK(reason(network) == "layer 'side': nobody reads it and it is not an output");
  network.output(side);
  CHECK(reason(network) == "layer 'main': nobody reads it and it is not an output");
  network.output(main);
  network.output(main);
  CHECK(reason(network) == "no error");
  CHECK(network.outputs() == std::vector<Vertex>{side, main});
  CHECK(Network{}.outputs().empty());
}

TEST_CASE("a graph that was not built in order gives the same shapes") {
  Network network;
  const auto pool = network.add("pool", MaxPool2d{.kernel = 2, .stride = 2});
  const auto relu = network.add("relu", Relu{});
  const auto image = network.input("image", {3, 4, 4});
  network.connect(relu, pool);
  network.connect(image, relu);
  CHECK(topological_order(network) == std::vector<Vertex>{image, relu, pool});
  CHECK(infer_shapes(network) == std::vector<TensorShape>{{3, 2, 2}, {3, 4, 4}, {3, 4, 4}});
}

TEST_CASE("the topological order is the first possible one, and exists whenever Boost finds one") {
  bitloom::core::Random random(7);
  int cyclic = 0;
  for (int round = 0; round < 300; ++round) {
    Network network;
    const auto size = static_cast<Vertex>(random.integer(1, 7));
    for (Vertex vertex = 0; vertex < size; ++vertex) network.add("v" + std::to_string(vertex), Relu{});
    for (auto edges = random.integer(0, 8); edges > 0; --edges)
      network.connect(static_cast<Vertex>(random.integer(0, static_cast<std::int64_t>(size) - 1)),
                      static_cast<Vertex>(random.integer(0, static_cast<std::int64_t>(size) - 1)));
    try {
      std::vector<Vertex> any;
      boost::topological_sort(network.graph(), std::back_inserter(any));
    } catch (const boost::not_a_dag&) {
      ++cyclic;
      CHECK_THROWS_AS(static_cast<void>(topological_order(network)), ShapeError);
      continue;
    }
    std::vector<Vertex> first(
        size);  // permutations come in lexicographic order: the first that fits is the one
    for (Vertex vertex = 0; vertex < size; ++vertex) first[vertex] = vertex;
    const auto fits = [&] {
      const auto [begin, end] = boost::edges(network.graph());
      return std::all_of(begin, end, [&](const auto& edge) {
        const auto position = [&](Vertex vertex) { return std::find(first.begin(), first.end(), vertex); };
        return position(boost::source(edge, network.graph())) <
               position(boost::target(edge, network.graph()));
      });
    };
    while (!fits()) REQUIRE(std::next_permutation(first.begin(), first.end()));
    REQUIRE(topological_order(network) == first);
  }
  CHECK(cyclic > 20);
  CHECK(cyclic < 280);
}
