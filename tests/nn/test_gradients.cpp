// Gradients against differences of the naive network in double precision.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "compress/nn/engine.hpp"
#include "compress/nn/loss.hpp"
#include "tests/catch.hpp"
#include "tests/nn/reference.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

namespace {

// Gradients of the mean cross-entropy by the engine.
void run_engine(nn::Model& model, const data::Dataset& images, int32_t threads) {
  nn::Workers workers(threads);
  nn::Engine engine(model, workers, {images.size(), true});
  engine.gradients(
      images.size(),
      [&](int64_t block) {
        nn::BlockImages pointers{};
        for (int64_t i = 0; i < std::min(nn::kLanes, images.size() - block * nn::kLanes); ++i) {
          pointers[static_cast<size_t>(i)] =
              images.images.data() + (block * nn::kLanes + i) * images.shape.size();
        }
        return pointers;
      },
      [&](int64_t block, const float* logits, float* grad, nn::Scratch&) {
        const int64_t first = block * nn::kLanes;
        nn::block_loss(
            {}, engine.output().shape.size(), std::min(nn::kLanes, images.size() - first), logits,
            nullptr, images.labels.data() + first, 1.0 / static_cast<double>(images.size()), grad);
      });
}

// Largest difference between engine and central differences, relative to the layer's largest
// gradient; every `stride`-th parameter is tried. `damage` changes the engine's gradients first.
double worst_error(const ir::Network& network, const data::Dataset& images, size_t stride,
                   const std::function<void(nn::Model&)>& damage = {}) {
  nn::Model model(network);
  run_engine(model, images, 2);
  if (damage) damage(model);
  DoubleNetwork parameters = parameters_of(network);
  const double step = 1e-6;
  double worst = 0;
  for (const nn::LayerParameters& layer : model.parameters().layers()) {
    const auto compare = [&](std::vector<double>& values, const std::vector<float>& grad) {
      float largest = 0;
      for (const float g : grad) largest = std::max(largest, std::abs(g));
      REQUIRE(largest > 0);
      for (size_t i = 0; i < values.size(); i += stride) {
        const double middle = values[i];
        values[i] = middle + step;
        const double above = reference_loss(network, parameters, images, true);
        values[i] = middle - step;
        const double below = reference_loss(network, parameters, images, true);
        values[i] = middle;
        const double error = std::abs((above - below) / (2 * step) - grad[i]) / largest;
        if (error > 1e-3) UNSCOPED_INFO(layer.node << " parameter " << i << " error " << error);
        worst = std::max(worst, error);
      }
    };
    compare(parameters[layer.node].weight, layer.weight_grad);
    // A bias in front of a BatchNorm has no influence: its gradient is rounding alone.
    if (layer.node != "wide" && layer.node != "kept" && layer.node != "conv1") {
      compare(parameters[layer.node].bias, layer.bias_grad);
    }
  }
  return worst;
}

}  // namespace

// Single precision sums of up to a thousand terms: 1e-4 of the largest gradient. A wrong term shows
// as 1e-2 or more.
constexpr double kTolerance = 2e-4;

TEST_CASE("Gradients of every kind of layer equal finite differences") {
  // 21 images: a full block of 16 and one with empty lanes.
  CHECK(worst_error(every_kind(3), noise_images({2, 9, 8}, 21, 3, 5), 3) < kTolerance);
}

TEST_CASE("Gradients of a plain chain equal finite differences") {
  CHECK(worst_error(bar_network(4), bar_images(9, 2), 2) < kTolerance);
}

TEST_CASE("Gradients with stride 3 and wide kernels equal finite differences") {
  ir::Network network{"strided",
                      {input_node({3, 11, 13}),
                       conv_node("a", "image", 4, 3, 1, 2),
                       {"r", {"a"}, ir::Relu{}},
                       conv_node("b", "r", 9, 5, 3, 4),
                       {"r2", {"b"}, ir::Relu{}},
                       conv_node("c", "r2", 3, 4, 2, 1),
                       {"p", {"c"}, ir::AvgPool{2, 1}},
                       {"f", {"p"}, ir::Flatten{}},
                       dense_node("d", "f", 5)}};
  nn::initialize(network, 9);
  CHECK(worst_error(network, noise_images({3, 11, 13}, 5, 5, 6), 5) < kTolerance);
}

TEST_CASE("A tensor read twice by one node gets both gradients") {
  ir::Network network{"twice",
                      {input_node({1, 4, 4}),
                       conv_node("a", "image", 3, 3),
                       {"double", {"a", "a"}, ir::Add{}},
                       {"f", {"double"}, ir::Flatten{}},
                       dense_node("d", "f", 2)}};
  nn::initialize(network, 2);
  CHECK(worst_error(network, noise_images({1, 4, 4}, 6, 2, 8), 1) < kTolerance);
}

TEST_CASE("A wrong gradient is seen by the comparison with differences") {
  const ir::Network network = bar_network(4);
  const data::Dataset images = bar_images(9, 2);
  // Two weights' gradients exchanged, and one bias's left out.
  const auto exchanged = [](nn::Model& model) {
    auto& grad = model.parameters().at("conv1").weight_grad;
    std::swap(grad[0], grad[1]);
  };
  const auto left_out = [](nn::Model& model) { model.parameters().at("fc1").bias_grad[0] = 0; };
  REQUIRE(worst_error(network, images, 2) < kTolerance);
  CHECK(worst_error(network, images, 2, exchanged) > 10 * kTolerance);
  CHECK(worst_error(network, images, 2, left_out) > 10 * kTolerance);
}

TEST_CASE("A teacher's gradient equals finite differences of the distillation loss") {
  constexpr int64_t kClasses = 4;
  float logits[kClasses * nn::kLanes];
  float teacher[kClasses * nn::kLanes];
  float grad[kClasses * nn::kLanes];
  uint8_t labels[nn::kLanes] = {};
  for (int i = 0; i < kClasses * nn::kLanes; ++i) {
    logits[i] = static_cast<float>(std::sin(i * 1.3) * 2);
    teacher[i] = static_cast<float>(std::cos(i * 0.7) * 3);
  }
  for (int i = 0; i < nn::kLanes; ++i) labels[i] = static_cast<uint8_t>(i % kClasses);
  const nn::LossConfig config{0.1F, 0.4F, 2.5F};
  constexpr int64_t kImages = 13;
  const auto loss = [&] {
    float ignored[kClasses * nn::kLanes];
    return nn::block_loss(config, kClasses, kImages, logits, teacher, labels, 1, ignored).loss;
  };
  nn::block_loss(config, kClasses, kImages, logits, teacher, labels, 0.5, grad);
  for (int i = 0; i < kClasses * nn::kLanes; ++i) {
    const float middle = logits[i];
    const float step = 0x1p-8F;  // exact in float: the truncation error is about 1e-5
    logits[i] = middle + step;
    const double above = loss();
    logits[i] = middle - step;
    const double below = loss();
    logits[i] = middle;
    const double slope = 0.5 * (above - below) / (2 * double{step});
    CHECK(grad[i] == Approx(slope).margin(2e-5));
    if (i % nn::kLanes >= kImages) CHECK(grad[i] == 0);
  }
}

}  // namespace crosstwin::test
