// The integer model against a double-precision network whose scales make it exact.
// SPDX-License-Identifier: Apache-2.0
#include "compress/quant/integer.hpp"

#include <algorithm>
#include <cmath>

#include "compress/prune/crossbar.hpp"
#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"
#include "tests/temporary_dir.hpp"

namespace crosstwin::quant {
namespace {

constexpr float kInputScale = 1.0F / 256;  // not 1 / 255, so that floats hold every product
constexpr int32_t kZero = 33;

// Integer weights times powers of two, all scales powers of two: nothing is rounded but where the
// contract rounds.
struct Exact {
  ir::Network network;
  std::vector<double> unit;  // of the logits

  Exact(uint64_t seed, bool relu_first, int32_t pad) {
    ir::Rng rng(seed);
    network = {"exact", {}};
    auto& nodes = network.nodes;
    nodes.push_back(tests::input({1, 10, 10}));
    std::get<ir::Input>(nodes[0].kind).zero = {kZero};
    std::get<ir::Input>(nodes[0].kind).stddev = {256.0F / 255};
    nodes.push_back(tests::conv(rng, "conv1", "input", 1, 4, 3, pad));
    nodes.push_back({"a1", {"conv1"}, ir::MaxPool{}});
    nodes.push_back({"b1", {"a1"}, ir::Relu{}});
    if (relu_first) std::swap(nodes[2].kind, nodes[3].kind);
    nodes.push_back(tests::conv(rng, "conv2", "b1", 4, 5, 3, pad));
    nodes.push_back({"flatten", {"conv2"}, ir::Flatten{}});
    const auto features = static_cast<int32_t>(ir::infer_shapes(network).back().size());
    nodes.push_back(tests::dense(rng, "fc", "flatten", features, 6));
    float in = kInputScale;
    on_grid(rng, "conv1", in, 1.0F / 16);
    nodes[3].quant = ir::ActivationQuant{8, false, in = kInputScale * 4};
    on_grid(rng, "conv2", in, 1.0F / 32);
    nodes[4].quant = ir::ActivationQuant{8, true, in = kInputScale * 256};
    on_grid(rng, "fc", in, 1.0F / 8);
    unit.assign(6, double{in} / 8);
  }

  void on_grid(ir::Rng& rng, const std::string& layer, float in, float scale) {
    const prune::CrossbarRef matrix = prune::crossbar(network, layer);
    for (float& w : *matrix.weight)
      w = scale * static_cast<float>(static_cast<int>(rng.below(255)) - 127);
    for (float& b : *matrix.bias) {
      b = scale * in * static_cast<float>(static_cast<int>(rng.below(2001)) - 1000);
    }
    matrix.weight_scale->assign(static_cast<size_t>(matrix.columns), scale);
  }
};

data::Dataset random_images(const ir::Shape& shape, int64_t count) {
  ir::Rng rng(99);
  data::Dataset dataset{shape, {}, {}, 6};
  for (int64_t i = 0; i < count * shape.size(); ++i) {
    dataset.images.push_back(static_cast<uint8_t>(rng.below(256)));
  }
  dataset.labels.assign(static_cast<size_t>(count), 0);
  return dataset;
}

std::vector<double> reference(const Exact& exact, const data::Dataset& images, size_t image) {
  const auto size = static_cast<size_t>(images.shape.size());
  std::vector<double> input;
  for (size_t i = 0; i < size; ++i) {
    input.push_back((images.images[image * size + i] - kZero) * double{kInputScale});
  }
  std::vector<double> logits = tests::forward(exact.network, input);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::round(logits[i] / exact.unit[i]);
  return logits;
}

TEST_CASE("Integer logits equal the reference bit for bit where all scales are powers of two") {
  for (const int32_t pad : {0, 1}) {
    for (const bool relu_first : {false, true}) {
      const Exact exact(7, relu_first, pad);
      const data::Dataset images = random_images({1, 10, 10}, 20);
      const std::vector<int32_t> logits = integer_logits(exact.network, images);
      REQUIRE(logits.size() == 120);
      for (size_t image = 0; image < 20; ++image) {
        const std::vector<double> expected = reference(exact, images, image);
        for (size_t i = 0; i < 6; ++i) CHECK(logits[image * 6 + i] == expected[i]);
      }
    }
  }
}

TEST_CASE("A wrong input zero is seen by the comparison") {
  Exact exact(7, false, 0);
  const data::Dataset images = random_images({1, 10, 10}, 1);
  const std::vector<double> expected = reference(exact, images, 0);
  std::get<ir::Input>(exact.network.nodes[0].kind).zero = {kZero + 1};
  const std::vector<int32_t> logits = integer_logits(exact.network, images);
  CHECK_FALSE(std::equal(logits.begin(), logits.end(), expected.begin()));
}

TEST_CASE("Accuracy counts the first of the largest logits") {
  const Exact exact(3, false, 0);
  data::Dataset images = random_images({1, 10, 10}, 40);
  const std::vector<int32_t> logits = integer_logits(exact.network, images);
  for (size_t i = 0; i < 40; ++i) {
    const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(i * 6);
    const auto best = static_cast<uint8_t>(std::max_element(begin, begin + 6) - begin);
    images.labels[i] = i < 30 ? best : static_cast<uint8_t>((best + 1) % 6);
  }
  CHECK(quantized_accuracy(exact.network, images) == 0.75);
}

TEST_CASE("Missing scales and kinds without an integer form are named") {
  const data::Dataset images = random_images({1, 10, 10}, 1);
  Exact exact(1, false, 0);
  exact.network.nodes[3].quant.reset();
  CHECK_THAT(tests::message_of([&] { integer_logits(exact.network, images); }),
             tests::contains("conv2") && tests::contains("calibrate"));
  exact = Exact(1, false, 0);
  exact.network.nodes[2].kind = ir::AvgPool{};
  CHECK_THAT(tests::message_of([&] { integer_logits(exact.network, images); }),
             tests::contains("a1") && tests::contains("avg_pool"));
}

}  // namespace
}  // namespace crosstwin::quant
