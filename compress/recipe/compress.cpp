// The order of the stages and what each is made of.
// SPDX-License-Identifier: Apache-2.0
#include "compress/recipe/compress.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "compress/nn/evaluate.hpp"
#include "compress/prune/compact.hpp"
#include "compress/prune/crossbar.hpp"
#include "compress/prune/fold.hpp"
#include "compress/quant/grid.hpp"
#include "compress/quant/integer.hpp"
#include "compress/recipe/stages.hpp"

namespace crosstwin::recipe {
namespace {

std::string describe(const std::vector<prune::LayerBudget>& budgets) {
  std::string text = "budgets";
  for (const prune::LayerBudget& budget : budgets) {
    text += fmt::format(" {} {} {} {}", budget.layer, budget.filters, budget.rows, budget.channels);
  }
  return text;
}

std::string describe(const prune::AdmmConfig& c) {
  return fmt::format("admm {} {}", fmt::join(c.rho, ","), c.update_every);
}

std::string describe(const prune::GradualConfig& c) {
  return fmt::format("gradual {} {} {} {} {} {} {}", static_cast<int>(c.score), c.begin, c.end,
                     c.events_per_epoch, c.images, c.positions, c.damping);
}

nn::TrainConfig stage_training(nn::TrainConfig config, const std::filesystem::path& checkpoint,
                               const std::string& label) {
  config.checkpoint = checkpoint;
  config.label = label;
  return config;
}

// Stored weights that are not zero.
std::pair<int64_t, int64_t> count_weights(const ir::Network& network) {
  int64_t all = 0;
  int64_t conv = 0;
  for (const ir::Node& node : network.nodes) {
    const auto matrix = prune::as_crossbar(node);
    if (!matrix) continue;
    const auto count = std::count_if(matrix->weight->begin(), matrix->weight->end(),
                                     [](float weight) { return weight != 0; });
    all += count;
    if (std::holds_alternative<ir::Conv>(node.kind)) conv += count;
  }
  return {all, conv};
}

class Compression {
 public:
  Compression(const ir::Network& network, const data::Dataset& train,
              const data::Dataset& validation, const CompressConfig& config,
              const std::filesystem::path& dir)
      : train_(train),
        validation_(validation),
        config_(config),
        stages_(dir, fingerprint(network) + fingerprint(train)) {
    prune::check_budgets(network, config.layers);
    result_.dense = network;
  }

  CompressResult run() {
    if (config_.train_dense) train_dense();
    ir::Network pruned = config_.method == Method::admm ? prune_by_admm() : prune_gradually();
    purify(std::move(pruned));
    quantize();
    return std::move(result_);
  }

 private:
  using Work = std::function<ir::Network(const std::filesystem::path& checkpoint)>;

  ir::Network stage(const std::string& name, const std::string& description, const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    bool ran = false;
    ir::Network network = stages_.run(name, description, work, ran);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    const auto [weights, conv_weights] = count_weights(network);
    const double accuracy = name == "quantize"
                                ? quant::quantized_accuracy(network, validation_)
                                : nn::accuracy(network, validation_, config_.prune.threads);
    result_.log.push_back({name, accuracy, weights, conv_weights, ran ? spent.count() : 0});
    return network;
  }

  nn::TrainHooks teacher_hooks() const {
    nn::TrainHooks hooks;
    if (config_.distillation_alpha > 0) {
      hooks.distillation = nn::Distillation{result_.dense, config_.distillation_alpha,
                                            config_.distillation_temperature};
    }
    return hooks;
  }
  std::string describe_distillation() const {
    return fmt::format("; distillation {} {}", config_.distillation_alpha,
                       config_.distillation_temperature);
  }
  std::string describe_pruning() const {
    return recipe::describe(config_.prune) + describe_distillation() + "; " +
           describe(config_.layers);
  }

  void train_dense() {
    const ir::Network start = std::move(result_.dense);
    result_.dense = stage("dense", recipe::describe(config_.dense), [&](const auto& checkpoint) {
      return nn::train(start, train_, validation_,
                       stage_training(config_.dense, checkpoint, "dense"))
          .network;
    });
  }

  ir::Network prune_gradually() {
    const std::string description = describe_pruning() + "; " + describe(config_.gradual);
    return stage("prune", description, [&](const auto& checkpoint) {
      nn::TrainHooks hooks = teacher_hooks();
      prune::remove_rows_gradually(hooks, config_.layers, config_.gradual, train_,
                                   config_.prune.threads);
      const ir::Network narrow =
          prune::map_to_structure(result_.dense, config_.layers, /*with_rows=*/false);
      return prune::compact(nn::train(narrow, train_, validation_,
                                      stage_training(config_.prune, checkpoint, "prune"), hooks)
                                .network);
    });
  }

  ir::Network prune_by_admm() {
    const std::string description = recipe::describe(config_.admm_training) +
                                    describe_distillation() + "; " + describe(config_.admm) + "; " +
                                    describe(config_.layers);
    const ir::Network near = stage("admm", description, [&](const auto& checkpoint) {
      const ir::Network start = prune::map_to_structure(
          result_.dense, prune::filters_behind_norm(result_.dense, config_.layers));
      return prune::train_admm(
          start, train_, validation_, prune::structure_constraints(start, config_.layers),
          config_.admm, stage_training(config_.admm_training, checkpoint, "admm"), teacher_hooks());
    });
    return stage("prune", describe_pruning(), [&](const auto& checkpoint) {
      return nn::train(prune::map_to_structure(near, config_.layers), train_, validation_,
                       stage_training(config_.prune, checkpoint, "retrain"), teacher_hooks())
          .network;
    });
  }

  void purify(ir::Network pruned) {
    const prune::PurifyConfig& c = config_.purify;
    const std::string description =
        fmt::format("{} {} {} {}", c.row_energy, c.channel_fill, c.channel_energy, c.filter_energy);
    result_.pruned = stage("purify", description, [&](const auto&) {
      return prune::purify(prune::fold_input_scale(prune::fold_batch_norm(pruned)), c);
    });
  }

  void quantize() {
    const QuantizeConfig& c = config_.quantize;
    const std::string description = fmt::format(
        "{} {} {} {} {}; {}; {}", c.weight_range, static_cast<int>(c.activations.method),
        c.activations.percentile, c.activations.bits, c.activations.images, describe(c.admm),
        c.training ? recipe::describe(*c.training) + describe_distillation() : "");
    result_.network = stage("quantize", description, [&](const auto& checkpoint) {
      ir::Network network = result_.pruned;
      if (c.training) {
        network = prune::train_admm(
            network, train_, validation_, quant::grid_constraints(network, c.weight_range), c.admm,
            stage_training(*c.training, checkpoint, "quantize"), teacher_hooks());
      }
      return quant::calibrate_activations(quant::quantize_weights(network, c.weight_range), train_,
                                          c.activations, config_.prune.threads);
    });
  }

  const data::Dataset& train_;
  const data::Dataset& validation_;
  const CompressConfig& config_;
  Stages stages_;
  CompressResult result_;
};

}  // namespace

CompressResult compress(const ir::Network& network, const data::Dataset& train,
                        const data::Dataset& validation, const CompressConfig& config,
                        const std::filesystem::path& dir) {
  return Compression(network, train, validation, config, dir).run();
}

}  // namespace crosstwin::recipe
