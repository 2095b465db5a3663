// Runs a generated design in Verilator and holds its values against the twin's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/load.hpp"
#include "twin/simulator.hpp"

namespace crosstwin::verif {

// What the twin says. The class of an image is the index of its largest logit, the lower of equals.
struct Vectors {
  std::span<const uint8_t> images;  // [n][c][h][w]
  std::span<const int32_t> logits;  // [n][outputs]
  // The twin's inner values for image number `image`: called for every image at depths beyond the
  // outputs, from several threads, and to locate a mismatch.
  std::function<twin::Trace(int64_t image)> trace;
  std::string chip_hash;  // ir::chip_hash of the chip that the twin is of
};

// What is compared, of every image.
enum class Depth {
  kOutputs,  // logits and class
  kLayers,   // and every beat of every layer's output stream
  kCodes,    // and every ADC code: column, plane, slice, polarity, row tile and position
};
// "outputs", "layers", "codes".
std::string to_string(Depth depth);
Depth depth_of(const std::string& word);  // throws ir::Error, naming the words

struct Options {
  Depth depth = Depth::kOutputs;
  std::filesystem::path cache_dir;    // compiled simulators, by content; empty: user_cache_dir()
  std::filesystem::path scratch_dir;  // files for the simulators, removed; empty: DESIGN/../cosim
  std::filesystem::path waves;        // .fst or .vcd of the first mismatching image; empty: none
  // Random idle on the input and random back-pressure on the output. The templates' assertions are
  // checked in these runs only: they cost three quarters of the speed.
  bool stalls = false;
  uint64_t seed = 1;     // of the stalls and of the registers' values before reset
  int32_t jobs = 0;      // simulations at a time; 0: one a processor
  bool quick = false;    // the simulator is compiled soon rather than fast: for tens of images
  bool progress = true;  // a line on standard error
  // Written over s_cfg before the first image of every simulation: the RTL becomes another chip.
  const ir::Load* load = nullptr;
};

// The first inner value that differs, in the order of layers, then of the twin's trace.
struct Difference {
  // kMissing: the RTL never got there. kExtra: one more came than the images of the run have.
  enum class What { kDiffers, kMissing, kExtra };
  std::string layer;
  What what = What::kDiffers;
  bool conversion = false;  // an ADC code; otherwise a beat of the layer's output stream
  int64_t index = 0;        // of the beat, h, w, c order
  int32_t position = 0;     // this and all below: where the conversion belongs
  int32_t row_tile = 0;
  int32_t column = 0;
  int32_t plane = 0;
  int32_t slice = 0;
  int32_t polarity = 0;  // 0 positive
  int64_t expected = 0;
  int64_t got = 0;
};

struct Mismatch {
  enum class What { kLogit, kClass, kBeats, kStuck, kInner };  // kInner: logits and class are right
  int64_t image = 0;
  What what = What::kLogit;
  int32_t logit = 0;     // kLogit
  int64_t expected = 0;  // logit, class, or number of beats
  int64_t got = 0;
  bool located = true;     // false: a netlist, whose inner values have no names
  bool reproduced = true;  // the run that watches inner values differs from the twin as well
  std::optional<Difference> difference = {};  // empty: in that run every inner value is right
  std::filesystem::path waves = {};           // written when asked for
};

struct Report {
  std::string design;  // name of the design
  Depth depth = Depth::kOutputs;
  int64_t codes = 0;                   // compared, at depth codes
  int64_t beats = 0;                   // compared, at depths layers and codes
  std::vector<std::string> collapsed;  // layers that have no codes
  int64_t images = 0;             // compared; all, or up to the part that has the first mismatch
  int64_t mismatching = 0;        // of these
  std::optional<Mismatch> first;  // the one with the lowest image number
  bool stalls = false;
  int64_t load_beats = 0;  // written into the memories first; 0: the RTL as it was generated
  uint64_t seed = 0;
  int32_t jobs = 0;
  int64_t planned_cycles = 0;  // an image in steady state, as the manifest says
  double measured_cycles = 0;  // the same measured, between the first and last image of each part;
                               // 0 with stalls or fewer than two images
  std::vector<int64_t> answers;  // cycle of each image's last logit, of the first part; empty with
                                 // stalls
  int64_t cycles = 0;            // simulated in all
  bool built = false;            // false: a simulator compiled earlier was used
  double build_seconds = 0;
  double run_seconds = 0;
  double images_per_second = 0;
  bool passed() const { return !first; }
};

// `design_dir` is what hwgen::emit wrote. The simulator is compiled once for RTL of one text
// (memory images are read when it runs) and runs in several processes, each with its part of the
// images; parts do not depend on `jobs`, so neither does the result. Throws ir::Error for memory
// images that are not as they were generated, vectors that do not fit the design, RTL generated for
// another chip (or a load for other RTL or another chip) or a missing Verilator, ir::CheckFailed
// when the RTL does not compile or, with stalls, one of its assertions fails.
Report verify(const std::filesystem::path& design_dir, const Vectors& vectors,
              const Options& options = {});

// Throws ir::CheckFailed with to_text() unless the report passed.
void require_passed(const Report& report);

std::string to_json(const Report& report);
std::string to_text(const Report& report);  // a few lines for people
std::string to_text(const Mismatch& mismatch);

}  // namespace crosstwin::verif
