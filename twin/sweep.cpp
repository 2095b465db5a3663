// Parsing of sweeps, and setting their parameters.
// SPDX-License-Identifier: Apache-2.0
#include "twin/sweep.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::twin {

namespace {

constexpr size_t kMaxPoints = 1000;
constexpr const char* kForms = "PARAMETER=FROM:TO:POINTS, FROM:TO or VALUE,VALUE,...";

std::vector<ir::DeviceNumber> parameters() {
  std::vector<ir::DeviceNumber> all = {{"adc_bits", true, 1, 16},
                                       {"adc_percentile", false, 0.5, 1}};
  const std::vector<ir::DeviceNumber> device = ir::device_numbers();
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

void check_values(const std::string& where, const SweepAxis& axis) {
  const std::vector<ir::DeviceNumber> all = parameters();
  const auto of = std::find_if(all.begin(), all.end(),
                               [&](const auto& one) { return one.path == axis.parameter; });
  if (of == all.end()) {
    std::vector<std::string> names;
    for (const ir::DeviceNumber& one : all) names.push_back(one.path);
    const std::string near = ir::nearest(axis.parameter, names);
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    throw ir::Error({where, "no such parameter", list, "\"" + axis.parameter + "\"",
                     near.empty() ? "" : "did you mean \"" + near + "\"?"});
  }
  for (const double value : axis.values) {
    if (of->integer && !whole(value)) {
      throw ir::Error({where, "the step does not divide: " + axis.parameter + " is whole",
                       "points at whole numbers", number_text(value)});
    }
    if (value < of->low || value > of->high) {
      throw ir::Error({where, axis.parameter + " is out of range",
                       number_text(of->low) + ".." + number_text(of->high), number_text(value)});
    }
  }
  std::vector<double> sorted = axis.values;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw ir::Error({where, "a value is there twice", "different values", number_text(*twice)});
  }
}

void set(SweepPoint& point, const SweepAxis& axis, double value) {
  if (axis.parameter == "adc_bits") {
    point.design.layout.adc_bits = static_cast<int32_t>(value);
  } else if (axis.parameter == "adc_percentile") {
    if (point.adc.range != AdcRange::kPercentile) {
      throw ir::Error({"--sweep " + axis.text, "the converters' range does not use it",
                       to_string(AdcRange::kPercentile), to_string(point.adc.range),
                       "--set chip.adc_range=percentile"});
    }
    point.adc.percentile = value;
  } else {
    ir::set_device_member(point.device, axis.parameter, value);
  }
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

SweepAxis parse_axis(const std::string& text) {
  const std::string where = "--sweep " + text;
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ir::Error({where, "not a sweep", kForms, "\"" + text + "\""});
  }
  SweepAxis axis{text.substr(0, equals), {}, text};
  const std::string values = text.substr(equals + 1);
  if (values.empty()) throw ir::Error({where, "a sweep of no points", kForms, "nothing"});
  const std::vector<std::string> ends = split(values, ':');
  if (ends.size() > 3) throw ir::Error({where, "not a sweep", kForms, "\"" + text + "\""});
  if (ends.size() > 1) {
    axis.values = range(where, ends);
  } else {
    for (const std::string& value : split(values, ',')) axis.values.push_back(number(where, value));
  }
  check_values(where, axis);
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
  std::vector<SweepPoint> points = {{{}, design, device, adc}};
  for (const SweepAxis& axis : axes) {
    std::vector<SweepPoint> next;
    for (const SweepPoint& point : points) {
      for (const double value : axis.values) {
        next.push_back(point);
        next.back().values.push_back(value);
        set(next.back(), axis, value);
      }
    }
    points = std::move(next);
  }
  return points;
}

}  // namespace crosstwin::twin
