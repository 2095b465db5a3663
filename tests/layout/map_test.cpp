// Mapping: the design computes what the quantized network says; what does not map is refused.
// SPDX-License-Identifier: Apache-2.0
#include "compress/layout/map.hpp"

#include <functional>
#include <set>

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/layout/random_network.hpp"
#include "tests/twin/random_design.hpp"
#include "twin/integer_model.hpp"

namespace crosstwin {

using layout::map;
using test::NetworkSpec;
using test::RandomNetwork;

namespace {

// Largest |integer logit - logit / scale| over a few images.
double logit_error(const ir::Design& design, const RandomNetwork& random, uint64_t seed) {
  const auto images = test::random_images(design, 8, seed);
  const auto logits = twin::integer_logits(design, images);
  double error = 0;
  for (int64_t n = 0; n < 8; ++n) {
    const auto expected =
        test::float_logits(random.network(), images.data() + n * design.input.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const double steps = expected[i] / random.logit_scale();
      error = std::max(error, std::abs(steps - logits[static_cast<size_t>(n) * 4 + i]));
    }
  }
  return error;
}

std::string refusal(const ir::Network& network, const ir::Layout& layout = {}) {
  try {
    map(network, layout);
  } catch (const ir::Error& error) {
    return error.what();
  }
  return "";
}

// A small network that maps, broken by `damage`.
std::string refusal_after(const std::function<void(ir::Network&)>& damage) {
  ir::Network network = RandomNetwork(1, {}).network();
  damage(network);
  return refusal(network);
}

ir::Conv& conv_of(ir::Network& network, const std::string& name) {
  return std::get<ir::Conv>(network.nodes[static_cast<size_t>(ir::node_index(network, name))].kind);
}
ir::Node& node_of(ir::Network& network, const std::string& name) {
  return network.nodes[static_cast<size_t>(ir::node_index(network, name))];
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the integer network equals the quantized one exactly where its scales allow it") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    for (const bool pool_first : {false, true}) {
      for (const bool signed_edge : {false, true}) {
        const RandomNetwork random(seed, {pool_first, signed_edge, true, 8});
        const ir::Design design = map(random.network(), {});
        // Float noise only: the reference sums doubles of float weights.
        INFO("seed " << seed << ", pool first " << pool_first << ", signed " << signed_edge);
        REQUIRE(logit_error(design, random, seed) < 0.05);
      }
    }
  }
}

TEST_CASE("with any scales a code differs at most where a value falls next to a half") {
  int exact = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const RandomNetwork random(seed, {seed % 2 == 0, seed % 3 == 0, false, 8});
    const double error = logit_error(map(random.network(), {}), random, seed);
    exact += error < 0.05 ? 1 : 0;
    // A multiplier of 16 bits is off by up to 2^-16: about one code in 500 falls the other way. One
    // that does moves a logit by at most a weight, 127; two in one image are rare.
    INFO("seed " << seed);
    REQUIRE(error < 2 * 127);
  }
  REQUIRE(exact >= 6);
}

TEST_CASE("a forgotten input zero is seen by the comparison") {
  const RandomNetwork random(3, {false, false, true, 8});
  ir::Design design = map(random.network(), {});
  auto& layer = std::get<ir::Crossbar>(design.stages[0].kind);
  for (size_t i = 0; i < layer.weight.size(); ++i) {
    const int32_t area = layer.kernel_h * layer.kernel_w;
    const auto channel = static_cast<size_t>(layer.rows[i / 5] / area);
    layer.bias[i % 5] += layer.weight[i] * layer.pad_value[channel];
  }
  REQUIRE(logit_error(design, random, 3) > 100);
}

TEST_CASE("stages, clamps, bits and padding come out as the network says") {
  const RandomNetwork random(4, {true, true, false, 6});
  const ir::Design design = map(random.network(), {});
  REQUIRE(design.stages.size() == 5);
  const std::vector<std::string> names = {"conv1", "pool1", "conv2", "fc1", "fc2"};
  for (size_t i = 0; i < 5; ++i) {
    REQUIRE(design.stages[i].name == names[i]);
    REQUIRE(design.stages[i].inputs[0] == (i == 0 ? "input" : names[i - 1]));
  }
  const auto layer = [&](size_t i) { return std::get<ir::Crossbar>(design.stages[i].kind); };
  REQUIRE(layer(0).pad_value == std::get<ir::Input>(random.network().nodes[0].kind).zero);
  REQUIRE(design.stages[0].in_bits == 8);
  REQUIRE(layer(0).low == 0);
  REQUIRE(layer(0).high == 63);
  REQUIRE(design.stages[2].in_bits == 6);
  REQUIRE(layer(2).low == -32);
  REQUIRE(layer(2).high == 31);
  REQUIRE(design.stages[3].in_signed);
  REQUIRE_FALSE(design.stages[4].in_signed);
  REQUIRE(layer(3).kernel_h == design.stages[2].out.h);
  REQUIRE(layer(3).rows == std::get<ir::Dense>(random.network().nodes[6].kind).rows);
  REQUIRE(layer(4).logits);
}

TEST_CASE("one shift serves a layer, unless a column would lose accuracy by it") {
  ir::Network network = RandomNetwork(5, {}).network();
  const auto shifts = [](const ir::Network& of, size_t stage) {
    const ir::Design design = map(of, {});
    const auto& shift = std::get<ir::Crossbar>(design.stages[stage].kind).shift;
    return std::set<uint8_t>(shift.begin(), shift.end());
  };
  REQUIRE(shifts(network, 2).size() == 1);
  ir::Conv& conv = conv_of(network, "conv2");
  conv.weight_scale[1] /= 64;
  for (size_t r = 0; r < conv.rows.size(); ++r) conv.weight[conv.rows.size() + r] /= 64;
  conv.bias[1] /= 64;
  REQUIRE(shifts(network, 2).size() > 1);
  const ir::Design design = map(network, {});
  const auto& layer = std::get<ir::Crossbar>(design.stages[2].kind);
  for (const uint16_t mult : layer.mult) REQUIRE(mult >= 16384);
}

TEST_CASE("a column of zeros needs no scale of its own") {
  ir::Network network = RandomNetwork(6, {}).network();
  ir::Conv& conv = conv_of(network, "conv1");
  conv.weight_scale[2] = 0;
  for (size_t r = 0; r < conv.rows.size(); ++r) conv.weight[2 * conv.rows.size() + r] = 0;
  const ir::Design design = map(network, {});
  const auto& layer = std::get<ir::Crossbar>(design.stages[0].kind);
  for (size_t r = 0; r < layer.rows.size(); ++r) REQUIRE(layer.weight[r * 5 + 2] == 0);
}

TEST_CASE("what does not map is refused with the node, the reason and the fix") {
  REQUIRE(refusal_after([](ir::Network&) {}).empty());
  const auto insert = [](ir::Network& network, const std::string& after, const ir::Kind& kind) {
    const auto at = static_cast<size_t>(ir::node_index(network, after)) + 1;
    network.nodes[at].inputs = {"extra"};
    network.nodes.insert(network.nodes.begin() + static_cast<int64_t>(at),
                         ir::Node{"extra", {after}, kind});
  };
  std::string text =
      refusal_after([](ir::Network& n) { conv_of(n, "conv2").weight_scale.clear(); });
  REQUIRE(contains(text, "node conv2"));
  REQUIRE(contains(text, "quantize the network"));

  text = refusal_after([](ir::Network& n) { conv_of(n, "conv1").weight[1] *= 1.001F; });
  REQUIRE(contains(text, "off the conductance grid (column 0, row"));

  text = refusal_after([](ir::Network& n) {
    ir::Conv& conv = conv_of(n, "conv1");
    conv.weight[1] = 128 * conv.weight_scale[0];
  });
  REQUIRE(contains(text, "beyond weight_range"));

  text = refusal_after([](ir::Network& n) { node_of(n, "relu2").quant.reset(); });
  REQUIRE(contains(text, "no activation quantization"));

  text = refusal_after([](ir::Network& n) {
    node_of(n, "conv2").quant = node_of(n, "relu2").quant;
    node_of(n, "conv2").quant->scale *= 2;
  });
  REQUIRE(contains(text, "differs from another one of the same edge"));

  text = refusal_after([&](ir::Network& n) { insert(n, "relu1", ir::AvgPool{1, 1}); });
  REQUIRE(contains(text, "node extra"));
  REQUIRE(contains(text, "avg_pool"));

  text = refusal_after([&](ir::Network& n) {
    insert(n, "conv1",
           ir::BatchNorm{{1, 1, 1, 1, 1}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}});
  });
  REQUIRE(contains(text, "fold it into the layer"));

  text = refusal_after([](ir::Network& n) { n.nodes.push_back({"soft", {"fc2"}, ir::Softmax{}}); });
  REQUIRE(contains(text, "drop it"));

  text = refusal_after([](ir::Network& n) { n.nodes.push_back({"end", {"fc2"}, ir::Relu{}}); });
  REQUIRE(contains(text, "raw logits"));

  text = refusal_after([&](ir::Network& n) { insert(n, "flatten", ir::MaxPool{1, 1}); });
  REQUIRE(contains(text, "behind a flatten"));

  text = refusal_after([](ir::Network& n) { node_of(n, "relu2").inputs = {"pool1"}; });
  REQUIRE(contains(text, "only chains"));

  text = refusal_after([](ir::Network& n) {
    auto& last = std::get<ir::Dense>(n.nodes.back().kind);
    last.weight_scale[1] *= 2;
    for (size_t r = 0; r < last.rows.size(); ++r) last.weight[last.rows.size() + r] *= 2;
  });
  REQUIRE(contains(text, "logits do not compare"));

  ir::Network signed_edge = RandomNetwork(1, {false, true, false, 8}).network();
  node_of(signed_edge, "conv2").quant->is_signed = false;
  REQUIRE(contains(refusal(signed_edge), "codes must be signed"));

  uint64_t seed = 0;
  ir::Network two_deviations;
  do {
    two_deviations = RandomNetwork(++seed, {}).network();
  } while (std::get<ir::Input>(two_deviations.nodes[0].kind).shape.c < 2);
  auto& input = std::get<ir::Input>(two_deviations.nodes[0].kind);
  input.stddev[1] *= 2;
  REQUIRE(contains(refusal(two_deviations), "different stddev"));

  text = refusal_after([](ir::Network& n) { node_of(n, "relu2").quant->scale = 1e-12F; });
  REQUIRE(contains(text, "does not fit 16 bits"));
}

}  // namespace crosstwin
