// The twin as the forward pass of training: a chip a step, and what its layers give.
// SPDX-License-Identifier: Apache-2.0
//
// Deviations from the twin: converter ranges are those of one chip, set at the start of every
// epoch, where every real chip has its own (a chip whose faults are known is ranged itself, with
// its cells); a recalibrated layer is fitted on kFitImages images, not on 512; behind wires a step
// between two foldings has the attenuations of the last one, a place that was empty then that of
// the nearest one of its tile.
#pragma once

#include <tbb/enumerable_thread_specific.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/layout.hpp"
#include "compress/ir/network.hpp"
#include "compress/ir/placement.hpp"
#include "compress/nn/model.hpp"
#include "twin/adc.hpp"
#include "twin/cells.hpp"
#include "twin/stages.hpp"
#include "twin/tile.hpp"

namespace crosstwin::adapt {

// What chips are made of.
struct Arrays {
  ir::Layout layout;
  ir::Device device;
  // uint8 [n][c][h][w]: ranges are set with the first 512, recalibration fits with the first
  // kFitImages.
  std::span<const uint8_t> images;
  twin::AdcOptions adc = {};
  std::vector<ir::Placement> placements = {};  // one a crossbar; none = all in order
  bool recalibrated = false;  // a chip's biases and scales are fitted to it: adapt/recalibrate.hpp
};

// Content hash of what tells the chips of one network apart.
std::string arrays_key(const Arrays& arrays);

// A chip to draw.
struct ChipDraw {
  uint64_t faults = 0;
  uint64_t cells = 0;  // programming errors, drift and converters
  uint64_t noise = 0;  // of reads
  const std::vector<ir::Placement>* placements = nullptr;  // its own; null = those of Arrays
};

inline constexpr int64_t kFitImages = 64;

// One chip after the other as the forward pass of a network in training. set_ranges comes before
// the first program, program before effective_weights, logit_unit and product. product may be
// called by many threads at a time, but not beside the others. set_ranges and program throw
// ir::Error as layout::map and twin::program do.
class ChipForward {
 public:
  struct Layer {
    std::string name;  // of the node and of the stage
    size_t stage = 0;  // index among the design's stages
    int32_t rows = 0;
    int32_t cols = 0;
    std::vector<float> scale;   // [C] a step of the weights; fixed
    double in_scale = 0;        // of the activation codes
    std::vector<int32_t> zero;  // [input channels] the code of 0
    double out_scale = 0;       // of the codes that leave; of logits, of v
  };

  // `compressed` is on its grid and has calibrated edges, as `compress` leaves it. `arrays.images`
  // must outlive this. Throws ir::Error for a device of cells that are programmed already.
  ChipForward(const ir::Network& compressed, Arrays arrays);
  ChipForward(const ChipForward&) = delete;
  ChipForward& operator=(const ChipForward&) = delete;

  const std::vector<Layer>& layers() const { return layers_; }

  // The network with these parameters, weights on their grid: scale * integer.
  ir::Network on_grid(const nn::Parameters& parameters) const;

  // Sets the converters' ranges on the chip of draw.faults, holding these parameters.
  void set_ranges(const nn::Parameters& parameters, const ChipDraw& draw);

  // The chip of the next products, holding these parameters. Cells, converters and fits are those
  // of twin::program and adapt::recalibrate, with the ranges as they are. `fold` folds the wires of
  // this very chip; without it every place is attenuated as when they were last folded.
  void program(const nn::Parameters& parameters, const ChipDraw& draw, bool fold);

  // The layer's weights [C][R] as its arrays have them, behind its fitted scale.
  void effective_weights(size_t layer, std::span<float> weight) const;

  // What v of a logit stands for: where the chip is fitted with the gain that a fit of logits
  // finds, though hardware, which compares them, has no use for it.
  double logit_unit() const { return layers_.back().out_scale * logit_gain_; }

  // nn::EngineConfig::product of block number `block` of the batch.
  void product(const std::string& node, int64_t block, const float* in, float* out) const;

 private:
  const ir::Placement& placement(const ChipDraw& draw, size_t layer) const;
  std::vector<uint16_t> cells(size_t layer, const ChipDraw& draw, bool fold);
  // Fits design_ to the chip; `own` is what it should compute.
  void fit(const ir::Design& own);

  Arrays arrays_;
  ir::Device bare_;  // without wires
  ir::DeviceArrays files_;
  ir::Network network_;
  std::vector<Layer> layers_;
  ir::Design design_;  // of the chip
  twin::Pipeline pipeline_;
  std::vector<int32_t> fit_inputs_;                   // [n][h][w][c]
  std::vector<ir::CrossbarChip> converters_;          // [layer] undisturbed, without cells
  std::vector<ir::CrossbarChip> chips_;               // [layer]
  std::vector<twin::ReadNoise> noise_;                // [layer]
  std::vector<std::optional<twin::FastTile>> tiles_;  // [layer]
  double logit_gain_ = 1;
  std::vector<std::vector<double>> attenuation_;  // [layer] of every place, physical
  struct Work {                                   // of one thread
    std::vector<int32_t> in;
    std::vector<int32_t> out;
    std::vector<twin::NoisePlace> place;
    twin::FastTile::Scratch scratch;
  };
  mutable tbb::enumerable_thread_specific<Work> work_;
};

}  // namespace crosstwin::adapt
