// Levels, programming, faults and ageing.
// SPDX-License-Identifier: Apache-2.0
#include "twin/device.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::twin {

namespace {

// The tags keep draws apart from each other and from other users of the seed.
constexpr uint32_t kProgrammingTag = 0x70726F67U;
constexpr uint32_t kDriftTag = 0x64726674U;
constexpr uint32_t kPulseTag = 0x70750000U;  // + the pulse's number, below 2^16

std::array<uint32_t, 4> words(uint64_t seed, uint32_t tag, const CellPlace& place) {
  return ir::philox4x32(
      {static_cast<uint32_t>(place.stage) << 8 | static_cast<uint32_t>(place.polarity) << 7 |
           static_cast<uint32_t>(place.slice),
       static_cast<uint32_t>(place.row), static_cast<uint32_t>(place.column), tag},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

double normal(uint32_t a, uint32_t b) {
  const double u = (a + 1.0) * 0x1p-32;  // (0, 1]: the logarithm is finite
  return std::sqrt(-2.0 * std::log(u)) * std::cos(b * 0x1p-32 * 2.0 * std::numbers::pi);
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

uint16_t to_conductance(double g) {
  return static_cast<uint16_t>(std::lround(std::clamp(g, 0.0, 65535.0)));
}

bool draws(const ir::Device& device) {
  const auto any = [](double one, const std::vector<double>& levels) {
    return one > 0 ||
           std::any_of(levels.begin(), levels.end(), [](double each) { return each > 0; });
  };
  const ir::WriteVerify& write = device.write_verify;
  const bool cells = any(device.sigma, device.level_sigma) ||
                     device.stuck_low + device.stuck_high > 0 ||
                     (write.max_pulses > 0 && write.pulse_sigma + write.read_sigma > 0);
  const bool converters =
      device.adc_gain_sigma + device.adc_offset_sigma + device.adc_inl + device.adc_mismatch > 0;
  const bool drift = device.time > 0 && any(device.drift.nu_sigma, device.drift.level_nu_sigma);
  return cells || converters || drift || device.read_noise > 0 || device.cells_noisy();
}

CellModel::CellModel(const ir::Device& device, uint64_t seed)
    : device_(device), seed_(seed), means_(level_means(device)), step_(level_step(device)) {
  for (size_t k = 0; device.lognormal && k < device.level_sigma.size(); ++k) {
    const double relative = means_[k] > 0 ? device.level_sigma[k] / means_[k] : 0;
    const double variance = std::log1p(relative * relative);
    log_sigma_.push_back(std::sqrt(variance));
    log_mean_.push_back(means_[k] > 0 ? std::log(means_[k]) - variance / 2 : 0);
  }
  if (device.retention.tau > 0) {
    retained_ = std::exp(-std::pow(device.time / device.retention.tau, device.retention.beta));
  }
}

Fault CellModel::fault(const CellPlace& place) const {
  if (device_.stuck_low + device_.stuck_high == 0) return Fault::kNone;
  const double draw = words(seed_, kProgrammingTag, place)[2] * 0x1p-32;
  if (draw < device_.stuck_low) return Fault::kLow;
  return draw < device_.stuck_low + device_.stuck_high ? Fault::kHigh : Fault::kNone;
}

int32_t CellModel::made_up(int32_t code, int32_t other_code, Fault other) const {
  const double wanted =
      means_[static_cast<size_t>(code)] - means_[static_cast<size_t>(other_code)] + stuck_at(other);
  int32_t best = 0;
  for (int32_t k = 1; k < static_cast<int32_t>(means_.size()); ++k) {
    const auto distance = [&](int32_t level) {
      return std::abs(means_[static_cast<size_t>(level)] - wanted);
    };
    if (distance(k) < distance(best)) best = k;
  }
  return best;
}

double CellModel::one_shot(size_t level, double n) const {
  const double mean = means_[level];
  if (device_.level_sigma.empty()) {
    const double change = device_.sigma * n;
    return device_.lognormal ? mean * std::exp(change) : mean * (1.0 + change);
  }
  if (!device_.lognormal) return mean + device_.level_sigma[level] * n;
  return mean > 0 ? std::exp(log_mean_[level] + log_sigma_[level] * n) : 0;
}

Programmed CellModel::program(int32_t code, const CellPlace& place) const {
  ir::check(code >= 0 && code < static_cast<int32_t>(means_.size()), "a code is a level");
  const auto level = static_cast<size_t>(code);
  const bool varies = device_.sigma > 0 || !device_.level_sigma.empty();
  double n = 0;
  if (varies) {
    const auto w = words(seed_, kProgrammingTag, place);
    n = normal(w[0], w[1]);
  }
  const ir::WriteVerify& write = device_.write_verify;
  if (write.max_pulses == 0) return {std::max(0.0, one_shot(level, n))};

  const double target = means_[level];
  Programmed cell;
  cell.g = std::max(0.0, one_shot(0, n));
  while (true) {
    const auto w = words(seed_, kPulseTag + static_cast<uint32_t>(cell.pulses), place);
    const double distance = target - (cell.g + write.read_sigma * step_ * normal(w[2], w[3]));
    cell.verified = std::abs(distance) <= write.tolerance * step_;
    if (cell.verified || cell.pulses == write.max_pulses) return cell;
    cell.joules += write.pulse_volt * write.pulse_volt * cell.g * device_.siemens_per_unit *
                   write.pulse_seconds;
    const double strength = 1.0 + write.pulse_sigma * normal(w[0], w[1]);
    cell.g = std::max(0.0, cell.g + write.gain * strength * distance);
    ++cell.pulses;
  }
}

double CellModel::aged(double g, int32_t code, const CellPlace& place) const {
  if (!device_.ages()) return g;
  const ir::Drift& drift = device_.drift;
  const auto level = static_cast<size_t>(code);
  double nu = drift.level_nu.empty() ? drift.nu : drift.level_nu[level];
  const double sigma = drift.level_nu_sigma.empty() ? drift.nu_sigma : drift.level_nu_sigma[level];
  if (sigma > 0) {
    const auto w = words(seed_, kDriftTag, place);
    nu = std::max(0.0, nu + sigma * normal(w[0], w[1]));
  }
  if (nu > 0) g *= std::pow(1.0 + device_.time / drift.t0, -nu);
  if (device_.retention.tau > 0) g = device_.retention.g + (g - device_.retention.g) * retained_;
  return g;
}

}  // namespace crosstwin::twin
