// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/graph/adjacency_list.hpp>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/net/layer.hpp>

namespace bitloom::net {

/// What a vertex of a network's graph carries.
struct Node {
  std::string name;
  Layer layer;
};

/// What an edge, from a layer to one that reads it, carries.
struct Edge {
  std::size_t argument{};  ///< position among the inputs of the layer that reads
};

/// A directed acyclic graph of named layers, built from the inputs on.
///
/// Vertices are numbered 0, 1, … as they are added, which is what the vectors of `infer_shapes` and
/// `statistics` are indexed with. `graph()` is open to all algorithms of Boost.Graph.
class Network {
 public:
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node, Edge>;
  using Vertex = Graph::vertex_descriptor;

  /// Adds an input of the given shape.
  /// @throws RangeError  the name is empty or taken
  Vertex input(std::string name, TensorShape shape) { return add(std::move(name), Input{shape}); }

  /// Adds a layer that reads `inputs` in this order: `x = network.add("sum", Add{}, x, shortcut)`.
  /// @throws RangeError  the name is empty or taken, or an input is not in the network
  template <std::convertible_to<Vertex>... Inputs>
  Vertex add(std::string name, Layer layer, Inputs... inputs) {
    return add_reading(std::move(name), std::move(layer),
                       std::initializer_list<Vertex>{static_cast<Vertex>(inputs)...});
  }

  /// Adds a layer that reads `inputs` in this order.
  /// @throws RangeError  the name is empty or taken, or an input is not in the network
  Vertex add(std::string name, Layer layer, std::span<const Vertex> inputs) {
    return add_reading(std::move(name), std::move(layer), inputs);
  }

  /// Makes `to` read `from` as its next input, for graphs that are not built in order.
  /// @throws RangeError  one of the two is not in the network
  void connect(Vertex from, Vertex to) {
    check("from", from);
    check("to", to);
    boost::add_edge(from, to, Edge{boost::in_degree(to, graph_)}, graph_);
  }

  /// Says that `vertex` is a result; needed when there are several, or one that is read as well.
  /// @throws RangeError  the vertex is not in the network
  void output(Vertex vertex) {
    check("output", vertex);
    if (std::find(outputs_.begin(), outputs_.end(), vertex) == outputs_.end()) outputs_.push_back(vertex);
  }

  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }

  /// Number of vertices, inputs included.
  [[nodiscard]] std::size_t size() const noexcept { return boost::num_vertices(graph_); }

  /// Name and layer of a vertex.
  /// @throws RangeError  the vertex is not in the network
  [[nodiscard]] const Node& node(Vertex vertex) const {
    check("vertex", vertex);
    return graph_[vertex];
  }

  /// The vertex of that name.
  /// @throws RangeError  there is none
  [[nodiscard]] Vertex vertex(std::string_view name) const {
    const auto found = names_.find(std::string(name));
    if (found == names_.end()) throw RangeError("network: it has no layer '" + std::string(name) + "'");
    return found->second;
  }

  /// The vertices that `vertex` reads, in the order of its arguments.
  /// @throws RangeError  the vertex is not in the network
  [[nodiscard]] std::vector<Vertex> inputs(Vertex vertex) const {
    check("vertex", vertex);
    std::vector<Vertex> result(boost::in_degree(vertex, graph_));
    const auto [first, last] = boost::in_edges(vertex, graph_);
    for (auto edge = first; edge != last; ++edge)
      result[graph_[*edge].argument] = boost::source(*edge, graph_);
    return result;
  }

  /// The results: what `output` named, or else the last vertex that nobody reads. Empty in an empty network.
  [[nodiscard]] std::vector<Vertex> outputs() const {
    if (!outputs_.empty()) return outputs_;
    for (auto vertex = size(); vertex-- > 0;)
      if (boost::out_degree(vertex, graph_) == 0) return {vertex};
    return {};
  }

 private:
  template <class Vertices>
  Vertex add_reading(std::string name, Layer layer, const Vertices& inputs) {
    if (name.empty()) throw RangeError("network: a layer's name is empty");
    if (const auto found = names_.find(name); found != names_.end())
      throw RangeError("network: the name '" + name + "' is taken by vertex " +
                       std::to_string(found->second));
    for (const auto vertex : inputs) check(("layer '" + name + "', input").c_str(), vertex);
    names_.emplace(name, size());
    const auto added = boost::add_vertex(Node{std::move(name), std::move(layer)}, graph_);
    for (const auto vertex : inputs) connect(vertex, added);
    return added;
  }

  void check(const char* what, Vertex vertex) const {
    if (vertex >= size())
      throw RangeError(std::string(what) + ": vertex " + std::to_string(vertex) + " is not among the " +
                       std::to_string(size()) + " of the network");
  }

  Graph graph_;
  std::unordered_map<std::string, Vertex> names_;
  std::vector<Vertex> outputs_;
};

namespace detail {

/// Names a cycle among the vertices that still wait for an input.
[[noreturn]] inline void throw_cycle(const Network& network, std::span<const std::size_t> waiting) {
  const auto waits = [&](Network::Vertex vertex) { return waiting[vertex] > 0; };
  Network::Vertex vertex = 0;
  while (!waits(vertex)) ++vertex;
  std::vector<Network::Vertex> path;  // against the edges: a waiting vertex has a waiting input, so it closes
  while (std::find(path.begin(), path.end(), vertex) == path.end()) {
    path.push_back(vertex);
    const auto inputs = network.inputs(vertex);
    vertex = *std::find_if(inputs.begin(), inputs.end(), waits);
  }
  std::string text = "'" + network.node(vertex).name + "'";
  for (auto step = path.rbegin(); *step != vertex; ++step) text += " -> '" + network.node(*step).name + "'";
  throw ShapeError("network: " + text + " -> '" + network.node(vertex).name + "' is a cycle");
}

}  // namespace detail

/// All vertices, each after those that it reads; among the possible ones always the lowest number next, so a
/// network that was built in order keeps its order.
/// @throws ShapeError  the network has a cycle
[[nodiscard]] inline std::vector<Network::Vertex> topological_order(const Network& network) {
  using Vertex = Network::Vertex;
  const auto& graph = network.graph();
  std::vector<std::size_t> waiting(network.size());
  std::priority_queue<Vertex, std::vector<Vertex>, std::greater<>> ready;
  for (Vertex vertex = 0; vertex < network.size(); ++vertex) {
    waiting[vertex] = boost::in_degree(vertex, graph);
    if (waiting[vertex] == 0) ready.push(vertex);
  }
  std::vector<Vertex> order;
  while (!ready.empty()) {
    const auto vertex = ready.top();
    ready.pop();
    order.push_back(vertex);
    const auto [first, last] = boost::out_edges(vertex, graph);
    for (auto edge = first; edge != last; ++edge)
      if (const auto reader = boost::target(*edge, graph); --waiting[reader] == 0) ready.push(reader);
  }
  if (order.size() != network.size()) detail::throw_cycle(network, waiting);
  return order;
}

namespace detail {

inline void check_results(const Network& network) {
  if (network.size() == 0) throw ShapeError("network: it has no layers");
  const auto outputs = network.outputs();
  for (Network::Vertex vertex = 0; vertex < network.size(); ++vertex)
    if (boost::out_degree(vertex, network.graph()) == 0 &&
        std::find(outputs.begin(), outputs.end(), vertex) == outputs.end())
      throw ShapeError("layer '" + network.node(vertex).name + "': nobody reads it and it is not an output");
}

}  // namespace detail

/// Size of one layer of a network.
struct LayerStatistics {
  TensorShape output;
  std::int64_t macs{};        ///< multiply-accumulate operations for one image
  std::int64_t parameters{};  ///< trained values, biases included
};

/// Output shape, operations and parameters of every vertex.
/// @throws ShapeError  a layer cannot take its inputs, nobody reads a layer that is not an output, a count
///                     needs more than 63 bits, or the network is empty or has a cycle; the message names the
///                     layer and its kind
[[nodiscard]] inline std::vector<LayerStatistics> statistics(const Network& network) {
  const auto order = topological_order(network);
  detail::check_results(network);
  std::vector<LayerStatistics> result(network.size());
  std::vector<TensorShape> inputs;
  for (const auto vertex : order) {
    inputs.clear();
    for (const auto source : network.inputs(vertex)) inputs.push_back(result[source].output);
    const auto& [name, layer] = network.node(vertex);
    try {
      result[vertex] = {output_shape(layer, inputs), macs(layer, inputs), parameters(layer, inputs)};
    } catch (const ShapeError& error) {
      throw ShapeError("layer '" + name + "' (" + std::string(kind(layer)) + "): " + error.what());
    }
  }
  return result;
}

/// Output shape of every vertex.
/// @throws ShapeError  as `statistics`
[[nodiscard]] inline std::vector<TensorShape> infer_shapes(const Network& network) {
  std::vector<TensorShape> shapes;
  for (const auto& layer : statistics(network)) shapes.push_back(layer.output);
  return shapes;
}

/// Multiply-accumulate operations of all layers for one image.
/// @throws ShapeError  as `statistics`
[[nodiscard]] inline std::int64_t macs(const Network& network) {
  std::int64_t total = 0;
  for (const auto& layer : statistics(network))
    total = core::checked_sum("macs of the network", total, layer.macs);
  return total;
}

/// Trained values of all layers, biases included.
/// @throws ShapeError  as `statistics`
[[nodiscard]] inline std::int64_t parameters(const Network& network) {
  std::int64_t total = 0;
  for (const auto& layer : statistics(network))
    total = core::checked_sum("parameters of the network", total, layer.parameters);
  return total;
}

}  // namespace bitloom::net
