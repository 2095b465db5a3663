// ADMM's steps hung into the trainer.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/admm_training.hpp"

#include <string>
#include <utility>

#include "compress/ir/error.hpp"

namespace crosstwin::prune {
namespace {

void update_all(Admm& admm, nn::Model& model) {
  for (const nn::LayerParameters& layer : model.parameters().layers()) {
    admm.update(layer.node, layer.weight);
  }
}

}  // namespace

ir::Network train_admm(ir::Network network, const data::Dataset& train,
                       const data::Dataset& validation, std::vector<Constraint> constraints,
                       const AdmmConfig& config, const nn::TrainConfig& training,
                       const nn::TrainHooks& hooks, std::vector<double>* residuals) {
  ir::check(!config.rho.empty() && config.update_every >= 1, "ADMM needs a stage and a period");
  ir::check(!hooks.save && !hooks.restore, "ADMM keeps its own state in the checkpoint");
  Admm admm(std::move(constraints), config.rho[0]);
  for (size_t stage = 0; stage < config.rho.size(); ++stage) {
    nn::TrainConfig stage_training = training;
    stage_training.label = training.label + " rho " + std::to_string(stage + 1) + "/" +
                           std::to_string(config.rho.size());
    if (!training.checkpoint.empty()) {
      stage_training.checkpoint += "." + std::to_string(stage + 1);
    }
    if (stage > 0) admm.set_rho(config.rho[stage]);
    nn::TrainHooks stage_hooks = hooks;
    stage_hooks.on_gradients = [&](nn::Parameters& parameters, const nn::Position& position) {
      if (hooks.on_gradients) hooks.on_gradients(parameters, position);
      for (nn::LayerParameters& layer : parameters.layers()) {
        admm.add_gradient(layer.node, layer.weight, layer.weight_grad);
      }
    };
    stage_hooks.on_epoch_begin = [&](int32_t epoch, nn::Model& model) {
      if (hooks.on_epoch_begin) hooks.on_epoch_begin(epoch, model);
      if (stage == 0 && epoch == 0) update_all(admm, model);
    };
    stage_hooks.on_epoch_end = [&](int32_t epoch, nn::Model& model) {
      if (hooks.on_epoch_end) hooks.on_epoch_end(epoch, model);
      if ((epoch + 1) % config.update_every == 0) update_all(admm, model);
    };
    stage_hooks.save = [&] { return admm.save(); };
    stage_hooks.restore = [&](const std::string& bytes) { admm.restore(bytes); };
    network = nn::train(network, train, validation, stage_training, stage_hooks).network;
    if (residuals != nullptr) residuals->push_back(admm.residual());
  }
  return network;
}

}  // namespace crosstwin::prune
