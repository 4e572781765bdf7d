// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/strict_json.hpp>
#include <bitloom/train/tensor_file.hpp>

namespace bitloom::train {

namespace detail {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

inline constexpr std::size_t safetensors_length_bytes = 8;                // of the header's length
inline constexpr std::size_t safetensors_most_header = 100'000'000;       // bytes; a limit of the format
inline constexpr std::string_view safetensors_metadata = "__metadata__";  // the key that is no tensor

/// Bytes of a number of the tensor.
inline std::size_t number_bytes(const Tensor& tensor) {
  return std::visit([]<class T>(const std::vector<T>&) { return sizeof(T); }, tensor.values);
}

inline std::size_t byte_count(const Tensor& tensor) {
  return std::visit([](const auto& values) { return values.size() * sizeof(values.front()); }, tensor.values);
}

/// A name with one could not be shown in a line.
inline bool has_control_character(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Empty numbers of the type with that name. @throws ParseError  there is none
template <class... Vectors>
std::variant<Vectors...> values_of_type(const std::string& where, const std::string& type,
                                        const std::variant<Vectors...>&) {
  std::variant<Vectors...> values;
  std::string known;
  const auto matches = [&]<class T>(std::vector<T> none) {
    known += ' ' + number_type<T>();
    if (type != number_type<T>()) return false;
    values = std::move(none);
    return true;
  };
  if (!(matches(Vectors{}) || ...))
    throw ParseError(where + ": dtype " + core::quoted_for_message(type) + " is none of" + known);
  return values;
}

/// Bytes of a tensor in the data: where they begin and end.
struct ByteRange {
  std::uint64_t begin, end;

  friend auto operator<=>(const ByteRange&, const ByteRange&) = default;
};

/// The non-negative integers of a list.
inline std::vector<std::int64_t> counts(const core::Json& list, const std::string& where) {
  if (!list.is_array()) throw ParseError(where + ": it has to be an array");
  std::vector<std::int64_t> result;
  for (const auto& element : list) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!element.is_number_unsigned() || element.get<std::uint64_t>() > most)
      throw ParseError(where + ": element " + std::to_string(result.size()) +
                       " has to be an integer from 0 to 2^63 - 1");
    result.push_back(element.get<std::int64_t>());
  }
  return result;
}

/// One tensor of the header, with numbers from the data.
inline std::pair<Tensor, ByteRange> read_tensor(const std::string& name, const core::Json& entry,
                                                std::string_view data) {
  const auto where = "safetensors: tensor " + core::quoted_for_message(name);
  if (has_control_character(name)) throw ParseError(where + ": the name has a control character");
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    throw ParseError(where + ": it has to be an object of dtype, shape and data_offsets");
  if (!entry.at("dtype").is_string()) throw ParseError(where + ": dtype has to be a text");
  Tensor tensor{name, counts(entry.at("shape"), where + ".shape"),
                values_of_type(where, entry.at("dtype").get<std::string>(), TensorValues{})};
  const auto offsets = counts(entry.at("data_offsets"), where + ".data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<std::uint64_t>(offsets[1]) > data.size())
    throw ParseError(where + ": data_offsets have to be a begin and an end in the " +
                     std::to_string(data.size()) + " bytes of data");
  std::int64_t elements = 0;
  try {
    elements = element_count(tensor.shape);
  } catch (const ShapeError& error) {
    throw ParseError(where + ": " + error.what());
  }
  const auto begin = static_cast<std::size_t>(offsets[0]),
             bytes = static_cast<std::size_t>(offsets[1]) - begin;
  const auto size = number_bytes(tensor);
  if (bytes % size != 0 || bytes / size != static_cast<std::uint64_t>(elements))
    throw ParseError(where + ": " + describe(tensor) + " does not have " + std::to_string(bytes) + " bytes");
  std::visit(
      [&](auto& values) {
        values.resize(bytes / size);
        if (bytes > 0) std::memcpy(values.data(), data.data() + begin, bytes);
      },
      tensor.values);
  return {std::move(tensor), {begin, begin + bytes}};
}

}  // namespace detail

/// A file in the format safetensors, which PyTorch and others read: the length of the header, the header in JSON, and
/// the numbers. Wider types of numbers come first, so that all are aligned.
/// @throws ShapeError  a tensor does not have as many numbers as its shape
/// @throws RangeError  two names are the same, one is reserved or has a control character, or the header would be
///                     longer than 100 MB, the limit of the format
/// @throws ParseError  a name or text is no UTF-8
/// Source: github.com/huggingface/safetensors, "Format".
[[nodiscard]] inline std::string to_safetensors(const TensorFile& file) {
  std::set<std::string_view> names{detail::safetensors_metadata};
  std::vector<std::size_t> order;  // of the tensors in the data
  for (const auto& tensor : file.tensors) {
    core::check_equal(("tensor " + tensor.name).c_str(),
                      std::visit([](const auto& values) { return std::ssize(values); }, tensor.values),
                      "its shape", element_count(tensor.shape));
    if (!names.insert(tensor.name).second)
      throw RangeError("safetensors: the name " + core::quoted_for_message(tensor.name) +
                       " is given twice or reserved");
    if (detail::has_control_character(tensor.name))
      throw RangeError("safetensors: the name " + core::quoted_for_message(tensor.name) +
                       " has a control character");
    order.push_back(order.size());
  }
  std::ranges::sort(order, std::less{}, [&](std::size_t i) {
    return std::pair(-static_cast<std::int64_t>(detail::number_bytes(file.tensors[i])), i);
  });
  std::vector<detail::ByteRange> ranges(order.size());
  std::uint64_t end = 0;
  for (const auto i : order) {
    ranges[i].begin = end;
    ranges[i].end = end += detail::byte_count(file.tensors[i]);
  }
  core::Json header = core::Json::object();
  if (!file.metadata.empty()) header[std::string(detail::safetensors_metadata)] = file.metadata;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto& tensor = file.tensors[i];
    const auto type =
        std::visit([]<class T>(const std::vector<T>&) { return number_type<T>(); }, tensor.values);
    header[tensor.name] = {
        {"dtype", type}, {"shape", tensor.shape}, {"data_offsets", {ranges[i].begin, ranges[i].end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const core::Json::exception&) {
    throw ParseError("safetensors: a name or text is no UTF-8");
  }
  text.resize(core::round_up(text.size(), detail::safetensors_length_bytes), ' ');
  if (text.size() > detail::safetensors_most_header)
    throw RangeError("safetensors: a header of " + std::to_string(text.size()) + " bytes is longer than " +
                     std::to_string(detail::safetensors_most_header));
  std::string bytes(detail::safetensors_length_bytes, '\0');
  const auto length = static_cast<std::uint64_t>(text.size());
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes += text;
  bytes.reserve(bytes.size() + static_cast<std::size_t>(end));
  for (const auto i : order)
    std::visit(
        [&](const auto& values) {
          bytes.append(reinterpret_cast<const char*>(values.data()), detail::byte_count(file.tensors[i]));
        },
        file.tensors[i].values);
  return bytes;
}

/// Reads a file in the format safetensors; the tensors are in the order of its header.
/// @throws ParseError  it is something else: the header is damaged or longer than the file, a name is given twice, a
///                     type is unknown, or the tensors do not fill the data without gap or overlap
[[nodiscard]] inline TensorFile parse_safetensors(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length)
    throw ParseError("safetensors: " + std::to_string(bytes.size()) + " bytes are too few for a header");
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > std::min(bytes.size(), detail::safetensors_most_header))
    throw ParseError("safetensors: a header of " + std::to_string(length) + " bytes is longer than " +
                     std::to_string(std::min(bytes.size(), detail::safetensors_most_header)));
  const auto header = core::parse_strict_json(bytes.substr(0, length), "safetensors: header", 3);
  if (!header.is_object()) throw ParseError("safetensors: the header has to be an object");
  const auto data = bytes.substr(length);

  TensorFile file;
  std::vector<detail::ByteRange> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == detail::safetensors_metadata) {
      if (!entry.is_object()) throw ParseError("safetensors: __metadata__ has to be an object");
      for (const auto& [key, text] : entry.items()) {
        if (!text.is_string())
          throw ParseError("safetensors: __metadata__." + core::quoted_for_message(key) +
                           " has to be a text");
        file.metadata[key] = text.get<std::string>();
      }
      continue;
    }
    auto [tensor, range] = detail::read_tensor(name, entry, data);
    file.tensors.push_back(std::move(tensor));
    ranges.push_back(range);
  }
  std::ranges::sort(ranges);
  std::uint64_t end = 0;
  for (const auto& range : ranges) {
    if (range.begin != end)
      throw ParseError("safetensors: the tensors leave a gap or overlap at byte " + std::to_string(end) +
                       " of the data");
    end = range.end;
  }
  if (end != data.size())
    throw ParseError("safetensors: the tensors have " + std::to_string(end) + " bytes, but the data has " +
                     std::to_string(data.size()));
  return file;
}

/// Reads a file, see `parse_safetensors`.
/// @throws ParseError  the file cannot be read or is something else; the message starts with its name
[[nodiscard]] inline TensorFile read_safetensors(const std::string& path) {
  const auto bytes = core::read_file(path);
  return core::naming_file(path, [&] { return parse_safetensors(bytes); });
}

/// Writes a file, whole or not at all, see `to_safetensors`.
/// @throws Error  it cannot be written, or the tensors are not consistent
inline void write_safetensors(const std::string& path, const TensorFile& file) {
  core::write_file(path, to_safetensors(file));
}

}  // namespace bitloom::train
