// The files between `verify` and the simulator it runs; both sides include this.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace crosstwin::verif {

// Job file: a JobHeader, then `images` images of pixels * channels bytes, in h, w, c order.
struct JobHeader {
  static constexpr uint32_t kMagic = 0x314a4258;  // "XBJ1"
  uint32_t magic = kMagic;
  uint32_t images = 0;
  uint32_t pixels = 0;        // beats an image
  uint32_t channels = 0;      // bytes a beat
  uint32_t outputs = 0;       // logits an image
  uint32_t input_idle = 0;    // chance of an idle input cycle, of 256
  uint32_t output_busy = 0;   // chance of a cycle without output ready, of 256
  uint64_t input_pause = 0;   // longest pause before an image, taken before one in four; cycles
  uint64_t output_pause = 0;  // longest pause before an answer, likewise
  uint64_t probe_image = 0;   // the one image whose probes and waves are kept
  uint64_t seed = 0;          // of the stalls and of what registers hold before reset
  uint64_t tail = 0;  // cycles to go on after the last answer, for probes of work without effect
  uint64_t patience = 0;  // cycles without an output beat after which the design is stuck
};

// Result file: a ResultHeader, then an ImageResult and `outputs` int32 logits for every image.
struct ResultHeader {
  static constexpr uint32_t kMagic = 0x31524258;  // "XBR1"
  uint32_t magic = kMagic;
  uint32_t images = 0;  // complete ones; fewer than asked for when the design got stuck
  uint64_t cycles = 0;  // all, from the release of reset
};
struct ImageResult {
  uint64_t cycle = 0;   // of the last beat, from the release of reset
  uint32_t answer = 0;  // class
  uint32_t beats = 0;   // beats up to tlast; `outputs` when all is well
};

// Layers file (probe build only): a line `instance conversions beats` for every layer, a pool
// having no conversions; from it the simulator knows which image a probe belongs to. Probe file:
// records in the order of the simulation; a file PROBES.scopes names the instances.
struct ProbeRecord {
  uint32_t scope = 0;     // line of the scopes file
  int32_t row_tile = -1;  // -1: an output beat, not a conversion
  int32_t column = 0;
  int32_t plane = 0;  // of a beat: its width in bits
  int32_t word = 0;   // 2 * slice + polarity
  uint32_t value = 0;
};

}  // namespace crosstwin::verif
