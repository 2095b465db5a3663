// Measured arrays: NPZ tensors or CSV files, every value checked in its place.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/device_arrays.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::ir {

namespace {

constexpr double kMaxConductance = 65535;

struct Shape4 {
  int64_t slices, rows, cols;
  int64_t size() const { return 2 * slices * rows * cols; }
};

Shape4 shape_of(const Design& design, const Stage& stage, const Placement& placement) {
  return {design.layout.slices, static_cast<int64_t>(std::get<Crossbar>(stage.kind).rows.size()),
          placement.columns(stage.out.c, design.layout.tile_cols)};
}

std::string shown(double value) {
  return std::isfinite(value) ? nlohmann::json(value).dump() : std::to_string(value);
}

bool is_npz(const std::string& path) { return path.ends_with(".npz"); }

void check_path(const Device& device, const char* member, const std::string& path) {
  if (path.empty() || is_npz(path)) return;
  bool pattern = path.ends_with(".csv");
  for (const char* part : {"{stage}", "{polarity}", "{slice}"}) {
    pattern = pattern && path.find(part) != std::string::npos;
  }
  if (pattern) return;
  throw Error({device.place(member), "neither an NPZ file nor a pattern of CSV files",
               "FILE.npz, or a path ending in .csv with {stage}, {polarity} and {slice} in it",
               path});
}

// Relative paths of a device file are to its folder.
void check_there(const std::string& place, const std::string& file) {
  if (std::filesystem::is_regular_file(file)) return;
  const bool folder = std::filesystem::is_directory(file);
  throw Error({place, "names a file that is not there", "the file " + file,
               folder ? "a folder of this name" : "nothing of this name",
               "a relative path starts at the folder of the device file"});
}

// Throws unless the value is a good one; `where` says its place.
using Check = std::function<void(double value, const std::function<std::string()>& where)>;

// `place` is the member of the device that names the file, here and below.
std::vector<double> from_npz(const Npz& npz, const std::string& place, const std::string& file,
                             const std::string& name, const Shape4& shape,
                             const Check& check_value) {
  const std::string where = place + ": " + file + ": " + name;
  const std::string expected = nlohmann::json({2, shape.slices, shape.rows, shape.cols}).dump() +
                               " (polarity, slice, kept row, column)";
  const auto member = npz.find(name);
  if (member == npz.end()) {
    std::vector<std::string> names;
    for (const auto& [each, array] : npz) names.push_back(each);
    const std::string near = nearest(name, names);
    std::string list;
    for (const std::string& each : names) list += (list.empty() ? "" : ", ") + each;
    throw Error({where, "missing member", "an array " + expected, "only " + list,
                 near.empty() ? "" : "did you mean \"" + near + "\"?"});
  }
  return std::visit(
      [&](const auto& array) {
        if (array.shape != std::vector<int64_t>{2, shape.slices, shape.rows, shape.cols}) {
          throw Error({where, "wrong shape", expected, nlohmann::json(array.shape).dump()});
        }
        const std::vector<double> values(array.data.begin(), array.data.end());
        for (size_t i = 0; i < values.size(); ++i) {
          check_value(values[i], [&, at = static_cast<int64_t>(i)] {
            const int64_t array_cells = shape.rows * shape.cols;
            return where + nlohmann::json({at / (array_cells * shape.slices),
                                           at / array_cells % shape.slices,
                                           at / shape.cols % shape.rows, at % shape.cols})
                               .dump();
          });
        }
        return values;
      },
      member->second);
}

// Appends the values of one CSV file. Empty lines and lines that begin with # are passed over.
void read_csv(const std::string& place, const std::string& path, const Shape4& shape,
              const Check& check_value, std::vector<double>& values) {
  check_there(place, path);
  const std::string text = read_file(path);
  const std::string file = place + ": " + path;
  int64_t rows = 0;
  int64_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++line_number;
    std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    if (line.empty() || line[0] == '#') continue;
    if (++rows > shape.rows) break;
    int64_t cols = 0;
    for (size_t from = 0; from <= line.size(); ++cols) {
      const size_t comma = std::min(line.find(',', from), line.size());
      const auto where = [&] {
        return file + ":" + std::to_string(line_number) + ": value " + std::to_string(cols + 1);
      };
      double value = 0;
      const auto [stop, code] = std::from_chars(line.data() + from, line.data() + comma, value);
      if (code != std::errc() || stop != line.data() + comma) {
        throw Error({where(), "not a number", "numbers between commas",
                     "\"" + line.substr(from, comma - from) + "\""});
      }
      check_value(value, where);
      values.push_back(value);
      from = comma + 1;
    }
    if (cols == shape.cols) continue;
    throw Error({file + ":" + std::to_string(line_number), "wrong number of columns",
                 std::to_string(shape.cols), std::to_string(cols)});
  }
  if (rows == shape.rows) return;
  throw Error({file, "wrong number of rows", std::to_string(shape.rows) + ", one a kept row",
               rows > shape.rows ? "more" : std::to_string(rows)});
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

std::vector<double> read_arrays(const std::string& place, const std::string& path, const Npz& npz,
                                const std::string& suffix, const Design& design, const Stage& stage,
                                const Placement& placement, const Check& check) {
  const Shape4 shape = shape_of(design, stage, placement);
  if (is_npz(path)) return from_npz(npz, place, path, stage.name + suffix, shape, check);
  std::vector<double> values;
  values.reserve(static_cast<size_t>(shape.size()));
  for (const char* polarity : {"pos", "neg"}) {
    for (int64_t slice = 0; slice < shape.slices; ++slice) {
      std::string file = replaced(path, "{stage}", stage.name);
      file = replaced(file, "{polarity}", polarity);
      file = replaced(file, "{slice}", std::to_string(slice));
      read_csv(place, file, shape, check, values);
    }
  }
  return values;
}

}  // namespace

DeviceArrays::DeviceArrays(const Device& device) : device_(device) {
  check_path(device, "conductances", device.conductances);
  check_path(device, "fault_map", device.fault_map);
  const auto read = [&device](const char* member, const std::string& file, Npz& npz) {
    if (!is_npz(file)) return;
    check_there(device.place(member), file);
    npz = read_npz(file);
  };
  read("conductances", device.conductances, conductances_);
  read("fault_map", device.fault_map, faults_);
}

std::vector<double> DeviceArrays::conductances(const Design& design, const Stage& stage) const {
  check(has_conductances(), "there are measured conductances");
  const bool siemens = device_.conductances_in == ConductanceUnit::kSiemens;
  const double unit = siemens ? device_.siemens_per_unit : 1;
  const Check check_value = [&](double value, const std::function<std::string()>& where) {
    if (value >= 0 && value / unit <= kMaxConductance) return;
    const std::string top = nlohmann::json(kMaxConductance * unit).dump();
    throw Error({where(), std::isnan(value) ? "not a number" : "out of range",
                 "a conductance 0.." + top + (siemens ? " S" : " units"), shown(value),
                 "see the device's conductances_in and siemens_per_unit"});
  };
  std::vector<double> values = read_arrays(device_.place("conductances"), device_.conductances,
                                           conductances_, ".g", design, stage, {}, check_value);
  for (double& value : values) value /= unit;
  return values;
}

std::vector<uint8_t> DeviceArrays::faults(const Design& design, const Stage& stage,
                                          const Placement& placement) const {
  check(has_faults(), "there is a fault map");
  const Check check_value = [](double value, const std::function<std::string()>& where) {
    if (value == 0 || value == 1 || value == 2) return;
    throw Error({where(), "not a fault", "0 = works, 1 = stuck low, 2 = stuck high", shown(value)});
  };
  const std::vector<double> values =
      read_arrays(device_.place("fault_map"), device_.fault_map, faults_, ".fault", design, stage,
                  placement, check_value);
  return {values.begin(), values.end()};
}

std::string device_files_hash(const Device& device) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const std::string& path : {device.conductances, device.fault_map}) {
    if (path.empty()) continue;
    if (is_npz(path)) {
      files.emplace_back(path);
      continue;
    }
    const fs::path folder = fs::path(path.substr(0, path.find('{'))).parent_path();
    if (!fs::is_directory(folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".csv") files.push_back(entry.path());
    }
  }
  if (files.empty()) return "";
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files) {
    if (fs::is_regular_file(file)) all += content_hash(read_file(file)) + "\n";
  }
  return content_hash(all);
}

}  // namespace crosstwin::ir
