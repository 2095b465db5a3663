// Parsing of sweeps, setting their parameters, and trying every point.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sweep.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::twin {

namespace {

constexpr size_t kMaxPoints = 1000;
constexpr double kMaxScale = 1000;
constexpr const char* kForms = "PARAMETER=FROM:TO:POINTS, FROM:TO or VALUE,VALUE,...";
constexpr std::array kRanges = {AdcRange::kMax, AdcRange::kPercentile, AdcRange::kMse,
                                AdcRange::kWorstCase, AdcRange::kLossless};
constexpr std::array kPers = {AdcPer::kLayer, AdcPer::kColumn};

std::vector<ir::DeviceMember> parameters() {
  std::vector<std::string> ranges;
  for (const AdcRange range : kRanges) ranges.push_back(to_string(range));
  std::vector<std::string> pers;
  for (const AdcPer per : kPers) pers.push_back(to_string(per));
  std::vector<ir::DeviceMember> all = {{"adc_bits", true, 1, 16},
                                       {"adc_range", false, 0, 0, ranges},
                                       {"adc_per", false, 0, 0, pers},
                                       {"adc_percentile", false, 0.5, 1},
                                       {"adc_aged", false, 0, 0, {"false", "true"}}};
  const std::vector<ir::DeviceMember> device = ir::device_members();
  all.insert(all.end(), device.begin(), device.end());
  return all;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(by, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

double number(const std::string& where, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    throw ir::Error({where, "not a number", "a finite decimal number", "\"" + text + "\""});
  }
  return value;
}

bool whole(double value) { return value == std::floor(value); }

// What twelve digits say: 0:0.3:7 has 0.15 among its values, as it would be typed.
double rounded(double value) { return std::stod(number_text(value)); }

std::vector<double> range(const std::string& where, const std::vector<std::string>& parts) {
  const double from = number(where, parts[0]);
  const double to = number(where, parts[1]);
  double points = 0;
  if (parts.size() == 2) {
    if (!whole(to - from)) {
      throw ir::Error({where, "the step 1 does not divide the range", "FROM:TO:POINTS",
                       parts[0] + ":" + parts[1], "say how many points"});
    }
    points = std::abs(to - from) + 1;
  } else {
    points = number(where, parts[2]);
    if (!whole(points) || points < 0) {
      throw ir::Error({where, "the number of points is not a whole number",
                       "FROM:TO:POINTS, such as 0:0.3:7 for steps of 0.05", parts[2]});
    }
    if (points == 0) throw ir::Error({where, "a sweep of no points", "at least 1", "0"});
    if (points == 1 && from != to) {
      throw ir::Error({where, "one point cannot have two ends", "at least 2 points", parts[2]});
    }
  }
  if (points > static_cast<double>(kMaxPoints)) {
    throw ir::Error(
        {where, "too many points", "at most " + std::to_string(kMaxPoints), number_text(points)});
  }
  std::vector<double> values;
  for (double i = 0; i < points; ++i) {
    values.push_back(points == 1 ? from : rounded(from + (to - from) * i / (points - 1)));
  }
  return values;
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string offered(const std::string& near) {
  return near.empty() ? "" : "did you mean \"" + near + "\"?";
}

// What the axis sets; a list of the device is to be scaled, and nothing else is.
ir::DeviceMember find_parameter(const std::string& where, const SweepAxis& axis) {
  const std::vector<ir::DeviceMember> all = parameters();
  const auto of = std::find_if(all.begin(), all.end(),
                               [&](const auto& one) { return one.path == axis.parameter; });
  if (of == all.end()) {
    std::vector<std::string> names;
    for (const ir::DeviceMember& one : all) names.push_back(one.path + (one.list ? "*" : ""));
    throw ir::Error({where, "no such parameter", listed(names), "\"" + axis.name() + "\"",
                     offered(ir::nearest(axis.name(), names))});
  }
  if (of->list && !axis.scaled) {
    throw ir::Error({where, axis.parameter + " is a list, one number a level",
                     axis.parameter + "*=, what it is multiplied by", axis.text,
                     "--sweep '" + axis.parameter + "*=0:2:5'"});
  }
  if (!of->list && axis.scaled) {
    throw ir::Error({where, axis.parameter + " is no list", axis.parameter + "=, the value itself",
                     axis.text, "leave out the star"});
  }
  return *of;
}

void check_values(const std::string& where, const SweepAxis& axis, const ir::DeviceMember& of) {
  const double low = axis.scaled ? 0 : of.low;
  const double high = axis.scaled ? kMaxScale : of.high;
  for (const double value : axis.values) {
    if (of.integer && !whole(value)) {
      throw ir::Error({where, "the step does not divide: " + axis.parameter + " is whole",
                       "points at whole numbers", number_text(value)});
    }
    if (value < low || value > high) {
      throw ir::Error({where, axis.name() + " is out of range",
                       number_text(low) + ".." + number_text(high), number_text(value)});
    }
  }
  std::vector<double> sorted = axis.values;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw ir::Error({where, "a value is there twice", "different values", number_text(*twice)});
  }
}

void read_words(const std::string& where, const std::string& values, const ir::DeviceMember& of,
                SweepAxis& axis) {
  const bool boolean = of.words.front() == "false";
  for (std::string word : split(values, ',')) {
    if (boolean && (word == "0" || word == "1")) word = word == "0" ? "false" : "true";
    if (std::find(of.words.begin(), of.words.end(), word) == of.words.end()) {
      throw ir::Error({where, "unknown word", "some of " + listed(of.words) + ", commas between",
                       "\"" + word + "\"", offered(ir::nearest(word, of.words))});
    }
    if (std::find(axis.words.begin(), axis.words.end(), word) != axis.words.end()) {
      throw ir::Error({where, "a value is there twice", "different values", word});
    }
    axis.values.push_back(static_cast<double>(axis.words.size()));
    axis.words.push_back(word);
  }
}

// "device reram", "device hfox (hfox.json)"
std::string device_text(const ir::Device& device) {
  std::string source = device.source;
  if (source.ends_with(": $")) source.resize(source.size() - 3);
  return "device " + device.name + (source.empty() ? "" : " (" + source + ")");
}

const nlohmann::ordered_json* find_member(const nlohmann::ordered_json& device,
                                          const std::string& path) {
  const nlohmann::ordered_json* at = &device;
  for (const std::string& key : split(path, '.')) {
    if (!at->contains(key)) return nullptr;
    at = &at->at(key);
  }
  return at;
}

std::vector<double> list_of(const ir::Device& device, const std::string& path) {
  const nlohmann::ordered_json json = ir::device_json(device);
  const nlohmann::ordered_json* list = find_member(json, path);
  return list == nullptr ? std::vector<double>() : list->get<std::vector<double>>();
}

// The lists that hold instead of a single number.
constexpr std::array<std::pair<std::string_view, const char*>, 6> kLists = {{
    {"sigma", "level_sigma"},
    {"g_min", "level_mean"},
    {"g_step", "level_mean"},
    {"cell_noise", "cell_noise_level"},
    {"drift.nu", "drift.level_nu"},
    {"drift.nu_sigma", "drift.level_nu_sigma"},
}};

void check_overridden(const SweepPoint& point, const SweepAxis& axis) {
  for (const auto& [number, list] : kLists) {
    if (axis.parameter != number || list_of(point.device, list).empty()) continue;
    throw ir::Error({"--sweep " + axis.text,
                     std::string(list) + " of " + device_text(point.device) + " overrides it",
                     "what the device uses", axis.parameter,
                     "--sweep '" + std::string(list) + "*=0.5:1.5:3' scales the list"});
  }
}

void set(SweepPoint& point, const SweepAxis& axis, double value) {
  const std::string word = axis.words.empty() ? "" : axis.value_text(value);
  if (axis.parameter == "adc_bits") {
    point.design.layout.adc_bits = static_cast<int32_t>(value);
  } else if (axis.parameter == "adc_range") {
    point.adc.range = *std::find_if(kRanges.begin(), kRanges.end(),
                                    [&](AdcRange range) { return to_string(range) == word; });
  } else if (axis.parameter == "adc_per") {
    point.adc.per = *std::find_if(kPers.begin(), kPers.end(),
                                  [&](AdcPer per) { return to_string(per) == word; });
  } else if (axis.parameter == "adc_percentile") {
    point.adc.percentile = value;
  } else if (axis.parameter == "adc_aged") {
    point.adc.aged = word == "true";
  } else {
    check_overridden(point, axis);
    const std::string where = point.option + " on " + device_text(point.device);
    nlohmann::json json = value;
    if (word == "false" || word == "true") {
      json = word == "true";
    } else if (!word.empty()) {
      json = word;
    } else if (axis.scaled) {
      std::vector<double> list = list_of(point.device, axis.parameter);
      if (list.empty()) {
        throw ir::Error({"--sweep " + axis.text,
                         device_text(point.device) + " has no " + axis.parameter, "a list to scale",
                         "none", "a device with levels of their own"});
      }
      for (double& each : list) each *= value;
      json = list;
    } else if (whole(value) && std::abs(value) < 1e15) {
      json = static_cast<int64_t>(value);
    }
    ir::set_device_member(point.device, axis.parameter, json, where);
  }
}

// Only one of the ranges uses the percentile.
void check_percentile(const SweepAxis& axis, const std::vector<SweepPoint>& points) {
  const bool used = std::any_of(points.begin(), points.end(), [](const SweepPoint& point) {
    return point.adc.range == AdcRange::kPercentile;
  });
  if (used) return;
  throw ir::Error({"--sweep " + axis.text, "the converters' range does not use it",
                   to_string(AdcRange::kPercentile), to_string(points.front().adc.range),
                   "--set chip.adc_range=percentile"});
}

// What the chip of a point does not come to be by, in the words of the option.
ir::Diagnosis of_point(const SweepPoint& point, ir::Diagnosis diagnosis) {
  std::string_view place = diagnosis.where;
  const std::string device = point.device.place("");
  if (place.starts_with(device)) place.remove_prefix(device.size());
  diagnosis.where = point.option + " on " + device_text(point.device) + ": " + std::string(place);
  return diagnosis;
}

// The hash of the seed's chip at every point.
std::vector<std::string> program_points(const std::vector<SweepPoint>& points, uint64_t seed,
                                        const ProgramPoint& program) {
  std::vector<std::string> hashes(points.size());
  std::vector<std::optional<ir::Diagnosis>> failed(points.size());
  tbb::parallel_for(size_t{0}, points.size(), [&](size_t i) {
    try {
      hashes[i] = ir::chip_hash(program(points[i], seed));
    } catch (const ir::Error& error) {
      failed[i] = of_point(points[i], error.diagnosis());
    }
  });
  // The first by its place, not by time.
  for (const auto& diagnosis : failed) {
    if (diagnosis) throw ir::Error(*diagnosis);
  }
  return hashes;
}

// Two points that differ in this axis only have other chips.
bool changes(const std::vector<SweepAxis>& axes, size_t axis,
             const std::vector<std::string>& hashes) {
  const size_t stride = axis + 1 == axes.size() ? 1 : axes.back().values.size();
  const size_t count = axes[axis].values.size();
  for (size_t i = 0; i < hashes.size(); ++i) {
    const size_t first = i - i / stride % count * stride;
    if (hashes[i] != hashes[first]) return true;
  }
  return false;
}

// Why a parameter does nothing to this device, where that is known.
std::string why_idle(const std::string& parameter, const ir::Device& device) {
  const auto in = [&](std::string_view object) { return parameter.starts_with(object); };
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), parameter) != names.end();
  };
  if (is({"read_volt", "read_seconds", "write_verify.pulse_volt", "write_verify.pulse_seconds"})) {
    return "only energies depend on it";
  }
  if (is({"siemens_per_unit"}) || in("wires.")) return "wires has no resistance";
  if (is({"time"})) return "drift.nu and retention.tau are 0";
  if (in("drift.") || in("retention.") || is({"adc_aged"})) {
    if (device.time == 0) return "its time is 0: --set simulate.variation.time=86400";
    return in("retention.") ? "retention.tau is 0" : "drift.nu and drift.nu_sigma are 0";
  }
  if (in("write_verify.")) return "write_verify.max_pulses is 0";
  if (is({"lognormal"})) return "sigma is 0";
  if (is({"adc_form"})) return "the forms differ in adc_inl, adc_mismatch and the events counted";
  if (!device.conductances.empty()) return "conductances gives its cells";
  return "";
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

std::string SweepAxis::value_text(double value) const {
  return words.empty() ? number_text(value) : words[static_cast<size_t>(value)];
}

SweepAxis parse_axis(const std::string& text) {
  const std::string where = "--sweep " + text;
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ir::Error({where, "not a sweep", kForms, "\"" + text + "\""});
  }
  SweepAxis axis{text.substr(0, equals), {}, text};
  if (axis.parameter.ends_with('*')) {
    axis.scaled = true;
    axis.parameter.pop_back();
  }
  const std::string values = text.substr(equals + 1);
  if (values.empty()) throw ir::Error({where, "a sweep of no points", kForms, "nothing"});
  const ir::DeviceMember of = find_parameter(where, axis);
  if (!of.words.empty()) {
    read_words(where, values, of, axis);
    return axis;
  }
  const std::vector<std::string> ends = split(values, ':');
  if (ends.size() > 3) throw ir::Error({where, "not a sweep", kForms, "\"" + text + "\""});
  if (ends.size() > 1) {
    axis.values = range(where, ends);
  } else {
    for (const std::string& value : split(values, ',')) axis.values.push_back(number(where, value));
  }
  check_values(where, axis, of);
  return axis;
}

std::vector<SweepAxis> parse_axes(const std::vector<std::string>& texts) {
  std::vector<SweepAxis> axes;
  for (const std::string& text : texts) axes.push_back(parse_axis(text));
  if (axes.size() > 2) {
    throw ir::Error(
        {"--sweep " + texts[2], "too many parameters", "one or two", std::to_string(axes.size())});
  }
  if (axes.size() == 2 && axes[0].parameter == axes[1].parameter) {
    throw ir::Error({"--sweep " + texts[1], "the parameter is swept already", "another one",
                     axes[1].parameter});
  }
  const size_t points = axes.size() == 2 ? axes[0].values.size() * axes[1].values.size() : 0;
  if (points > kMaxPoints) {
    throw ir::Error({"--sweep " + texts[1], "too many points", "at most 1000, both together",
                     std::to_string(points)});
  }
  return axes;
}

std::vector<SweepPoint> sweep_points(const std::vector<SweepAxis>& axes, const ir::Design& design,
                                     const ir::Device& device, const AdcOptions& adc) {
  std::vector<SweepPoint> points = {{{}, design, device, adc, ""}};
  for (const SweepAxis& axis : axes) {
    std::vector<SweepPoint> next;
    for (const SweepPoint& point : points) {
      for (const double value : axis.values) {
        next.push_back(point);
        next.back().values.push_back(value);
        next.back().option += (point.option.empty() ? "--sweep " : " --sweep ") + axis.name() +
                              "=" + axis.value_text(value);
      }
    }
    points = std::move(next);
  }
  // Pulses are first given a number; g_max counts from g_min in so many levels, behind them.
  const auto rank = [&axes](size_t axis) {
    const std::string& parameter = axes[axis].parameter;
    return parameter == "write_verify.max_pulses" ? 0 : parameter == "g_max" ? 2 : 1;
  };
  std::vector<size_t> order(axes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&rank](size_t a, size_t b) { return rank(a) < rank(b); });
  for (SweepPoint& point : points) {
    for (const size_t axis : order) set(point, axes[axis], point.values[axis]);
  }
  for (const SweepAxis& axis : axes) {
    if (axis.parameter == "adc_percentile") check_percentile(axis, points);
  }
  return points;
}

void check_points(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points,
                  uint64_t seed, int64_t chips, const ProgramPoint& program) {
  const int64_t compared = std::min(chips, kComparedChips);
  std::vector<size_t> idle;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    // Whether a rare fault meets a cell, few chips do not say.
    const std::string& parameter = axes[axis].parameter;
    const bool rare = parameter == "stuck_low" || parameter == "stuck_high";
    if (axes[axis].values.size() > 1 && !rare) idle.push_back(axis);
  }
  for (int64_t k = 0; k == 0 || (k < compared && !idle.empty()); ++k) {
    const std::vector<std::string> hashes =
        program_points(points, seed + static_cast<uint64_t>(k), program);
    std::erase_if(idle, [&](size_t axis) { return changes(axes, axis, hashes); });
  }
  if (idle.empty()) return;
  const SweepAxis& axis = axes[idle.front()];
  const ir::Device& device = points.front().device;
  const std::string why = why_idle(axis.parameter, device);
  throw ir::Error({"--sweep " + axis.text,
                   "no value of " + axis.name() + " changes a chip of " + device_text(device) +
                       (why.empty() ? "" : ": " + why),
                   "chips that differ",
                   "equal ones from seed " + std::to_string(seed) + " on, " +
                       std::to_string(compared) + " at each point"});
}

}  // namespace crosstwin::twin
