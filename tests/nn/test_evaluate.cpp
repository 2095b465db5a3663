// What evaluation shows of a network.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/evaluate.hpp"

#include <algorithm>
#include <numeric>

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

TEST_CASE("Accuracy counts the largest logit, ties to the lower index") {
  // Logits are (0, bias, bias): with bias 0 all tie.
  ir::Network network{
      "tie",
      {input_node({1, 2, 2}), {"flat", {"image"}, ir::Flatten{}}, dense_node("d", "flat", 3)}};
  nn::initialize(network, 1);
  auto& dense = std::get<ir::Dense>(network.nodes[2].kind);
  std::fill(dense.weight.begin(), dense.weight.end(), 0.0F);
  data::Dataset images = noise_images({1, 2, 2}, 20, 3, 1);
  std::fill(images.labels.begin(), images.labels.end(), uint8_t{0});
  images.labels[3] = 2;
  CHECK(nn::accuracy(network, images) == Approx(0.95));
  dense.bias = {0, 1, 1};
  std::fill(images.labels.begin(), images.labels.begin() + 5, uint8_t{1});
  CHECK(nn::accuracy(network, images) == Approx(0.25));
  CHECK_THROWS_AS(nn::accuracy(network, data::Dataset{{1, 2, 2}, {}, {}, 3}), ir::Error);
}

TEST_CASE("Logits of many images do not depend on the threads") {
  const ir::Network network = every_kind(3);
  const data::Dataset images = noise_images({2, 9, 8}, 333, 3, 1);
  const std::vector<float> one = nn::logits(network, images, 1);
  CHECK(one.size() == 333 * 3);
  CHECK(one == nn::logits(network, images, 3));
}

TEST_CASE("Histograms hold every value of every node") {
  const ir::Network network = every_kind(3);
  const data::Dataset images = noise_images({2, 9, 8}, 70, 3, 1);
  const std::vector<nn::Histogram> all = nn::histograms(network, images, 50);
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  REQUIRE(all.size() == shapes.size());
  for (size_t n = 0; n < all.size(); ++n) {
    INFO(network.nodes[n].name);
    CHECK(std::accumulate(all[n].bins.begin(), all[n].bins.end(), int64_t{0}) ==
          70 * shapes[n].size());
    CHECK(all[n].bins.front() > 0);
    CHECK(all[n].bins.back() > 0);
    CHECK(all[n].low < all[n].mean);
    CHECK(all[n].mean < all[n].high);
  }
  // The image: bytes 0 and 255 occur, zero 80 and deviation 0.4.
  CHECK(all[0].low == Approx(-80 / 255.0 / 0.4));
  CHECK(all[0].high == Approx(175 / 255.0 / 0.4));
  const auto relu = static_cast<size_t>(ir::node_index(network, "relu1"));
  CHECK(all[relu].low == 0);
}

TEST_CASE("The patch matrix times the weights is the layer's output") {
  const ir::Network network = every_kind(4);
  const data::Dataset images = noise_images({2, 9, 8}, 5, 3, 1);
  for (const std::string name : {"wide", "left", "kept", "fc1"}) {
    const nn::Model model(network);
    const nn::LayerParameters& layer = model.parameters().at(name);
    const ir::Shape shape = model.shapes()[static_cast<size_t>(ir::node_index(network, name))];
    const int64_t places = int64_t{shape.h} * shape.w;
    const nn::PatchMatrix patches = nn::input_patches(network, images, name);
    REQUIRE(patches.rows == layer.rows);
    REQUIRE(patches.samples == 5 * places);
    const nn::PatchMatrix few = nn::input_patches(network, images, name, 2);
    CHECK(few.samples == 5 * std::min<int64_t>(2, places));
    CHECK(std::equal(few.values.begin(), few.values.begin() + few.rows, patches.values.begin()));
    double worst = 0;
    nn::visit_activations(network, images, [&](const nn::Activations& a) {
      if (a.node != name) return;
      for (int64_t s = 0; s < patches.samples; ++s) {
        for (int64_t o = 0; o < layer.outs; ++o) {
          double sum = layer.bias[static_cast<size_t>(o)];
          for (int64_t r = 0; r < layer.rows; ++r) {
            sum += double{layer.weight[static_cast<size_t>(o * layer.rows + r)]} *
                   patches.values[static_cast<size_t>(s * layer.rows + r)];
          }
          const int64_t at = (s / places * layer.outs + o) * places + s % places;
          worst = std::max(worst, std::abs(sum - a.values[static_cast<size_t>(at)]));
        }
      }
    });
    CHECK(worst < 1e-5);
  }
  CHECK_THROWS_AS(nn::input_patches(network, images, "relu1"), ir::Error);
  CHECK_THROWS_AS(nn::input_patches(network, images, "image"), ir::Error);
  CHECK_THROWS_AS(nn::input_patches(network, images, "nowhere"), ir::Error);
}

}  // namespace crosstwin::test
