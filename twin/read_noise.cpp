// Read noise in the conversions of a stage.
// SPDX-License-Identifier: Apache-2.0
#include "twin/read_noise.hpp"

#include <algorithm>
#include <cmath>

#include "compress/ir/error.hpp"
#include "twin/device.hpp"

namespace crosstwin::twin {

ReadNoise::ReadNoise(const TileShape& shape, int32_t positions, int32_t stage,
                     const ir::CrossbarChip& chip, uint64_t seed)
    : on_(chip.noisy()) {
  if (!on_) return;
  keys_ = ir::noise_keys(seed, static_cast<uint32_t>(stage));
  counter_ = {positions, shape.row_tiles(), shape.cols, shape.planes, shape.slices};
  mult_ = chip.noise_mult;
  shift_ = chip.noise_shift;
}

int64_t ReadNoise::largest() const {
  int64_t most = 0;
  for (const int32_t mult : mult_) {
    most = std::max<int64_t>(most, ((int64_t{ir::kNoiseMax} * mult) >> shift_) + 1);
  }
  return most;
}

void set_read_noise(const ir::Device& device, int32_t slices, ir::CrossbarChip& chip) {
  chip.noise_mult.assign(static_cast<size_t>(slices), 0);
  chip.noise_shift = 0;
  if (device.read_noise == 0) return;
  // mult / 2^shift = sigma in units of G over that of the draw. Nine bits of mult give sigma to
  // within 0.2%; fewer make the multiplier cheap.
  const double ratio = device.read_noise * level_step(device) / ir::kNoiseSigma;
  while (chip.noise_shift < 31 && std::ldexp(ratio, chip.noise_shift) < 256) ++chip.noise_shift;
  const double mult = std::round(std::ldexp(ratio, chip.noise_shift));
  if (mult < 1 || mult > 65535) {
    throw ir::Error({"device " + device.name + ".read_noise",
                     "is not to be had in 16 bits of noise_mult",
                     "a noise of 2^-31 to 65535 of a draw's deviation in units of conductance",
                     std::to_string(device.read_noise)});
  }
  chip.noise_mult.assign(static_cast<size_t>(slices), static_cast<int32_t>(mult));
}

}  // namespace crosstwin::twin
