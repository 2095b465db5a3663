// Published devices, and those of the first release.
// SPDX-License-Identifier: Apache-2.0
//
// reram_wan: HfOx cells of Wan et al., "A compute-in-memory chip based on resistive random-access
//   memory", Nature 608 (2022): 1 to 40 uS, write-verified, then relaxed. Deviation from the target
//   one second after programming, in uS, x = G / 40 uS:
//   0.348 + 16.030 x - 43.853 x^2 + 45.393 x^3 - 16.815 x^4, the fit to the paper's figure that
//   IBM's aihwkit publishes (ReRamWan2022NoiseModel).
// pcm_joshi: mushroom-type PCM of Joshi et al., "Accurate deep neural network inference using
//   computational phase-change memory", Nature Communications 11 (2020), and Nandakumar et al.,
//   ICECS 2019: 0 to 25 uS. Programming error in uS, x = G / 25 uS: 0.26348 + 1.9650 x - 1.1731
//   x^2; drift from t0 = 20 s with nu = -0.0155 ln x + 0.0244 within 0.049..0.1, spread -0.0125 ln
//   x - 0.0059 within 0.008..0.045; the figures of aihwkit's PCMLikeNoiseModel.
// Deviations: 16 levels, linear over the range, instead of any conductance; the drift exponent is
//   cut at 0 (aihwkit takes its absolute value: the mean is six spreads or, at 0 uS, two above 0);
//   its 1/f noise is left out: it accumulates since programming, and is no draw a read.
#include "compress/ir/device_presets.hpp"

#include <algorithm>
#include <cmath>

namespace crosstwin::ir {

namespace {

// A typical published HfOx cell: 10% programming spread, 0.5% of cells stuck, most of them low.
Device reram() {
  Device device;
  device.sigma = 0.1;
  device.stuck_low = 0.004;
  device.stuck_high = 0.001;
  return device;
}

Device reram_full() {
  Device device = reram();
  // Converters as they come off a line before trimming: 1% of gain, half an LSB of offset, one of
  // non-linearity; thermal and telegraph noise of half a level step.
  device.adc_gain_sigma = 0.01;
  device.adc_offset_sigma = 0.5;
  device.adc_inl = 1;
  device.read_noise = 0.5;
  return device;
}

Device reram_wan() {
  Device device;
  device.siemens_per_unit = 1e-7;
  device.g_min = 10;
  device.g_step = 26;
  for (int32_t k = 0; k < device.levels; ++k) {
    const double x = (device.g_min + device.g_step * k) / 400.0;
    const double micro = 0.348 + x * (16.030 + x * (-43.853 + x * (45.393 - x * 16.815)));
    device.level_sigma.push_back(micro * 10);
  }
  return device;
}

Device pcm_joshi() {
  Device device;
  device.g_min = 0;
  device.g_step = 16;
  device.siemens_per_unit = 25e-6 / 240;
  device.drift.t0 = 20;
  for (int32_t k = 0; k < device.levels; ++k) {
    const double x = k / 15.0;
    device.level_sigma.push_back((0.26348 + x * (1.9650 - x * 1.1731)) * 240 / 25);
    const double log = std::log(std::max(x, 1e-7));
    device.drift.level_nu.push_back(std::clamp(-0.0155 * log + 0.0244, 0.049, 0.1));
    device.drift.level_nu_sigma.push_back(std::clamp(-0.0125 * log - 0.0059, 0.008, 0.045));
  }
  return device;
}

}  // namespace

std::optional<Device> device_preset(const std::string& name) {
  Device device;
  if (name == "reram") {
    device = reram();
  } else if (name == "reram_full") {
    device = reram_full();
  } else if (name == "reram_wan") {
    device = reram_wan();
  } else if (name == "pcm_joshi") {
    device = pcm_joshi();
  } else if (name != "ideal") {
    return {};
  }
  device.name = name;
  return device;
}

}  // namespace crosstwin::ir
