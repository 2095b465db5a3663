// How small every layer shall be, and the masked mapping of a trained network onto that.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/network.hpp"
#include "compress/prune/admm.hpp"

namespace crosstwin::prune {

// The crossbar that a layer may use, as ceilings; 0 = all of it.
struct LayerBudget {
  std::string layer;
  int64_t filters = 0;  // columns kept
  int64_t rows = 0;     // rows kept
  // Channels of the layer's input kept: of a conv, or of the map before the Flatten of a dense.
  int64_t channels = 0;
};

// Error naming the layer when a budget names no conv or dense layer, names it twice, is negative,
// takes filters from the last layer, or asks for more than there are.
void check_budgets(const ir::Network& network, const std::vector<LayerBudget>& budgets);

// The budgets' filters where a batch norm follows the layer. There the network does not feel the
// scale of a filter: ADMM would shrink it and change nothing until it is cut, so such filters are
// mapped at once, before ADMM.
std::vector<LayerBudget> filters_behind_norm(const ir::Network& network,
                                             const std::vector<LayerBudget>& budgets);

// The constraint sets of ADMM for these budgets: channels, filters and rows by norm
// (projection.hpp).
std::vector<Constraint> structure_constraints(const ir::Network& network,
                                              const std::vector<LayerBudget>& budgets);

// Masked mapping: keeps the filters, then the channels and rows, of largest norm and removes the
// others and what hangs on them physically (compact.hpp): with a channel that nothing else reads
// goes the filter that makes it. A removed filter puts out zero, also behind a batch norm.
// `with_rows` false leaves the rows. Where batch norms can be folded the norms are those of the
// folded weights, since a batch norm hides the scale of the filters before it.
ir::Network map_to_structure(ir::Network network, const std::vector<LayerBudget>& budgets,
                             bool with_rows = true);

}  // namespace crosstwin::prune
