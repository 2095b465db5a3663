// Compiles a generated design with Verilator, once for each content of its sources.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "compress/ir/manifest.hpp"
#include "verif/cosim/model_cache.hpp"

namespace crosstwin::verif {

struct Build {
  bool probe = false;       // with xb_probe.sv bound in
  bool quick = false;       // compiled soon rather than fast, for a run of a few images
  bool assertions = false;  // the templates' assertions are checked, for a quarter of the speed
  enum class Waves { kNone, kFst, kVcd } waves = Waves::kNone;
};

struct Executable {
  std::filesystem::path path;
  bool built = false;  // false: found compiled
  double seconds = 0;
  std::shared_ptr<const void> held;  // keeps it from being removed
};

// CACHE_DIR/<hash>/Vdut, compiled unless it is there. Throws ir::Error when Verilator is missing,
// ir::CheckFailed with its last lines when the design does not compile.
Executable build_simulator(const ir::Manifest& design, const std::filesystem::path& cache_dir,
                           const Build& build);

}  // namespace crosstwin::verif
