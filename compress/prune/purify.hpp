// Network purification and unused path removal: weak channels and filters go, and what hangs on
// them.
// SPDX-License-Identifier: Apache-2.0
//
// Source: "Tiny but Accurate" (arXiv 1908.10017), Algorithm 1 (also arXiv 1905.00136). With delta
// rows in channel j of layer i, eta = (rows with weight) / delta, sigma = sum ||row||^2 / delta:
// a channel with eta < Th2 and sigma < Th3 is pruned; a filter that is empty or has
// ||filter||^2 < Th4 is pruned; then the filter of a pruned channel and the channel of a pruned
// filter.
// Deviations:
//   - The paper leaves Th1's scope and its scale open. Here a row counts as having weight when its
//     squared norm is at least Th1, and every norm is relative to the layer's mean over the rows
//     (or filters) that are left, so that one set of thresholds serves layers of any scale.
//   - A pruned filter's constant output is folded exactly into the next layers' biases (the paper
//     does not say), and on a graph a channel goes only when every branch that is added to it lets
//     it go: both are compact(), run after the thresholds.
//   - Behind a flatten, a channel of a dense layer is its h * w rows.
#pragma once

#include <cstdint>

#include "compress/ir/network.hpp"

namespace crosstwin::prune {

// Relative to the layer's mean; 0 removes nothing.
struct PurifyConfig {
  double row_energy = 0;      // Th1: below it a row counts as empty
  double channel_fill = 0;    // Th2: below it, 0..1, and
  double channel_energy = 0;  // Th3: below it, a channel is pruned
  double filter_energy = 0;   // Th4: below it, a filter is pruned
};

struct PurifyReport {
  int64_t channels = 0;        // pruned by thresholds
  int64_t filters = 0;         // pruned by thresholds
  int64_t weights_before = 0;  // stored in conv and dense layers
  int64_t weights_after = 0;   // after unused paths went too
};

// Zeroes what the thresholds say and compacts. The last conv or dense keeps all its filters.
ir::Network purify(ir::Network network, const PurifyConfig& config, PurifyReport* report = nullptr);

}  // namespace crosstwin::prune
