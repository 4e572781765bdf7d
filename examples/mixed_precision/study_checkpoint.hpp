// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/checkpoint_json.hpp>

#include "mixed_precision/study.hpp"

namespace bitloom::examples {

/// The trainings of a study that are finished, in a file that is written whole after each of them, so that a study which
/// was stopped goes on with the others.
class StudyCheckpoint {
 public:
  /// Reads the file if there is one.
  /// @param path     empty for no file
  /// @param options  of the study, as text: a file of another study is refused
  /// @throws ParseError  the file is damaged, or of another study
  StudyCheckpoint(std::string path, const std::string& options) : path_(std::move(path)) {
    if (!path_.empty() && std::filesystem::exists(path_)) {
      file_ = train::read_safetensors(path_);
      const auto found = file_.metadata.find(options_key);
      if (found == file_.metadata.end() || found->second != options)
        throw ParseError(path_ + ": it is the checkpoint of a study with other options");
    }
    file_.metadata[options_key] = options;
  }

  /// Choice and accuracy of a training that is finished.
  /// @throws ParseError  the file is damaged
  [[nodiscard]] std::optional<TrainedRun> find(const std::string& training) {
    const std::lock_guard lock(mutex_);
    const auto* accuracy = file_.find(training + accuracy_suffix);
    if (accuracy == nullptr) return std::nullopt;
    const auto* choice = file_.find(training + choice_suffix);
    const auto* values = std::get_if<std::vector<double>>(&accuracy->values);
    const auto* options =
        choice == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(&choice->values);
    if (values == nullptr || values->size() != 1 || options == nullptr)
      throw ParseError(path_ + ": '" + training + "' is damaged");
    TrainedRun run;
    run.accuracy = values->front();
    for (const auto option : *options) {
      if (option < 0) throw ParseError(path_ + ": '" + training + "' has an option below 0");
      run.choice.push_back(static_cast<std::size_t>(option));
    }
    return run;
  }

  /// Gives a model the weights of a training that was added with them.
  /// @throws ParseError  there are none, or they are of another model
  void load(const std::string& training, FormatModel& model) {
    const std::lock_guard lock(mutex_);
    train::TensorFile weights;
    for (const auto& tensor : file_.tensors)
      if (tensor.name.starts_with(training + weight_prefix))
        weights.tensors.push_back(
            {tensor.name.substr(training.size() + weight_prefix.size()), tensor.shape, tensor.values});
    train::set_weights(model, weights);
  }

  /// @param model  whose weights are kept as well, or null
  /// @throws Error  the file cannot be written
  void add(const std::string& training, const TrainedRun& run, const FormatModel* model) {
    if (path_.empty()) return;
    const std::lock_guard lock(mutex_);
    file_.tensors.push_back({training + accuracy_suffix, {1}, std::vector<double>{run.accuracy}});
    file_.tensors.push_back({training + choice_suffix,
                             {std::ssize(run.choice)},
                             std::vector<std::int64_t>(run.choice.begin(), run.choice.end())});
    if (model != nullptr)
      for (auto& tensor : train::weights(*model).tensors)
        file_.tensors.push_back(
            {training + weight_prefix + tensor.name, tensor.shape, std::move(tensor.values)});
    train::write_safetensors(path_, file_);
  }

 private:
  static constexpr const char* options_key = "options";
  static inline const std::string accuracy_suffix = "/accuracy", choice_suffix = "/choice",
                                  weight_prefix = "/weights/";

  std::string path_;
  std::mutex mutex_;
  train::TensorFile file_;
};

}  // namespace bitloom::examples
