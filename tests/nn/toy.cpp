// Small networks and data.
// SPDX-License-Identifier: Apache-2.0
#include "tests/nn/toy.hpp"

#include "compress/ir/overload.hpp"
#include "compress/ir/rng.hpp"
#include "compress/nn/model.hpp"

namespace crosstwin::test {

data::Dataset noise_images(const ir::Shape& shape, int64_t count, int32_t classes, uint64_t seed) {
  data::Dataset set{shape, {}, {}, classes};
  ir::Rng rng(seed);
  for (int64_t i = 0; i < count * shape.size(); ++i) {
    set.images.push_back(static_cast<uint8_t>(rng.next_u32()));
  }
  for (int64_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<uint8_t>(rng.below(static_cast<uint32_t>(classes))));
  }
  return set;
}

data::Dataset bar_images(int64_t count, uint64_t seed) {
  data::Dataset set = noise_images(kBarShape, count, kBarClasses, seed);
  for (size_t i = 0; i < set.labels.size(); ++i) {
    uint8_t* image = set.images.data() + static_cast<int64_t>(i) * kBarShape.size();
    for (int64_t p = 0; p < kBarShape.size(); ++p) {
      const bool bar = p / kBarShape.w / 3 == set.labels[i];
      image[p] = static_cast<uint8_t>(image[p] / 3 + (bar ? 160 : 0));
    }
  }
  return set;
}

ir::Node input_node(const ir::Shape& shape) {
  const auto channels = static_cast<size_t>(shape.c);
  return {"image",
          {},
          ir::Input{shape, std::vector<int32_t>(channels, 80), std::vector<float>(channels, 0.4F)}};
}

ir::Node conv_node(const std::string& name, const std::string& input, int32_t outs, int32_t kernel,
                   int32_t stride, int32_t pad) {
  ir::Conv conv;
  conv.out_channels = outs;
  conv.kernel_h = conv.kernel_w = kernel;
  conv.stride = stride;
  conv.pad = pad;
  return {name, {input}, conv};
}

ir::Node dense_node(const std::string& name, const std::string& input, int32_t outs) {
  ir::Dense dense;
  dense.out_features = outs;
  return {name, {input}, dense};
}

ir::Network bar_network(uint64_t seed) {
  ir::Network network{"bars",
                      {input_node(kBarShape),
                       conv_node("conv1", "image", 5, 3),
                       {"pool1", {"conv1"}, ir::MaxPool{}},
                       {"norm1", {"pool1"}, ir::BatchNorm{}},
                       {"relu1", {"norm1"}, ir::Relu{}},
                       {"flat", {"relu1"}, ir::Flatten{}},
                       dense_node("fc1", "flat", 19),
                       {"relu2", {"fc1"}, ir::Relu{}},
                       dense_node("fc2", "relu2", kBarClasses)}};
  nn::initialize(network, seed);
  return network;
}

ir::Network every_kind(uint64_t seed) {
  ir::Network network{"all",
                      {input_node({2, 9, 8}),
                       conv_node("wide", "image", 7, 3, 1, 1),  // both branches read it
                       {"norm", {"wide"}, ir::BatchNorm{}},
                       {"relu1", {"norm"}, ir::Relu{}},
                       conv_node("left", "relu1", 5, 3, 2, 1),  // stride and padding
                       {"relu2", {"left"}, ir::Relu{}},
                       conv_node("right", "relu1", 5, 1, 2, 0),  // a strided shortcut
                       {"sum", {"relu2", "right"}, ir::Add{}},
                       {"relu3", {"sum"}, ir::Relu{}},
                       {"max", {"relu3"}, ir::MaxPool{3, 1}},  // windows overlap
                       {"mean", {"relu3"}, ir::AvgPool{3, 1}},
                       {"both", {"max", "mean"}, ir::Concat{}},
                       conv_node("kept", "both", 6, 2),
                       {"norm2", {"kept"}, ir::BatchNorm{}},
                       {"flat", {"norm2"}, ir::Flatten{}},
                       dense_node("fc1", "flat", 13),
                       {"relu4", {"fc1"}, ir::Relu{}},
                       dense_node("fc2", "relu4", 3)}};
  // Kept rows: every third is gone in "kept", all but some in "fc1".
  auto& kept = std::get<ir::Conv>(network.nodes[12].kind);
  for (int32_t r = 0; r < 10 * 4; ++r) {
    if (r % 3 != 1) kept.rows.push_back(r);
  }
  std::get<ir::Dense>(network.nodes[15].kind).rows = {0, 3, 4, 9, 11};
  nn::initialize(network, seed);
  ir::Rng rng(seed, 1);
  const auto vary = [&](std::vector<float>& values) {
    for (float& v : values) v += rng.uniform(-0.3F, 0.3F);
  };
  for (ir::Node& node : network.nodes) {
    std::visit(ir::Overload{[&](ir::Conv& l) { vary(l.bias); }, [&](ir::Dense& l) { vary(l.bias); },
                            [&](ir::BatchNorm& l) {
                              vary(l.gamma);
                              vary(l.beta);
                              vary(l.mean);
                              vary(l.variance);
                            },
                            [](auto&) {}},
               node.kind);
  }
  return network;
}

bool same_parameters(const ir::Network& a, const ir::Network& b) {
  const nn::Model left(a);
  const nn::Model right(b);
  const auto& p = left.parameters().layers();
  const auto& q = right.parameters().layers();
  if (p.size() != q.size()) return false;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i].weight != q[i].weight || p[i].bias != q[i].bias || p[i].mean != q[i].mean ||
        p[i].variance != q[i].variance) {
      return false;
    }
  }
  return true;
}

}  // namespace crosstwin::test
