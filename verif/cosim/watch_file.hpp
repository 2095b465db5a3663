// What a watched simulation is told to expect, and what it found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "compress/ir/manifest.hpp"
#include "twin/simulator.hpp"
#include "verif/cosim/verify.hpp"

namespace crosstwin::verif {

// Writes the watch file of protocol.hpp for images [begin, end), in a run that has `before` others
// in front of them; `trace` gives what the twin says of one. With `codes` every conversion is to be
// compared, but for collapsed layers, which have none; otherwise output beats alone. Throws
// ir::Error when the twin has other layers than the design.
void write_watch(const std::filesystem::path& file, const ir::Manifest& design, bool codes,
                 int64_t before, int64_t begin, int64_t end,
                 const std::function<twin::Trace(int64_t)>& trace);

// Bytes of the watch file an image.
int64_t watch_bytes(const twin::Trace& trace);

struct Findings {
  int64_t codes = 0;           // compared
  int64_t beats = 0;           // compared
  std::vector<uint8_t> wrong;  // [image] 1: an inner value differs
  int64_t image = 0;           // among the watched ones, of `first`
  std::optional<Difference> first;
};

// Reads the findings file of the simulation that was given `watch`.
Findings read_findings(const std::filesystem::path& file, const std::filesystem::path& watch,
                       const ir::Manifest& design);

}  // namespace crosstwin::verif
