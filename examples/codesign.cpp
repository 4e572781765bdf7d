// SPDX-License-Identifier: Apache-2.0
// What does a number format cost in accuracy, and what does it buy on a block? Trains a network, quantizes it, searches a
// format for every layer, and runs all of them bit by bit: on models of FPGA blocks, or for formats that no block has, on
// codes alone.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/format.hpp>
#include <bitloom/net/quantized_network.hpp>
#include <bitloom/op/quantized_gemm.hpp>
#include <bitloom/quant/mx.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/symmetric.hpp>
#include <bitloom/train.hpp>

#include "codesign/mixed_formats.hpp"
#include "support/data.hpp"
#include "support/deployment_report.hpp"
#include "support/html_report.hpp"
#include "support/program.hpp"
#include "support/report.hpp"

namespace {

using namespace bitloom;

using Model = train::Sequential<float>;

/// Integers that blocks compute with.
template <int WeightBits, int ActivationBits>
struct Width {
  using Weight = format::Int<WeightBits>;
  using Activation = format::Int<ActivationBits, format::Unsigned>;
};
constexpr int least_bits = 2;
constexpr int most_bits = 8;
template <int WeightBits>
using WidthsOf =
    core::TypeList<Width<WeightBits, 2>, Width<WeightBits, 3>, Width<WeightBits, 4>, Width<WeightBits, 5>,
                   Width<WeightBits, 6>, Width<WeightBits, 7>, Width<WeightBits, 8>>;
using Widths = core::TypeList<WidthsOf<2>, WidthsOf<4>, WidthsOf<8>>;

/// Formats that no block computes with: their codes are multiplied exactly and summed as the type says.
template <int Bits>
struct Integers {
  using Gemm = op::QuantizedGemm<quant::Symmetric<format::Int<Bits>, quant::PerChannel>,
                                 quant::Symmetric<format::Int<Bits, format::Unsigned>>>;
};
template <class F>
struct Floats {
  using Gemm = op::QuantizedGemm<quant::Symmetric<F, quant::PerChannel>, quant::Symmetric<F>, op::FloatSum>;
};
template <class B>
struct InBlocks {
  using Gemm = op::BlockGemm<B>;
};
template <class E>
using Mx = InBlocks<quant::MxBlock<E>>;
using CodeFormats =
    core::TypeList<Integers<3>, Integers<5>, Integers<6>, Integers<7>, Floats<format::E4m3fn>,
                   Floats<format::E5m2>, Floats<format::E4m3fnuz>, Floats<format::E3m2fn>,
                   Floats<format::E2m3fn>, Floats<format::E2m1fn>, Floats<format::Bfloat16>,
                   Mx<quant::MxFp8E4m3>, Mx<quant::MxFp8E5m2>, Mx<quant::MxFp6E3m2>, Mx<quant::MxFp6E2m3>,
                   Mx<quant::MxFp4>, Mx<quant::MxInt8>, InBlocks<quant::Nvfp4Block<>>>;
/// A name, and the bits of a weight with its share of a block's scale.
struct CodeFormatName {
  std::string_view name;
  double bits;
};
constexpr std::array<CodeFormatName, CodeFormats::size> code_formats{{{"int3", 3},
                                                                      {"int5", 5},
                                                                      {"int6", 6},
                                                                      {"int7", 7},
                                                                      {"e4m3fn", 8},
                                                                      {"e5m2", 8},
                                                                      {"e4m3fnuz", 8},
                                                                      {"e3m2fn", 6},
                                                                      {"e2m3fn", 6},
                                                                      {"e2m1fn", 4},
                                                                      {"bf16", 16},
                                                                      {"mxfp8_e4m3", 8.25},
                                                                      {"mxfp8_e5m2", 8.25},
                                                                      {"mxfp6_e3m2", 6.25},
                                                                      {"mxfp6_e2m3", 6.25},
                                                                      {"mxfp4_e2m1", 4.25},
                                                                      {"mxint8", 8.25},
                                                                      {"nvfp4", 4.5}}};
using Blocks =
    core::TypeList<fabric::Bramac2sa, fabric::Bramac1da, fabric::M4bram<fabric::Small, fabric::Synchronous>,
                   fabric::M4bram<fabric::Large, fabric::Synchronous>,
                   fabric::M4bram<fabric::Small, fabric::DoublePumped>,
                   fabric::M4bram<fabric::Large, fabric::DoublePumped>, fabric::DspSlice>;

struct Options {
  std::string data;
  std::string digits = BITLOOM_EXAMPLE_DATA "/digits8x8.csv";
  std::string formats = "int8,w4a6,int4,int2,e4m3fn,mxfp4_e2m1";
  std::int64_t blocks = 16;
  std::int64_t sample = 4;
  int epochs = 20;
  double share = 0.5;
  std::uint64_t seed = 1;
  std::string json;
  std::string html;
};

Model make_model(const op::TensorShape& shape, int classes, std::uint64_t seed) {
  Model model(shape);
  model.conv2d(8, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2});
  model.conv2d(16, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2});
  model.dense(classes);
  model.initialize(seed);
  return model;
}

double train_model(Model& model, const train::Dataset& data, const Options& options) {
  train::Sgd<float> sgd;
  const train::FitOptions fit{
      .epochs = options.epochs, .learning_rate = 0.05, .seed = options.seed, .schedule = train::Cosine{}};
  core::Progress progress("train", options.epochs * ((data.count() + fit.batch_size - 1) / fit.batch_size));
  const auto losses = train::fit(model, data, fit, sgd, [&](const train::Step& step) {
    progress.update(step.step, fmt::format("epoch {} loss {:.4f}", step.epoch + 1, step.loss));
  });
  return losses.back();
}

/// The trained layers as stages: product, ReLU, pooling.
std::vector<net::FloatStage> stages_of(const Model& model) {
  std::vector<net::FloatStage> stages;
  const auto values = [](const auto& parameter) {  // row-major
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = parameter.value;
    return std::vector<float>(rows.data(), rows.data() + rows.size());
  };
  for (const auto& layer : model.layers()) {
    if (const auto* conv = std::get_if<train::Conv2d<float>>(&layer)) {
      stages.push_back({.name = fmt::format("conv{}", stages.size() + 1),
                        .geometry = conv->geometry,
                        .weights = values(conv->weight),
                        .bias = values(conv->bias),
                        .relu = false});
    } else if (const auto* dense = std::get_if<train::Dense<float>>(&layer)) {
      stages.push_back(
          {.name = fmt::format("dense{}", stages.size() + 1),
           .geometry = op::dense_geometry(dense->weight.value.cols(), dense->weight.value.rows()),
           .weights = values(dense->weight),
           .bias = values(dense->bias),
           .relu = false});
    } else if (const auto* pool = std::get_if<train::MaxPool>(&layer)) {
      stages.back().pool = pool->geometry.window;
    } else {
      stages.back().relu = true;
    }
  }
  return stages;
}

/// One line of the result: a format on a block.
struct Row {
  std::string format;
  int bits{};  ///< of a weight
  int activation_bits{};
  std::string block;
  double accuracy{};
  accel::NetworkCost cost;
  std::int64_t value_images{};  ///< images on which the value view equals the plain integers
  std::int64_t cycle_images{};  ///< images on which the cycle view does, in the cycles of the formula
  fabric::Readouts readouts{};  ///< of an image on one block; 0 where sums are not read out in parts
};

std::span<const float> images_of(const train::Dataset& data, std::int64_t first, std::int64_t count) {
  const auto size = data.images.rows();  // a column is an image
  return {data.images.data() + first * size, static_cast<std::size_t>(count * size)};
}

double share_of_right(const std::vector<int>& answers, const std::vector<int>& labels) {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == labels[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(answers.size());
}

/// Runs a data set through the network in portions that bound the memory.
template <class Network, class Gemm>
std::vector<std::int32_t> run_all(const Network& network, Gemm&& gemm, const train::Dataset& data) {
  constexpr std::int64_t portion = 250;
  std::vector<std::int32_t> sums;
  for (std::int64_t first = 0; first < data.count(); first += portion) {
    const auto count = std::min(portion, data.count() - first);
    const auto part = network.run(gemm, network.encode(images_of(data, first, count)));
    sums.insert(sums.end(), part.begin(), part.end());
  }
  return sums;
}

/// Multiplies integers for a network; one type for all engines, so that a network is compiled once.
using Engine = std::function<void(const op::MatrixShape&, std::span<const std::int16_t>,
                                  std::span<const std::int16_t>, std::span<std::int32_t>)>;

/// A network quantized to one pair of widths, with the images that it is tried on.
struct Quantized {
  fabric::Operands operands;
  std::int64_t outputs{};
  std::vector<accel::LayerProduct> products;
  std::vector<std::vector<std::int16_t>> weights;  ///< of each layer
  std::function<std::vector<std::int32_t>(const Engine&)> run_all;
  std::function<std::vector<std::int32_t>(const Engine&, std::int64_t)> run_image;
  std::function<double(const std::vector<std::int32_t>&)> accuracy;
};

template <class W>
Quantized quantize(std::span<const net::FloatStage> stages, const train::Split& data) {
  using Network = net::QuantizedNetwork<typename W::Weight, typename W::Activation>;
  const auto calibration = std::min<std::int64_t>(data.train.count(), 512);
  const auto network =
      std::make_shared<const Network>(Network::quantize(stages, images_of(data.train, 0, calibration)));
  Quantized result;
  result.operands = fabric::operands<typename W::Weight, typename W::Activation>();
  result.outputs = network->output_size();
  result.products = accel::layer_products(network->stages());
  for (const auto& stage : network->stages()) result.weights.push_back(stage.weights.integers());
  result.run_all = [network, &data](const Engine& engine) { return run_all(*network, engine, data.test); };
  result.run_image = [network, &data](const Engine& engine, std::int64_t image) {
    return network->run(engine, network->encode(images_of(data.test, image, 1)));
  };
  result.accuracy = [network, &data](const std::vector<std::int32_t>& sums) {
    return share_of_right(network->classify(sums), data.test.labels);
  };
  return result;
}

/// Executes a quantized network on arrays of every block that has its widths, and compares the views.
void run_blocks(const Quantized& network, std::int64_t images, const Options& options,
                core::Progress& progress, std::vector<Row>& rows) {
  const auto plain = network.run_all(op::PlainGemm{});
  const auto same = [&](const std::vector<std::int32_t>& sums, std::int64_t image, std::int64_t from) {
    return std::equal(plain.begin() + image * network.outputs, plain.begin() + (image + 1) * network.outputs,
                      sums.begin() + from * network.outputs);
  };
  core::for_each_type(Blocks{}, [&]<class B>(std::type_identity<B>) {
    if (!B::supports(network.operands)) return;
    const accel::BlockArray<B> array(options.blocks, network.operands);
    const auto value = network.run_all(accel::ValueEngine<B>{array});
    Row row{.format = fabric::to_string(network.operands),
            .bits = network.operands.weight_bits,
            .activation_bits = network.operands.activation_bits,
            .block = std::string(B::name),
            .accuracy = network.accuracy(value),
            .cost = accel::network_cost(std::span<const accel::LayerProduct>(network.products), array)};
    if constexpr (requires { B::safe_mac2(network.operands); })
      for (std::size_t i = 0; i < network.products.size(); ++i) {
        const auto part =
            fabric::readouts<B>(network.products[i].shape, network.operands, network.weights[i]);
        row.readouts.worst_case += part.worst_case;
        row.readouts.from_weights += part.from_weights;
      }
    for (std::int64_t i = 0; i < images; ++i) row.value_images += same(value, i, i) ? 1 : 0;
    for (std::int64_t i = 0; i < std::min(options.sample, images); ++i) {
      accel::MachineEngine<B, core::Threads> machines{array};
      const auto sums = network.run_image(std::ref(machines), i);
      row.cycle_images += same(sums, i, 0) && machines.cycles == row.cost.cycles ? 1 : 0;
    }
    rows.push_back(std::move(row));
    progress.update(std::ssize(rows), rows.back().format);
  });
}

/// A format that ran on codes alone.
struct CodeRow {
  CodeFormatName format;
  double accuracy{};
};

/// Runs the test images with both operands of every product quantized; activations by scales found on training images.
template <class G>
double code_accuracy(std::span<const net::FloatStage> stages, const train::Split& data) {
  const auto images = std::min<std::int64_t>(data.train.count(), 512);
  const auto first = images_of(data.train, 0, images);
  std::vector<float> calibration(first.begin(), first.end());
  std::vector<G> gemms;
  for (const auto& stage : stages) {
    if constexpr (std::is_default_constructible_v<G>)
      gemms.emplace_back();
    else
      gemms.emplace_back(G::scale_for(calibration));
    calibration = net::run_float_stage(stage, images, calibration);
  }
  std::int64_t right = 0;
  constexpr std::int64_t portion = 250;
  for (std::int64_t begin = 0; begin < data.test.count(); begin += portion) {
    const auto count = std::min(portion, data.test.count() - begin);
    const auto part = images_of(data.test, begin, count);
    std::vector<float> values(part.begin(), part.end());
    for (std::size_t i = 0; i < stages.size(); ++i)
      values = net::run_float_stage(stages[i], count, values, gemms[i]);
    const auto classes = std::ssize(values) / count;
    for (std::int64_t n = 0; n < count; ++n) {
      const auto* row = values.data() + n * classes;
      right +=
          std::max_element(row, row + classes) - row == data.test.labels[static_cast<std::size_t>(begin + n)];
    }
  }
  return static_cast<double>(right) / static_cast<double>(data.test.count());
}

nlohmann::json to_json(const Row& row) {
  auto json = examples::to_json(row.cost);
  json.update({{"format", row.format},
               {"bits", row.bits},
               {"activation_bits", row.activation_bits},
               {"block", row.block},
               {"accuracy", row.accuracy},
               {"value_view_images_equal", row.value_images},
               {"cycle_view_images_equal", row.cycle_images},
               {"readouts_worst_case", row.readouts.worst_case},
               {"readouts_from_weights", row.readouts.from_weights}});
  return json;
}

std::vector<std::string> with_cost(std::vector<std::string> cells, std::vector<std::string> cost) {
  cells.insert(cells.end(), cost.begin(), cost.end());
  return cells;
}

const std::vector<std::string> header = with_cost({"format", "block", "accuracy"}, examples::cost_header());

std::vector<std::string> cells(const Row& row) {
  return with_cost({row.format, row.block, fmt::format("{:.2f} %", 100 * row.accuracy)},
                   examples::cost_cells(row.cost));
}

const std::vector<std::string> code_header{"format without a block", "bits a weight", "accuracy"};
constexpr std::string_view code_note =
    "No block of the library computes with these. Integer sums are exact; minifloats are summed in float32, "
    "one rounding "
    "a product; blocks with scales of their own, one rounding a block.";

std::vector<std::string> cells(const CodeRow& row) {
  return {std::string(row.format.name), fmt::format("{:g}", row.format.bits),
          fmt::format("{:.2f} %", 100 * row.accuracy)};
}

void add_blocks(examples::HtmlReport& report, const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& row : rows) lines.push_back(cells(row));
  report.table(header, lines);

  std::vector<std::string> formats, blocks;
  const auto add = [](std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& row : rows) {
    add(formats, row.format);
    add(blocks, row.block);
  }
  const auto chart = [&](std::string title, std::string unit, auto value) {
    examples::HtmlReport::Bars bars{std::move(title), std::move(unit), formats, blocks, {}};
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      auto& series = bars.values.emplace_back();
      for (const auto& format : formats) {  // a block may lack a format
        const auto row = std::ranges::find_if(
            rows, [&](const Row& r) { return r.format == format && r.block == blocks[b]; });
        series.push_back(row == rows.end() ? std::numeric_limits<double>::quiet_NaN() : value(*row));
      }
    }
    report.bar_chart(bars);
  };
  chart("Accuracy on the test split", "%", [](const Row& r) { return 100 * r.accuracy; });
  chart("Latency of one image", "µs", [](const Row& r) { return r.cost.latency_us; });
  chart("Clock cycles of one image", "cycles",
        [](const Row& r) { return static_cast<double>(r.cost.cycles + r.cost.load_cycles); });
}

/// The searched network: what the layers got, and what that costs.
std::vector<std::string> mixed_lines(const examples::MixedResult& mixed, double share, std::int64_t images) {
  auto lines = examples::deployment_lines(mixed.deployment,
                                          "A format for every layer, searched while training on,", images);
  lines.push_back(
      fmt::format("Searched for {:g} of the {:.0f} cycles that 8 bits take; found {:.2f} of them. Weights "
                  "have one scale a layer, "
                  "and the sums of a layer become float before the next one quantizes them.",
                  share, mixed.eight_bit_cycles, mixed.costs.cost(mixed.choice) / mixed.eight_bit_cycles));
  return lines;
}

void add_mixed(examples::HtmlReport& report, const examples::MixedResult& mixed,
               const std::vector<std::string>& lines) {
  report.heading("A format for every layer");
  for (const auto& line : lines) report.paragraph(line);
  report.table(examples::stage_header(), examples::stage_rows(mixed.deployment));
}

std::string html(const std::vector<Row>& rows, const std::vector<CodeRow>& code_rows,
                 const std::optional<examples::MixedResult>& mixed,
                 const std::vector<std::string>& mixed_text, const std::string& facts,
                 const std::vector<std::string>& basis) {
  examples::HtmlReport report("Number formats on FPGA blocks");
  report.paragraph(facts);
  if (!rows.empty()) add_blocks(report, rows);
  if (!code_rows.empty()) {
    report.heading("Formats that no block computes with");
    std::vector<std::vector<std::string>> lines;
    for (const auto& row : code_rows) lines.push_back(cells(row));
    report.table(code_header, lines);
    report.paragraph(code_note);
  }
  if (mixed) add_mixed(report, *mixed, mixed_text);
  report.heading("What the figures rest on");
  for (const auto& line : basis) report.paragraph(line);
  return report.text();
}

/// Widths of integers that blocks compute with.
struct IntegerChoice {
  int weight_bits{};
  int activation_bits{};

  friend bool operator==(const IntegerChoice&, const IntegerChoice&) = default;
};

/// `int4`, or `w4a6` for weights of 4 and activations of 6 bits; nothing if the word is neither.
std::optional<IntegerChoice> parse_integers(const std::string& word) {
  IntegerChoice choice;
  if (word.size() == 4 && word.starts_with("int"))
    choice = {word[3] - '0', word[3] - '0'};
  else if (word.size() == 4 && word[0] == 'w' && word[2] == 'a')
    choice = {word[1] - '0', word[3] - '0'};
  const bool has_weights = choice.weight_bits == 2 || choice.weight_bits == 4 || choice.weight_bits == 8;
  if (!has_weights || choice.activation_bits < least_bits || choice.activation_bits > most_bits)
    return std::nullopt;
  return choice;
}

/// What a list such as `int8,e4m3fn` asks for: integers that blocks compute with, and places in CodeFormats.
struct Choice {
  std::vector<IntegerChoice> integers;
  std::vector<std::size_t> code_formats;
};

Choice parse_formats(const std::string& text) {
  Choice choice;
  std::vector<std::string> seen;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    if (std::ranges::count(seen, word) > 0) throw RangeError("--formats: " + word + " is there twice");
    seen.push_back(word);
    const auto found = std::ranges::find(code_formats, word, &CodeFormatName::name);
    if (const auto integers = parse_integers(word)) {
      if (std::ranges::count(choice.integers, *integers) > 0)
        throw RangeError("--formats: the widths of " + word + " are there twice");
      choice.integers.push_back(*integers);
    } else if (found != code_formats.end()) {
      choice.code_formats.push_back(static_cast<std::size_t>(found - code_formats.begin()));
    } else {
      std::string names = "int2, int4, int8, w2a2 to w8a8 (weights of 2, 4 or 8 bits)";
      for (const auto& format : code_formats) names += ", " + std::string(format.name);
      throw RangeError("--formats: '" + word + "' is none of " + names);
    }
    begin = end + 1;
  }
  return choice;
}

/// How many kinds of block have these widths.
std::int64_t blocks_with(const IntegerChoice& c) {
  std::int64_t count = 0;
  core::for_each_type(Blocks{}, [&]<class B>(std::type_identity<B>) {
    count += B::supports({.weight_bits = c.weight_bits, .activation_bits = c.activation_bits}) ? 1 : 0;
  });
  return count;
}

/// The network halves its feature maps twice.
void check_images(const std::string& name, const train::Split& data) {
  if (data.train.shape != data.test.shape)
    throw ShapeError(name + ": images to train are " + op::to_string(data.train.shape) + ", but to test " +
                     op::to_string(data.test.shape));
  if (data.train.shape.height < 4 || data.train.shape.width < 4)
    throw ShapeError(name + ": images of " + op::to_string(data.train.shape) +
                     " are too small; the network needs 4x4");
}

int run(const Options& options) {
  const auto choice = parse_formats(options.formats);
  for (const auto& file : {options.json, options.html})
    if (!file.empty()) core::check_writable(file);
  const auto loaded = examples::load_data(options.data, options.digits);
  const auto& name = loaded.name;
  const auto& data = loaded.parts;
  check_images(name, data);
  auto model = make_model(data.train.shape, data.train.class_count, options.seed);
  const auto loss = train_model(model, data.train, options);
  const auto float_accuracy = train::accuracy(model, data.test);
  const auto stages = stages_of(model);

  std::vector<Row> rows;
  std::vector<CodeRow> code_rows;
  {
    std::int64_t on_blocks = 0;
    for (const auto& c : choice.integers) on_blocks += blocks_with(c);
    core::Progress progress("run", on_blocks + std::ssize(choice.code_formats));
    for (const auto& c : choice.integers)
      core::visit_at(Widths{}, static_cast<std::size_t>(c.weight_bits / 4),
                     [&]<class Of>(std::type_identity<Of>) {
                       core::visit_at(Of{}, static_cast<std::size_t>(c.activation_bits - least_bits),
                                      [&]<class W>(std::type_identity<W>) {
                                        run_blocks(quantize<W>(stages, data), data.test.count(), options,
                                                   progress, rows);
                                      });
                     });
    for (const auto place : choice.code_formats)
      core::visit_at(CodeFormats{}, place, [&]<class F>(std::type_identity<F>) {
        code_rows.push_back({code_formats[place], code_accuracy<typename F::Gemm>(stages, data)});
        progress.update(on_blocks + std::ssize(code_rows), std::string(code_formats[place].name));
      });
  }

  std::optional<examples::MixedResult> mixed;
  std::vector<std::string> mixed_text;
  if (options.share > 0) {
    mixed = examples::search_mixed(model, data,
                                   {.share = options.share,
                                    .epochs = options.epochs,
                                    .seed = options.seed,
                                    .blocks = options.blocks,
                                    .sample = options.sample});
    mixed_text = mixed_lines(*mixed, options.share, data.test.count());
  }

  const auto facts = fmt::format(
      "{}: {} images to train, {} to test; a CNN of {} stages, {} epochs, seed {}: loss {:.4f}, float "
      "accuracy "
      "{:.2f} %. Quantized after training: weights per channel, activations per tensor.",
      name, data.train.count(), data.test.count(), stages.size(), options.epochs, options.seed, loss,
      100 * float_accuracy);
  examples::Basis basis;
  for (const auto& row : rows) basis.add(row.cost);
  if (mixed)
    for (const auto& stage : mixed->deployment.stages) basis.add(stage);

  bool equal = !mixed || mixed->deployment.agrees(data.test.count());
  core::Table table(header);
  for (const auto& row : rows) {
    table.add_row(cells(row));
    equal = equal && row.value_images == data.test.count() &&
            row.cycle_images == std::min(options.sample, data.test.count());
  }
  fmt::print("{}\n\n", facts);
  if (!rows.empty()) fmt::print("{}\n", table.text());
  if (!code_rows.empty()) {
    core::Table code_table(code_header);
    for (const auto& row : code_rows) code_table.add_row(cells(row));
    fmt::print("{}\n{}\n", code_table.text(), code_note);
  }
  for (const auto& row : rows)
    if (row.readouts.from_weights < row.readouts.worst_case)
      fmt::print(
          "{} on one {}: {} readouts an image with the bound of all weights, {} with that of these weights\n",
          row.format, row.block, row.readouts.worst_case, row.readouts.from_weights);
  if (mixed) {
    core::Table stage_table(examples::stage_header());
    for (const auto& row : examples::stage_rows(mixed->deployment)) stage_table.add_row(row);
    fmt::print("\n");
    for (const auto& line : mixed_text) fmt::print("{}\n", line);
    fmt::print("\n{}\n", stage_table.text());
  }
  for (const auto& line : basis.lines()) fmt::print("{}\n", line);
  if (!rows.empty())
    fmt::print(
        "{}: value view = plain integers on {} images, cycle view = plain integers and cycles = formula on "
        "{} "
        "images, for every line of the table\n",
        equal ? "agreement" : "DISAGREEMENT", data.test.count(), std::min(options.sample, data.test.count()));

  if (!options.json.empty()) {
    nlohmann::json report{{"version", version},
                          {"seed", options.seed},
                          {"data", name},
                          {"train_images", data.train.count()},
                          {"test_images", data.test.count()},
                          {"epochs", options.epochs},
                          {"train_loss", loss},
                          {"float_accuracy", float_accuracy},
                          {"cycle_view_images", std::min(options.sample, data.test.count())},
                          {"views_agree", equal},
                          {"rows", nlohmann::json::array()},
                          {"formats_without_a_block", nlohmann::json::array()}};
    for (const auto& row : rows) report["rows"].push_back(to_json(row));
    for (const auto& row : code_rows)
      report["formats_without_a_block"].push_back(
          {{"format", row.format.name}, {"bits_per_weight", row.format.bits}, {"accuracy", row.accuracy}});
    if (mixed) {
      report["format_for_every_layer"] = examples::deployment_json(mixed->deployment, data.test.count());
      report["format_for_every_layer"].update({{"target_share", options.share},
                                               {"cycles_with_8_bits", mixed->eight_bit_cycles},
                                               {"cycles_found", mixed->costs.cost(mixed->choice)}});
    }
    basis.write_to(report);
    examples::write_json(options.json, report);
  }
  if (!options.html.empty()) {
    core::write_file(options.html, html(rows, code_rows, mixed, mixed_text, facts, basis.lines()));
    fmt::print("report: {}\n", options.html);
  }
  return equal ? examples::success : examples::check_failed;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "What does a number format cost in accuracy, and what does it buy on an FPGA block? Trains a small "
      "network on real images, quantizes it, searches a format for every layer, and runs all of them bit by "
      "bit on "
      "models of the blocks.",
      "codesign");
  app.set_version_flag("--version", std::string(version));
  app.add_option("--data", options.data,
                 "folder with IDX files, e.g. of Fashion-MNIST (Debian package "
                 "dataset-fashion-mnist: /usr/share/datasets/fashion-mnist)")
      ->check(examples::not_empty());
  app.add_option("--digits", options.digits, "CSV file with digits of 8x8 pixels, used without --data")
      ->capture_default_str();
  app.add_option("--formats", options.formats,
                 "of weights and activations: int8, int4, int2, or w4a6 for weights of 4 and activations of "
                 "6 bits, on the "
                 "blocks that have them; e4m3fn, e5m2, e2m1fn, mxfp8_e4m3, "
                 "mxfp4_e2m1, mxint8, nvfp4, int3 and others on codes alone")
      ->capture_default_str();
  app.add_option("--blocks", options.blocks, "blocks of each kind")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--sample", options.sample, "test images that also run through the cycle view")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "epochs of training")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option(
         "--search", options.share,
         "cycles to search a format for every layer for, as a share of those with 8 bits; 0 for no search")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "seed of weights and batches")
      ->check(examples::seed_number())
      ->capture_default_str();
  examples::add_output(app, "--json", options.json, "also write the result to this file");
  examples::add_output(app, "--html", options.html, "also write a page with charts to this file");
  return examples::run_program(app, argc, argv, [&] { return run(options); });
}
