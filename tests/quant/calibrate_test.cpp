// Activation scales on edges whose values are known.
// SPDX-License-Identifier: Apache-2.0
#include "compress/quant/calibrate.hpp"

#include <algorithm>
#include <cmath>

#include "compress/prune/crossbar.hpp"
#include "compress/quant/grid.hpp"
#include "compress/quant/integer.hpp"
#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::quant {
namespace {

// conv1 passes the pixel on times 2, less 0.2; so relu1 puts out max(0, 2 u / 255 - 0.2).
ir::Network known(bool with_relu) {
  ir::Rng rng(1);
  ir::Network network{"known", {}};
  network.nodes.push_back(tests::input({1, 4, 4}));
  ir::Node conv1 = tests::conv(rng, "conv1", "input", 1, 1, 1);
  std::get<ir::Conv>(conv1.kind).weight = {2};
  std::get<ir::Conv>(conv1.kind).bias = {-0.2F};
  network.nodes.push_back(conv1);
  if (with_relu) network.nodes.push_back({"relu1", {"conv1"}, ir::Relu{}});
  network.nodes.push_back({"flatten", {network.nodes.back().name}, ir::Flatten{}});
  network.nodes.push_back(tests::dense(rng, "fc", "flatten", 16, 3));
  return network;
}

// Pixels are 0..127 but for one of 255 in the first image.
data::Dataset images() {
  ir::Rng rng(2);
  data::Dataset dataset{{1, 4, 4}, {}, std::vector<uint8_t>(200, 0), 3};
  for (int i = 0; i < 200 * 16; ++i) {
    dataset.images.push_back(static_cast<uint8_t>(rng.below(128)));
  }
  dataset.images[3] = 255;
  return dataset;
}

float scale(const ir::Network& network, const std::string& node) {
  return network.nodes[static_cast<size_t>(ir::node_index(network, node))].quant.value().scale;
}

TEST_CASE("The three ranges are the maximum, the percentile and the least squared error") {
  const ir::Network network = known(true);
  const ir::Network by_max =
      calibrate_activations(network, images(), {.method = ActivationRange::max});
  CHECK(scale(by_max, "relu1") == Approx(1.8 / 255));
  CHECK(scale(by_max, "input") == Approx(1.0 / 255));
  CHECK_FALSE(by_max.nodes[2].quant->is_signed);
  CHECK_FALSE(by_max.nodes[1].quant.has_value());
  CHECK_FALSE(by_max.nodes.back().quant.has_value());
  const ir::Network by_share = calibrate_activations(
      network, images(), {.method = ActivationRange::percentile, .percentile = 99.9});
  // The next value below is 2 * 127 / 255 - 0.2; a histogram bin is 1.8 / 2048.
  CHECK(scale(by_share, "relu1") * 255 == Approx(0.796).margin(0.002));
  const auto error = [&](double step) {
    double sum = 0;
    for (const uint8_t u : images().images) {
      const double x = std::max(0.0, 2.0 * u / 255 - 0.2);
      const double e = x - step * std::min(std::round(x / step), 255.0);
      sum += e * e;
    }
    return sum;
  };
  const ir::Network by_mse =
      calibrate_activations(network, images(), {.method = ActivationRange::mse});
  // The search sees 2,048 bins by their middles, not the values (measured: 1.0005).
  CHECK(error(scale(by_mse, "relu1")) <= 1.01 * error(scale(by_max, "relu1")));
  CHECK(error(scale(by_mse, "relu1")) <= 1.01 * error(scale(by_share, "relu1")));
}

TEST_CASE("An edge with negative values is signed") {
  const ir::Network network =
      calibrate_activations(known(false), images(), {.method = ActivationRange::max});
  CHECK(network.nodes[1].quant->is_signed);
  CHECK(scale(network, "conv1") == Approx(1.8 / 127));
}

TEST_CASE("A calibrated random network keeps its logits within a few percent in integers") {
  ir::Network network = tests::small_lenet(4);
  data::Dataset dataset{{1, 16, 16}, {}, std::vector<uint8_t>(64, 0), 10};
  ir::Rng rng(5);
  for (int i = 0; i < 64 * 256; ++i) dataset.images.push_back(static_cast<uint8_t>(rng.below(256)));
  network =
      calibrate_activations(quantize_weights(network), dataset, {.method = ActivationRange::max});
  const std::vector<int32_t> integers = integer_logits(network, dataset);
  const double unit =
      double{prune::crossbar(network, "fc2").weight_scale->at(0)} * scale(network, "relu3");
  for (ir::Node& node : network.nodes) node.quant.reset();
  double worst = 0;
  double largest = 0;
  for (size_t image = 0; image < 64; ++image) {
    std::vector<double> input;
    for (size_t i = 0; i < 256; ++i) input.push_back(dataset.images[image * 256 + i] / 255.0);
    const std::vector<double> logits = tests::forward(network, input);
    for (size_t i = 0; i < 10; ++i) {
      largest = std::max(largest, std::abs(logits[i]));
      worst = std::max(worst, std::abs(logits[i] - unit * integers[image * 10 + i]));
    }
  }
  // Three layers of 8-bit activations, half a step of 1/255 each; measured: 0.0083.
  CHECK(worst < 0.02 * largest);
}

TEST_CASE("A batch norm or an unfolded input scale is refused") {
  ir::Network network = known(true);
  std::get<ir::Input>(network.nodes[0].kind).stddev = {0.5F};
  CHECK_THAT(tests::message_of([&] { calibrate_activations(network, images(), {}); }),
             tests::contains("stddev"));
  network = known(true);
  ir::Rng rng(1);
  network.nodes[2] = tests::batch_norm(rng, "relu1", "conv1", 1, 0.5F);
  CHECK_THAT(tests::message_of([&] { calibrate_activations(network, images(), {}); }),
             tests::contains("batch_norm"));
}

}  // namespace
}  // namespace crosstwin::quant
