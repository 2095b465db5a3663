// Finds the first inner value of a simulated image that differs from the twin's.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/locate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "verif/cosim/protocol.hpp"

namespace crosstwin::verif {
namespace {

constexpr int64_t kNever = -1;  // of a conversion or beat that did not happen

// What the RTL did in one layer, in the layout of the twin's trace.
struct Observed {
  std::vector<int64_t> codes;    // as CodeTrace::codes
  std::vector<int64_t> outputs;  // as StageTrace::output, but not sign-extended
  int32_t output_bits = 1;
};

size_t code_index(const twin::CodeTrace& t, int64_t position, int32_t row_tile, int32_t column,
                  int32_t plane, int32_t slice, int32_t polarity) {
  int64_t index = position;
  index = index * t.row_tiles + row_tile;
  index = index * t.columns + column;
  index = index * t.planes + plane;
  index = index * t.slices + slice;
  return static_cast<size_t>(index * 2 + polarity);
}

Observed observe(const twin::StageTrace& stage, const std::vector<ProbeRecord>& records) {
  Observed observed;
  observed.codes.assign(stage.adc.codes.size(), kNever);
  // The position of a conversion is how often the same (tile, column, plane, word) came before.
  std::vector<int64_t> positions(
      stage.adc.positions > 0 ? stage.adc.codes.size() / stage.adc.positions : 0, 0);
  for (const ProbeRecord& record : records) {
    if (record.row_tile < 0) {
      observed.outputs.push_back(record.value);
      observed.output_bits = record.plane;
      continue;
    }
    const int32_t slice = record.word / 2;
    const int32_t polarity = record.word % 2;
    ir::check(record.row_tile < stage.adc.row_tiles && record.column < stage.adc.columns &&
                  record.plane < stage.adc.planes && slice < stage.adc.slices,
              "a probe names a conversion that the layer does not have");
    const int64_t position = positions[code_index(stage.adc, 0, record.row_tile, record.column,
                                                  record.plane, slice, polarity)]++;
    if (position < stage.adc.positions) {
      observed.codes[code_index(stage.adc, position, record.row_tile, record.column, record.plane,
                                slice, polarity)] = record.value;
    }
  }
  observed.outputs.resize(stage.output.size(), kNever);
  return observed;
}

std::optional<Difference> compare(const twin::StageTrace& stage, const Observed& observed) {
  Difference difference;
  difference.layer = stage.stage;
  const twin::CodeTrace& adc = stage.adc;
  for (size_t at = 0; at < adc.codes.size(); ++at) {
    if (observed.codes[at] == adc.codes[at]) continue;
    auto rest = static_cast<int64_t>(at);
    const auto digit = [&rest](int32_t base) {
      const auto value = static_cast<int32_t>(rest % base);
      rest /= base;
      return value;
    };
    difference.what =
        observed.codes[at] == kNever ? Difference::What::kMissing : Difference::What::kDiffers;
    difference.conversion = true;
    difference.polarity = digit(2);
    difference.slice = digit(adc.slices);
    difference.plane = digit(adc.planes);
    difference.column = digit(adc.columns);
    difference.row_tile = digit(adc.row_tiles);
    difference.position = static_cast<int32_t>(rest);
    difference.expected = adc.codes[at];
    difference.got = observed.codes[at];
    return difference;
  }
  const bool is_signed = std::any_of(stage.output.begin(), stage.output.end(),
                                     [](int32_t value) { return value < 0; });
  const int64_t modulus = int64_t{1} << observed.output_bits;
  for (size_t at = 0; at < stage.output.size(); ++at) {
    difference.index = static_cast<int64_t>(at);
    difference.expected = stage.output[at];
    difference.got = observed.outputs[at];
    if (difference.got == kNever) {
      difference.what = Difference::What::kMissing;
      return difference;
    }
    if (is_signed && difference.got >= modulus / 2) difference.got -= modulus;
    if (difference.got != difference.expected) return difference;
  }
  return std::nullopt;
}

}  // namespace

std::string layers_file(const ir::Manifest& design, const twin::Trace& trace) {
  std::string text;
  for (const auto& [instance, layer] : design.layer_of) {
    const twin::StageTrace* found = nullptr;
    for (const twin::StageTrace& stage : trace.stages) {
      if (stage.stage == layer) found = &stage;
    }
    if (found == nullptr) {
      throw ir::Error({(design.dir / "manifest.json").string(), "the twin has no such layer", layer,
                       "", "verify with the design and chip that it was generated from"});
    }
    text += fmt::format("{} {} {}\n", instance, found->adc.codes.size(), found->output.size());
  }
  return text;
}

std::optional<Difference> first_difference(const ir::Manifest& design, const twin::Trace& trace,
                                           const std::filesystem::path& probes) {
  std::vector<std::string> layers;  // of the scopes
  std::istringstream scopes(ir::read_file(probes.string() + ".scopes"));
  for (std::string scope; std::getline(scopes, scope);) {
    const size_t begin = scope.find(design.top + ".") + design.top.size() + 1;
    layers.push_back(design.layer_of.at(scope.substr(begin, scope.find('.', begin) - begin)));
  }
  const std::string bytes = ir::read_file(probes);
  std::map<std::string, std::vector<ProbeRecord>> records;  // by layer
  for (size_t at = 0; at + sizeof(ProbeRecord) <= bytes.size(); at += sizeof(ProbeRecord)) {
    ProbeRecord record;
    std::memcpy(&record, bytes.data() + at, sizeof record);
    records[layers.at(record.scope)].push_back(record);
  }
  for (const twin::StageTrace& stage : trace.stages) {
    const auto difference = compare(stage, observe(stage, records[stage.stage]));
    if (difference) return difference;
  }
  return std::nullopt;
}

}  // namespace crosstwin::verif
