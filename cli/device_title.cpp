// What a device's label says: everything that sets its chips apart from ideal ones.
// SPDX-License-Identifier: Apache-2.0
#include "cli/device_title.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace crosstwin::cli {

std::string device_title(const ir::Device& device) {
  std::vector<std::string> parts;
  const auto add_if = [&parts](bool there, const std::string& words) {
    if (there) parts.push_back(words);
  };
  const bool by_level = std::any_of(device.level_sigma.begin(), device.level_sigma.end(),
                                    [](double sigma) { return sigma > 0; });
  add_if(!device.conductances.empty(), "measured cells");
  add_if(!device.level_mean.empty(), "measured levels");
  const std::string law = device.lognormal ? "log-normal " : "";
  add_if(device.sigma > 0, fmt::format("{}sigma {:g}", law, device.sigma));
  add_if(by_level, law + "spread by level");
  add_if(device.write_verify.max_pulses > 0,
         fmt::format("at most {} verified pulses", device.write_verify.max_pulses));
  add_if(!device.fault_map.empty(), "fault map");
  const double stuck = device.stuck_low + device.stuck_high;
  add_if(stuck > 0, fmt::format("stuck {:g}%", 100 * stuck));
  add_if(device.ages(), fmt::format("aged {:g} s", device.time));
  add_if(!device.wires.ideal(), "wires");
  add_if(device.adc_gain_sigma > 0 || device.adc_offset_sigma > 0 || device.adc_inl > 0 ||
             device.adc_mismatch > 0,
         "converter errors");
  add_if(device.read_noise > 0 || device.cells_noisy(), "read noise");
  if (parts.empty()) parts.emplace_back("nothing varies");
  return fmt::format("{} ({})", device.name, fmt::join(parts, ", "));
}

}  // namespace crosstwin::cli
