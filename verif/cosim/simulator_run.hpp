// One run of a compiled design over some images.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/manifest.hpp"
#include "verif/cosim/protocol.hpp"

namespace crosstwin::verif {

struct Stimulus {
  std::span<const uint8_t> images;  // [n][c][h][w]
  uint32_t input_idle = 0;          // this and the rest as in JobHeader
  uint32_t output_busy = 0;
  uint64_t input_pause = 0;
  uint64_t output_pause = 0;
  uint64_t seed = 0;
  uint64_t patience = 0;
  uint64_t tail = 0;
  uint32_t first_image = 0;
  std::span<const uint32_t> load = {};  // beats of s_cfg before the first image
};

struct Answer {
  uint64_t cycles = 0;               // all, from the release of reset
  std::vector<ImageResult> results;  // fewer than images when the design got stuck
  std::vector<int32_t> logits;       // [results][outputs]
};

// What a probe build is asked to watch.
struct WatchJob {
  std::filesystem::path watch;       // see protocol.hpp
  std::filesystem::path findings;    // written
  std::filesystem::path waves = {};  // written; empty: none
  uint64_t wave_image = 0;           // in the stimulus
};

// Runs `executable` with `design.dir` as its working directory, its files in `scratch` (made, and
// left behind). Throws ir::CheckFailed with the simulator's last lines when it ends early, as a
// failing assertion of the RTL makes it.
Answer run_simulator(const std::filesystem::path& executable, const ir::Manifest& design,
                     const Stimulus& stimulus, const std::filesystem::path& scratch,
                     const WatchJob* watch = nullptr);

}  // namespace crosstwin::verif
