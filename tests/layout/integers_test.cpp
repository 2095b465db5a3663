// One integer network: what quantization measures and what a mapped design computes.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "compress/layout/map.hpp"
#include "compress/prune/fold.hpp"
#include "compress/quant/calibrate.hpp"
#include "compress/quant/grid.hpp"
#include "compress/quant/integer.hpp"
#include "compress/recipe/networks.hpp"
#include "tests/catch.hpp"
#include "tests/layout/random_network.hpp"
#include "twin/integer_model.hpp"

namespace crosstwin {
namespace {

data::Dataset random_dataset(const ir::Shape& shape, int64_t count, uint64_t seed) {
  ir::Rng rng(seed, 3);
  data::Dataset dataset{shape, {}, std::vector<uint8_t>(static_cast<size_t>(count), 0), 10};
  for (int64_t i = 0; i < count * shape.size(); ++i) {
    dataset.images.push_back(static_cast<uint8_t>(rng.below(256)));
  }
  return dataset;
}

// A LeNet with fresh weights, batch norms that are not the identity, quantized as the recipe does.
ir::Network quantized_lenet(uint64_t seed, const data::Dataset& dataset, bool with_relu1) {
  ir::Network network = recipe::lenet({1, 16, 16}, 10, {4, 6, 3, 16}, seed);
  ir::Rng rng(seed, 9);
  for (ir::Node& node : network.nodes) {
    auto* norm = std::get_if<ir::BatchNorm>(&node.kind);
    if (norm == nullptr) continue;
    for (size_t c = 0; c < norm->gamma.size(); ++c) {
      // A spread of 2^6 makes some layers take one shift and others a shift a column.
      norm->gamma[c] = std::exp2(rng.uniform(-5, 1));
      norm->beta[c] = rng.uniform(-0.5F, 0.5F);
    }
  }
  if (!with_relu1) {
    const auto relu = static_cast<size_t>(ir::node_index(network, "relu1"));
    network.nodes[relu + 1].inputs = network.nodes[relu].inputs;
    network.nodes.erase(network.nodes.begin() + static_cast<int64_t>(relu));
  }
  network = prune::fold_input_scale(prune::fold_batch_norm(std::move(network)));
  return quant::calibrate_activations(quant::quantize_weights(std::move(network)), dataset, {});
}

bool has_shift_a_column(const ir::Design& design) {
  for (const ir::Stage& stage : design.stages) {
    const auto* layer = std::get_if<ir::Crossbar>(&stage.kind);
    if (layer == nullptr) continue;
    for (const uint8_t shift : layer->shift) {
      if (shift != layer->shift[0]) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("a quantized LeNet gives the same logits in quant's integer model and as a design") {
  const data::Dataset dataset = random_dataset({1, 16, 16}, 64, 1);
  int with_shift_a_column = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const ir::Network network = quantized_lenet(seed, dataset, seed % 2 == 0);
    const ir::Design design = layout::map(network, {});
    with_shift_a_column += has_shift_a_column(design) ? 1 : 0;
    INFO("seed " << seed);
    REQUIRE(quant::integer_logits(network, dataset) ==
            twin::integer_logits(design, dataset.images));
  }
  REQUIRE(with_shift_a_column > 0);
}

TEST_CASE("random networks give the same logits in quant's integer model and as a design") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const test::RandomNetwork random(seed, {seed % 2 == 0, seed % 3 == 0, false, 8});
    const ir::Design design = layout::map(random.network(), {});
    const data::Dataset dataset = random_dataset(design.input, 16, seed);
    INFO("seed " << seed);
    REQUIRE(quant::integer_logits(random.network(), dataset) ==
            twin::integer_logits(design, dataset.images));
  }
}

TEST_CASE("a requantizer of another rule is seen by the comparison") {
  const data::Dataset dataset = random_dataset({1, 16, 16}, 64, 1);
  const ir::Network network = quantized_lenet(2, dataset, true);
  ir::Design design = layout::map(network, {});
  // 8 instead of 16 bits of mult.
  auto& layer = std::get<ir::Crossbar>(design.stages[0].kind);
  for (size_t c = 0; c < layer.mult.size(); ++c) {
    layer.mult[c] = static_cast<uint16_t>(std::max(1, (layer.mult[c] + 128) / 256));
    layer.shift[c] = static_cast<uint8_t>(layer.shift[c] - 8);
  }
  REQUIRE(quant::integer_logits(network, dataset) != twin::integer_logits(design, dataset.images));
}

TEST_CASE("an edge without a relu is calibrated as signed and maps, whatever its values were") {
  // conv1 only gives positive values on these images; nothing promises that of others.
  const data::Dataset dataset = random_dataset({1, 16, 16}, 32, 4);
  ir::Network network = quantized_lenet(3, dataset, false);
  auto& conv1 = std::get<ir::Conv>(network.nodes[1].kind);
  for (float& bias : conv1.bias) bias = 100;
  network = quant::calibrate_activations(std::move(network), dataset, {});
  const ir::Design design = layout::map(network, {});
  REQUIRE(design.stages[2].in_signed);
  REQUIRE(quant::integer_logits(network, dataset) == twin::integer_logits(design, dataset.images));
}

}  // namespace crosstwin
