// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <bitloom/core/file.hpp>
#include <bitloom/train/checkpoint.hpp>
#include <bitloom/train/safetensors_json.hpp>

namespace bitloom::train {

/// Saves the parameters and buffers of a model, see `weights`, in the format safetensors. PyTorch reads them with
/// `safetensors.torch.load_file`.
/// @throws Error  the file cannot be written
template <SavableModel M>
void save_weights(const std::string& path, const M& model) {
  write_safetensors(path, weights(model));
}

/// Gives a model the weights of a file, see `set_weights`.
/// @throws ParseError  the file cannot be read or is not of such a model, which then keeps what it has; the message
///                     starts with the file's name
template <SavableModel M>
void load_weights(const std::string& path, M& model) {
  const auto file = read_safetensors(path);
  core::naming_file(path, [&] { set_weights(model, file); });
}

/// Saves all that a training needs to go on with the same bits, see `checkpoint`. The file takes its place when it is
/// whole, so that a program may be stopped at any time.
/// @throws Error  the file cannot be written
template <SavableModel M, ResumableOptimizer<typename M::scalar_type> O>
void save_checkpoint(const std::string& path, const Trainer<M, O>& trainer, const TensorFile& extra = {}) {
  write_safetensors(path, checkpoint(trainer, extra));
}

/// Brings a trainer, its model and its optimizer to where a checkpoint was saved, see `restore`.
///
/// @return  the caller's own tensors and texts
/// @throws ParseError  the file cannot be read or is not of such a training, which then stays where it is; the message
///                     starts with the file's name
template <SavableModel M, ResumableOptimizer<typename M::scalar_type> O>
TensorFile load_checkpoint(const std::string& path, Trainer<M, O>& trainer) {
  const auto file = read_safetensors(path);
  return core::naming_file(path, [&] { return restore(trainer, file); });
}

}  // namespace bitloom::train
