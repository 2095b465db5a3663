// The network to train, as the configuration gives it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "compress/data/dataset.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::cli {

enum class LayerKind { conv, dense, max_pool, avg_pool, relu, batch_norm, flatten };

// One layer of a chain. What a kind does not have is not read.
struct LayerSpec {
  std::string name;
  LayerKind kind = LayerKind::relu;
  int32_t filters = 0;  // conv: output channels; dense: outputs, 0 = one a class (the last layer)
  int32_t kernel = 2;   // conv, pools
  int32_t stride = 1;   // conv, pools
  int32_t pad = 0;      // conv
};

// "lenet5": 20@5x5, pool, 50@5x5, pool, 500, 10.  "demo": 6@5x5, pool, 12@5x5, pool, 10,
// three crossbar layers, which a part of 7,680 logic cells has room for.
std::vector<LayerSpec> builtin_architecture(const std::string& name, const std::string& where);

// The `network` section: {"builtin": NAME} or {"layers": [{"name", "kind", ...}, ...]}.
std::vector<LayerSpec> read_architecture(const ir::JsonReader& json);
nlohmann::ordered_json write_architecture(const std::vector<LayerSpec>& layers);

// The shape of the images, the training set's mean of each channel rounded to the integer zero, and
// one standard deviation for all channels: what folds into the integers of the first layer.
ir::Input measured_input(const data::Dataset& train);

// The untrained network for images like `input` and so many classes. Throws Error naming the layer
// that does not fit.
ir::Network build_network(const std::string& name, const std::vector<LayerSpec>& layers,
                          const ir::Input& input, int32_t classes);

}  // namespace crosstwin::cli
