// Device files: every member listed once, read, checked and written from that list.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/device.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "compress/ir/device_check.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/device_presets.hpp"
#include "compress/ir/error.hpp"

namespace crosstwin::ir {
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr double kMaxSeconds = 1e12;
constexpr double kMaxOhm = 1e12;

// The words of an enumeration, in its order.
using Words = std::span<const char* const>;
constexpr std::array kUnits = {"siemens", "units"};
constexpr std::array kContacts = {"single", "double"};
constexpr std::array kPairs = {"separate", "interleaved"};
constexpr std::array kForms = {"any", "ramp", "sar"};

// Visits every member but the name, in the order of the file. `D` is Device, const or not.
template <class D, class Visitor>
void visit_members(D& d, Visitor& v) {
  v.integer("levels", d.levels, 2, 256);
  v.integer("g_min", d.g_min, 0, 65535);
  v.integer("g_step", d.g_step, 1, 65535);
  v.numbers("level_mean", d.level_mean, 0, kMaxConductance);
  v.number("sigma", d.sigma, 0, 10);
  v.boolean("lognormal", d.lognormal);
  v.number("stuck_low", d.stuck_low, 0, 1);
  v.number("stuck_high", d.stuck_high, 0, 1);
  v.number("adc_gain_sigma", d.adc_gain_sigma, 0, 0.5);
  v.number("adc_offset_sigma", d.adc_offset_sigma, 0, 1000);
  v.number("adc_inl", d.adc_inl, 0, 1000);
  v.number("read_noise", d.read_noise, 0, 1000);
  v.optional_from_here();
  v.numbers("level_sigma", d.level_sigma, 0, kMaxConductance);
  v.number("cell_noise", d.cell_noise, 0, 1000);
  v.numbers("cell_noise_level", d.cell_noise_level, 0, 1000);
  v.word("adc_form", d.adc_form, kForms);
  v.number("adc_mismatch", d.adc_mismatch, 0, 1);
  v.number("siemens_per_unit", d.siemens_per_unit, 1e-15, 1);
  v.number("read_volt", d.read_volt, 0, 1000);
  v.number("read_seconds", d.read_seconds, 0, 1000);
  v.string("fault_map", d.fault_map);
  v.string("conductances", d.conductances);
  v.word("conductances_in", d.conductances_in, kUnits);
  v.object("write_verify", d.write_verify, [](auto& w, auto& inner) {
    inner.integer("max_pulses", w.max_pulses, 0, 10000);
    inner.number("tolerance", w.tolerance, 0, 1000);
    inner.number("gain", w.gain, 1e-6, 2);
    inner.number("pulse_sigma", w.pulse_sigma, 0, 10);
    inner.number("read_sigma", w.read_sigma, 0, 1000);
    inner.number("pulse_volt", w.pulse_volt, 0, 1000);
    inner.number("pulse_seconds", w.pulse_seconds, 0, 1000);
  });
  v.number("time", d.time, 0, kMaxSeconds);
  v.object("drift", d.drift, [](auto& drift, auto& inner) {
    inner.number("t0", drift.t0, 1e-12, kMaxSeconds);
    inner.number("nu", drift.nu, 0, 10);
    inner.number("nu_sigma", drift.nu_sigma, 0, 10);
    inner.numbers("level_nu", drift.level_nu, 0, 10);
    inner.numbers("level_nu_sigma", drift.level_nu_sigma, 0, 10);
  });
  v.object("retention", d.retention, [](auto& retention, auto& inner) {
    inner.number("tau", retention.tau, 0, kMaxSeconds);
    inner.number("beta", retention.beta, 1e-6, 100);
    inner.number("g", retention.g, 0, kMaxConductance);
  });
  v.object("wires", d.wires, [](auto& wires, auto& inner) {
    inner.number("row_ohm", wires.row_ohm, 0, kMaxOhm);
    inner.number("column_ohm", wires.column_ohm, 0, kMaxOhm);
    inner.number("driver_ohm", wires.driver_ohm, 0, kMaxOhm);
    inner.number("sense_ohm", wires.sense_ohm, 0, kMaxOhm);
    inner.word("contacts", wires.contacts, kContacts);
    inner.word("pairs", wires.pairs, kPairs);
  });
}

class Reading {
 public:
  Reading(const JsonReader& reader, std::vector<std::string> known)
      : json_(reader), known_(std::move(known)) {}

  void integer(const char* key, int32_t& field, int64_t low, int64_t high) {
    if (has(key)) field = static_cast<int32_t>(json_.at(key).integer(low, high));
  }
  void number(const char* key, double& field, double low, double high) {
    if (has(key)) field = json_.at(key).number(low, high);
  }
  void numbers(const char* key, std::vector<double>& field, double low, double high) {
    if (!has(key)) return;
    field.clear();
    for (const JsonReader& item : json_.at(key).items()) field.push_back(item.number(low, high));
  }
  void boolean(const char* key, bool& field) {
    if (has(key)) field = json_.at(key).boolean();
  }
  void string(const char* key, std::string& field) {
    if (has(key)) field = json_.at(key).string();
  }
  template <class Enum>
  void word(const char* key, Enum& field, Words words) {
    if (!has(key)) return;
    const std::string word = json_.at(key).string();
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
      std::string expected;
      for (const char* each : words) {
        expected += (expected.empty() ? "\"" : " or \"") + std::string(each) + "\"";
      }
      json_.at(key).fail("unknown word", expected, "\"" + word + "\"");
    }
    field = static_cast<Enum>(found - words.begin());
  }
  template <class Object, class Members>
  void object(const char* key, Object& field, const Members& members) {
    if (!has(key)) return;
    Reading inner(json_.at(key), {});
    members(field, inner);
    inner.done();
  }
  void optional_from_here() {}
  void done() const { json_.only(known_); }

 private:
  bool has(const char* key) {
    known_.emplace_back(key);
    return json_.has(key);
  }

  JsonReader json_;
  std::vector<std::string> known_;
};

class Checking {
 public:
  explicit Checking(std::string where) : where_(std::move(where)) {}

  void integer(const char* key, int32_t field, int64_t low, int64_t high) {
    number(key, field, static_cast<double>(low), static_cast<double>(high));
  }
  void number(const std::string& key, double field, double low, double high) {
    if (field >= low && field <= high) return;
    throw Error({where_ + "." + key, "out of range", json(low).dump() + ".." + json(high).dump(),
                 json(field).dump()});
  }
  void numbers(const char* key, const std::vector<double>& field, double low, double high) {
    for (size_t i = 0; i < field.size(); ++i) {
      number(key + ("[" + std::to_string(i) + "]"), field[i], low, high);
    }
  }
  void boolean(const char* /*key*/, bool /*field*/) {}
  void string(const char* /*key*/, const std::string& /*field*/) {}
  template <class Enum>
  void word(const char* /*key*/, Enum /*field*/, Words /*words*/) {}
  template <class Object, class Members>
  void object(const char* key, const Object& field, const Members& members) {
    Checking inner(where_ + "." + key);
    members(field, inner);
  }
  void optional_from_here() {}

 private:
  std::string where_;
};

// `defaults` is what the same walk over a default device gives: optional members equal to it are
// left out.
class Writing {
 public:
  explicit Writing(const ordered_json* defaults = nullptr) : defaults_(defaults) {}

  void integer(const char* key, int32_t field, int64_t /*low*/, int64_t /*high*/) {
    put(key, field);
  }
  void number(const char* key, double field, double /*low*/, double /*high*/) { put(key, field); }
  void numbers(const char* key, const std::vector<double>& field, double /*low*/, double /*high*/) {
    put(key, field);
  }
  void boolean(const char* key, bool field) { put(key, field); }
  void string(const char* key, const std::string& field) { put(key, field); }
  template <class Enum>
  void word(const char* key, Enum field, Words words) {
    put(key, words[static_cast<size_t>(field)]);
  }
  template <class Object, class Members>
  void object(const char* key, const Object& field, const Members& members) {
    Writing inner;
    members(field, inner);
    put(key, inner.document);
  }
  void optional_from_here() { optional_ = true; }

  ordered_json document = ordered_json::object();

 private:
  void put(const char* key, const ordered_json& value) {
    if (optional_ && defaults_ != nullptr && defaults_->at(key) == value) return;
    document[key] = value;
  }

  const ordered_json* defaults_;
  bool optional_ = false;
};

// All members but the paths.
class Listing {
 public:
  explicit Listing(std::vector<DeviceMember>& list, std::string prefix = {})
      : list_(list), prefix_(std::move(prefix)) {}

  void integer(const char* key, int32_t /*field*/, int64_t low, int64_t high) {
    list_.push_back({prefix_ + key, true, static_cast<double>(low), static_cast<double>(high)});
  }
  void number(const char* key, double /*field*/, double low, double high) {
    list_.push_back({prefix_ + key, false, low, high});
  }
  void numbers(const char* key, const std::vector<double>& /*field*/, double low, double high) {
    list_.push_back({prefix_ + key, false, low, high, {}, true});
  }
  void boolean(const char* key, bool /*field*/) {
    list_.push_back({prefix_ + key, false, 0, 0, {"false", "true"}});
  }
  void string(const char* /*key*/, const std::string& /*field*/) {}
  template <class Enum>
  void word(const char* key, Enum /*field*/, Words words) {
    list_.push_back({prefix_ + key, false, 0, 0, {words.begin(), words.end()}});
  }
  template <class Object, class Members>
  void object(const char* key, const Object& field, const Members& members) {
    Listing inner(list_, prefix_ + key + ".");
    members(field, inner);
  }
  void optional_from_here() {}

 private:
  std::vector<DeviceMember>& list_;
  std::string prefix_;
};

// The upper end instead of the step: a step that is no integer makes the levels measured ones.
void read_g_max(const JsonReader& json, Device& device) {
  if (!json.has("g_max")) return;
  const JsonReader g_max = json.at("g_max");
  for (const char* other : {"g_step", "level_mean"}) {
    if (json.has(other)) g_max.fail("given beside " + std::string(other), "one of the two");
  }
  const auto top = static_cast<int32_t>(g_max.integer(0, 65535));
  if (top <= device.g_min) {
    g_max.fail("not above g_min", "more than " + std::to_string(device.g_min), std::to_string(top));
  }
  const int32_t steps = device.levels - 1;
  device.g_step = std::max(1, (top - device.g_min) / steps);
  if ((top - device.g_min) % steps == 0) return;
  for (int32_t k = 0; k <= steps; ++k) {
    device.level_mean.push_back(device.g_min + double{1} * (top - device.g_min) * k / steps);
  }
}

}  // namespace

bool Device::ideal() const {
  return level_mean.empty() && sigma == 0 && level_sigma.empty() && stuck_low == 0 &&
         stuck_high == 0 && adc_gain_sigma == 0 && adc_offset_sigma == 0 && adc_inl == 0 &&
         adc_mismatch == 0 && read_noise == 0 && !cells_noisy() && fault_map.empty() &&
         conductances.empty() && write_verify.max_pulses == 0 && wires.ideal() && !ages();
}

bool Device::cells_noisy() const {
  return cell_noise > 0 || std::any_of(cell_noise_level.begin(), cell_noise_level.end(),
                                       [](double value) { return value > 0; });
}

bool Device::ages() const {
  const bool drifts = drift.nu > 0 || drift.nu_sigma > 0 || !drift.level_nu.empty() ||
                      !drift.level_nu_sigma.empty();
  return time > 0 && (drifts || retention.tau > 0);
}

std::string Device::place(const std::string& member) const {
  return (source.empty() ? "device " + name : source) + "." + member;
}

void check_device(const Device& device, const std::string& where) {
  Checking checking(where);
  visit_members(device, checking);
  check_members(device, where);
}

Device read_device_record(const JsonReader& reader) {
  Device device;
  device.source = reader.where();
  device.name = reader.at("name").string();
  Reading reading(reader, {"name", "g_max"});
  visit_members(device, reading);
  reading.done();
  if (!device.level_mean.empty() && !reader.has("levels")) {
    device.levels = static_cast<int32_t>(device.level_mean.size());
  }
  if (reader.has("write_verify")) (void)reader.at("write_verify").at("max_pulses");
  read_g_max(reader, device);
  check_device(device, reader.where());
  return device;
}

Device read_device(const JsonReader& reader) {
  Device device = read_device_record(reader);
  if (device.name.empty()) {
    reader.at("name").fail("an empty name", "what reports call the device", "\"\"");
  }
  check_overridden(device, reader.where());
  return device;
}

Device patch_device(const Device& device, const JsonReader& patch) {
  (void)patch.keys();  // an object, or an error
  json document = device_json(device);
  document.merge_patch(patch.value());
  // What g_max stands for gives way to it, and so does the number of levels to a list of them.
  if (patch.has("g_max")) {
    for (const char* other : {"g_step", "level_mean"}) {
      if (!patch.has(other)) document.erase(other);
    }
  }
  if (!document.contains("level_mean") || document["level_mean"].empty()) {
    return read_device(JsonReader(document, patch.file(), patch.path()));
  }
  if (patch.has("level_mean")) {
    for (const char* other : {"levels", "g_min", "g_step"}) {
      if (!patch.has(other)) document.erase(other);
    }
  }
  for (const char* grid : {"g_min", "g_step"}) {
    if (patch.has("level_mean") || !patch.has(grid)) continue;
    patch.at(grid).fail("the device has measured levels", "no level_mean beside it",
                        patch.value().at(grid).dump(),
                        "level_mean [] lets g_min and g_step hold, g_max sets the levels anew");
  }
  return read_device(JsonReader(document, patch.file(), patch.path()));
}

void set_device_member(Device& device, std::string_view path, json value,
                       const std::string& where) {
  for (std::string_view rest = path; true;) {
    const size_t dot = rest.rfind('.');
    const std::string key(dot == std::string_view::npos ? rest : rest.substr(dot + 1));
    value = json{{key, value}};
    if (dot == std::string_view::npos) break;
    rest = rest.substr(0, dot);
  }
  const std::string source = device.source;
  device = patch_device(device, JsonReader(value, where));
  device.source = source;
}

void set_device_member(Device& device, std::string_view path, double value) {
  json document = value;
  if (value == std::floor(value) && std::abs(value) < 1e15) document = static_cast<int64_t>(value);
  set_device_member(device, path, std::move(document), "device " + device.name);
}

std::vector<DeviceMember> device_members() {
  std::vector<DeviceMember> list;
  Listing listing(list);
  const Device any;
  visit_members(any, listing);
  list.push_back({"g_max", true, 0, kMaxConductance});
  return list;
}

void resolve_paths(Device& device, const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path base =
      fs::is_regular_file(file) ? fs::absolute(file).parent_path() : fs::current_path();
  for (std::string* path : {&device.fault_map, &device.conductances}) {
    if (!path->empty()) *path = (base / *path).lexically_normal().string();
  }
}

ordered_json device_json(const Device& device) {
  const Device ordinary;
  Writing defaults;
  visit_members(ordinary, defaults);
  Writing writing(&defaults.document);
  visit_members(device, writing);
  ordered_json document = {{"name", device.name}};
  document.update(writing.document);
  return document;
}

Device load_device(const std::string& file_or_preset) {
  if (const auto preset = device_preset(file_or_preset)) return *preset;
  const std::string expected = "a JSON file, or a preset: " + std::string(kDevicePresets);
  if (file_or_preset.empty()) throw Error({"device", "no name is given", expected, "\"\""});
  if (std::filesystem::is_directory(file_or_preset)) {
    throw Error({file_or_preset, "is a folder, no device file", expected});
  }
  if (!std::filesystem::exists(file_or_preset)) {
    throw Error({file_or_preset, "no such device file", expected});
  }
  const json document = read_json(file_or_preset, kCorrectThere);
  Device device = read_device(JsonReader(document, file_or_preset));
  resolve_paths(device, file_or_preset);
  return device;
}

Device with_levels(const Device& device, int32_t levels) {
  check(levels >= 2, "a cell has two levels");
  if (device.levels < levels) {
    throw Error({device.place("levels"), "the device has fewer levels than a slice needs",
                 "at least " + std::to_string(levels) + " (2^layout.cell_bits)",
                 std::to_string(device.levels),
                 "map with fewer layout.cell_bits and more layout.slices, or take another device"});
  }
  const int32_t stride = (device.levels - 1) / (levels - 1);
  Device used = device;
  used.levels = levels;
  if (device.level_mean.empty()) used.g_step = device.g_step * stride;
  for (std::vector<double>* list : {&used.level_mean, &used.level_sigma, &used.cell_noise_level,
                                    &used.drift.level_nu, &used.drift.level_nu_sigma}) {
    if (list->empty()) continue;
    for (int32_t k = 0; k < levels; ++k)
      (*list)[static_cast<size_t>(k)] = (*list)[static_cast<size_t>(k * stride)];
    list->resize(static_cast<size_t>(levels));
  }
  return used;
}

}  // namespace crosstwin::ir
