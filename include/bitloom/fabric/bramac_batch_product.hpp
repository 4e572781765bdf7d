// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <bitloom/fabric/bramac_batch.hpp>
#include <bitloom/fabric/bramac_product.hpp>

namespace bitloom::fabric {

/// Operands of one block's matrix product, and where its sums go.
struct BlockProduct {
  std::span<const std::int16_t> weights;      ///< [rows × columns]
  std::span<const std::int16_t> activations;  ///< [columns × vectors]
  std::span<std::int32_t> result;             ///< [rows × vectors]
};

namespace detail {

/// A block whose machine is a batch of B: BramacRun drives block 0, and the others follow with their own operands.
template <class B>
struct InStep : B {};

}  // namespace detail

/// What BramacRun asks of a machine, answered by a batch.
template <class B>
class BramacMachine<detail::InStep<B>> {
 public:
  using Variant = typename B::variant;
  using RowVector = typename BramacBatch<B>::RowVector;
  using Word = typename BramacBatch<B>::Word;
  using Words = std::vector<std::uint64_t>;

  explicit BramacMachine(BramacBatch<B>& batch)
      : data_a(static_cast<std::size_t>(batch.blocks())),
        readout_words(B::readout_cycles(), data_a),
        batch_(batch) {}

  std::int64_t mac2 = 0;  ///< the one that the run asked for last: the ports carry its operands, if any
  std::function<void(std::int64_t mac2, int array, Words& inputs)> put_inputs;  ///< bus bits of all blocks
  std::function<const Words&(std::int64_t mac2, int word)> weights;             ///< of all blocks
  Words data_a;
  std::vector<Words> readout_words;  ///< [word of a readout][block]

  [[nodiscard]] int state() const noexcept { return batch_.state(); }
  [[nodiscard]] int counter() const noexcept { return batch_.counter(); }
  [[nodiscard]] bool readout() const noexcept { return batch_.readout(); }
  [[nodiscard]] bool in_main_cycle() const noexcept { return batch_.in_main_cycle(); }
  [[nodiscard]] std::int64_t main_cycles() const noexcept { return batch_.main_cycles(); }
  [[nodiscard]] std::int64_t busy_cycles() const noexcept { return batch_.busy_cycles(); }
  [[nodiscard]] std::int64_t instruction_cycles() const noexcept { return batch_.instruction_cycles(); }

  /// Takes the word of all blocks; returns that of block 0.
  [[nodiscard]] Word readout_word(int array, int index) {
    auto& words = readout_words[static_cast<std::size_t>(array * (B::row_bits / B::word_bits) + index)];
    batch_.readout_words(array, index, words);
    return Word(words[0]);
  }

  void step(const BlockPorts& ports) {
    if (ports.a.enable && ports.a.address != cim_address) {
      batch_.step({ports, weights(mac2, 0), weights(mac2, 1)});
    } else if (ports.a.enable) {
      const int array = Variant::table()[static_cast<std::size_t>(state())].loads_inputs2 ? 1 : 0;
      std::ranges::fill(data_a, ports.a.data & core::low_mask(InstructionLayout<Variant>::input1.offset));
      put_inputs(mac2, array, data_a);
      batch_.step({ports, data_a, {}});
    } else {
      batch_.step({ports, {}, {}});
    }
  }

  void tick(const BlockPorts& ports) {
    for (int i = 0; i < Variant::clock_ratio; ++i) step(ports);
  }

 private:
  BramacBatch<B>& batch_;
};

/// Runs matrix products of one shape on the blocks of a batch, one on each, as `run_product` does on a machine.
///
/// @param blocks  one for each block of the batch; they may share operands, but not results
/// @param slots   pairs of weight words that may stay in a block, see BramacRun
/// @return        what every block took
/// @throws ShapeError  `blocks` does not fit the batch, or a span the shape
/// @throws RangeError  operands that the block lacks, a value outside its width, or a sum that might not fit 32 bits
template <class B>
BramacUse run_products(BramacBatch<B>& batch, const MatrixShape& shape, const Operands& o,
                       std::span<const BlockProduct> blocks, std::int64_t slots = BramacRun<B>::all_slots) {
  if (std::ssize(blocks) != batch.blocks())
    throw ShapeError("blocks: products for " + std::to_string(blocks.size()) + " of " +
                     std::to_string(batch.blocks()) + " blocks");
  for (const auto& block : blocks) {
    op::check_product(shape, std::ssize(block.weights), std::ssize(block.activations),
                      std::ssize(block.result));
    check_values("weight", block.weights, o.weight_bits, o.signed_weights);
    check_values("activation", block.activations, o.activation_bits, o.signed_activations);
  }
  check_sum_width(shape, o);
  using Machine = BramacMachine<detail::InStep<B>>;
  using Layout = InstructionLayout<typename B::variant>;
  const auto cut = B::cut(shape, o);
  const auto distinct = cut.groups * cut.mac2;
  const int lanes = B::lanes(o);

  std::vector<typename Machine::Words> words;  // [2 · MAC2 + word][block]
  for (std::int64_t i = 0; i < 2 * distinct; ++i) {
    auto& of_all = words.emplace_back();
    for (const auto& block : blocks)
      of_all.push_back(detail::weight_slice<B>(shape, o, block.weights, i / 2 / cut.mac2 * lanes,
                                               2 * (i / 2 % cut.mac2) + i % 2));
  }

  Machine machine(batch);
  machine.weights = [&](std::int64_t mac2, int word) -> const auto& {
    return words[static_cast<std::size_t>(2 * (mac2 % distinct) + word)];
  };
  machine.put_inputs = [&](std::int64_t mac2, int array, auto& inputs) {
    const auto vector = mac2 / distinct * B::arrays + array;
    if (vector >= shape.vectors) return;
    const auto column = 2 * (mac2 % cut.mac2);
    const auto top = [&](std::int16_t value) {
      return static_cast<std::uint64_t>((static_cast<unsigned>(value) << (8 - o.activation_bits)) & 0xFF);
    };
    const auto place = static_cast<std::size_t>(column * shape.vectors + vector);
    const auto next = place + static_cast<std::size_t>(shape.vectors);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      inputs[b] |= Layout::input1.put(top(blocks[b].activations[place]));
      if (column + 1 < shape.columns) inputs[b] |= Layout::input2.put(top(blocks[b].activations[next]));
    }
  };
  const auto mac2 = [&](std::int64_t index) {  // block 0 brings no operands: the machine puts those of all
    machine.mac2 = index;
    const auto pair = index % cut.mac2;
    return Mac2<detail::InStep<B>>{.last = pair + 1 == cut.mac2 || (pair + 1) % cut.part == 0};
  };

  for (const auto& block : blocks) std::ranges::fill(block.result, 0);
  std::int64_t readout = 0;
  const auto add_lanes = [&](const auto&) {  // the adders outside the blocks
    constexpr int parts = B::row_bits / B::word_bits;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      std::array<typename Machine::RowVector, B::arrays> rows;
      for (std::size_t word = 0; word < machine.readout_words.size(); ++word)
        rows[word / parts].insert(
            B::policies::ReadoutOrder::part(static_cast<int>(word % parts), parts) * B::word_bits,
            B::word_bits, machine.readout_words[word][b]);
      detail::add_lanes<B>(shape, o, cut, readout, rows, blocks[b].result);
    }
    ++readout;
  };
  BramacRun<detail::InStep<B>> run(machine, o, slots);
  return run.run(cut.total_mac2(), distinct, mac2, add_lanes);
}

}  // namespace bitloom::fabric
