// The files between `verify` and the simulator it runs; both sides include this.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace crosstwin::verif {

// Job file: a JobHeader, then `load` beats of s_cfg, uint32, written before the first image, then
// `images` images of pixels * channels bytes, in h, w, c order.
struct JobHeader {
  static constexpr uint32_t kMagic = 0x334a4258;  // "XBJ3"
  uint32_t magic = kMagic;
  uint32_t images = 0;
  uint32_t pixels = 0;        // beats an image
  uint32_t channels = 0;      // bytes a beat
  uint32_t outputs = 0;       // logits an image
  uint32_t input_idle = 0;    // chance of an idle input cycle, of 256
  uint32_t output_busy = 0;   // chance of a cycle without output ready, of 256
  uint32_t first_image = 0;   // number of the first image, for read noise
  uint64_t load = 0;          // beats that write the memories; none where they cannot be written
  uint64_t input_pause = 0;   // longest pause before an image, taken before one in four; cycles
  uint64_t output_pause = 0;  // longest pause before an answer, likewise
  uint64_t wave_image = 0;    // the one image whose waves are kept
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

// Watch file (probe build only): what the inner values are to be. A WatchHeader; for every layer a
// WatchLayer and the `name_bytes` of its instance's name; then for every image compared, every
// layer, its codes, uint16 [position][row_tile][column][plane][slice][polarity], and its beats,
// int32.
struct WatchHeader {
  static constexpr uint32_t kMagic = 0x32574258;  // "XBW2"
  uint32_t magic = kMagic;
  uint32_t images = 0;  // compared: the last ones of the job
  uint32_t before = 0;  // images of the job in front of them, which are not
  uint32_t layers = 0;
};
struct WatchLayer {
  uint32_t name_bytes = 0;
  uint32_t positions = 0;  // 0: the layer has no conversions, or they are not compared
  uint32_t row_tiles = 0;
  uint32_t columns = 0;
  uint32_t planes = 0;
  uint32_t slices = 0;
  uint32_t beats = 0;
  uint64_t codes() const { return uint64_t{positions} * row_tiles * columns * planes * slices * 2; }
};

// Findings file: a FindingsHeader, then a byte an image, 1 when an inner value of it differs.
struct Finding {
  enum What : uint32_t {
    kNone,
    kDiffers,
    kMissing,  // it never came
    kExtra,    // one more came than the images have; index is its place in the image after the last
  };
  uint32_t what = kNone;
  uint32_t image = 0;  // among those compared
  uint32_t layer = 0;
  uint32_t beat = 0;   // 1: a beat; 0: a conversion
  uint64_t index = 0;  // of the layer's beats or codes of the image
  int64_t expected = 0;
  int64_t got = 0;
};
struct FindingsHeader {
  static constexpr uint32_t kMagic = 0x31464258;  // "XBF1"
  uint32_t magic = kMagic;
  uint32_t images = 0;
  uint64_t codes = 0;  // compared
  uint64_t beats = 0;
  Finding first;  // by image, layer, conversions before beats, index
};

}  // namespace crosstwin::verif
