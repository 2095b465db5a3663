// Interrupted and resumed, a training ends in the same bytes.
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/nn/checkpoint.hpp"
#include "compress/nn/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("crosstwin_resume_" + std::to_string(::getpid()));
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

nn::TrainConfig config_with(const fs::path& checkpoint) {
  nn::TrainConfig config;
  config.epochs = 4;
  config.batch = 32;
  config.augmentation.shift = 1;
  config.threads = 1;  // a forked child has no other threads
  config.quiet = true;
  config.checkpoint = checkpoint;
  return config;
}

// Hooks with a state of their own: they mask a growing part of fc1 and count epochs.
struct Pruner {
  int32_t epochs_seen = 0;

  nn::TrainHooks hooks() {
    nn::TrainHooks hooks;
    hooks.on_epoch_begin = [this](int32_t, nn::Model& model) {
      ++epochs_seen;
      auto& layer = model.parameters().at("fc1");
      std::vector<uint8_t> mask(layer.weight.size(), 1);
      for (size_t i = 0; i < mask.size(); ++i) {
        if (static_cast<int64_t>(i) % layer.rows < 3 * epochs_seen) mask[i] = 0;
      }
      model.set_mask("fc1", mask);
    };
    hooks.save = [this] { return std::to_string(epochs_seen); };
    hooks.restore = [this](const std::string& bytes) { epochs_seen = std::stoi(bytes); };
    return hooks;
  }
};

// Trains in a child that kills itself with SIGKILL in the middle of an epoch.
void train_and_die(const ir::Network& network, const data::Dataset& images,
                   const nn::TrainConfig& config, int32_t epoch, int64_t step) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Pruner pruner;
    nn::TrainHooks hooks = pruner.hooks();
    hooks.on_step = [&](nn::Model&, const nn::Position& at) {
      if (at.epoch == epoch && at.step == step) ::kill(::getpid(), SIGKILL);
    };
    nn::train(network, images, images, config, hooks);
    ::_exit(0);  // not reached when the kill works
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
}

}  // namespace

TEST_CASE("A training killed with SIGKILL resumes to the same bytes") {
  const TemporaryFolder folder;
  const ir::Network network = bar_network(1);
  const data::Dataset images = bar_images(100, 3);
  Pruner straight;
  const nn::TrainResult whole =
      nn::train(network, images, images, config_with(""), straight.hooks());

  const nn::TrainConfig config = config_with(folder.path / "checkpoint.npz");
  train_and_die(network, images, config, 1, 2);
  REQUIRE(fs::exists(config.checkpoint));
  train_and_die(network, images, config, 3, 0);
  Pruner resumed;
  int32_t first_epoch = -1;
  nn::TrainHooks hooks = resumed.hooks();
  hooks.on_epoch_end = [&](int32_t epoch, nn::Model&) {
    if (first_epoch < 0) first_epoch = epoch;
  };
  const nn::TrainResult rest = nn::train(network, images, images, config, hooks);
  CHECK(first_epoch == 3);  // lost: one epoch at most
  CHECK(resumed.epochs_seen == 4);
  CHECK(same_parameters(whole.network, rest.network));
  REQUIRE(rest.epochs.size() == 4);
  for (size_t e = 0; e < 4; ++e) {
    CHECK(rest.epochs[e].loss == whole.epochs[e].loss);
    CHECK(rest.epochs[e].validation_accuracy == whole.epochs[e].validation_accuracy);
  }
  // Finished already: nothing is trained, the same comes back.
  Pruner idle;
  const nn::TrainResult again = nn::train(network, images, images, config, idle.hooks());
  CHECK(same_parameters(whole.network, again.network));
  // Nothing half-written is left beside the checkpoint.
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    CHECK(entry.path() == config.checkpoint);
  }
}

TEST_CASE("A checkpoint of another training or a damaged one is refused") {
  const TemporaryFolder folder;
  const ir::Network network = bar_network(1);
  const data::Dataset images = bar_images(40, 3);
  nn::TrainConfig config = config_with(folder.path / "checkpoint.npz");
  config.epochs = 1;
  nn::train(network, images, images, config);

  nn::TrainConfig other = config;
  other.learning_rate *= 2;
  CHECK_THROWS_AS(nn::train(network, images, images, other), ir::Error);
  CHECK_THROWS_AS(nn::train(bar_network(2), images, images, config), ir::Error);
  CHECK_THROWS_AS(nn::train(network, bar_images(40, 4), images, config), ir::Error);
  // Threads do not matter to the result, so they do not to the checkpoint.
  other = config;
  other.threads = 2;
  CHECK_NOTHROW(nn::train(network, images, images, other));

  // A position beyond the training.
  nn::Model model(network);
  const nn::OptimizerState state = nn::make_optimizer_state(config, model.parameters());
  const std::string fingerprint = nn::training_fingerprint(network, images, images, config, {});
  nn::save_checkpoint(folder.path / "far.npz", fingerprint, {2, {{}, {}}, ""}, model, state);
  other = config;
  other.checkpoint = folder.path / "far.npz";
  CHECK_THROWS_AS(nn::train(network, images, images, other), ir::Error);
  nn::save_checkpoint(folder.path / "far.npz", fingerprint, {1, {{}}, ""}, model, state);
  CHECK_NOTHROW(nn::train(network, images, images, other));

  const std::string bytes = ir::read_file(config.checkpoint);
  ir::write_file(config.checkpoint, bytes.substr(0, bytes.size() / 2));
  CHECK_THROWS_AS(nn::train(network, images, images, config), ir::Error);
}

TEST_CASE("A training's fingerprint knows what shapes do not tell: strides, kernels, epsilon") {
  const data::Dataset images = bar_images(4, 3);
  ir::Network network{"pools",
                      {input_node(images.shape),
                       conv_node("conv", "image", 3, 8),  // gives 5 x 5
                       {"norm", {"conv"}, ir::BatchNorm{}},
                       {"pool", {"norm"}, ir::MaxPool{2, 2}},
                       {"mean", {"pool"}, ir::AvgPool{1, 1}},
                       {"flat", {"mean"}, ir::Flatten{}},
                       dense_node("fc", "flat", kBarClasses)}};
  nn::initialize(network, 1);
  const std::vector<ir::Shape> shapes = ir::infer_shapes(network);
  const auto fingerprint = [&](const ir::Network& of) {
    CHECK(ir::infer_shapes(of) == shapes);
    return nn::training_fingerprint(of, images, images, config_with(""), {});
  };
  const std::string before = fingerprint(network);
  CHECK(fingerprint(network) == before);
  ir::Network other = network;
  std::get<ir::MaxPool>(other.nodes[3].kind) = {3, 2};
  CHECK(fingerprint(other) != before);
  other = network;
  std::get<ir::MaxPool>(other.nodes[3].kind) = {2, 3};
  CHECK(fingerprint(other) != before);
  other = network;
  std::get<ir::BatchNorm>(other.nodes[2].kind).epsilon = 1e-3F;
  CHECK(fingerprint(other) != before);
}

}  // namespace crosstwin::test
