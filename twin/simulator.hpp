// The software twin of a chip: what its hardware computes, integer for integer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"

namespace crosstwin::twin {

// Every ADC code of one image in one crossbar stage.
struct CodeTrace {
  int32_t positions = 0;  // raster order
  int32_t row_tiles = 0;
  int32_t columns = 0;
  int32_t planes = 0;
  int32_t slices = 0;
  std::vector<uint16_t> codes;  // [position][row_tile][column][plane][slice][polarity]

  size_t size() const;  // of codes, when full

  // Polarity 0 is positive.
  int32_t code(int32_t position, int32_t row_tile, int32_t column, int32_t plane, int32_t slice,
               int32_t polarity) const;
};

struct StageTrace {
  std::string stage;            // name, as in the design
  CodeTrace adc;                // empty for a pool
  std::vector<int32_t> output;  // activation codes or logits in h, w, c order, as on the stream
};

struct Trace {
  std::vector<StageTrace> stages;  // in the order of the design's stages
};

// Conversions of one (stage, slice) and how many of them left the converter's range or its clip.
struct ConversionCount {
  std::string stage;
  int32_t slice = 0;
  int64_t conversions = 0;
  int64_t clipped = 0;
};

// Images are uint8 [n][c][h][w], as a data set holds them; `first_image` is the number of the
// first, counted from reset: read noise depends on it, so that parts give what the whole gives. n
// follows from the size, and a size that is no multiple of an image is an ir::Error. Work is cut in
// blocks of images over the calling oneTBB arena; results do not depend on the number of threads.
// Const members may be called from several threads.
class Simulator {
 public:
  // Throws ir::Error when the chip does not fit the design.
  Simulator(ir::Design design, ir::Chip chip);
  ~Simulator();
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;

  const ir::Design& design() const;
  const ir::Chip& chip() const;

  int32_t outputs() const;  // logits an image
  // [n][outputs]
  std::vector<int32_t> logits(std::span<const uint8_t> images, uint32_t first_image = 0) const;

  // [stage][n][h][w][c]: the output of every stage, in the order of the design's stages.
  std::vector<std::vector<int32_t>> stage_outputs(std::span<const uint8_t> images,
                                                  uint32_t first_image = 0) const;

  // Of one image, of this number; by the naive tile of twin/tile.hpp.
  Trace trace(std::span<const uint8_t> image, uint32_t number = 0) const;
  // The same by the fast tile.
  Trace fast_trace(std::span<const uint8_t> image, uint32_t number = 0) const;

  // One entry a (crossbar stage, slice), summed over the images. Slow (naive tile).
  std::vector<ConversionCount> count_conversions(std::span<const uint8_t> images,
                                                 uint32_t first_image = 0) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crosstwin::twin
