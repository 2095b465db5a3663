// The training loop: it learns, it keeps masks, its hooks and schedules do what they say.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "compress/ir/error.hpp"
#include "compress/nn/evaluate.hpp"
#include "tests/catch.hpp"
#include "tests/nn/toy.hpp"

namespace crosstwin::test {

namespace {

nn::TrainConfig quick(int32_t epochs) {
  nn::TrainConfig config;
  config.epochs = epochs;
  config.batch = 32;
  config.quiet = true;
  return config;
}

}  // namespace

TEST_CASE("Both optimizers learn where the bar is") {
  const data::Dataset images = bar_images(600, 1);
  const data::Dataset unseen = bar_images(300, 2);
  nn::TrainConfig config = quick(4);
  CHECK(nn::accuracy(bar_network(5), unseen) < 0.6);
  for (const nn::Optimizer optimizer : {nn::Optimizer::adamw, nn::Optimizer::sgd}) {
    config.optimizer = optimizer;
    config.learning_rate = optimizer == nn::Optimizer::sgd ? 0.05F : 3e-3F;
    const nn::TrainResult result = nn::train(bar_network(5), images, unseen, config);
    CHECK(result.epochs.back().validation_accuracy > 0.97);
    CHECK(result.epochs.back().loss < result.epochs.front().loss);
    CHECK(nn::accuracy(result.network, unseen) == result.epochs.back().validation_accuracy);
    CHECK(result.images_per_second > 0);
  }
}

TEST_CASE("Masked weights stay exactly zero and equal a smaller layer bit for bit") {
  const data::Dataset images = bar_images(120, 1);
  nn::TrainConfig config = quick(2);
  config.weight_decay_conv = config.weight_decay_dense = 1e-2F;
  const ir::Network network = bar_network(6);
  // Whole rows: 2 and 5 of conv1 (of 9), every second of fc1; whole outputs: 3 of fc1.
  const auto conv_gone = [](int64_t row) { return row == 2 || row == 5; };
  const auto dense_gone = [](int64_t row) { return row % 2 == 1; };
  nn::TrainHooks hooks;
  hooks.on_epoch_begin = [&](int32_t epoch, nn::Model& model) {
    if (epoch != 0) return;
    for (const auto& [name, gone] :
         {std::pair<std::string, bool (*)(int64_t)>{"conv1", conv_gone}, {"fc1", dense_gone}}) {
      const nn::LayerParameters& layer = model.parameters().at(name);
      std::vector<uint8_t> mask(layer.weight.size());
      for (size_t i = 0; i < mask.size(); ++i) {
        mask[i] = gone(static_cast<int64_t>(i) % layer.rows) ? 0 : 1;
      }
      model.set_mask(name, mask);
    }
  };
  const ir::Network masked = nn::train(network, images, images, config, hooks).network;

  ir::Network small = network;
  const auto shrink = [](auto& layer, size_t outs, const auto& gone) {
    auto kept = layer;
    kept.rows.clear();
    kept.weight.clear();
    for (size_t r = 0; r < layer.rows.size(); ++r) {
      if (!gone(static_cast<int64_t>(r))) kept.rows.push_back(layer.rows[r]);
    }
    for (size_t i = 0; i < outs * layer.rows.size(); ++i) {
      if (!gone(static_cast<int64_t>(i % layer.rows.size()))) {
        kept.weight.push_back(layer.weight[i]);
      }
    }
    layer = kept;
  };
  shrink(std::get<ir::Conv>(small.nodes[1].kind), 5, conv_gone);
  shrink(std::get<ir::Dense>(small.nodes[6].kind), 19, dense_gone);
  const ir::Network trained = nn::train(small, images, images, config).network;

  ir::Network cut = masked;
  const auto& conv = std::get<ir::Conv>(masked.nodes[1].kind);
  for (size_t i = 0; i < conv.weight.size(); ++i) {
    if (conv_gone(static_cast<int64_t>(i % 9))) CHECK(conv.weight[i] == 0);
  }
  shrink(std::get<ir::Conv>(cut.nodes[1].kind), 5, conv_gone);
  shrink(std::get<ir::Dense>(cut.nodes[6].kind), 19, dense_gone);
  CHECK(same_parameters(cut, trained));
  CHECK(nn::logits(masked, images) == nn::logits(trained, images));
}

TEST_CASE("Scattered masks hold single weights and whole outputs at zero") {
  const data::Dataset images = noise_images({2, 9, 8}, 40, 3, 1);
  nn::TrainConfig config = quick(2);
  config.weight_decay_conv = 1e-2F;
  std::map<std::string, std::vector<uint8_t>> masks;
  nn::TrainHooks hooks;
  hooks.on_epoch_begin = [&](int32_t epoch, nn::Model& model) {
    if (epoch != 0) return;
    for (const std::string name : {"wide", "left", "kept", "fc1", "fc2"}) {
      const nn::LayerParameters& layer = model.parameters().at(name);
      std::vector<uint8_t>& mask = masks[name];
      for (size_t i = 0; i < layer.weight.size(); ++i) {
        mask.push_back(static_cast<int64_t>(i) / layer.rows == 1 || i * 7 % 5 < 2 ? 0 : 1);
      }
      model.set_mask(name, mask);
    }
  };
  bool changed = false;
  hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position&) {
    for (const auto& [name, mask] : masks) {
      const nn::LayerParameters& layer = parameters.at(name);
      for (size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] == 0) REQUIRE(layer.weight_grad[i] == 0);
        changed = changed || layer.weight_grad[i] != 0;
      }
    }
    // What a hook adds to a masked weight's gradient must not move it either.
    for (float& g : parameters.at("fc1").weight_grad) g += 1;
  };
  const ir::Network result = nn::train(every_kind(2), images, images, config, hooks).network;
  CHECK(changed);
  const nn::Model model(result);
  for (const auto& [name, mask] : masks) {
    const nn::LayerParameters& layer = model.parameters().at(name);
    int64_t free = 0;
    for (size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] == 0) REQUIRE(layer.weight[i] == 0);
      if (mask[i] != 0 && layer.weight[i] != 0) ++free;
    }
    CHECK(free > 0);
  }
}

TEST_CASE("Hooks see every step in order and can pull weights to a target") {
  const data::Dataset images = bar_images(70, 1);
  nn::TrainConfig config = quick(3);
  config.optimizer = nn::Optimizer::sgd;
  config.learning_rate = 0.05F;
  std::vector<std::string> seen;
  nn::TrainHooks hooks;
  hooks.on_epoch_begin = [&](int32_t e, nn::Model&) { seen.push_back("b" + std::to_string(e)); };
  hooks.on_epoch_end = [&](int32_t e, nn::Model&) { seen.push_back("e" + std::to_string(e)); };
  hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position& at) {
    CHECK(at.steps_per_epoch == 3);
    seen.push_back("g" + std::to_string(at.step));
    // ADMM's term rho (W - Z + U), so strong that it decides: Z - U = 0.25.
    nn::LayerParameters& layer = parameters.at("fc2");
    for (size_t i = 0; i < layer.weight.size(); ++i) {
      layer.weight_grad[i] = 4 * (layer.weight[i] - 0.25F);
    }
  };
  hooks.on_step = [&](nn::Model&, const nn::Position& at) {
    seen.push_back("s" + std::to_string(at.step));
  };
  config.epochs = 20;
  const ir::Network result = nn::train(bar_network(3), images, {}, config, hooks).network;
  const std::vector<std::string> first = {"b0", "g0", "s0", "g1", "s1", "g2", "s2", "e0", "b1"};
  CHECK(std::equal(first.begin(), first.end(), seen.begin()));
  CHECK(seen.size() == 20 * 8);
  for (const float w : std::get<ir::Dense>(result.nodes.back().kind).weight) {
    CHECK(w == Approx(0.25).margin(0.01));
  }
}

TEST_CASE("Schedules give the rates they are named for") {
  nn::TrainConfig config;
  config.learning_rate = 0.8F;
  config.schedule = nn::Schedule::cosine;
  CHECK(nn::learning_rate(config, {0, 0, 100, 10}) == Approx(0.8));
  CHECK(nn::learning_rate(config, {5, 0, 100, 10}) == Approx(0.4));
  CHECK(nn::learning_rate(config, {9, 99, 100, 10}) == Approx(0).margin(1e-5));
  config.final_rate = 0.1F;
  CHECK(nn::learning_rate(config, {10, 0, 100, 10}) == Approx(0.08));
  config.warmup_epochs = 2;
  CHECK(nn::learning_rate(config, {0, 0, 100, 10}) < 0.8 / 100);
  CHECK(nn::learning_rate(config, {1, 0, 100, 10}) == Approx(0.4).epsilon(0.01));
  CHECK(nn::learning_rate(config, {2, 0, 100, 10}) == Approx(0.8));
  config.warmup_epochs = 0;
  config.schedule = nn::Schedule::step;
  config.step_epochs = {3, 6};
  CHECK(nn::learning_rate(config, {2, 99, 100, 10}) == Approx(0.8));
  CHECK(nn::learning_rate(config, {3, 0, 100, 10}) == Approx(0.08));
  CHECK(nn::learning_rate(config, {7, 0, 100, 10}) == Approx(0.008));
  config.schedule = nn::Schedule::constant;
  CHECK(nn::learning_rate(config, {7, 0, 100, 10}) == Approx(0.8));
}

TEST_CASE("AdamW and SGD take the steps of their formulas") {
  // One image, one step: the parameters after it from the gradients that the hook saw.
  const data::Dataset images = bar_images(1, 1);
  for (const nn::Optimizer optimizer : {nn::Optimizer::adamw, nn::Optimizer::sgd}) {
    nn::TrainConfig config = quick(2);
    config.optimizer = optimizer;
    config.schedule = nn::Schedule::constant;
    config.learning_rate = 0.01F;
    config.weight_decay_dense = 0.3F;
    std::vector<double> weight, first, second;
    int32_t steps = 0;
    nn::TrainHooks hooks;
    hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position&) {
      const nn::LayerParameters& layer = parameters.at("fc2");
      if (weight.empty()) weight.assign(layer.weight.begin(), layer.weight.end());
      first.resize(weight.size());
      second.resize(weight.size());
      ++steps;
      for (size_t i = 0; i < weight.size(); ++i) {
        const double g = layer.weight_grad[i];
        if (optimizer == nn::Optimizer::sgd) {
          first[i] = 0.9 * first[i] + g + 0.3 * weight[i];
          weight[i] -= 0.01 * first[i];
        } else {
          first[i] = 0.9 * first[i] + 0.1 * g;
          second[i] = 0.999 * second[i] + 0.001 * g * g;
          weight[i] -= 0.01 * 0.3 * weight[i];
          weight[i] -= 0.01 * first[i] / (1 - std::pow(0.9, steps)) /
                       (std::sqrt(second[i] / (1 - std::pow(0.999, steps))) + 1e-8);
        }
      }
    };
    const ir::Network result = nn::train(bar_network(3), images, {}, config, hooks).network;
    const auto& trained = std::get<ir::Dense>(result.nodes.back().kind).weight;
    REQUIRE(steps == 2);
    for (size_t i = 0; i < weight.size(); ++i) {
      CHECK(trained[i] == Approx(weight[i]).margin(2e-5));
    }
  }
}

TEST_CASE("A student follows its teacher's logits") {
  const data::Dataset images = bar_images(300, 1);
  const ir::Network teacher = nn::train(bar_network(1), images, {}, quick(3)).network;
  const auto distance = [&](const ir::Network& network) {
    const std::vector<float> a = nn::logits(teacher, images);
    const std::vector<float> b = nn::logits(network, images);
    double sum = 0;
    for (size_t i = 0; i < a.size(); i += kBarClasses) {
      for (size_t c = 1; c < kBarClasses; ++c) {  // differences of logits: the offset is free
        sum += std::abs((a[i + c] - a[i]) - (b[i + c] - b[i]));
      }
    }
    return sum / static_cast<double>(a.size());
  };
  nn::TrainHooks hooks;
  hooks.distillation = nn::Distillation{teacher, 1, 2};
  // With alpha 1 the labels play no part: wrong ones do no harm.
  data::Dataset unlabelled = images;
  std::fill(unlabelled.labels.begin(), unlabelled.labels.end(), uint8_t{0});
  const ir::Network student = nn::train(bar_network(2), unlabelled, {}, quick(12), hooks).network;
  CHECK(distance(student) < 0.3 * distance(bar_network(2)));
  CHECK(nn::accuracy(student, images) > 0.95);
}

TEST_CASE("A BatchNorm behind a max pool keeps gamma positive") {
  nn::TrainHooks hooks;
  hooks.on_gradients = [](nn::Parameters& parameters, const nn::Position&) {
    for (float& g : parameters.at("norm1").weight_grad) g = 100;
  };
  nn::TrainConfig config = quick(2);
  config.learning_rate = 0.5F;
  const ir::Network result =
      nn::train(bar_network(1), bar_images(100, 1), {}, config, hooks).network;
  for (const float gamma : std::get<ir::BatchNorm>(result.nodes[3].kind).gamma) {
    CHECK(gamma == 1e-3F);
  }
}

TEST_CASE("Data and configurations that do not fit are refused by name") {
  const ir::Network network = bar_network(1);
  CHECK_THROWS_AS(nn::train(network, noise_images({1, 8, 8}, 4, 4, 1), {}, quick(1)), ir::Error);
  CHECK_THROWS_AS(nn::train(network, noise_images(kBarShape, 64, 9, 1), {}, quick(1)), ir::Error);
  CHECK_THROWS_AS(nn::train(network, data::Dataset{kBarShape, {}, {}, 4}, {}, quick(1)), ir::Error);
  nn::TrainConfig config = quick(0);
  try {
    nn::train(network, bar_images(4, 1), {}, config);
    FAIL("no epochs were accepted");
  } catch (const ir::Error& error) {
    CHECK(std::string(error.what()).find("epochs") != std::string::npos);
  }
}

TEST_CASE("Initial weights depend on the seed alone and have the right spread") {
  CHECK(same_parameters(bar_network(5), bar_network(5)));
  CHECK_FALSE(same_parameters(bar_network(5), bar_network(6)));
  const ir::Network network = bar_network(5);
  const auto& fc1 = std::get<ir::Dense>(network.nodes[6].kind);
  double squares = 0;
  for (const float w : fc1.weight) squares += double{w} * w;
  // He: variance 2 / fan_in; 2,375 weights, so within 10 %.
  CHECK(squares / static_cast<double>(fc1.weight.size()) ==
        Approx(2.0 / static_cast<double>(fc1.rows.size())).epsilon(0.1));
}

TEST_CASE("A network keeps its conductance grid until a layer is changed") {
  ir::Network network = bar_network(5);
  auto& conv = std::get<ir::Conv>(network.nodes[1].kind);
  conv.weight_scale.assign(5, 0.01F);
  std::get<ir::Dense>(network.nodes[6].kind).weight_scale.assign(19, 0.01F);
  nn::Model model(network);
  model.parameters().at("conv1").weight[0] += 1;
  const ir::Network back = model.to_network();
  CHECK(std::get<ir::Conv>(back.nodes[1].kind).weight_scale.empty());
  CHECK(std::get<ir::Dense>(back.nodes[6].kind).weight_scale.size() == 19);
}

}  // namespace crosstwin::test
