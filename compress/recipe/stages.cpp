// Keys, and what is found under them.
// SPDX-License-Identifier: Apache-2.0
#include "compress/recipe/stages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/overload.hpp"

namespace crosstwin::recipe {
namespace {

template <class T>
void put(std::string& bytes, const std::vector<T>& values) {
  bytes += fmt::format("{}:", values.size());
  if (!values.empty()) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
}

void put_kind(std::string& bytes, const ir::Kind& kind) {
  std::visit(
      ir::Overload{
          [&](const ir::Input& input) {
            bytes += fmt::format("{},{},{};", input.shape.c, input.shape.h, input.shape.w);
            put(bytes, input.zero);
            put(bytes, input.stddev);
          },
          [&](const ir::Conv& conv) {
            bytes += fmt::format("{},{},{},{},{};", conv.out_channels, conv.kernel_h, conv.kernel_w,
                                 conv.stride, conv.pad);
            put(bytes, conv.rows);
            put(bytes, conv.weight);
            put(bytes, conv.bias);
          },
          [&](const ir::Dense& dense) {
            bytes += fmt::format("{};", dense.out_features);
            put(bytes, dense.rows);
            put(bytes, dense.weight);
            put(bytes, dense.bias);
          },
          [&](const ir::BatchNorm& norm) {
            for (const auto* values : {&norm.gamma, &norm.beta, &norm.mean, &norm.variance}) {
              put(bytes, *values);
            }
            bytes += fmt::format("{};", norm.epsilon);
          },
          [&](const ir::MaxPool& pool) {
            bytes += fmt::format("{},{};", pool.kernel, pool.stride);
          },
          [&](const ir::AvgPool& pool) {
            bytes += fmt::format("{},{};", pool.kernel, pool.stride);
          },
          [](const auto&) {},
      },
      kind);
}

// The trainings of one stage may have several checkpoints (ADMM: one a stage of rho).
void remove_checkpoints(const std::filesystem::path& dir, const std::string& name) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(name + "-") && file.find(".checkpoint") != std::string::npos) {
      found.push_back(entry.path());
    }
  }
  for (const auto& file : found) std::filesystem::remove(file);
}

}  // namespace

std::string describe(const nn::TrainConfig& c) {
  const nn::Augmentation& a = c.augmentation;
  return fmt::format(
      "train {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}; augment {} {} {} {} {} {} {} "
      "{}",
      c.epochs, c.batch, static_cast<int>(c.optimizer), c.learning_rate,
      static_cast<int>(c.schedule), c.warmup_epochs, c.final_rate, fmt::join(c.step_epochs, ","),
      c.step_factor, c.momentum, c.beta1, c.beta2, c.epsilon, c.weight_decay_conv,
      c.weight_decay_dense, c.label_smoothing, c.batch_norm_momentum, c.seed, a.rotation, a.scale,
      a.shear, a.shift, a.elastic, a.strength_spread, a.flip, a.crop);
}

std::string fingerprint(const ir::Network& network) {
  std::string bytes;
  for (const ir::Node& node : network.nodes) {
    bytes +=
        fmt::format("{}({}) {};", node.name, fmt::join(node.inputs, ","), ir::kind_name(node.kind));
    put_kind(bytes, node.kind);
  }
  return ir::content_hash(bytes);
}

std::string fingerprint(const data::Dataset& dataset) {
  const auto bytes = [](const std::vector<uint8_t>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size());
  };
  return ir::content_hash(bytes(dataset.images)) + ir::content_hash(bytes(dataset.labels));
}

Stages::Stages(std::filesystem::path dir, const std::string& origin)
    : dir_(std::move(dir)), key_(ir::content_hash(origin)) {
  if (!dir_.empty()) std::filesystem::create_directories(dir_);
}

ir::Network Stages::run(
    const std::string& name, const std::string& description,
    const std::function<ir::Network(const std::filesystem::path& checkpoint)>& work, bool& ran) {
  key_ = ir::content_hash(key_ + "\n" + name + "\n" + description);
  ran = false;
  if (dir_.empty()) {
    ran = true;
    return work({});
  }
  const std::filesystem::path folder = dir_ / name;
  const std::filesystem::path key_file = dir_ / (name + ".key");
  if (std::filesystem::exists(key_file) && ir::read_file(key_file) == key_) {
    return ir::load_network(folder);
  }
  // The key goes first and comes last, so that a folder under a key is always its result.
  std::filesystem::remove(key_file);
  ran = true;
  ir::Network network = work(dir_ / (name + "-" + key_ + ".checkpoint"));
  ir::save_network(network, folder);
  ir::write_file(key_file, key_);
  remove_checkpoints(dir_, name);
  return network;
}

}  // namespace crosstwin::recipe
