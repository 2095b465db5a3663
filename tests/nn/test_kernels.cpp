// Forward passes against naive loops, and the functions that must not depend on libm.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "compress/nn/evaluate.hpp"
#include "compress/nn/exact_math.hpp"
#include "tests/catch.hpp"
#include "tests/nn/reference.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

namespace {

// Largest difference of any node's output, relative to the node's largest output.
double worst_output(const ir::Network& network, const data::Dataset& images) {
  const auto expected = reference_outputs(network, parameters_of(network), images, false);
  double worst = 0;
  nn::visit_activations(network, images, [&](const nn::Activations& a) {
    const auto node = static_cast<size_t>(ir::node_index(network, a.node));
    double largest = 1e-3;
    for (const auto& image : expected[node]) {
      for (const double v : image) largest = std::max(largest, std::abs(v));
    }
    const auto size = static_cast<size_t>(a.shape.size());
    for (size_t i = 0; i < a.values.size(); ++i) {
      const double want = expected[node][static_cast<size_t>(a.first_image) + i / size][i % size];
      worst = std::max(worst, std::abs(a.values[i] - want) / largest);
    }
  });
  return worst;
}

}  // namespace

// Single precision sums of up to a few hundred terms.
constexpr double kTolerance = 3e-6;

TEST_CASE("Outputs of every kind of layer equal naive loops") {
  ir::Network network = every_kind(7);
  network.nodes.push_back({"chance", {"fc2"}, ir::Softmax{}});
  // More than one visit of 64 images, and a last block with empty lanes.
  CHECK(worst_output(network, noise_images({2, 9, 8}, 70, 3, 1)) < kTolerance);
}

TEST_CASE("Convolutions of every width, stride and padding equal naive loops") {
  for (int32_t kernel = 1; kernel <= 5; ++kernel) {
    for (int32_t stride = 1; stride <= 3; ++stride) {
      for (int32_t pad = 0; pad < kernel; ++pad) {
        ir::Network network{"conv",
                            {input_node({kernel, 6, 7 + kernel + stride}),
                             conv_node("c", "image", 1 + kernel + pad, kernel, stride, pad)}};
        nn::initialize(network, 5);
        auto& conv = std::get<ir::Conv>(network.nodes[1].kind);
        conv.bias[0] = 0.5F;
        INFO("kernel " << kernel << " stride " << stride << " pad " << pad);
        CHECK(worst_output(network, noise_images({kernel, 6, 7 + kernel + stride}, 3, 2, 1)) <
              kTolerance);
      }
    }
  }
}

TEST_CASE("Fused and separate ReLUs give the same logits") {
  const ir::Network network = every_kind(8);
  const data::Dataset images = noise_images({2, 9, 8}, 20, 3, 4);
  const std::vector<float> fused = nn::logits(network, images);
  nn::visit_activations(network, images, [&](const nn::Activations& a) {
    if (a.node != "fc2") return;
    CHECK(std::vector<float>(a.values.begin(), a.values.end()) == fused);
  });
}

TEST_CASE("exp, log, sin and cos are those of libm to the stated error") {
  for (double x = -690; x < 690; x += 0.37) {
    CHECK(nn::exact_exp(x) == Approx(std::exp(x)).epsilon(1e-13));
  }
  CHECK(nn::exact_exp(-701) == 0);
  for (double x = 1e-30; x < 1e30; x *= 1.7) {
    CHECK(nn::exact_log(x) == Approx(std::log(x)).margin(1e-13).epsilon(1e-14));
  }
  for (double x = -3.14; x <= 3.14; x += 0.01) {
    CHECK(nn::exact_sin(x) == Approx(std::sin(x)).margin(1e-11));
    CHECK(nn::exact_cos(x) == Approx(std::cos(x)).margin(1e-11));
  }
}

}  // namespace crosstwin::test
