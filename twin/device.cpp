// Levels, programming variation and stuck-at faults.
// SPDX-License-Identifier: Apache-2.0
#include "twin/device.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::twin {

namespace {

uint16_t to_conductance(double g) {
  return static_cast<uint16_t>(std::lround(std::clamp(g, 0.0, 65535.0)));
}

}  // namespace

std::vector<double> level_means(const ir::Device& device) {
  if (!device.level_mean.empty()) return device.level_mean;
  std::vector<double> means;
  for (int32_t k = 0; k < device.levels; ++k)
    means.push_back(device.g_min + 1.0 * device.g_step * k);
  return means;
}

std::vector<uint16_t> level_table(const ir::Device& device) {
  std::vector<uint16_t> table;
  for (const double mean : level_means(device)) table.push_back(to_conductance(mean));
  return table;
}

double level_step(const ir::Device& device) {
  if (device.level_mean.empty()) return device.g_step;
  return (device.level_mean.back() - device.level_mean.front()) / (device.levels - 1);
}

uint16_t program_cell(const ir::Device& device, std::span<const double> means, int32_t code,
                      uint64_t seed, const CellPlace& place) {
  ir::check(code >= 0 && code < static_cast<int32_t>(means.size()), "a code is a level");
  // The tag keeps these draws apart from other users of the seed.
  constexpr uint32_t kProgrammingTag = 0x70726F67U;
  const auto words = ir::philox4x32(
      {static_cast<uint32_t>(place.stage) << 8 | static_cast<uint32_t>(place.polarity) << 7 |
           static_cast<uint32_t>(place.slice),
       static_cast<uint32_t>(place.row), static_cast<uint32_t>(place.column), kProgrammingTag},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  const double fault = words[2] * 0x1p-32;
  if (fault < device.stuck_low) return to_conductance(means.front());
  if (fault < device.stuck_low + device.stuck_high) return to_conductance(means.back());
  const double mean = means[static_cast<size_t>(code)];
  if (device.sigma == 0) return to_conductance(mean);
  const double u = (words[0] + 1.0) * 0x1p-32;  // (0, 1]: the logarithm is finite
  const double normal =
      std::sqrt(-2.0 * std::log(u)) * std::cos(words[1] * 0x1p-32 * 2.0 * std::numbers::pi);
  const double change = device.sigma * normal;
  return to_conductance(device.lognormal ? mean * std::exp(change) : mean * (1.0 + change));
}

}  // namespace crosstwin::twin
