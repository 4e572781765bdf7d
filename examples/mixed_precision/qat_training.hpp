// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/core/threads.hpp>

#include "support/qat_digits_reference.hpp"

namespace bitloom::examples {

/// Trains on the 8 × 8 digits as the published results were: dense layers, Adam at 0.002, batches of 64 without the last
/// partial one, 40 epochs; searches by the reward |1 - cost / target| with the accuracy of the batch.
/// @param seeds  networks for each setting, from seed 1
QatTrainer qat_trainer(int seeds, const core::Threads& threads);

}  // namespace bitloom::examples
