// Writes and reads the folder of a load.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/load.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"

namespace crosstwin::ir {
namespace {

constexpr const char* kAgain = "run `crosstwin load` again";

std::string hex_lines(const std::vector<uint32_t>& beats) {
  std::string text;
  text.reserve(beats.size() * 9);
  for (const uint32_t beat : beats) {
    for (int32_t at = 28; at >= 0; at -= 4) text += "0123456789abcdef"[beat >> at & 0xf];
    text += '\n';
  }
  return text;
}

// Takes what hex_lines() gives and nothing else.
std::vector<uint32_t> read_lines(const std::string& text, const std::string& file) {
  std::vector<uint32_t> beats;
  for (size_t at = 0; at < text.size(); at += 9) {
    const std::string line = text.substr(at, 9);
    if (line.size() != 9 || line[8] != '\n' ||
        line.find_first_not_of("0123456789abcdef") != size_t{8}) {
      throw Error({file + ": line " + std::to_string(at / 9 + 1), "not a beat",
                   "eight hexadecimal digits", line.substr(0, line.find('\n')), kAgain});
    }
    beats.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
  }
  return beats;
}

void check_beats(const Load& load, const std::string& file) {
  int64_t at = 0;
  const auto beats = static_cast<int64_t>(load.beats.size());
  for (const LoadRecord& record : load.records) {
    const auto beat = [&](int64_t index) { return load.beats[static_cast<size_t>(at + index)]; };
    const bool whole = at + record.beats() <= beats;
    if (!whole || beat(0) != record.head() || beat(1) != 0 ||
        beat(2) != static_cast<uint32_t>(record.words)) {
      throw Error({file + ": line " + std::to_string(at + 1),
                   "not the record of " + record.layer + ", " + record.holds,
                   std::to_string(record.words) + " words of " + std::to_string(record.chunks) +
                       " beats behind its three",
                   whole ? "another" : "a cut file", kAgain});
    }
    at += record.beats();
  }
  if (at == beats) return;
  throw Error({file, "has beats behind its last record", std::to_string(at), std::to_string(beats),
               kAgain});
}

}  // namespace

std::string rtl_hash(const std::filesystem::path& rtl_dir) {
  return content_hash(read_file(rtl_dir / "plan.json"));
}

void save_load(const Load& load, const std::filesystem::path& dir) {
  const std::string text = hex_lines(load.beats);
  nlohmann::ordered_json json = {
      {"schema_version", Load::kSchemaVersion},    {"rtl_hash", load.rtl_hash},
      {"design_hash", load.design_hash},           {"chip_hash", load.chip_hash},
      {"cycles_per_image", load.cycles_per_image}, {"beats", load.beats.size()},
      {"beats_hash", content_hash(text)}};
  json["records"] = nlohmann::ordered_json::array();
  for (const LoadRecord& record : load.records) {
    json["records"].push_back({{"layer", record.layer},
                               {"holds", record.holds},
                               {"number", record.number},
                               {"memory", record.memory},
                               {"words", record.words},
                               {"chunks", record.chunks}});
  }
  write_dir(dir, [&](const std::filesystem::path& out) {
    write_file(out / "load.hex", text);
    write_file(out / "load.json", json.dump(2) + "\n");
  });
}

Load read_load(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "load.json";
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  json.at("schema_version").integer(Load::kSchemaVersion, Load::kSchemaVersion);
  json.only({"schema_version", "rtl_hash", "design_hash", "chip_hash", "cycles_per_image", "beats",
             "beats_hash", "records"});
  Load load;
  load.rtl_hash = json.at("rtl_hash").string();
  load.design_hash = json.at("design_hash").string();
  load.chip_hash = json.at("chip_hash").string();
  load.cycles_per_image = json.at("cycles_per_image").integer(1, INT64_MAX);
  for (const JsonReader& item : json.at("records").items()) {
    item.only({"layer", "holds", "number", "memory", "words", "chunks"});
    load.records.push_back({item.at("layer").string(), item.at("holds").string(),
                            static_cast<int32_t>(item.at("number").integer(0, 255)),
                            static_cast<int32_t>(item.at("memory").integer(0, 7)),
                            static_cast<int32_t>(item.at("words").integer(1, 1 << 24)),
                            static_cast<int32_t>(item.at("chunks").integer(1, 256))});
  }
  const std::filesystem::path beats = dir / "load.hex";
  const std::string text = read_file(beats);
  load.beats = read_lines(text, beats.string());
  check_beats(load, beats.string());
  const std::string hash = content_hash(text);
  if (json.at("beats_hash").string() != hash) {
    throw Error({beats.string(), "is not what load.json was written with",
                 json.at("beats_hash").string(), hash, kAgain});
  }
  json.at("beats").integer(static_cast<int64_t>(load.beats.size()),
                           static_cast<int64_t>(load.beats.size()));
  return load;
}

void check_records(const Load& load, const std::filesystem::path& rtl_dir) {
  const std::filesystem::path file = rtl_dir / "plan.json";
  const nlohmann::json document = read_json(file);
  const JsonReader json(document, file.string());
  const auto text = [](const LoadRecord& r) {
    return "layer " + r.layer + " (" + std::to_string(r.number) + "), " + r.holds + " (" +
           std::to_string(r.memory) + "), " + std::to_string(r.words) + " words of " +
           std::to_string(r.chunks) + " beats";
  };
  const std::vector<JsonReader> memories = json.at("memory_map").items();
  for (size_t at = 0; at < std::max(memories.size(), load.records.size()); ++at) {
    std::string expected = "no more records";
    if (at < memories.size()) {
      const auto count = [&](const char* member) {
        return static_cast<int32_t>(memories[at].at(member).integer(0, INT32_MAX));
      };
      expected = text({memories[at].at("layer").string(), memories[at].at("holds").string(),
                       count("number"), count("memory"), count("words"), count("chunks")});
    }
    const std::string got = at < load.records.size() ? text(load.records[at]) : "no record";
    if (got == expected) continue;
    throw Error({"load: $.records[" + std::to_string(at) + "]",
                 "not a memory of the RTL in " + rtl_dir.string(), expected, got, kAgain});
  }
}

}  // namespace crosstwin::ir
