// The same bytes on any number of threads and any instruction set.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/simd_targets.hpp"
// After the choice of targets.
#include <hwy/highway.h>

#include "compress/nn/evaluate.hpp"
#include "compress/nn/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

namespace {

nn::TrainConfig two_epochs(nn::Optimizer optimizer) {
  nn::TrainConfig config;
  config.epochs = 2;
  config.batch = 40;  // three blocks, the last with empty lanes
  config.optimizer = optimizer;
  config.learning_rate = optimizer == nn::Optimizer::sgd ? 0.02F : 2e-3F;
  config.weight_decay_conv = 1e-3F;
  config.weight_decay_dense = 1e-2F;
  config.label_smoothing = 0.1F;
  config.augmentation = {10, 0.1F, 0.1F, 1, 0.5F, 1, true, 1};
  config.quiet = true;
  return config;
}

// Targets that this machine can run, the slowest (the scalar one) last.
struct TargetScope {
  explicit TargetScope(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
  ~TargetScope() { hwy::SetSupportedTargetsForTest(0); }
};

}  // namespace

TEST_CASE("Training gives the same bytes on 1, 2 and 5 threads") {
  const ir::Network network = every_kind(11);
  const data::Dataset images = noise_images({2, 9, 8}, 90, 3, 2);
  const data::Dataset validation = noise_images({2, 9, 8}, 30, 3, 3);
  nn::TrainConfig config = two_epochs(nn::Optimizer::adamw);
  config.threads = 1;
  const nn::TrainResult one = nn::train(network, images, validation, config);
  CHECK_FALSE(same_parameters(one.network, network));
  for (const int32_t threads : {2, 5}) {
    config.threads = threads;
    const nn::TrainResult many = nn::train(network, images, validation, config);
    CHECK(same_parameters(one.network, many.network));
    CHECK(one.epochs.back().loss == many.epochs.back().loss);
    CHECK(one.epochs.back().validation_accuracy == many.epochs.back().validation_accuracy);
  }
}

TEST_CASE("Training gives the same bytes on every instruction set") {
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  if (targets.size() < 2) CROSSTWIN_SKIP("this machine runs one instruction set only");
  const ir::Network network = every_kind(12);
  const data::Dataset images = noise_images({2, 9, 8}, 60, 3, 2);
  for (const nn::Optimizer optimizer : {nn::Optimizer::adamw, nn::Optimizer::sgd}) {
    nn::TrainConfig config = two_epochs(optimizer);
    config.threads = 2;
    const nn::TrainResult best = nn::train(network, images, images, config);
    const std::vector<float> logits = nn::logits(best.network, images);
    for (const int64_t target : targets) {
      const TargetScope scope(target);
      INFO(hwy::TargetName(target));
      const nn::TrainResult other = nn::train(network, images, images, config);
      CHECK(same_parameters(best.network, other.network));
      CHECK(best.epochs.back().loss == other.epochs.back().loss);
      CHECK(logits == nn::logits(best.network, images));
    }
  }
}

}  // namespace crosstwin::test
