// The sections of the configuration and every key in them, bound to a Config.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/config/config.hpp"
#include "cli/config/fields.hpp"

namespace crosstwin::cli {

struct Section {
  std::string name;  // "" = keys at the top of the file
  std::string explanation;
  Fields fields;
  // Keys not given are those of `train`, not their own defaults.
  bool as_train = false;
};

// All but `network` and the three scopes. `config` must outlive what is returned.
std::vector<Section> sections(Config& config);

// The keys of the three scopes.
Fields layer_fields(LayerSettings& settings);
// Keys that "defaults" and "kinds" have beside them: one value for all layers of a kind.
Fields kind_fields(float& weight_decay);

}  // namespace crosstwin::cli
