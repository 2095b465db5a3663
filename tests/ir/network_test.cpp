// Graph shapes and checks; the network artifact there and back.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/network.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "compress/ir/atomic_write.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"

using namespace crosstwin::ir;
using crosstwin::tests::contains;
using crosstwin::tests::message_of;
using crosstwin::tests::TemporaryDir;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Every kind once: two branches that are added and concatenated.
Network small_network() {
  Network net{"small", {}};
  net.nodes.push_back({"image", {}, Input{{2, 6, 6}, {0, 33}, {1.0F, 0.5F}}, {}});
  net.nodes.push_back({"conv",
                       {"image"},
                       Conv{3, 3, 3, 1, 1, {0, 4, 17}, std::vector<float>(9, 0.5F), {1, 2, 3}, {}},
                       {}});
  net.nodes.push_back(
      {"norm", {"conv"}, BatchNorm{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}}, {}});
  net.nodes.push_back({"relu", {"norm"}, Relu{}, ActivationQuant{8, false, 0.25F}});
  net.nodes.push_back({"sum", {"relu", "conv"}, Add{}, {}});
  net.nodes.push_back({"both", {"sum", "relu"}, Concat{}, {}});
  net.nodes.push_back({"max", {"both"}, MaxPool{2, 2}, {}});
  net.nodes.push_back({"mean", {"max"}, AvgPool{3, 3}, {}});
  net.nodes.push_back({"flat", {"mean"}, Flatten{}, {}});
  net.nodes.push_back(
      {"dense", {"flat"}, Dense{2, {1, 5}, {1, 2, 3, 4}, {0, 0}, {0.5F, 0.5F}}, {}});
  net.nodes.push_back({"prob", {"dense"}, Softmax{}, {}});
  return net;
}

}  // namespace

TEST_CASE("shapes follow the graph") {
  const auto shapes = infer_shapes(small_network());
  CHECK(shapes[1] == Shape{3, 6, 6});
  CHECK(shapes[5] == Shape{6, 6, 6});
  CHECK(shapes[7] == Shape{6, 1, 1});
  CHECK(shapes[10] == Shape{2, 1, 1});
  CHECK(weight_count(small_network()) == 13);
  CHECK(weight_count(small_network(), true) == 9);
}

TEST_CASE("a wrong graph is an error that names the layer") {
  const std::pair<std::string, std::function<void(Network&)>> cases[] = {
      {"no earlier layer", [](Network& n) { n.nodes[3].inputs = {"sum"}; }},
      {"two layers of this name", [](Network& n) { n.nodes[3].name = "norm"; }},
      {"wrong number of inputs", [](Network& n) { n.nodes[4].inputs = {"relu"}; }},
      {"different shapes",
       [](Network& n) {
         n.nodes[4].inputs = {"relu", "image"};
       }},
      {"rows not ascending", [](Network& n) { std::get<Conv>(n.nodes[1].kind).rows[2] = 18; }},
      {"weight has the wrong length",
       [](Network& n) { std::get<Dense>(n.nodes[9].kind).weight.pop_back(); }},
      {"needs a flat input", [](Network& n) { n.nodes[9].inputs = {"max"}; }},
      {"kernel larger", [](Network& n) { std::get<AvgPool>(n.nodes[7].kind).kernel = 4; }},
      {"not a usable name", [](Network& n) { n.nodes[3].name = "Relu 1"; }},
      {"activation scale", [](Network& n) { n.nodes[3].quant->scale = 0; }},
      {"activation scale", [](Network& n) { n.nodes[3].quant->scale = kInfinity; }},
      {"image: stddev", [](Network& n) { std::get<Input>(n.nodes[0].kind).stddev[0] = kInfinity; }},
      {"dense: weight_scale",
       [](Network& n) { std::get<Dense>(n.nodes[9].kind).weight_scale[1] = kInfinity; }},
      {"norm: variance",
       [](Network& n) { std::get<BatchNorm>(n.nodes[2].kind).variance[1] = -1e-3F; }},
      {"norm: variance",
       [](Network& n) { std::get<BatchNorm>(n.nodes[2].kind).variance[0] = std::nanf(""); }},
      {"norm: epsilon", [](Network& n) { std::get<BatchNorm>(n.nodes[2].kind).epsilon = 0; }},
      {"image: output too large",
       [](Network& n) {
         std::get<Input>(n.nodes[0].kind).shape.h = std::get<Input>(n.nodes[0].kind).shape.w =
             1 << 14;
       }},
      {"image: output too large",
       [](Network& n) {
         std::get<Input>(n.nodes[0].kind).shape.h = std::get<Input>(n.nodes[0].kind).shape.w =
             0x7fffffff;
       }},
      {"zero out of range", [](Network& n) { std::get<Input>(n.nodes[0].kind).zero[1] = 256; }}};
  for (const auto& [expected, damage] : cases) {
    Network net = small_network();
    damage(net);
    CHECK_THAT(message_of([&] { infer_shapes(net); }), contains(expected));
  }
}

TEST_CASE("a network is read back as it was written") {
  const TemporaryDir dir;
  save_network(small_network(), dir / "a");
  save_network(load_network(dir / "a"), dir / "b");
  for (const char* file : {"network.json", "tensors.npz"}) {
    CHECK(read_file(dir / ("a/" + std::string(file))) ==
          read_file(dir / ("b/" + std::string(file))));
  }
  const Network net = load_network(dir / "a");
  CHECK(std::get<Conv>(net.nodes[1].kind).rows == std::vector<int32_t>{0, 4, 17});
  CHECK(std::get<Dense>(net.nodes[9].kind).weight_scale.size() == 2);
  CHECK(net.nodes[3].quant->scale == 0.25F);
}

TEST_CASE("a damaged network file names file and path") {
  const TemporaryDir dir;
  save_network(small_network(), dir / "a");
  const std::string text = read_file(dir / "a/network.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    write_file(dir / "a/network.json", changed);
    return message_of([&] { load_network(dir / "a"); });
  };
  CHECK_THAT(with("\"kind\": \"relu\"", "\"kind\": \"gelu\""),
             contains("$.nodes[3].kind: unknown layer kind"));
  CHECK_THAT(with("\"stride\": 1", "\"stride\": 0"), contains("$.nodes[1].stride: out of range"));
  CHECK_THAT(with("\"pad\"", "\"pads\""), contains("$.nodes[1]"));
  CHECK_THAT(with("\"out_features\": 2", "\"out_features\": 3"),
             contains("dense.weight: wrong shape"));
  CHECK_THAT(with("crosstwin-network", "crosstwin-design"), contains("not a network"));
}
