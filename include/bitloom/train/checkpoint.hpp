// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/optimizer_state.hpp>
#include <bitloom/train/parameter.hpp>
#include <bitloom/train/tensor_file.hpp>
#include <bitloom/train/trainer.hpp>

namespace bitloom::train {

/// A model whose weights can be saved: its scalar is a type of numbers of files.
template <class M>
concept SavableModel = Model<M> &&(std::same_as<typename M::scalar_type, float> ||
                                   std::same_as<typename M::scalar_type, double>)&&requires(const M& frozen) {
  { *frozen.parameters().begin() } -> std::convertible_to<const Parameter<typename M::scalar_type>*>;
};

namespace detail {

/// The parameters of a model and then its buffers, as pointers.
template <class M>
auto saved_parameters(M& model) {
  auto all = model.parameters();
  if constexpr (requires { model.buffers(); })
    for (auto* buffer : model.buffers()) all.push_back(buffer);
  return all;
}

/// The integers that layers count with, e.g. calls of dropout, as pointers, in the order of the layers.
template <class M>
auto saved_counters(M& model) {
  std::vector<std::conditional_t<std::is_const_v<M>, const std::uint64_t*, std::uint64_t*>> all;
  if constexpr (requires { model.visit_layers([](auto&) {}); })
    model.visit_layers([&](auto& layer) {
      if constexpr (requires { layer.counters(); })
        for (auto* counter : layer.counters()) all.push_back(counter);
    });
  return all;
}

inline constexpr std::string_view extra_prefix = "extra/";

/// What a caller has put into a checkpoint.
inline TensorFile extra_part(const TensorFile& file) {
  TensorFile extra;
  for (const auto& tensor : file.tensors)
    if (tensor.name.starts_with(extra_prefix))
      extra.tensors.push_back({tensor.name.substr(extra_prefix.size()), tensor.shape, tensor.values});
  for (const auto& [key, text] : file.metadata)
    if (key.starts_with(extra_prefix)) extra.metadata[key.substr(extra_prefix.size())] = text;
  return extra;
}

/// Values for all parameters and buffers of a model, by name.
template <SavableModel M>
std::vector<Matrix<typename M::scalar_type>> read_weights(const M& model, const TensorFile& file,
                                                          const std::string& prefix) {
  std::vector<Matrix<typename M::scalar_type>> values;
  for (const auto* parameter : saved_parameters(model))
    values.push_back(to_matrix<typename M::scalar_type>(file, prefix + parameter->name,
                                                        parameter->value.rows(), parameter->value.cols()));
  return values;
}

template <SavableModel M>
void assign_weights(M& model, std::vector<Matrix<typename M::scalar_type>> values) {
  const auto all = saved_parameters(model);
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->value = std::move(values[i]);
}

/// What two trainings have to agree on so that one can go on where the other was, by name.
template <class Trainer>
std::map<std::string, std::string> course_facts(const Trainer& trainer) {
  const auto& options = trainer.options();
  return {{"course/epochs", std::to_string(options.epochs)},
          {"course/batch_size", std::to_string(options.batch_size)},
          {"course/seed", std::to_string(options.seed)},
          {"course/last_batch", options.last_batch == LastBatch::drop ? "drop" : "keep"},
          {"course/dataset_count", std::to_string(trainer.dataset().count())}};
}

}  // namespace detail

/// The parameters and buffers of a model under their names, `[out × in]` row by row.
template <SavableModel M>
[[nodiscard]] TensorFile weights(const M& model) {
  TensorFile file;
  for (const auto* parameter : detail::saved_parameters(model))
    file.tensors.push_back(to_tensor(parameter->name, parameter->value));
  return file;
}

/// Gives a model the weights of a file, all or none.
/// @throws ParseError  a tensor is missing, has another shape or type, or is none of the model's
template <SavableModel M>
void set_weights(M& model, const TensorFile& file) {
  auto values = detail::read_weights(model, file, "");
  const auto all = detail::saved_parameters(std::as_const(model));
  for (const auto& tensor : file.tensors)
    if (std::ranges::find(all, tensor.name, [](const auto* each) { return each->name; }) == all.end())
      throw ParseError("the tensor " + tensor.name + " is none of the model's");
  detail::assign_weights(model, std::move(values));
}

/// All that a training needs to go on with the same bits: parameters, buffers and counters of the model, the memory of
/// the optimizer, and the step. The program has to give again what is not in it: learning rate, schedule, label
/// smoothing and augmentation, options of optimizer and layers, and what layers do not tell as parameters, buffers or
/// counters, such as formats, masks and frozen ranges of a `FormatLayer` and the shares that a `QuantizedLayer` finds
/// on its first batch.
///
/// @param extra  tensors and texts of the caller's own to be kept with it, e.g. the state of a search
template <SavableModel M, ResumableOptimizer<typename M::scalar_type> O>
[[nodiscard]] TensorFile checkpoint(const Trainer<M, O>& trainer, const TensorFile& extra = {}) {
  const M& model = trainer.model();
  TensorFile file;
  for (auto& tensor : weights(model).tensors)
    file.tensors.push_back({"model/" + tensor.name, std::move(tensor.shape), std::move(tensor.values)});
  std::vector<std::uint64_t> counters;
  for (const auto* counter : detail::saved_counters(model)) counters.push_back(*counter);
  file.tensors.push_back(to_tensor("counters", std::move(counters)));

  const auto parameters = model.parameters();
  const auto& state = trainer.optimizer().state();
  for (const auto& slot : state.slots)
    for (std::size_t i = 0; i < slot.values.size(); ++i)
      file.tensors.push_back(
          to_tensor("optimizer/" + slot.name + '/' + parameters.at(i)->name, slot.values[i]));
  file.tensors.push_back(to_tensor("optimizer/steps", std::vector{state.steps}));

  const auto& course = trainer.course();
  file.tensors.push_back(to_tensor("course/step", std::vector{course.step}));
  file.tensors.push_back(to_tensor("course/items", std::vector{course.items}));
  file.tensors.push_back(to_tensor("course/loss_sum", std::vector{course.loss_sum}));
  file.tensors.push_back(to_tensor("course/epoch_losses", course.epoch_losses));
  file.metadata = detail::course_facts(trainer);

  for (const auto& tensor : extra.tensors)
    file.tensors.push_back({std::string(detail::extra_prefix) + tensor.name, tensor.shape, tensor.values});
  for (const auto& [key, text] : extra.metadata)
    file.metadata[std::string(detail::extra_prefix) + key] = text;
  return file;
}

/// Brings a trainer, its model and its optimizer to where a checkpoint was made, all or nothing.
///
/// @return  the caller's own tensors and texts
/// @throws ParseError  the file is no checkpoint of such a model, optimizer and training
template <SavableModel M, ResumableOptimizer<typename M::scalar_type> O>
TensorFile restore(Trainer<M, O>& trainer, const TensorFile& file) {
  using S = typename M::scalar_type;
  for (const auto& [name, value] : detail::course_facts(trainer)) {
    const auto found = file.metadata.find(name);
    const auto saved = found == file.metadata.end() ? "nothing" : found->second;
    if (saved != value)
      throw ParseError("the checkpoint has " + saved + " as " + name + ", but the trainer has " + value);
  }
  const auto number = [&]<class T>(const std::string& name, std::type_identity<T>) {
    const auto& values = numbers<T>(file, name);
    if (values.size() != 1)
      throw ParseError("the tensor " + name + " has " + std::to_string(values.size()) +
                       " numbers, but has to have 1");
    return values.front();
  };
  constexpr std::type_identity<std::int64_t> integer;
  const Course course{.step = number("course/step", integer),
                      .epoch_losses = numbers<double>(file, "course/epoch_losses"),
                      .loss_sum = number("course/loss_sum", std::type_identity<double>{}),
                      .items = number("course/items", integer)};

  M& model = trainer.model();
  auto values = detail::read_weights(model, file, "model/");
  const auto counters = detail::saved_counters(model);
  const auto& counts = numbers<std::uint64_t>(file, "counters");
  if (counts.size() != counters.size())
    throw ParseError("the checkpoint has " + std::to_string(counts.size()) + " counters, but the model has " +
                     std::to_string(counters.size()));

  OptimizerState<S> state{.steps = number("optimizer/steps", integer), .slots = {}};
  for (const auto& slot : trainer.optimizer().state().slots) {
    state.slots.push_back({slot.name, {}});
    if (state.steps == 0) continue;
    for (const auto* parameter : model.parameters())
      state.slots.back().values.push_back(to_matrix<S>(file, "optimizer/" + slot.name + '/' + parameter->name,
                                                       parameter->value.rows(), parameter->value.cols()));
  }
  auto known = values.size() + 6;  // counters, optimizer/steps, course/...
  for (const auto& slot : state.slots) known += slot.values.size();
  const auto own = std::ranges::count_if(
      file.tensors, [](const Tensor& tensor) { return !tensor.name.starts_with(detail::extra_prefix); });
  if (static_cast<std::size_t>(own) != known)
    throw ParseError("the checkpoint has " + std::to_string(own) +
                     " tensors of its own, but the training has " + std::to_string(known));

  const auto before = trainer.course();
  try {
    trainer.resume(course);
    trainer.optimizer().restore(std::move(state));
  } catch (const Error& error) {
    trainer.resume(before);
    throw ParseError(std::string("the checkpoint does not fit: ") + error.what());
  }
  detail::assign_weights(model, std::move(values));
  for (std::size_t i = 0; i < counters.size(); ++i) *counters[i] = counts[i];

  return detail::extra_part(file);
}

}  // namespace bitloom::train
