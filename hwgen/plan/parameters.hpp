// Parameters as SystemVerilog text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/space.hpp"

namespace crosstwin::hwgen {

std::string number(int64_t value);
std::string bit(bool value);
std::vector<Binding> map_parameters(const ir::Shape& in);  // of every module with an input map

// Of xb_layer, but for its input map and its memories. Throws ir::Error when the conversions of an
// image are too many to be numbered for read noise.
std::vector<Binding> layer_parameters(const ir::Design& design, const ir::Chip& chip,
                                      const LayerSpace& space, const Build& build, bool writable);

}  // namespace crosstwin::hwgen
