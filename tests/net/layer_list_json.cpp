// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/layer_list_json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/net/lowering.hpp>
#include <bitloom/net/zoo.hpp>

#ifndef BITLOOM_REFERENCE_DIR
#define BITLOOM_REFERENCE_DIR "../shared/reference"
#endif

using namespace bitloom::net;
using bitloom::ParseError;

namespace {

const std::string reference = BITLOOM_REFERENCE_DIR;

bool has_reference(const std::string& file) {
  if (std::filesystem::exists(reference + "/" + file)) return true;
  MESSAGE("skipped: ", reference, "/", file, " is not there");
  return false;
}

std::string read_text(const std::string& file_name) {
  std::ifstream file(file_name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A text with the value in place of every `@`.
std::string with(std::string text, const std::string& value) {
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + value.size()))
    text.replace(at, 1, value);
  return text;
}

std::string reason(std::string_view text) {
  try {
    const auto workloads = parse_workloads(text);
    return "no error: " + std::to_string(workloads.size());
  } catch (const ParseError& error) {
    return error.what();
  }
}

const Workload& find(const std::vector<Workload>& workloads, const std::string& name) {
  const auto found =
      std::find_if(workloads.begin(), workloads.end(), [&](const auto& w) { return w.name == name; });
  REQUIRE(found != workloads.end());
  return *found;
}

const std::string small_text = R"({
  "tiny": {"residual": true, "rvec": 1,
    "dla": [["conv", [3, 1, 16, 8, 7, 32]], ["fc", [40, 10]]],
    "m4bram": [["conv", [1, 3, 8, 8, 7, 32]], ["fc", [40, 10]]],
    "iofmap": [[9, 8, 16, 8, 7, 32]]},
  "other": {"layers": [["fc", [2, 3]]]}
})";

const std::vector<Workload> small_workloads{
    {.name = "tiny",
     .baseline = {{ConvShape{.r = 3, .s = 1, .c = 16, .p = 8, .q = 7, .k = 32}, FcShape{.c = 40, .k = 10}}},
     .enhanced = {{ConvShape{.r = 1, .s = 3, .c = 8, .p = 8, .q = 7, .k = 32}, FcShape{.c = 40, .k = 10}}},
     .feature_maps = {{.pin = 9, .qin = 8, .cin = 16, .pout = 8, .qout = 7, .cout = 32}},
     .residual = true,
     .rvec = 1},
    {.name = "other",
     .baseline = {{FcShape{.c = 2, .k = 3}}},
     .enhanced = {{FcShape{.c = 2, .k = 3}}},
     .feature_maps = {},
     .residual = {}}};

/// A workload's layers beside a network's own: equal, or folded to a filter width of 3 with nothing lost.
void check_folded(const LayerList& folded, const Network& network) {
  const auto own = layer_list(network);
  REQUIRE(folded.layers.size() == own.layers.size());
  int equal = 0;
  for (std::size_t i = 0; i < own.layers.size(); ++i) {
    CAPTURE(i);
    REQUIRE(folded.layers[i].index() == own.layers[i].index());
    if (folded.layers[i] == own.layers[i]) {
      ++equal;
      continue;
    }
    if (const auto* fc = std::get_if<FcShape>(&own.layers[i])) {
      const auto& listed = std::get<FcShape>(folded.layers[i]);
      const bool swapped = listed == FcShape{fc->k, fc->c};  // ResNet's classifier
      const bool reduced = *fc == FcShape{9216, 4096} && listed == FcShape{4096, 4096};  // AlexNet's first
      CHECK((swapped || reduced));
      continue;
    }
    const auto& layer = std::get<ConvShape>(own.layers[i]);
    const auto& listed = std::get<ConvShape>(folded.layers[i]);
    CHECK(listed.r == 3);
    CHECK(listed.p == layer.p);
    CHECK(listed.q == layer.q);
    if (layer.r == 1) {  // a 1×1 shortcut: three output channels share a filter row
      CHECK(listed ==
            ConvShape{3, 1, layer.c, layer.p, layer.q, bitloom::core::ceil_div<std::int64_t>(layer.k, 3)});
    } else {  // the first layer: filter positions become channels, filled up
      CHECK(i == 0);
      CHECK(listed.k == layer.k);
      const auto positions = layer.r * layer.s * layer.c;
      CHECK(listed.r * listed.s * listed.c >= positions);
      CHECK(listed.r * listed.s * listed.c < positions + positions / 4);
    }
  }
  CHECK(equal + 5 >= static_cast<int>(own.layers.size()));
}

}  // namespace

TEST_CASE("both files and a file of one's own give the same structure") {
  CHECK(parse_workloads(small_text) == small_workloads);
  const auto mine = parse_workloads(R"({"mynet": {"layers": [["conv",[3,3,16,8,8,32]],["fc",[10,10]]]}})");
  REQUIRE(mine.size() == 1);
  CHECK(mine[0].name == "mynet");
  CHECK(mine[0].baseline.layers == std::vector<LayerShape>{ConvShape{3, 3, 16, 8, 8, 32}, FcShape{10, 10}});
  CHECK(mine[0].enhanced == mine[0].baseline);
  CHECK(mine[0].rvec == 3);
  CHECK_FALSE(mine[0].residual.has_value());
  const auto pair =
      parse_workloads(R"({"n": {"bramac_layers": [["fc",[1,2]]], "dla_layers": [["fc",[3,4]]]}})");
  CHECK(pair[0].baseline.layers == std::vector<LayerShape>{FcShape{3, 4}});
  CHECK(pair[0].enhanced.layers == std::vector<LayerShape>{FcShape{1, 2}});
}

TEST_CASE("written workloads are read as they were") {
  CHECK(parse_workloads(to_json(small_workloads)) == small_workloads);
  auto named = small_workloads;
  named[0].name = "a \"quoted\"\n\\ näme";
  named[0].residual = false;
  CHECK(parse_workloads(to_json(named)) == named);
  CHECK(to_json(std::span(small_workloads).subspan(1)) ==
        "{\n  \"other\": {\n    \"rvec\": 3,\n    \"layers\": [\n      [\"fc\", [2, 3]]\n    ]\n  }\n}\n");
}

TEST_CASE("what no file may contain is not written") {
  const auto refuses = [](auto change) {
    auto workloads = small_workloads;
    change(workloads);
    CHECK_THROWS_AS(static_cast<void>(to_json(workloads)), ParseError);
  };
  refuses([](auto& w) { w.clear(); });
  refuses([](auto& w) { w[0].name.clear(); });
  refuses([](auto& w) { w[0].name = "\xff"; });
  refuses([](auto& w) { w[1].name = w[0].name; });
  refuses([](auto& w) { w[0].rvec = 0; });
  refuses([](auto& w) { w[0].baseline.layers.clear(); });
  refuses([](auto& w) { w[0].enhanced.layers[1] = FcShape{-1, 10}; });
  refuses([](auto& w) { w[0].feature_maps[0].pin = max_file_extent + 1; });
}

TEST_CASE("an error starts with the path of the element") {
  const std::string conv = R"({"alexnet": {"dla_layers": [["fc",[1,1]],["conv",[3,3,@,8,8,8]]],
                              "bramac_layers": [["fc",[1,1]]]}})";
  CHECK(reason(with(conv, "-3")) == "alexnet.dla_layers[1][1][2]: -3 has to be at least 1");
  CHECK(reason(with(conv, "0")) == "alexnet.dla_layers[1][1][2]: 0 has to be at least 1");
  CHECK(reason(with(conv, "2147483647")) == "no error: 1");
  CHECK(reason(with(conv, "2147483648")) ==
        "alexnet.dla_layers[1][1][2]: 2147483648 has to be at most 2147483647");
  CHECK(reason(with(conv, "18446744073709551615")) ==
        "alexnet.dla_layers[1][1][2]: 18446744073709551615 has to be at most 2147483647");
  CHECK(reason(with(conv, "-9223372036854775808")) ==
        "alexnet.dla_layers[1][1][2]: -9223372036854775808 has to be at least 1");
  CHECK(reason(with(conv, "18446744073709551616")) ==
        "alexnet.dla_layers[1][1][2]: 1.8446744073709552e+19 has to be an integer in 1..2147483647");
  for (const char* value : {"1.5", "3.0", "1e1", "\"3\"", "null", "true", "[]", "[3]", "{}"})
    CHECK(reason(with(conv, value)).find("alexnet.dla_layers[1][1][2]: ") == 0);
  CHECK(reason(with(conv, "3,3")) ==
        "alexnet.dla_layers[1][1]: an array of 7 has to be an array of 6 integers");

  const std::string layer = R"({"n": {"layers": [@]}})";
  CHECK(reason(with(layer, "")) == "n.layers: an array of 0 has to be an array that is not empty");
  CHECK(reason(with(layer, R"(["pool",[2,2]])")) == "n.layers[0][0]: \"pool\" has to be \"conv\" or \"fc\"");
  CHECK(reason(with(layer, R"([1,[2,2]])")) == "n.layers[0][0]: 1 has to be \"conv\" or \"fc\"");
  CHECK(reason(with(layer, R"(["fc",[2]])")) ==
        "n.layers[0][1]: an array of 1 has to be an array of 2 integers");
  CHECK(reason(with(layer, R"(["fc",2])")) == "n.layers[0][1]: 2 has to be an array of 2 integers");
  CHECK(reason(with(layer, R"(["fc",2,2])")) ==
        "n.layers[0]: an array of 3 has to be an array [kind, extents]");
  CHECK(reason(with(layer, R"("fc",[2,2])")) == "n.layers[0]: \"fc\" has to be an array [kind, extents]");
  CHECK(reason(with(layer, R"([["fc",[2,2]]])")) ==
        "n.layers[0]: an array of 1 has to be an array [kind, extents]");
  CHECK(reason(with(layer, R"(["conv",[2147483647,2147483647,2147483647,1,1,1]])")).find("n.layers: macs") ==
        0);

  const std::string key = R"({"n": {"layers": [["fc",[2,2]]], @}})";
  CHECK(reason(with(key, R"("iofmap": [])")) ==
        "n.iofmap: an array of 0 has to be an array that is not empty");
  CHECK(reason(with(key, R"("iofmap": [[1,1,1,1,1,1],[1,1,1,0,1,1]])")) ==
        "n.iofmap[1][3]: 0 has to be at least 1");
  CHECK(reason(with(key, R"("iofmap": [[2147483647,2147483647,2147483647,1,1,1]])"))
            .find("n.iofmap[0]: input") == 0);
  CHECK(reason(with(key, R"("residual": 1)")) == "n.residual: 1 has to be true or false");
  CHECK(reason(with(key, R"("rvec": 0)")) == "n.rvec: 0 has to be at least 1");
  CHECK(reason(with(key, R"("rvce": 3)")) == "n.rvce: the key is unknown, or does not go with 'layers'");
  CHECK(reason(with(key, R"("dla": 3)")) == "n.layers: the key is unknown, or does not go with 'dla'");
  CHECK(reason(with(key, R"("layers": 3)")) == "n.layers: the key is given twice");
  CHECK(reason(R"({"n": {"dla": [["fc",[2,2]]]}})") == "n.m4bram: the key is missing");
  CHECK(reason(R"({"n": {"bramac_layers": [["fc",[2,2]]]}})") == "n.dla_layers: the key is missing");
  CHECK(reason(R"({"n": {}})") == "n.layers: the key is missing");
  CHECK(reason(R"({"n": [["fc",[2,2]]]})") == "n: an array of 1 has to be an object");
  CHECK(reason(R"({"n": {"layers": [["fc",[2,2]]]}, "n": 1})") == "n: the network is given twice");
  CHECK(reason(R"({"": {"layers": [["fc",[2,2]]]}})") == "workloads: the name of a network is empty");
  CHECK(reason("[]") == "workloads: an array of 0 has to be an object with a network or more");
  CHECK(reason("{}") == "workloads: an object of 0 has to be an object with a network or more");
}

TEST_CASE("text that is no JSON is refused in one line") {
  CHECK(reason("") == "workloads: no valid JSON: the text is empty");
  const std::string good = R"({"n": {"layers": [["fc",[2,2]]]}})";
  REQUIRE(reason(good) == "no error: 1");
  REQUIRE(reason(" \n" + good + "\n ") == "no error: 1");
  for (const std::string& text :
       {good + "x", good + good, good + std::string("\0x", 2), std::string(1, '\0') + good,
        std::string("nan"), with(R"({"n":{"layers":[["fc",[@,1]]]}})", "NaN"),
        with(R"({"n":{"layers":[["fc",[@,1]]]}})", "1e999"), with(R"({"n":{"layers":[["fc",[@,1]]]}})", "03"),
        std::string("\n\n{\"a\n"), std::string("\xff\xfe"),
        std::string(R"({"n)") + std::string(100'000, 'x')}) {
    const auto text_reason = reason(text);
    CAPTURE(text_reason);
    CHECK(text_reason.find("workloads: no valid JSON: ") == 0);
    CHECK(text_reason.size() < 250);
    CHECK(text_reason.find('\n') == std::string::npos);
  }
  const auto odd_name = reason("{\"line\\nbreak" + std::string(500, 'x') + "\": 1}");
  CHECK(odd_name.find("line?break") == 0);
  CHECK(odd_name.size() < 250);
}

TEST_CASE("a name is cut between characters") {
  for (std::size_t length = 70; length < 90; ++length) {
    std::string name(length, 'x');
    for (int i = 0; i < 10; ++i) name += "ä";
    const auto text = reason("{\"" + name + "\": 1}");
    const auto cut = text.find("...");
    if (name.size() <= 80) {
      CHECK(cut == std::string::npos);
      continue;
    }
    REQUIRE(cut != std::string::npos);
    CHECK(name.starts_with(text.substr(0, cut)));
    CHECK(static_cast<unsigned char>(text[cut - 1]) != 0xC3);  // the first of two bytes of 'ä'
  }
}

TEST_CASE("nesting of any depth ends in an error") {
  for (const auto depth : {std::size_t{10}, std::size_t{100}, std::size_t{1'000'000}}) {
    CHECK(reason(std::string(depth, '[')) == "workloads: it is nested deeper than a list of layers");
    CHECK(reason(R"({"n": {"layers": )" + std::string(depth, '[')) ==
          "n: it is nested deeper than a list of layers");
  }
}

TEST_CASE("a text that ends anywhere too early is refused") {
  for (std::size_t length = 0; length < small_text.size(); ++length) {
    CAPTURE(length);
    REQUIRE_THROWS_AS(static_cast<void>(parse_workloads(std::string_view(small_text).substr(0, length))),
                      ParseError);
  }
}

TEST_CASE("random damage gives a workload or an error") {
  bitloom::core::Random random(11);
  const std::string_view alphabet = "[]{},:\"0123456789-+.eE \n\\utrueconvfcdla\x80\xff";
  int parsed = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = small_text;
    for (auto changes = random.integer(1, 3); changes > 0; --changes) {
      const auto at = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1));
      const auto pick =
          static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(alphabet.size()) - 1));
      switch (random.integer(0, 3)) {
        case 0: text[at] = alphabet[pick]; break;
        case 1: text[at] = static_cast<char>(random() & 0xff); break;
        case 2: text.erase(at, 1); break;
        default: text.insert(at, 1, alphabet[pick]);
      }
    }
    try {
      const auto workloads = parse_workloads(text);
      const auto again = parse_workloads(to_json(workloads));
      REQUIRE(again == workloads);
      ++parsed;
    } catch (const ParseError& error) {
      REQUIRE(std::string_view(error.what()).find('\n') == std::string_view::npos);
      ++refused;
    }
  }
  CHECK(parsed > 100);
  CHECK(refused > 1000);
}

TEST_CASE("a file that cannot be read is named") {
  const auto folder = std::filesystem::temp_directory_path();
  const auto absent = (folder / "bitloom" / "no" / "such" / "file.json").string();
  CHECK_THROWS_WITH_AS(static_cast<void>(read_workloads(absent)),
                       (absent + ": the file cannot be opened").c_str(), ParseError);
  CHECK_THROWS_AS(static_cast<void>(read_workloads(folder.string())), ParseError);
  const auto file_name = (folder / "bitloom_layer_list_json_test.json").string();
  const auto write = [&](const std::string& text) { std::ofstream(file_name, std::ios::binary) << text; };
  write(small_text);
  CHECK(read_workloads(file_name) == small_workloads);
  write("");
  CHECK_THROWS_WITH_AS(static_cast<void>(read_workloads(file_name)),
                       (file_name + ": workloads: no valid JSON: the text is empty").c_str(), ParseError);
  std::filesystem::remove(file_name);
}

TEST_CASE("the reference files hold the networks that they should") {
  struct Expected {
    std::string name;
    std::size_t layers, maps;
    std::int64_t rvec;
  };
  if (has_reference("bramac/networks.json")) {
    const auto workloads = read_workloads(reference + "/bramac/networks.json");
    CHECK(workloads.size() == 2);
    CHECK(find(workloads, "alexnet").residual == false);
    CHECK(find(workloads, "resnet34").residual == true);
    for (const auto& [name, layers, maps, rvec] :
         {Expected{"alexnet", 8, 7, 3}, Expected{"resnet34", 37, 7, 3}}) {
      const auto& workload = find(workloads, name);
      CHECK(workload.baseline.layers.size() == layers);
      CHECK(workload.enhanced.layers.size() == layers);
      CHECK(workload.feature_maps.size() == maps);
      CHECK(workload.rvec == rvec);
    }
    CHECK(parse_workloads(to_json(workloads)) == workloads);
  }
  if (has_reference("m4bram/networks.json")) {
    const auto workloads = read_workloads(reference + "/m4bram/networks.json");
    CHECK(workloads.size() == 5);
    for (const auto& [name, layers, maps, rvec] :
         {Expected{"alexnet", 8, 7, 3}, Expected{"vgg16", 16, 9, 3}, Expected{"resnet18", 21, 7, 3},
          Expected{"resnet34", 37, 7, 3}, Expected{"vitbase", 5, 1, 1}}) {
      const auto& workload = find(workloads, name);
      CAPTURE(name);
      CHECK(workload.baseline.layers.size() == layers);
      CHECK(workload.enhanced.layers.size() == layers);
      CHECK(workload.feature_maps.size() == maps);
      CHECK(workload.rvec == rvec);
      CHECK_FALSE(workload.residual.has_value());
    }
    CHECK(parse_workloads(to_json(workloads)) == workloads);
  }
}

TEST_CASE("the reference layers are those of our networks, folded") {
  if (has_reference("bramac/networks.json")) {
    const auto workloads = read_workloads(reference + "/bramac/networks.json");
    for (const auto list : {&Workload::baseline, &Workload::enhanced}) {
      check_folded(find(workloads, "alexnet").*list, alexnet());
      check_folded(find(workloads, "resnet34").*list, resnet34());
    }
  }
  if (has_reference("m4bram/networks.json")) {
    const auto workloads = read_workloads(reference + "/m4bram/networks.json");
    for (const auto list : {&Workload::baseline, &Workload::enhanced}) {
      check_folded(find(workloads, "alexnet").*list, alexnet());
      check_folded(find(workloads, "resnet18").*list, resnet18());
      check_folded(find(workloads, "resnet34").*list, resnet34());
    }
  }
}

TEST_CASE("a reference file that ends too early, or is damaged, is refused or still a workload") {
  for (const std::string file : {"bramac/networks.json", "m4bram/networks.json"}) {
    if (!has_reference(file)) continue;
    const auto text = read_text(reference + "/" + file);
    const auto end = text.find_last_of('}');
    for (std::size_t length = 0; length <= end; length += 7)
      REQUIRE_THROWS_AS(static_cast<void>(parse_workloads(std::string_view(text).substr(0, length))),
                        ParseError);
    REQUIRE_THROWS_AS(static_cast<void>(parse_workloads(std::string_view(text).substr(0, end))), ParseError);

    bitloom::core::Random random(13);
    for (int round = 0; round < 500; ++round) {
      auto damaged = text;
      const auto at = random.integer(0, static_cast<std::int64_t>(text.size()) - 1);
      damaged[static_cast<std::size_t>(at)] = static_cast<char>(random() & 0xff);
      try {
        const auto workloads = parse_workloads(damaged);
        REQUIRE_FALSE(workloads.empty());
      } catch (const ParseError& error) {
        REQUIRE(std::string_view(error.what()).find(": ") != std::string_view::npos);
      }
    }
  }
}
