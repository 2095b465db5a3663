// A small network on built-in digits, retrained behind its arrays.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/retrain.hpp"

#include <cmath>

#include "adapt/recalibrate.hpp"
#include "compress/data/dataset.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"
#include "compress/layout/map.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/prune/crossbar.hpp"
#include "compress/quant/calibrate.hpp"
#include "compress/quant/grid.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_dir.hpp"
#include "twin/accuracy.hpp"
#include "twin/program.hpp"

namespace crosstwin {

namespace {

struct Digits {
  data::Splits data;
  ir::Network compressed;
};

nn::TrainConfig training(int32_t epochs, float rate) {
  nn::TrainConfig config;
  config.epochs = epochs;
  config.batch = 50;
  config.learning_rate = rate;
  config.quiet = true;
  return config;
}

// Trained once for all cases of this file: 97% as integers.
const Digits& digits() {
  static const Digits made = [] {
    Digits of;
    of.data = data::load(
        {.kind = data::Kind::digits, .validation = 200, .digits_train = 2000, .digits_test = 500});
    ir::Network network;
    network.name = "small";
    network.nodes = {{"input", {}, ir::Input{{1, 28, 28}, {40}, {1.0F}}},
                     {"pool", {"input"}, ir::MaxPool{2, 2}},
                     {"flatten", {"pool"}, ir::Flatten{}},
                     {"fc1", {"flatten"}, ir::Dense{}},
                     {"relu", {"fc1"}, ir::Relu{}},
                     {"fc2", {"relu"}, ir::Dense{}}};
    // A pool in front does not map; the first layer strides instead.
    network.nodes[1] = {"conv",
                        {"input"},
                        ir::Conv{.out_channels = 6,
                                 .kernel_h = 5,
                                 .kernel_w = 5,
                                 .stride = 3,
                                 .rows = {},
                                 .weight = {},
                                 .bias = {},
                                 .weight_scale = {}}};
    network.nodes.insert(network.nodes.begin() + 2, {"relu0", {"conv"}, ir::Relu{}});
    network.nodes[3].inputs = {"relu0"};
    auto fill = [](auto& layer, int32_t rows) {
      for (int32_t r = 0; r < rows; ++r) layer.rows.push_back(r);
    };
    fill(std::get<ir::Conv>(network.nodes[1].kind), 25);
    auto& fc1 = std::get<ir::Dense>(network.nodes[4].kind);
    fc1.out_features = 24;
    fill(fc1, 6 * 8 * 8);
    auto& fc2 = std::get<ir::Dense>(network.nodes[6].kind);
    fc2.out_features = 10;
    fill(fc2, 24);
    nn::initialize(network, 3);
    network = nn::train(network, of.data.train, of.data.validation, training(8, 3e-3F)).network;
    of.compressed =
        quant::calibrate_activations(quant::quantize_weights(network), of.data.train, {});
    return of;
  }();
  return made;
}

// [crossbar][S][C], a level step each.
std::vector<std::vector<int32_t>> level_steps() {
  std::vector<std::vector<int32_t>> lsb;
  for (const ir::Stage& stage : layout::map(digits().compressed, {}).stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar != nullptr) lsb.emplace_back(static_cast<size_t>(2 * stage.out.c), 1);
  }
  return lsb;
}

adapt::ArrayModel model_of(const ir::Device& device, std::vector<ir::Placement> placements = {},
                           const std::vector<std::vector<int32_t>>& lsb = level_steps()) {
  const Digits& of = digits();
  return {of.compressed, {}, device, of.data.train.images, lsb, std::move(placements)};
}

// Mean over five chips.
double accuracy(const ir::Network& network, const ir::Device& device) {
  const data::Splits& data = digits().data;
  const ir::Design design = layout::map(network, {});
  double sum = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const ir::Chip chip = twin::program(design, device, seed, data.train.images);
    sum += twin::evaluate(twin::Simulator(design, chip), data.test.images, data.test.labels)
               .fraction();
  }
  return sum / 5;
}

ir::Device rough() {
  ir::Device device;
  device.sigma = 0.25;
  device.stuck_low = 0.02;
  device.stuck_high = 0.02;
  return device;
}

}  // namespace

TEST_CASE("retraining for a device answers better on five chips it has not seen") {
  const Digits& of = digits();
  adapt::RetrainConfig config;
  config.train = training(8, 2e-3F);
  config.recalibrated = false;
  const double before = accuracy(of.compressed, rough());
  const ir::Network better =
      adapt::retrain(of.compressed, model_of(rough()), of.data.train, of.data.validation, config);
  const double after = accuracy(better, rough());
  // The same training behind ideal arrays is no such gain.
  const ir::Network control =
      adapt::retrain(of.compressed, model_of({}), of.data.train, of.data.validation, config);
  const double without = accuracy(control, rough());
  INFO("before " << before << ", after " << after << ", behind ideal arrays " << without);
  REQUIRE(after > before + 0.05);
  REQUIRE(after > without + 0.05);

  // Structure and grids are the same.
  for (const std::string& name : prune::crossbar_names(of.compressed)) {
    ir::Network old_network = of.compressed;
    ir::Network new_network = better;
    const prune::CrossbarRef old_layer = prune::crossbar(old_network, name);
    const prune::CrossbarRef new_layer = prune::crossbar(new_network, name);
    REQUIRE(*old_layer.rows == *new_layer.rows);
    REQUIRE(*old_layer.weight_scale == *new_layer.weight_scale);
    REQUIRE(*old_layer.weight != *new_layer.weight);
  }
}

TEST_CASE("retraining for one chip knows its faults") {
  const Digits& of = digits();
  ir::Device device;
  device.stuck_low = 0.05;
  device.stuck_high = 0.05;
  adapt::RetrainConfig config;
  config.train = training(4, 2e-3F);
  config.recalibrated = false;
  config.chip = 7;
  const ir::Network own =
      adapt::retrain(of.compressed, model_of(device), of.data.train, of.data.validation, config);
  const auto on_chip = [&](const ir::Network& network, uint64_t seed) {
    const ir::Design design = layout::map(network, {});
    const ir::Chip chip = twin::program(design, device, seed, of.data.train.images);
    return twin::evaluate(twin::Simulator(design, chip), of.data.test.images, of.data.test.labels)
        .fraction();
  };
  INFO("before " << on_chip(of.compressed, 7) << ", after " << on_chip(own, 7)
                 << ", on another chip " << on_chip(own, 8));
  REQUIRE(on_chip(own, 7) > on_chip(of.compressed, 7) + 0.1);
  REQUIRE(on_chip(own, 7) > on_chip(own, 8) + 0.1);
}

TEST_CASE("the forward model of a chip is near the twin") {
  const Digits& of = digits();
  // Converters of 12 bits round by one step at the most, which the model leaves out.
  ir::Layout layout;
  layout.adc_bits = 12;
  const ir::Design design = layout::map(of.compressed, layout);
  const data::Dataset images = data::head(of.data.test, 200);
  const auto deviation = [&](const ir::Device& device, uint64_t model_seed) {
    const ir::Chip chip = twin::program(design, device, 3, of.data.train.images);
    return adapt::logit_deviation(of.compressed, model_of(device), model_seed, images,
                                  twin::Simulator(design, chip).logits(images.images), 0);
  };
  REQUIRE(deviation({}, 3).relative < 0.01);
  ir::Device aged = rough();
  aged.time = 1e4;
  aged.drift.nu = 0.03;
  aged.drift.nu_sigma = 0.01;
  const adapt::LogitDeviation same = deviation(aged, 3);
  // Aged cells are between levels: every conversion rounds, which the model has as noise only.
  REQUIRE(same.relative < 0.08);
  REQUIRE(same.agreement > 0.95);
  // Another chip's model is not near.
  REQUIRE(deviation(aged, 4).relative > 4 * same.relative);
}

TEST_CASE("an effective weight behind the fitted scale and bias keeps its column's mean") {
  const adapt::ArrayModel model = model_of(rough());
  ir::Network network = digits().compressed;
  const prune::CrossbarRef layer = prune::crossbar(network, "fc1");
  const std::vector<float> own = *layer.weight;
  const std::vector<float> own_bias = *layer.bias;
  model.disturb(1, {5, 5}, true, *layer.weight, *layer.bias);
  const adapt::ArrayModel::Layer& of = model.layers()[1];
  double moved = 0;
  for (size_t c = 0; c < own_bias.size(); ++c) {
    double before = own_bias[c];
    double after = (*layer.bias)[c];
    for (size_t r = 0; r < of.mean.size(); ++r) {
      const size_t at = c * of.mean.size() + r;
      before += of.mean[r] * own[at];
      after += of.mean[r] * (*layer.weight)[at];
      moved += std::abs(own[at] - (*layer.weight)[at]);
    }
    REQUIRE(std::abs(before - after) < 1e-3);
  }
  REQUIRE(moved > 1);
}

TEST_CASE("the forward model takes faults from a map, and no cells that are programmed") {
  ir::Network network = digits().compressed;
  tests::TemporaryDir dir;
  ir::Npz map;
  const ir::Design design = layout::map(network, {});
  for (const ir::Stage& stage : design.stages) {
    const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
    const auto rows = static_cast<int64_t>(crossbar.rows.size());
    map[stage.name + ".fault"] = ir::Array<uint8_t>{
        {2, 2, rows, stage.out.c}, std::vector<uint8_t>(4 * crossbar.weight.size())};
  }
  // All cells of fc2's first weight.
  auto& faults = std::get<ir::Array<uint8_t>>(map["fc2.fault"]).data;
  for (const size_t cell : {0, 240, 480, 720}) faults[cell] = 1;
  ir::write_npz(dir.path() / "map.npz", map);
  ir::Device device;
  device.fault_map = (dir.path() / "map.npz").string();
  const prune::CrossbarRef layer = prune::crossbar(network, "fc2");
  const std::vector<float> own = *layer.weight;
  model_of(device).disturb(2, {1, 1}, false, *layer.weight, *layer.bias);
  for (size_t i = 1; i < own.size(); ++i) {
    REQUIRE(std::abs((*layer.weight)[i] - own[i]) < 1e-5);
  }
  REQUIRE(own[0] != 0);
  REQUIRE((*layer.weight)[0] == 0);
  device.fault_map.clear();
  device.conductances = "g.npz";
  REQUIRE_THROWS_AS(model_of(device), ir::Error);
}

TEST_CASE("the noise of a column's sums is that of its own steps, and of its cells") {
  const auto variance = [](const ir::Device& device, const std::vector<std::vector<int32_t>>& lsb) {
    const adapt::ArrayModel model = model_of(device, {}, lsb);
    std::vector<double> squares;
    for (const double sigma : model.layers()[0].noise) {
      squares.push_back(sigma * sigma);
    }
    return squares;
  };
  ir::Device device;
  device.sigma = 0.1;
  std::vector<std::vector<int32_t>> lsb = level_steps();
  const std::vector<double> plain = variance(device, lsb);
  const size_t cols = plain.size();
  REQUIRE(lsb[0].size() == 2 * cols);
  lsb[0][cols + 1] = 3;  // high slice, column 1
  const std::vector<double> wide = variance(device, lsb);
  REQUIRE(wide[0] == plain[0]);
  // Both slices at one step weigh 1 and 256; 3 steps are 9 times the variance.
  REQUIRE(wide[1] / plain[1] == Approx((1 + 256 * 9) / 257.0));
  device.cell_noise = 0.2;
  const std::vector<double> noisy = variance(device, level_steps());
  device.cell_noise = 0.4;
  const std::vector<double> twice = variance(device, level_steps());
  REQUIRE(noisy[0] > plain[0]);
  REQUIRE(twice[0] - plain[0] == Approx(4 * (noisy[0] - plain[0])));
}

TEST_CASE("a retraining goes on for its own device and converters alone") {
  const Digits& of = digits();
  const tests::TemporaryDir dir;
  adapt::RetrainConfig config;
  config.train = training(1, 1e-3F);
  config.train.checkpoint = dir / "checkpoint";
  const auto run = [&](const adapt::ArrayModel& model) {
    return tests::message_of(
        [&] { adapt::retrain(of.compressed, model, of.data.train, of.data.validation, config); });
  };
  REQUIRE(run(model_of(rough())).empty());
  ir::Device other = rough();
  other.sigma += 0.01;
  REQUIRE_THAT(run(model_of(other)), tests::contains("another device or chip"));
  std::vector<std::vector<int32_t>> lsb = level_steps();
  lsb[1][0] = 2;
  REQUIRE_THAT(run(model_of(rough(), {}, lsb)), tests::contains("another device or chip"));
  REQUIRE(run(model_of(rough())).empty());
}

TEST_CASE("a retraining gives the same network on any number of threads") {
  const Digits& of = digits();
  adapt::RetrainConfig config;
  config.train = training(2, 1e-3F);
  const auto weights = [&](const ir::Network& network) {
    ir::Network copy = network;
    return *prune::crossbar(copy, "fc1").weight;
  };
  const ir::Network whole =
      adapt::retrain(of.compressed, model_of(rough()), of.data.train, of.data.validation, config);
  config.train.threads = 1;
  const ir::Network one_thread =
      adapt::retrain(of.compressed, model_of(rough()), of.data.train, of.data.validation, config);
  REQUIRE(weights(whole) == weights(one_thread));
}

}  // namespace crosstwin
