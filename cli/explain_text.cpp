// The tables of `simulate --explain`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "cli/explain.hpp"
#include "cli/table.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

namespace {

// Longer lists show this many of their first and last entries.
constexpr size_t kLongest = 40;
constexpr size_t kFirst = 24;
constexpr size_t kLast = 8;

int64_t integer(const ordered_json& json) { return json.get<int64_t>(); }
std::string whole(const ordered_json& json) { return std::to_string(integer(json)); }
std::string real(const ordered_json& json) { return fmt::format("{:.3f}", json.get<double>()); }

std::string counted(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

// A table of every entry, or of many the first and last with a note of those between.
template <class RowOf, class NoteOf>
std::string folded(const std::vector<std::string>& header,
                   const std::vector<const ordered_json*>& entries, const RowOf& row_of,
                   const NoteOf& note_of) {
  Table table(header);
  const bool folds = entries.size() > kLongest;
  const auto last = static_cast<std::ptrdiff_t>(entries.size() - (folds ? kLast : 0));
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!folds || i < kFirst || i >= entries.size() - kLast) table.add(row_of(*entries[i]));
  }
  std::string text = table.text();
  if (!folds) return text;
  size_t line = 0;  // behind the header, the rule and the first entries
  for (size_t i = 0; i < kFirst + 2; ++i) line = text.find('\n', line) + 1;
  const std::vector<const ordered_json*> hidden(entries.begin() + kFirst, entries.begin() + last);
  return text.insert(line, "... " + note_of(hidden) + "\n");
}

std::string head(const ordered_json& of) {
  return fmt::format(
      "{}, column {} of {}, image {} (label {}), position {} of {}: y {}, x {}\n"
      "{} {} planes, {} slice{} of {} bits, {} row tile{}; device {}, seed {}, a unit of G is {:g} "
      "S{}\n",
      of["layer"].get<std::string>(), integer(of["column"]), integer(of["columns"]),
      integer(of["image"]), integer(of["label"]), integer(of["position"]), integer(of["positions"]),
      integer(of["place"][0]), integer(of["place"][1]), integer(of["planes"]),
      of["signed"].get<bool>() ? "signed" : "unsigned", of["converters"].size(),
      of["converters"].size() == 1 ? "" : "s", integer(of["cell_bits"]), integer(of["row_tiles"]),
      integer(of["row_tiles"]) == 1 ? "" : "s", of["device"].get<std::string>(),
      of["seed"].get<std::string>(), of["siemens_per_unit"].get<double>(),
      of.contains("read_volt") ? fmt::format(", read at {:g} V", of["read_volt"].get<double>())
                               : "");
}

std::string rows_text(const ordered_json& of) {
  std::vector<const ordered_json*> driven;
  for (const ordered_json& row : of["rows"]) {
    if (integer(row["x"]) != 0) driven.push_back(&row);
  }
  const auto slices = static_cast<int64_t>(of["converters"].size());
  std::vector<std::string> header = {"row", "tile", "channel", "ky,kx", "x", "bits", "weight"};
  for (const char* sign : {"+", "-"}) {
    for (int64_t s = slices - 1; s >= 0; --s) {
      header.push_back(fmt::format("{}G slice {}", sign, s));
    }
  }
  const std::string table = folded(
      header, driven,
      [&](const ordered_json& row) {
        std::string bits;
        for (const ordered_json& bit : row["bits"]) bits.insert(0, std::to_string(integer(bit)));
        std::vector<std::string> line = {
            whole(row["row"]),
            whole(row["row_tile"]),
            whole(row["channel"]),
            fmt::format("{},{}", integer(row["kernel"][0]), integer(row["kernel"][1])),
            whole(row["x"]) + (row["padding"].get<bool>() ? " pad" : ""),
            bits,
            whole(row["weight"])};
        for (const char* polarity : {"positive", "negative"}) {
          for (int64_t s = slices - 1; s >= 0; --s) {
            const ordered_json& cell = row["slices"][static_cast<size_t>(s)][polarity];
            line.push_back(fmt::format("L{} {} ({:.2f})", integer(cell["level"]),
                                       integer(cell["g"]), cell["analog_g"].get<double>()));
          }
        }
        return line;
      },
      [](const std::vector<const ordered_json*>& rows) {
        return fmt::format("{} rows, {} to {}", rows.size(), integer((*rows.front())["row"]),
                           integer((*rows.back())["row"]));
      });
  const size_t quiet = of["rows"].size() - driven.size();
  std::string text = fmt::format(
      "\nInputs: {} kept rows; G of a cell is its level, the integer, and before its rounding\n",
      of["rows"].size());
  if (!driven.empty()) text += table;
  if (quiet > 0) text += counted(quiet, "row has", "rows have") + " an input of 0\n";
  return text;
}

std::string converters_text(const ordered_json& of) {
  std::string text =
      "\nConverters: raw = ((I + n) mult + offset + half) >> shift; v = gain (I + n) + offset\n";
  size_t slice = 0;
  for (const ordered_json& each : of["converters"]) {
    const int64_t shift = integer(each["shift"]);
    text += fmt::format(
        "slice {}: ((I + n) {} + {} + {}) >> {}, codes to {}, an LSB of {} level step{}; v = "
        "{:.6f} (I + n) + {:.4f}\n",
        slice++, integer(each["mult"]), integer(each["offset"]),
        shift > 0 ? int64_t{1} << (shift - 1) : 0, shift, integer(each["clip"]),
        integer(each["lsb"]), integer(each["lsb"]) == 1 ? "" : "s",
        each["analog_gain"].get<double>(), each["analog_offset"].get<double>());
  }
  return text;
}

// "131", "300 clip 255", "131 inl 132".
std::string code_text(const ordered_json& code) {
  std::string text = whole(code["raw"]);
  if (code["clipped"] != code["raw"]) text += " clip " + whole(code["clipped"]);
  if (code["code"] != code["clipped"]) text += " inl " + whole(code["code"]);
  return text;
}

std::string conversions_text(const ordered_json& of) {
  std::vector<const ordered_json*> shown;
  for (const ordered_json& each : of["conversions"]) {
    if (integer(each["driven"]) > 0 || integer(each["share"]) != 0) shown.push_back(&each);
  }
  const bool amperes = of.contains("read_volt");
  std::vector<std::string> header = {"tile", "plane", "slice", "driven"};
  for (const char* sign : {"+", "-"}) {
    for (const char* what : {"I", "n", "analog I"})
      header.push_back(fmt::format("{}{}", sign, what));
    if (amperes) header.push_back(fmt::format("{}uA", sign));
    header.push_back(fmt::format("{}v", sign));
    header.push_back(fmt::format("{}code", sign));
  }
  header.insert(header.end(), {"A+ - A-", "weight", "share of Y"});
  const std::string table = folded(
      header, shown,
      [&](const ordered_json& each) {
        std::vector<std::string> line = {whole(each["row_tile"]), whole(each["plane"]),
                                         whole(each["slice"]), whole(each["driven"])};
        for (const char* polarity : {"positive", "negative"}) {
          const ordered_json& code = each[polarity];
          line.push_back(whole(code["current"]));
          line.push_back(whole(code["noise"]));
          line.push_back(fmt::format("{:.2f}", code["analog_current"].get<double>()));
          if (amperes) line.push_back(real(code["analog_microamperes"]));
          line.push_back(real(code["analog_value"]) +
                         (code["analog_code"] == code["code"] ? "" : "*"));
          line.push_back(code_text(code));
        }
        line.push_back(
            std::to_string(integer(each["positive"]["code"]) - integer(each["negative"]["code"])));
        line.push_back(whole(each["weight"]));
        line.push_back(whole(each["share"]));
        return line;
      },
      [](const std::vector<const ordered_json*>& conversions) {
        int64_t sum = 0;
        for (const ordered_json* each : conversions) sum += integer((*each)["share"]);
        return fmt::format("{} pairs, {} of Y", conversions.size(), sum);
      });
  const size_t quiet = of["conversions"].size() - shown.size();
  std::string text =
      "\nConversions: I and n in units of G, analog beside the integers (* where its code "
      "differs)\n";
  if (!shown.empty()) text += table;
  if (quiet > 0) {
    text += counted(quiet, "pair has", "pairs have") + " no driven row and add nothing\n";
  }
  return text;
}

std::string result_text(const ordered_json& of) {
  std::string text = fmt::format(
      "\nY = {}, the sum of the shares (analog {:g}, within {:g} by the bound)\n"
      "v = Y + bias = {} + {} = {}\n",
      integer(of["sum"]), of["analog_sum"].get<double>(), of["sum_bound"].get<double>(),
      integer(of["sum"]), integer(of["bias"]), integer(of["v"]));
  if (!of.contains("requantizer")) return text + fmt::format("logit {}\n", integer(of["output"]));
  const ordered_json& by = of["requantizer"];
  return text + fmt::format("output = clamp(({} x {} + {}) >> {}, {}, {}) = {}\n", integer(of["v"]),
                            integer(by["mult"]), int64_t{1} << (integer(by["shift"]) - 1),
                            integer(by["shift"]), integer(by["low"]), integer(by["high"]),
                            integer(of["output"]));
}

}  // namespace

std::string explain_text(const ordered_json& explained) {
  return head(explained) + rows_text(explained) + converters_text(explained) +
         conversions_text(explained) + result_text(explained);
}

}  // namespace crosstwin::cli
