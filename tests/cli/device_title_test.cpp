// Labels of devices: what sets the chips apart is named, and nothing else.
// SPDX-License-Identifier: Apache-2.0
#include "cli/device_title.hpp"

#include <functional>

#include "tests/catch.hpp"

namespace crosstwin::cli {
namespace {

TEST_CASE("a device's label names what varies") {
  CHECK(device_title(ir::load_device("ideal")) == "ideal (nothing varies)");
  CHECK(device_title(ir::load_device("reram")) == "reram (sigma 0.1, stuck 0.5%)");
  CHECK(device_title(ir::load_device("reram_full")) ==
        "reram_full (sigma 0.1, stuck 0.5%, converter errors, read noise)");
  CHECK(device_title(ir::load_device("reram_wan")) == "reram_wan (spread by level)");
  ir::Device pcm = ir::load_device("pcm_joshi");
  CHECK(device_title(pcm) == "pcm_joshi (spread by level)");  // at time 0 it has not drifted
  pcm.time = 86400;
  CHECK(device_title(pcm) == "pcm_joshi (spread by level, aged 86400 s)");
}

TEST_CASE("whatever makes a device not ideal is in its label") {
  const std::vector<std::pair<const char*, std::function<void(ir::Device&)>>> changes = {
      {"measured cells", [](ir::Device& d) { d.conductances = "g.npz"; }},
      {"measured levels",
       [](ir::Device& d) {
         d.level_mean = {1, 2, 4};
       }},
      {"log-normal sigma 0.2", [](ir::Device& d) { d.sigma = 0.2, d.lognormal = true; }},
      {"log-normal spread by level",
       [](ir::Device& d) { d.level_sigma = {1}, d.lognormal = true; }},
      {"at most 9 verified pulses", [](ir::Device& d) { d.write_verify.max_pulses = 9; }},
      {"fault map", [](ir::Device& d) { d.fault_map = "f.npz"; }},
      {"stuck 2%", [](ir::Device& d) { d.stuck_high = 0.02; }},
      {"aged 10 s", [](ir::Device& d) { d.time = 10, d.retention.tau = 5; }},
      {"wires", [](ir::Device& d) { d.wires.sense_ohm = 1; }},
      {"converter errors", [](ir::Device& d) { d.adc_gain_sigma = 0.1; }},
      {"converter errors", [](ir::Device& d) { d.adc_offset_sigma = 0.1; }},
      {"converter errors", [](ir::Device& d) { d.adc_inl = 0.1; }},
      {"converter errors", [](ir::Device& d) { d.adc_mismatch = 0.1; }},
      {"read noise", [](ir::Device& d) { d.read_noise = 0.1; }},
      {"read noise", [](ir::Device& d) { d.cell_noise = 0.1; }},
      {"read noise", [](ir::Device& d) {
         d.cell_noise_level = {0, 0.1};
       }}};
  for (const auto& [words, change] : changes) {
    ir::Device device;
    device.name = "x";
    change(device);
    CHECK_FALSE(device.ideal());
    CHECK(device_title(device) == "x (" + std::string(words) + ")");
  }
}

}  // namespace
}  // namespace crosstwin::cli
