// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/format/named.hpp>
#include <bitloom/format/rounding.hpp>
#include <bitloom/quant/block_tensor.hpp>
#include <bitloom/quant/mx.hpp>

namespace bitloom::quant {

/// A tensor of MX blocks: 32 neighbours along the innermost axis, or the BlockShape among the policies, see MxBlock.
template <MxElement E, class... Policies>
using MxTensor = BlockTensor<MxBlock<E, Policies...>>;

/// The conventions of the microxcaling emulator: elements round half away from zero, integers have a minus zero, a scale
/// above the largest makes NaN.
///
/// @tparam Bits       width of the scale
/// @tparam R          rounding of the elements: NearestAway is its "nearest", NearestEven its "even", TowardZero its "floor"
/// @tparam Subnormal  FlushSubnormalBlocks is its `flush_fp32_subnorms`
/// Its shared exponent `none` is a block of one element, `Along<1>`.
/// Source: microsoft/microxcaling, `_quantize_mx`.
template <int Bits = 8, format::Rounding R = format::NearestAway, class Subnormal = KeepSubnormalBlocks>
  requires(SubnormalBlockKind::has<Subnormal>)
struct Microxcaling {
  template <class F>
  using Float = MxFloat<F, R>;
  template <int ElementBits>
  using Int = MxSignMagnitude<ElementBits, R>;

  template <MxElement E, BlockShape B = Along<32>>
  using Block = MxBlock<E, ScaleFloor, ScaleBits<Bits>, NanAboveScale, NanBlock, Subnormal, B>;
  template <MxElement E, BlockShape B = Along<32>>
  using Tensor = BlockTensor<Block<E, B>>;
};

}  // namespace bitloom::quant
