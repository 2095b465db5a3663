// Finds the first inner value of a simulated image that differs from the twin's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "compress/ir/manifest.hpp"
#include "twin/simulator.hpp"
#include "verif/cosim/verify.hpp"

namespace crosstwin::verif {

// The LAYERS file of protocol.hpp. Throws ir::Error when the trace has other layers than the
// design.
std::string layers_file(const ir::Manifest& design, const twin::Trace& trace);

// Compares every conversion and every output of every layer that a probe build has kept of one
// image: layer by layer, in a layer conversions before outputs, each in the order of the trace.
std::optional<Difference> first_difference(const ir::Manifest& design, const twin::Trace& trace,
                                           const std::filesystem::path& probes);

}  // namespace crosstwin::verif
