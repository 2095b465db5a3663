// Device files and presets.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/device.hpp"

#include <nlohmann/json.hpp>

#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::ir {

namespace {

constexpr double kMaxConductance = 65535;
constexpr double kMaxGainSigma = 0.5;
constexpr double kMaxOffsetSigma = 1000;  // LSB
constexpr double kMaxInl = 1000;          // LSB
constexpr double kMaxReadNoise = 1000;    // level steps

Device preset(const std::string& name) {
  Device device;
  device.name = name;
  if (name == "reram" || name == "reram_full") {
    // A typical published HfOx cell: 10% programming spread, 0.5% of cells stuck, most of them low.
    device.sigma = 0.1;
    device.stuck_low = 0.004;
    device.stuck_high = 0.001;
  }
  if (name == "reram_full") {
    // Converters as they come off a line before trimming: 1% of gain, half an LSB of offset, one of
    // non-linearity; thermal and telegraph noise of half a level step.
    device.adc_gain_sigma = 0.01;
    device.adc_offset_sigma = 0.5;
    device.adc_inl = 1;
    device.read_noise = 0.5;
  }
  return device;
}

}  // namespace

bool Device::ideal() const {
  return level_mean.empty() && sigma == 0 && stuck_low == 0 && stuck_high == 0 &&
         adc_gain_sigma == 0 && adc_offset_sigma == 0 && adc_inl == 0 && read_noise == 0;
}

void check_device(const Device& device, const std::string& where) {
  const auto fail = [&](const char* what, const std::string& expected, double got) {
    throw Error({where, what, expected, nlohmann::json(got).dump(), ""});
  };
  if (device.levels < 2 || device.levels > 256 || (device.levels & (device.levels - 1)) != 0) {
    fail("levels out of range", "a power of two 2..256", device.levels);
  }
  if (device.g_min < 0) fail("g_min out of range", "0 or more", device.g_min);
  if (device.g_step < 1) fail("g_step out of range", "1 or more", device.g_step);
  const double top = device.g_min + double{1} * device.g_step * (device.levels - 1);
  if (top > kMaxConductance) fail("g_max out of range", "at most 65535", top);
  if (!device.level_mean.empty()) {
    if (static_cast<int32_t>(device.level_mean.size()) != device.levels) {
      fail("level_mean has the wrong length", std::to_string(device.levels),
           static_cast<double>(device.level_mean.size()));
    }
    double last = -1;
    for (const double mean : device.level_mean) {
      if (!(mean > last && mean >= 0 && mean <= kMaxConductance)) {
        fail("level_mean out of order", "ascending within 0..65535", mean);
      }
      last = mean;
    }
  }
  if (!(device.sigma >= 0 && device.sigma <= 10)) fail("sigma out of range", "0..10", device.sigma);
  if (!(device.stuck_low >= 0)) fail("stuck_low out of range", "0..1", device.stuck_low);
  if (!(device.stuck_high >= 0)) fail("stuck_high out of range", "0..1", device.stuck_high);
  if (!(device.stuck_low + device.stuck_high <= 1)) {
    fail("stuck_low + stuck_high out of range", "at most 1", device.stuck_low + device.stuck_high);
  }
  const auto range = [&](const char* field, double value, double high) {
    if (value >= 0 && value <= high) return;
    fail((std::string(field) + " out of range").c_str(), "0.." + nlohmann::json(high).dump(),
         value);
  };
  range("adc_gain_sigma", device.adc_gain_sigma, kMaxGainSigma);
  range("adc_offset_sigma", device.adc_offset_sigma, kMaxOffsetSigma);
  range("adc_inl", device.adc_inl, kMaxInl);
  range("read_noise", device.read_noise, kMaxReadNoise);
}

Device read_device(const JsonReader& json) {
  json.only({"name", "levels", "g_min", "g_step", "level_mean", "sigma", "lognormal", "stuck_low",
             "stuck_high", "adc_gain_sigma", "adc_offset_sigma", "adc_inl", "read_noise"});
  Device device;
  device.name = json.at("name").string();
  const auto integer = [&](const char* key, int32_t& field, int64_t low, int64_t high) {
    if (json.has(key)) field = static_cast<int32_t>(json.at(key).integer(low, high));
  };
  const auto number = [&](const char* key, double& field, double high) {
    if (json.has(key)) field = json.at(key).number(0, high);
  };
  integer("levels", device.levels, 2, 256);
  integer("g_min", device.g_min, 0, 65535);
  integer("g_step", device.g_step, 1, 65535);
  if (json.has("level_mean")) {
    for (const JsonReader& mean : json.at("level_mean").items()) {
      device.level_mean.push_back(mean.number(0, kMaxConductance));
    }
  }
  number("sigma", device.sigma, 10);
  if (json.has("lognormal")) device.lognormal = json.at("lognormal").boolean();
  number("stuck_low", device.stuck_low, 1);
  number("stuck_high", device.stuck_high, 1);
  number("adc_gain_sigma", device.adc_gain_sigma, kMaxGainSigma);
  number("adc_offset_sigma", device.adc_offset_sigma, kMaxOffsetSigma);
  number("adc_inl", device.adc_inl, kMaxInl);
  number("read_noise", device.read_noise, kMaxReadNoise);
  check_device(device, json.where());
  return device;
}

nlohmann::ordered_json device_json(const Device& device) {
  return {{"name", device.name},
          {"levels", device.levels},
          {"g_min", device.g_min},
          {"g_step", device.g_step},
          {"level_mean", device.level_mean},
          {"sigma", device.sigma},
          {"lognormal", device.lognormal},
          {"stuck_low", device.stuck_low},
          {"stuck_high", device.stuck_high},
          {"adc_gain_sigma", device.adc_gain_sigma},
          {"adc_offset_sigma", device.adc_offset_sigma},
          {"adc_inl", device.adc_inl},
          {"read_noise", device.read_noise}};
}

Device load_device(const std::string& file_or_preset) {
  for (const char* name : {"ideal", "reram", "reram_full"}) {
    if (file_or_preset == name) return preset(file_or_preset);
  }
  if (!std::filesystem::exists(file_or_preset)) {
    throw Error({file_or_preset, "no such device file",
                 "a JSON file, or a preset: " + std::string(kDevicePresets)});
  }
  const nlohmann::json document = read_json(file_or_preset);
  Device device = read_device(JsonReader(document, file_or_preset));
  return device;
}

}  // namespace crosstwin::ir
