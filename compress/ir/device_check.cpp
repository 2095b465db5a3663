// Members of a device that contradict or override each other.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/device_check.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"

namespace crosstwin::ir {
using nlohmann::json;

namespace {

// Below it the products of conductances leave what a double holds; an ideal wire has 0.
constexpr double kMinOhm = 1e-100;

}  // namespace

void check_members(const Device& device, const std::string& where) {
  const auto fail = [&](const std::string& member, const std::string& what,
                        const std::string& expected, const std::string& got,
                        const std::string& fix = {}) {
    throw Error({where + "." + member, what, expected, got, fix});
  };
  if (device.level_mean.empty()) {
    const double top = device.g_min + double{1} * device.g_step * (device.levels - 1);
    if (top > kMaxConductance) {
      fail("g_step", "the top level is out of range", "g_min + (levels - 1) g_step at most 65535",
           json(top).dump());
    }
  }
  const auto per_level = [&](const std::string& member, const std::vector<double>& list) {
    if (list.empty() || list.size() == static_cast<size_t>(device.levels)) return;
    fail(member, "wrong length", std::to_string(device.levels) + ", one a level",
         std::to_string(list.size()));
  };
  per_level("level_mean", device.level_mean);
  per_level("level_sigma", device.level_sigma);
  per_level("cell_noise_level", device.cell_noise_level);
  per_level("drift.level_nu", device.drift.level_nu);
  per_level("drift.level_nu_sigma", device.drift.level_nu_sigma);
  for (size_t k = 1; k < device.level_mean.size(); ++k) {
    if (device.level_mean[k] > device.level_mean[k - 1]) continue;
    fail("level_mean[" + std::to_string(k) + "]", "out of order",
         "more than " + json(device.level_mean[k - 1]).dump(), json(device.level_mean[k]).dump());
  }
  const std::pair<const char*, double> ohms[] = {{"row_ohm", device.wires.row_ohm},
                                                 {"column_ohm", device.wires.column_ohm},
                                                 {"driver_ohm", device.wires.driver_ohm},
                                                 {"sense_ohm", device.wires.sense_ohm}};
  for (const auto& [member, ohm] : ohms) {
    if (ohm == 0 || ohm >= kMinOhm) continue;
    fail("wires." + std::string(member), "too small a resistance to compute with",
         "0, or at least " + json(kMinOhm).dump(), json(ohm).dump(), "0 is an ideal wire");
  }
  if (device.stuck_low + device.stuck_high > 1) {
    fail("stuck_high", "stuck_low + stuck_high out of range", "at most 1",
         json(device.stuck_low + device.stuck_high).dump());
  }
  if (!device.level_sigma.empty() && device.sigma > 0) {
    fail("sigma", "given beside level_sigma", "one of the two", json(device.sigma).dump(),
         "level_sigma [] lets sigma hold for all levels");
  }
  if (!device.cell_noise_level.empty() && device.cell_noise > 0) {
    fail("cell_noise", "given beside cell_noise_level", "one of the two",
         json(device.cell_noise).dump(), "cell_noise_level [] lets cell_noise hold for all levels");
  }
  if (device.read_seconds > 0 && device.read_volt == 0) {
    fail("read_seconds", "given without read_volt", "both, for the energy of a read",
         json(device.read_seconds).dump());
  }
  const double lowest = device.level_mean.empty() ? device.g_min : device.level_mean[0];
  if (device.lognormal && lowest == 0 && !device.level_sigma.empty() && device.level_sigma[0] > 0) {
    fail("level_sigma[0]", "a log-normal level of mean 0 has no spread", "0",
         json(device.level_sigma[0]).dump());
  }
  const bool sar = device.adc_form == AdcForm::kSar;
  if (device.adc_mismatch > 0 && !sar) {
    fail("adc_mismatch", "the converters have no capacitors", "0, or adc_form \"sar\"",
         json(device.adc_mismatch).dump());
  }
  if (device.adc_inl > 0 && sar) {
    fail("adc_inl", "the non-linearity of adc_form \"sar\" is its capacitors'", "0",
         json(device.adc_inl).dump(), "give adc_mismatch instead");
  }
  if (!device.fault_map.empty() && device.stuck_low + device.stuck_high > 0) {
    fail("fault_map", "given beside stuck_low or stuck_high", "a map or rates", device.fault_map);
  }
  if (!device.conductances.empty() &&
      (device.sigma > 0 || !device.level_sigma.empty() || device.write_verify.max_pulses > 0)) {
    fail("conductances", "measured cells are not programmed as well", "no variation, no pulses",
         device.conductances, "leave out sigma, level_sigma and write_verify");
  }
}

void check_overridden(const Device& device, const std::string& where) {
  const auto refuse = [&where](const std::string& object, const std::string& member,
                               const std::string& list, double got) {
    throw Error({where + "." + object + member, "given beside " + list, "one of the two",
                 json(got).dump(), "leave it out, or " + list + " [] lets it hold for all levels"});
  };
  const Drift& drift = device.drift;
  if (!drift.level_nu.empty() && drift.nu != 0) refuse("drift.", "nu", "level_nu", drift.nu);
  if (!drift.level_nu_sigma.empty() && drift.nu_sigma != 0) {
    refuse("drift.", "nu_sigma", "level_nu_sigma", drift.nu_sigma);
  }
  if (device.level_mean.empty()) return;
  const Device plain;
  const double bottom = device.level_mean.front();
  const double step = std::floor((device.level_mean.back() - bottom) / (device.levels - 1));
  if (device.g_min != plain.g_min && device.g_min != bottom) {
    refuse("", "g_min", "level_mean", device.g_min);
  }
  if (device.g_step != plain.g_step && device.g_step != std::max(1.0, step)) {
    refuse("", "g_step", "level_mean", device.g_step);
  }
}

}  // namespace crosstwin::ir
