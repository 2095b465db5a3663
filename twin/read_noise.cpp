// Read noise in the conversions of a stage.
// SPDX-License-Identifier: Apache-2.0
#include "twin/read_noise.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compress/ir/error.hpp"
#include "twin/device.hpp"

namespace crosstwin::twin {
namespace {

// What the noise of a cell can be on this device, whatever the network: variances in level steps^2.
struct CellBounds {
  double least = 0;  // that a slice's mean is never below
  double most = 0;
};

CellBounds cell_bounds(const ir::Device& device) {
  const std::vector<double>& levels = device.cell_noise_level;
  if (levels.empty()) {
    return {device.cell_noise * device.cell_noise, device.cell_noise * device.cell_noise};
  }
  const auto [least, most] = std::minmax_element(levels.begin(), levels.end());
  return {*least * *least, *most * *most};
}

}  // namespace

ReadNoise::ReadNoise(const TileShape& shape, int32_t positions, int32_t stage,
                     const ir::CrossbarChip& chip, uint64_t seed)
    : on_(chip.noisy()) {
  if (!on_) return;
  keys_ = ir::noise_keys(seed, static_cast<uint32_t>(stage));
  counter_ = {positions, shape.row_tiles(), shape.cols, shape.planes, shape.slices};
  mult_ = chip.noise_mult;
  gains_ = static_cast<int32_t>(mult_.size()) / shape.slices;
  // Digits of several bits drive a cell by more than one; a gain counts rows.
  ir::check(gains_ == 1 || shape.dac_bits == 1, "cells have noise for digits of one bit");
  ir::check(gains_ == 1 || gains_ == std::min(shape.rows, shape.tile_rows) + 1,
            "there is a gain for every number of driven rows");
  quiet_undriven_ = true;
  for (int32_t s = 0; s < shape.slices; ++s) quiet_undriven_ = quiet_undriven_ && mult(s, 0) == 0;
  shift_ = chip.noise_shift;
}

int64_t ReadNoise::largest() const {
  int64_t most = 0;
  for (const int32_t mult : mult_) {
    most = std::max<int64_t>(most, ((int64_t{ir::kNoiseMax} * mult) >> shift_) + 1);
  }
  return most;
}

CellNoise cell_noise(const ir::Design& design, const ir::Stage& stage, const ir::Device& device) {
  const auto& weight = std::get<ir::Crossbar>(stage.kind).weight;
  const TileShape shape = tile_shape(design, stage);
  CellNoise noise;
  noise.variance.assign(static_cast<size_t>(shape.slices), device.cell_noise * device.cell_noise);
  if (device.cell_noise_level.empty()) return noise;
  for (int32_t s = 0; s < shape.slices; ++s) {
    // [polarity][row tile][column]
    std::vector<double> columns(static_cast<size_t>(2 * shape.row_tiles() * shape.cols));
    double total = 0;
    for (int32_t p = 0; p < 2; ++p) {
      for (int32_t r = 0; r < shape.rows; ++r) {
        double* to = &columns[static_cast<size_t>((p * shape.row_tiles() + r / shape.tile_rows) *
                                                  shape.cols)];
        for (int32_t c = 0; c < shape.cols; ++c) {
          const int32_t w = weight[static_cast<size_t>(r) * shape.cols + c];
          const double sigma =
              device
                  .cell_noise_level[static_cast<size_t>(ir::slice_code(w, p, s, shape.cell_bits))];
          to[c] += sigma * sigma;
          total += sigma * sigma;
        }
      }
    }
    const double mean = total / (2.0 * shape.rows * shape.cols);
    noise.variance[static_cast<size_t>(s)] = mean;
    if (mean == 0) continue;
    for (size_t at = 0; at < columns.size(); ++at) {
      const auto tile = static_cast<int32_t>(at) / shape.cols % shape.row_tiles();
      const int32_t rows = std::min(shape.tile_rows, shape.rows - tile * shape.tile_rows);
      noise.least_column = std::min(noise.least_column, columns[at] / (mean * rows));
      noise.most_column = std::max(noise.most_column, columns[at] / (mean * rows));
    }
  }
  return noise;
}

void set_read_noise(const ir::Device& device, std::span<const double> variance, int32_t rows,
                    ir::CrossbarChip& chip) {
  const CellBounds cell = cell_bounds(device);
  for (const double v : variance) {
    // The sum of 10^8 cells is off by some 1e-9 of itself.
    ir::check(v >= cell.least * (1 - 1e-6) && v <= cell.most * (1 + 1e-6),
              "a mean of cells is between the quietest and the noisiest");
  }
  const int32_t gains = cell.most > 0 ? rows + 1 : 1;
  chip.noise_mult.assign(variance.size() * static_cast<size_t>(gains), 0);
  chip.noise_shift = 0;
  const double constant = device.read_noise * device.read_noise;
  const double greatest = std::sqrt(constant + rows * cell.most);
  if (greatest == 0) return;
  // The least deviation that is not 0; 0 when a network could have any, however small.
  const double least = device.read_noise > 0 ? device.read_noise : std::sqrt(cell.least);
  // mult / 2^shift = sigma in units of G over that of the draw. Nine bits of the least mult give
  // sigma to within 0.2%; fewer make the multiplier cheap. Hardware fixes the shift, so it follows
  // from the device alone, and another network's chip of the device can be loaded.
  const double unit = level_step(device) / ir::kNoiseSigma;
  const auto fits = [&](int32_t shift) { return std::ldexp(greatest * unit, shift) < 65535.5; };
  while (chip.noise_shift < 31 && std::ldexp(least * unit, chip.noise_shift) < 256 &&
         fits(chip.noise_shift + 1)) {
    ++chip.noise_shift;
  }
  if (std::ldexp(greatest * unit, chip.noise_shift) < 0.5 || !fits(chip.noise_shift)) {
    const bool cells = cell.most > constant;
    throw ir::Error({"device " + device.name + (cells ? ".cell_noise" : ".read_noise"),
                     "is not to be had in 16 bits of noise_mult",
                     "a noise of 2^-31 to 65535 of a draw's deviation in units of conductance",
                     std::to_string(cells ? std::sqrt(cell.most) : device.read_noise)});
  }
  for (size_t at = 0; at < chip.noise_mult.size(); ++at) {
    const auto driven = static_cast<double>(at % static_cast<size_t>(gains));
    const double sigma = std::sqrt(constant + driven * variance[at / static_cast<size_t>(gains)]);
    chip.noise_mult[at] =
        static_cast<int32_t>(std::round(std::ldexp(sigma * unit, chip.noise_shift)));
  }
}

}  // namespace crosstwin::twin
