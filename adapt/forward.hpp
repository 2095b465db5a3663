// The twin's model of the arrays as float weights: what a layer multiplies with on one chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapt/remap.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/layout.hpp"
#include "compress/ir/network.hpp"
#include "compress/ir/placement.hpp"

namespace crosstwin::adapt {

// A chip to draw: faults of one seed, programming errors and drift of another.
struct ChipDraw {
  uint64_t faults = 0;
  uint64_t cells = 0;
  const std::vector<ir::Placement>* placements = nullptr;  // its own; null = the model's
};

// Deviations from the twin: conductances are not rounded to integers; wires are ideal; a conversion
// is not rounded or clipped value by value but adds, independently, the variance of rounding to its
// LSB, of the device's read noise and, for the mean number of driven rows, of its cells';
// converters have no gain, offset or non-linearity. logit_deviation() measures what that amounts
// to.
class ArrayModel {
 public:
  struct Layer {
    std::string name;  // of the node and of the stage
    size_t stage = 0;  // index among the design's stages
    int32_t rows = 0;
    int32_t cols = 0;
    std::vector<float> scale;  // [C] a step of the weights; fixed
    bool logits = false;
    double in_scale = 0;           // of the activation codes
    std::vector<double> zero;      // [R] what the arrays see of an activation of 0
    std::vector<double> mean;      // [R] of the activations on the calibration images
    std::vector<double> variance;  // [R] the same
    std::vector<double> noise;     // [C] deviation of a sum by its conversions, in level steps
    std::vector<uint8_t> faults;   // of the device's map, physical; empty = drawn
    std::optional<ir::ActivationQuant> edge;  // what leaves it; none of logits
  };

  // `compressed` is on its grid and has calibrated edges (as `compress` leaves it); `lsb`, one
  // list [S][C] a crossbar, are the converters' steps. `images` calibrate the activations' means.
  ArrayModel(const ir::Network& compressed, const ir::Layout& layout, const ir::Device& device,
             std::span<const uint8_t> images, const std::vector<std::vector<int32_t>>& lsb,
             std::vector<ir::Placement> placements = {});

  const std::vector<Layer>& layers() const { return layers_; }
  // Content hash of device, placements and noise: what tells two models of a network apart.
  std::string key() const;

  // The layer's weights [C][R] to its grid: scale * integer.
  void quantize(size_t layer, std::span<float> weight) const;

  // Of a layer's sums [C][count / C], before relu and pool, in place: to the codes that leave the
  // layer, and back. Both commute with this.
  void to_codes(size_t layer, std::span<float> values) const;

  // Of float weights [C][R] the effective ones of the chip, in place: to the grid, to cells with
  // their faults, errors and age, and back. The arrays see the image's raw codes, whose zero the
  // design's bias takes off with the own weights: what that leaves goes into `bias` [C]. With
  // `recalibrated` the weights are what is left behind a least-squares scale and bias of every
  // column, as adapt/recalibrate.hpp fits them: the mean that they shift goes into `bias`.
  void disturb(size_t layer, const ChipDraw& chip, bool recalibrated, std::span<float> weight,
               std::span<float> bias) const;

 private:
  ir::Device device_;
  ir::Layout layout_;
  std::vector<ir::Placement> placements_;
  std::vector<Layer> layers_;
};

}  // namespace crosstwin::adapt
