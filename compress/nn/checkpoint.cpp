// Checkpoints as NPZ files.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::nn {

namespace {

constexpr int64_t kVersion = 1;

void put(std::string& bytes, const void* data, size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}
template <class T>
void put(std::string& bytes, const std::vector<T>& values) {
  const auto size = values.size();
  put(bytes, &size, sizeof(size));
  put(bytes, values.data(), size * sizeof(T));
}
template <class T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T>
void put(std::string& bytes, T value) { put(bytes, &value, sizeof(value)); }

void put(std::string& bytes, const ir::Network& network) {
  const Model model(network);
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    bytes += node.name + ":" + ir::kind_name(node.kind) + "(";
    for (const std::string& input : node.inputs) bytes += input + ",";
    const ir::Shape shape = model.shapes()[i];
    for (const int32_t extent : {shape.c, shape.h, shape.w}) put(bytes, extent);
    if (const auto* input = std::get_if<ir::Input>(&node.kind)) {
      put(bytes, input->zero);
      put(bytes, input->stddev);
    }
    if (const auto* conv = std::get_if<ir::Conv>(&node.kind)) {
      for (const int32_t v : {conv->kernel_h, conv->kernel_w, conv->stride, conv->pad}) {
        put(bytes, v);
      }
      put(bytes, conv->rows);
    }
    if (const auto* dense = std::get_if<ir::Dense>(&node.kind)) put(bytes, dense->rows);
    if (const auto* pool = std::get_if<ir::MaxPool>(&node.kind)) {
      put(bytes, pool->kernel);
      put(bytes, pool->stride);
    }
    if (const auto* pool = std::get_if<ir::AvgPool>(&node.kind)) {
      put(bytes, pool->kernel);
      put(bytes, pool->stride);
    }
    if (const auto* norm = std::get_if<ir::BatchNorm>(&node.kind)) put(bytes, norm->epsilon);
  }
  for (const LayerParameters& p : model.parameters().layers()) {
    put(bytes, p.weight);
    put(bytes, p.bias);
    put(bytes, p.mean);
    put(bytes, p.variance);
  }
}

ir::Array<float> as_array(const std::vector<float>& values) {
  return {{static_cast<int64_t>(values.size())}, values};
}
ir::Array<uint8_t> as_array(const std::string& bytes) {
  return {{static_cast<int64_t>(bytes.size())}, {bytes.begin(), bytes.end()}};
}

// Every vector of floats of a layer with its name in the file.
template <class Parameters, class State, class Visit>
void for_arrays(Parameters& p, State& s, const Visit& visit) {
  visit(p.node + ".weight", p.weight);
  visit(p.node + ".bias", p.bias);
  visit(p.node + ".mean", p.mean);
  visit(p.node + ".variance", p.variance);
  visit(p.node + ".weight_first", s.weight_first);
  visit(p.node + ".weight_second", s.weight_second);
  visit(p.node + ".bias_first", s.bias_first);
  visit(p.node + ".bias_second", s.bias_second);
}

}  // namespace

std::string training_fingerprint(const ir::Network& network, const data::Dataset& train,
                                 const data::Dataset& validation, const TrainConfig& config,
                                 const TrainHooks& hooks) {
  std::string bytes;
  put(bytes, network);
  for (const data::Dataset* dataset : {&train, &validation}) {
    put(bytes, dataset->size());
    bytes += ir::content_hash(
        {reinterpret_cast<const char*>(dataset->images.data()), dataset->images.size()});
    put(bytes, dataset->labels);
  }
  put(bytes, config.epochs);
  put(bytes, config.batch);
  put(bytes, config.optimizer);
  put(bytes, config.schedule);
  put(bytes, config.step_epochs);
  put(bytes, config.seed);
  const Augmentation& a = config.augmentation;
  for (const float v :
       {config.learning_rate, config.warmup_epochs, config.final_rate, config.step_factor,
        config.momentum, config.beta1, config.beta2, config.epsilon, config.weight_decay_conv,
        config.weight_decay_dense, config.label_smoothing, config.batch_norm_momentum, a.rotation,
        a.scale, a.shear, a.shift, a.elastic, a.strength_spread}) {
    put(bytes, v);
  }
  put(bytes, a.flip);
  put(bytes, a.crop);
  put(bytes, static_cast<bool>(hooks.save));
  if (hooks.distillation) {
    put(bytes, hooks.distillation->teacher);
    put(bytes, hooks.distillation->alpha);
    put(bytes, hooks.distillation->temperature);
  }
  return ir::content_hash(bytes);
}

void save_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                     const Checkpoint& checkpoint, const Model& model,
                     const OptimizerState& state) {
  ir::Npz npz;
  npz["version"] = ir::Array<int64_t>{{}, {kVersion}};
  npz["fingerprint"] = as_array(fingerprint);
  npz["position"] = ir::Array<int64_t>{{2}, {checkpoint.epochs_done, state.steps}};
  ir::Array<double> log{{static_cast<int64_t>(checkpoint.log.size()), 3}, {}};
  for (const EpochLog& e : checkpoint.log) {
    log.data.insert(log.data.end(), {e.loss, e.train_accuracy, e.validation_accuracy});
  }
  npz["log"] = std::move(log);
  npz["hooks"] = as_array(checkpoint.hooks);
  for (size_t i = 0; i < state.layers.size(); ++i) {
    const LayerParameters& p = model.parameters().layers()[i];
    for_arrays(p, state.layers[i], [&](const std::string& name, const std::vector<float>& values) {
      npz[name] = as_array(values);
    });
    npz[p.node + ".mask"] = ir::Array<uint8_t>{{static_cast<int64_t>(p.mask.size())}, p.mask};
  }
  ir::write_npz(file, npz);
}

Checkpoint load_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                           int32_t epochs, Model& model, OptimizerState& state) {
  const ir::Npz npz = ir::read_npz(file);
  const int64_t version = ir::npz_member<int64_t>(npz, "version", {}, file).data[0];
  if (version != kVersion) {
    throw ir::Error({file.string(), "checkpoint of another version", std::to_string(kVersion),
                     std::to_string(version), "remove it to train from the start"});
  }
  const auto& written = ir::npz_member<uint8_t>(npz, "fingerprint", {-1}, file).data;
  if (std::string(written.begin(), written.end()) != fingerprint) {
    throw ir::Error({file.string(),
                     "checkpoint of another training (network, data or configuration differ)",
                     fingerprint, std::string(written.begin(), written.end()),
                     "remove it or name another checkpoint file"});
  }
  Checkpoint checkpoint;
  const auto& position = ir::npz_member<int64_t>(npz, "position", {2}, file).data;
  if (position[0] < 0 || position[0] > epochs || position[1] < 0) {
    throw ir::Error({file.string() + ": position", "out of range",
                     "0.." + std::to_string(epochs) + " epochs and 0 or more steps",
                     std::to_string(position[0]) + " and " + std::to_string(position[1]),
                     "remove it to train from the start"});
  }
  checkpoint.epochs_done = static_cast<int32_t>(position[0]);
  state.steps = position[1];
  const auto& log = ir::npz_member<double>(npz, "log", {position[0], 3}, file).data;
  for (size_t i = 0; i < log.size(); i += 3) {
    checkpoint.log.push_back({log[i], log[i + 1], log[i + 2]});
  }
  const auto& hooks = ir::npz_member<uint8_t>(npz, "hooks", {-1}, file).data;
  checkpoint.hooks.assign(hooks.begin(), hooks.end());
  for (size_t i = 0; i < state.layers.size(); ++i) {
    LayerParameters& p = model.parameters().layers()[i];
    for_arrays(p, state.layers[i], [&](const std::string& name, std::vector<float>& values) {
      const auto size = static_cast<int64_t>(values.size());
      values = ir::npz_member<float>(npz, name, {size}, file).data;
    });
    const auto& mask = ir::npz_member<uint8_t>(npz, p.node + ".mask", {-1}, file).data;
    if (mask.empty()) continue;
    if (mask.size() != p.weight.size()) {
      throw ir::Error({file.string() + ": " + p.node + ".mask", "wrong length",
                       std::to_string(p.weight.size()), std::to_string(mask.size()), ""});
    }
    model.set_mask(p.node, mask);
  }
  return checkpoint;
}

}  // namespace crosstwin::nn
