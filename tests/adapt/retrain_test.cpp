// A small network on built-in digits, retrained behind its arrays.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/retrain.hpp"

#include <tbb/task_arena.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "compress/data/dataset.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
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

adapt::Arrays arrays_of(const ir::Device& device) {
  adapt::Arrays arrays;
  arrays.device = device;
  arrays.images = digits().data.train.images;
  return arrays;
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

// All weights and biases.
std::vector<std::vector<float>> parameters(ir::Network network) {
  std::vector<std::vector<float>> all;
  for (const std::string& name : prune::crossbar_names(network)) {
    all.push_back(*prune::crossbar(network, name).weight);
    all.push_back(*prune::crossbar(network, name).bias);
  }
  return all;
}

data::Dataset some(const data::Dataset& all) { return data::head(all, 500); }

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
  const double before = accuracy(of.compressed, rough());
  const ir::Network better =
      adapt::retrain(of.compressed, arrays_of(rough()), of.data.train, of.data.validation, config);
  const double after = accuracy(better, rough());
  // The same training behind ideal arrays is no such gain.
  const ir::Network control =
      adapt::retrain(of.compressed, arrays_of({}), of.data.train, of.data.validation, config);
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
  config.chip = 7;
  const ir::Network own =
      adapt::retrain(of.compressed, arrays_of(device), of.data.train, of.data.validation, config);
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

TEST_CASE("a retraining goes on for its own device and converters alone") {
  const Digits& of = digits();
  const tests::TemporaryDir dir;
  adapt::RetrainConfig config;
  config.train = training(1, 1e-3F);
  config.train.checkpoint = dir / "checkpoint";
  const auto run = [&](const adapt::Arrays& arrays) {
    return tests::message_of([&] {
      adapt::retrain(of.compressed, arrays, some(of.data.train), of.data.validation, config);
    });
  };
  REQUIRE(run(arrays_of(rough())).empty());
  ir::Device other = rough();
  other.sigma += 0.01;
  REQUIRE_THAT(run(arrays_of(other)), tests::contains("another device or chip"));
  adapt::Arrays arrays = arrays_of(rough());
  arrays.adc.per = twin::AdcPer::kColumn;
  REQUIRE_THAT(run(arrays), tests::contains("another device or chip"));
  arrays = arrays_of(rough());
  arrays.recalibrated = true;
  REQUIRE_THAT(run(arrays), tests::contains("another device or chip"));
  REQUIRE(run(arrays_of(rough())).empty());
}

TEST_CASE("a retraining gives the same network on any number of threads") {
  const Digits& of = digits();
  adapt::Arrays arrays = arrays_of(rough());
  arrays.device.read_noise = 0.3;
  arrays.device.wires.row_ohm = 1;
  arrays.recalibrated = true;
  adapt::RetrainConfig config;
  config.train = training(2, 1e-3F);
  const auto trained = [&](int32_t threads) {
    config.train.threads = threads;
    return parameters(
        adapt::retrain(of.compressed, arrays, some(of.data.train), of.data.validation, config));
  };
  const std::vector<std::vector<float>> many = trained(0);
  std::vector<std::vector<float>> one;
  // Programming and fitting run in the caller's arena, the trainer in its own.
  tbb::task_arena(1).execute([&] { one = trained(1); });
  REQUIRE(many == one);
}

TEST_CASE("a retraining that was stopped ends in the network of one that was not") {
  const Digits& of = digits();
  const tests::TemporaryDir dir;
  adapt::Arrays arrays = arrays_of(rough());
  arrays.device.read_noise = 0.3;
  arrays.device.wires.row_ohm = 1;
  arrays.recalibrated = true;
  adapt::RetrainConfig config;
  config.train = training(4, 1e-3F);
  const auto retrained = [&](const std::filesystem::path& checkpoint) {
    config.train.checkpoint = checkpoint;
    return parameters(
        adapt::retrain(of.compressed, arrays, some(of.data.train), of.data.validation, config));
  };
  // The checkpoint of an epoch before the last, as a stopped run leaves it. One that came too late
  // to be so is taken again.
  std::vector<std::vector<float>> whole;
  std::string early;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::filesystem::path path = dir / ("whole" + std::to_string(attempt));
    std::atomic<bool> done = false;
    std::thread watcher([&] {
      while (!done && !std::filesystem::exists(path)) std::this_thread::yield();
      early = ir::read_file(path);
    });
    whole = retrained(path);
    done = true;
    watcher.join();
    if (early != ir::read_file(path)) break;
  }
  ir::write_file(dir / "early", early);
  REQUIRE(retrained(dir / "early") == whole);
  REQUIRE(ir::read_file(dir / "early") != early);
}

TEST_CASE("a chip of a retraining that cannot be ranged is told from the run's own") {
  const Digits& of = digits();
  adapt::Arrays arrays = arrays_of(rough());
  arrays.adc.range = twin::AdcRange::kLossless;
  arrays.layout.adc_bits = 4;
  adapt::RetrainConfig config;
  config.train = training(1, 1e-3F);
  REQUIRE_THAT(tests::message_of([&] {
                 adapt::retrain(of.compressed, arrays, some(of.data.train), of.data.validation,
                                config);
               }),
               tests::contains("a chip of the retraining (seed "));
}

}  // namespace crosstwin
