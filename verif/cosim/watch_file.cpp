// Writes watch files and reads findings files.
// SPDX-License-Identifier: Apache-2.0
#include "verif/cosim/watch_file.hpp"

#include <cstring>
#include <fstream>
#include <string>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "verif/cosim/protocol.hpp"

namespace crosstwin::verif {
namespace {

template <class T>
void put(std::ofstream& out, const T* values, size_t count) {
  out.write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(count * sizeof(T)));
}

template <class T>
T take(const std::string& bytes, size_t& at) {
  ir::check(at + sizeof(T) <= bytes.size(), "a watch or findings file is whole");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  at += sizeof value;
  return value;
}

// The stages of the trace in the order of the design's instances.
std::vector<const twin::StageTrace*> stages_of(const ir::Manifest& design,
                                               const twin::Trace& trace) {
  std::vector<const twin::StageTrace*> stages;
  for (const std::string& layer : design.layers) {
    const twin::StageTrace* found = nullptr;
    for (const twin::StageTrace& stage : trace.stages) {
      if (stage.stage == layer) found = &stage;
    }
    if (found == nullptr) {
      throw ir::Error({(design.dir / "manifest.json").string(), "the twin has no such layer", layer,
                       "", "verify with the design and chip that it was generated from"});
    }
    stages.push_back(found);
  }
  return stages;
}

std::string instance_of(const ir::Manifest& design, const std::string& layer) {
  for (const auto& [instance, name] : design.layer_of) {
    if (name == layer) return instance;
  }
  throw ir::Bug("every layer of a manifest has an instance");
}

}  // namespace

int64_t watch_bytes(const twin::Trace& trace) {
  size_t bytes = 0;
  for (const twin::StageTrace& stage : trace.stages) {
    bytes += stage.adc.codes.size() * sizeof(uint16_t) + stage.output.size() * sizeof(int32_t);
  }
  return static_cast<int64_t>(bytes);
}

void write_watch(const std::filesystem::path& file, const ir::Manifest& design, bool codes,
                 int64_t before, int64_t begin, int64_t end,
                 const std::function<twin::Trace(int64_t)>& trace) {
  std::ofstream out(file, std::ios::binary);
  for (int64_t image = begin; image < end; ++image) {
    const twin::Trace values = trace(image);
    const auto stages = stages_of(design, values);
    const auto watched = [&](const twin::StageTrace& stage) {
      return codes && !stage.adc.codes.empty() && design.collapsed.count(stage.stage) == 0;
    };
    if (image == begin) {
      const WatchHeader header = {WatchHeader::kMagic, static_cast<uint32_t>(end - begin),
                                  static_cast<uint32_t>(before),
                                  static_cast<uint32_t>(stages.size())};
      put(out, &header, 1);
      for (const twin::StageTrace* stage : stages) {
        const std::string instance = instance_of(design, stage->stage);
        const auto u = [](int32_t value) { return static_cast<uint32_t>(value); };
        WatchLayer layer;
        layer.name_bytes = static_cast<uint32_t>(instance.size());
        if (watched(*stage)) {
          layer.positions = u(stage->adc.positions);
          layer.row_tiles = u(stage->adc.row_tiles);
          layer.columns = u(stage->adc.columns);
          layer.planes = u(stage->adc.planes);
          layer.slices = u(stage->adc.slices);
        }
        layer.beats = static_cast<uint32_t>(stage->output.size());
        put(out, &layer, 1);
        put(out, instance.data(), instance.size());
      }
    }
    for (const twin::StageTrace* stage : stages) {
      if (watched(*stage)) put(out, stage->adc.codes.data(), stage->adc.codes.size());
      put(out, stage->output.data(), stage->output.size());
    }
  }
  if (!out.flush()) {
    throw ir::Error({file.string(), "cannot be written", "room for what the twin expects", "",
                     "name another build folder, or compare fewer images"});
  }
}

Findings read_findings(const std::filesystem::path& file, const std::filesystem::path& watch,
                       const ir::Manifest& design) {
  const std::string bytes = ir::read_file(file);
  size_t at = 0;
  const auto header = take<FindingsHeader>(bytes, at);
  ir::check(header.magic == FindingsHeader::kMagic, "the simulator wrote a findings file");
  Findings findings;
  findings.codes = static_cast<int64_t>(header.codes);
  findings.beats = static_cast<int64_t>(header.beats);
  for (uint32_t image = 0; image < header.images; ++image) {
    findings.wrong.push_back(take<uint8_t>(bytes, at));
  }
  const Finding& first = header.first;
  if (first.what == Finding::kNone) return findings;
  findings.image = first.image;
  Difference difference;
  difference.layer = design.layers.at(first.layer);
  difference.what = first.what == Finding::kMissing ? Difference::What::kMissing
                    : first.what == Finding::kExtra ? Difference::What::kExtra
                                                    : Difference::What::kDiffers;
  difference.conversion = first.beat == 0;
  difference.expected = first.expected;
  difference.got = first.got;
  if (!difference.conversion) {
    difference.index = static_cast<int64_t>(first.index);
  } else {
    // The sizes of the layer are in the watch file: walk its head.
    std::ifstream in(watch, std::ios::binary);
    WatchHeader head;
    in.read(reinterpret_cast<char*>(&head), sizeof head);
    WatchLayer layer;
    for (uint32_t i = 0; i <= first.layer; ++i) {
      in.read(reinterpret_cast<char*>(&layer), sizeof layer);
      in.ignore(layer.name_bytes);
    }
    ir::check(in.good(), "a watch file has its layers");
    uint64_t rest = first.index;
    const auto digit = [&rest](uint32_t base) {
      const auto value = static_cast<int32_t>(rest % base);
      rest /= base;
      return value;
    };
    difference.polarity = digit(2);
    difference.slice = digit(layer.slices);
    difference.plane = digit(layer.planes);
    difference.column = digit(layer.columns);
    difference.row_tile = digit(layer.row_tiles);
    difference.position = static_cast<int32_t>(rest);
  }
  findings.first = difference;
  return findings;
}

}  // namespace crosstwin::verif
