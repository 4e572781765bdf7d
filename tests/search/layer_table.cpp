// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/layer_table.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const std::string header = "name,type,cin,cout,kernel,stride,groups,in_hw,out_hw,macs,weights\n";

std::vector<LayerRow> parse(const std::string& lines) {
  return parse_layer_table(core::Csv::parse(header + lines, "table"));
}

TEST_CASE("a table of layers is read as it was written") {
  const std::vector<LayerRow> rows{
      {"stem", LayerType::Conv, 3, 16, 3, 2, 1, 225},
      {"dw", LayerType::Depthwise, 16, 16, 5, 1, 16, 113},
      {"grouped", LayerType::Conv, 16, 32, 3, 1, 4, 113},
      {"fc", LayerType::Linear, 32, 10},
      {"tokens", LayerType::Linear, 10, 20, 1, 1, 1, 197},
  };
  const auto text = to_csv(rows);
  CHECK(text == header +
                    "stem,conv,3,16,3,2,1,225,113,5516208,432\n"
                    "dw,dwconv,16,16,5,1,16,113,113,5107600,400\n"
                    "grouped,conv,16,32,3,1,4,113,113,14709888,1152\n"
                    "fc,linear,32,10,1,1,1,1,1,320,320\n"
                    "tokens,linear,10,20,1,1,1,197,197,39400,200\n");
  CHECK(parse_layer_table(core::Csv::parse(text, "table")) == rows);
  const auto layers = layers_of(rows);
  CHECK(layers[0] == WeightLayer{"stem", net::ConvShape{3, 3, 3, 113, 113, 16}});
  CHECK(layers[1].shape == net::LayerShape(net::ConvShape{5, 5, 1, 113, 113, 16}));
  CHECK(layers[2].shape == net::LayerShape(net::ConvShape{3, 3, 4, 113, 113, 32}));
  CHECK(layers[3].shape == net::LayerShape(net::FcShape{32, 10}));
  CHECK(layers[4].shape == net::LayerShape(net::ConvShape{1, 1, 10, 197, 1, 20}));
  CHECK(macs(layers) == 5516208 + 5107600 + 14709888 + 320 + 39400);
}

TEST_CASE("a table that contradicts itself is refused, with file and line") {
  const auto reason = [](const std::string& line) {
    try {
      parse(line);
    } catch (const ParseError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(reason("a,conv,3,16,3,2,1,224,112,5419008,432\n") == "no error");
  CHECK(reason("a,conv,3,16,3,2,1,224,112,5419009,432\n") ==
        "table, line 2, macs: 5419009, but the other fields give 5419008");
  CHECK(reason("a,conv,3,16,3,2,1,224,112,5419008,431\n").starts_with("table, line 2, weights: 431"));
  CHECK(reason("a,conv,3,16,3,2,1,224,111,5419008,432\n").starts_with("table, line 2, out_hw: 111"));
  CHECK(reason("a,pool,3,16,3,2,1,224,112,0,0\n") ==
        "table, line 2, type: 'pool' is none of conv, dwconv, linear");
  CHECK(reason("a,conv,3,0,3,2,1,224,112,0,0\n").find("has to be at least 1") != std::string::npos);
  CHECK(reason("a,conv,3,16,3,2,2,224,112,0,0\n").find("not divisible by 2 groups") != std::string::npos);
  CHECK(reason("a,dwconv,16,16,3,1,8,8,8,0,0\n").find("cannot have 8 groups") != std::string::npos);
  CHECK(reason("a,linear,16,16,3,1,1,1,1,256,256\n").find("has no kernel") != std::string::npos);
  CHECK(reason("\"a\nb\",conv,3,16,3,2,1,224,112,5419008,432\n") ==
        "table, line 2, name: it is empty, or has a comma, a quote or a control character");
  CHECK(reason("") == "table: there is no layer");
  CHECK(reason("a,linear,4000000000,4000000000,1,1,1,1,1,1,1\n").find("63 bits") != std::string::npos);
  CHECK_THROWS_AS(static_cast<void>(to_csv(std::vector<LayerRow>{{"a,b", LayerType::Linear, 1, 1}})),
                  RangeError);
}

}  // namespace
