// Training throughput of LeNet-5: images a second of whole steps (forward, backward, update).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <vector>

#include "compress/ir/rng.hpp"
#include "compress/nn/trainer.hpp"

namespace {

using namespace crosstwin;

ir::Network lenet5(const std::vector<int32_t>& widths) {
  const auto conv = [](int32_t outs) {
    ir::Conv layer;
    layer.out_channels = outs;
    layer.kernel_h = layer.kernel_w = 5;
    return layer;
  };
  const auto dense = [](int32_t outs) {
    ir::Dense layer;
    layer.out_features = outs;
    return layer;
  };
  ir::Network network{"lenet5",
                      {{"image", {}, ir::Input{{1, 28, 28}, {33}, {0.3081F}}},
                       {"conv1", {"image"}, conv(widths[0])},
                       {"pool1", {"conv1"}, ir::MaxPool{}},
                       {"conv2", {"pool1"}, conv(widths[1])},
                       {"pool2", {"conv2"}, ir::MaxPool{}},
                       {"flat", {"pool2"}, ir::Flatten{}},
                       {"fc1", {"flat"}, dense(widths[2])},
                       {"relu1", {"fc1"}, ir::Relu{}},
                       {"fc2", {"relu1"}, dense(10)}}};
  nn::initialize(network, 1);
  return network;
}

data::Dataset noise(int64_t count) {
  data::Dataset set{{1, 28, 28}, {}, {}, 10};
  ir::Rng rng(1);
  for (int64_t i = 0; i < count * set.shape.size(); ++i) {
    set.images.push_back(static_cast<uint8_t>(rng.next_u32()));
  }
  for (int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<uint8_t>(rng.below(10)));
  return set;
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<int32_t> threads = {1, 2};
  std::vector<int32_t> widths = {20, 50, 500};
  int64_t images = 12800;
  int32_t repeats = 3;
  CLI::App app{"Training throughput of LeNet-5, batch 64, SGD with momentum, on noise images"};
  app.add_option("--threads", threads, "thread counts to measure")->delimiter(',');
  app.add_option("--widths", widths, "outputs of conv1, conv2, fc1")->delimiter(',')->expected(3);
  app.add_option("--images", images, "images a measurement");
  app.add_option("--repeats", repeats, "measurements a thread count");
  CLI11_PARSE(app, argc, argv);

  const ir::Network network = lenet5(widths);
  const data::Dataset set = noise(images);
  nn::TrainConfig config;
  config.epochs = 1;
  config.batch = 64;
  config.optimizer = nn::Optimizer::sgd;
  config.learning_rate = 1e-3F;
  config.quiet = true;
  for (int32_t repeat = 0; repeat < repeats; ++repeat) {
    for (const int32_t count : threads) {
      config.threads = count;
      const std::clock_t start = std::clock();
      const nn::TrainResult result = nn::train(network, set, {}, config);
      const double cpu = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      fmt::print(
          "{{\"bench\": \"train_lenet5\", \"engine\": \"crosstwin\", \"widths\": [{}], "
          "\"batch\": 64, \"threads\": {}, \"images_per_second\": {:.0f}, "
          "\"images_per_cpu_second\": {:.0f}}}\n",
          fmt::join(widths, ", "), count, result.images_per_second,
          static_cast<double>(images) / cpu);
      std::fflush(stdout);
    }
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_train_lenet5: {}\n", error.what());
  return 2;
}
