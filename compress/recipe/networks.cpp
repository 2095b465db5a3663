// Builders of graphs.
// SPDX-License-Identifier: Apache-2.0
#include "compress/recipe/networks.hpp"

#include <numeric>
#include <string>

#include "compress/ir/error.hpp"
#include "compress/nn/model.hpp"

namespace crosstwin::recipe {
namespace {

std::vector<int32_t> all_rows(int64_t count) {
  std::vector<int32_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

ir::Conv conv(int32_t in, int32_t out, int32_t kernel) {
  ir::Conv layer;
  layer.out_channels = out;
  layer.kernel_h = layer.kernel_w = kernel;
  layer.rows = all_rows(int64_t{in} * kernel * kernel);
  layer.weight.resize(layer.rows.size() * static_cast<size_t>(out));
  layer.bias.resize(static_cast<size_t>(out));
  return layer;
}

ir::Dense dense(int64_t in, int32_t out) {
  ir::Dense layer;
  layer.out_features = out;
  layer.rows = all_rows(in);
  layer.weight.resize(layer.rows.size() * static_cast<size_t>(out));
  layer.bias.resize(static_cast<size_t>(out));
  return layer;
}

ir::BatchNorm batch_norm(int32_t channels) {
  const auto count = static_cast<size_t>(channels);
  return {std::vector<float>(count, 1), std::vector<float>(count, 0), std::vector<float>(count, 0),
          std::vector<float>(count, 1)};
}

}  // namespace

ir::Network lenet(const ir::Shape& image, int32_t classes, const LenetConfig& config,
                  uint64_t seed) {
  const auto side = [&](int32_t size) {
    return ((size - config.kernel + 1) / 2 - config.kernel + 1) / 2;
  };
  const int32_t h = side(image.h);
  const int32_t w = side(image.w);
  if (h < 1 || w < 1) {
    throw ir::Error({.where = "lenet",
                     .what = "the image is too small for two convolutions and pools",
                     .expected = "at least 16 x 16 for kernels of 5",
                     .got = std::to_string(image.h) + " x " + std::to_string(image.w)});
  }
  const bool grey = image.c == 1;
  const auto channels = static_cast<size_t>(image.c);
  ir::Network network{"lenet", {}};
  auto& nodes = network.nodes;
  nodes.push_back({"input",
                   {},
                   ir::Input{image, std::vector<int32_t>(channels, grey ? 33 : 128),
                             std::vector<float>(channels, grey ? 0.3081F : 0.25F)}});
  nodes.push_back({"conv1", {"input"}, conv(image.c, config.conv1, config.kernel)});
  nodes.push_back({"pool1", {"conv1"}, ir::MaxPool{}});
  nodes.push_back({"norm1", {"pool1"}, batch_norm(config.conv1)});
  nodes.push_back({"relu1", {"norm1"}, ir::Relu{}});
  nodes.push_back({"conv2", {"relu1"}, conv(config.conv1, config.conv2, config.kernel)});
  nodes.push_back({"pool2", {"conv2"}, ir::MaxPool{}});
  nodes.push_back({"norm2", {"pool2"}, batch_norm(config.conv2)});
  nodes.push_back({"relu2", {"norm2"}, ir::Relu{}});
  nodes.push_back({"flatten", {"relu2"}, ir::Flatten{}});
  nodes.push_back({"fc1", {"flatten"}, dense(int64_t{config.conv2} * h * w, config.hidden)});
  nodes.push_back({"norm3", {"fc1"}, batch_norm(config.hidden)});
  nodes.push_back({"relu3", {"norm3"}, ir::Relu{}});
  nodes.push_back({"fc2", {"relu3"}, dense(config.hidden, classes)});
  nn::initialize(network, seed);
  return network;
}

}  // namespace crosstwin::recipe
