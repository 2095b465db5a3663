// A load is the memories of a second plan, made with every choice of the first one.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "compress/ir/error.hpp"
#include "compress/ir/json_reader.hpp"
#include "compress/ir/manifest.hpp"

namespace crosstwin::hwgen {
namespace {

// Memory numbers of xb_layer's configuration bus.
constexpr const char* kNoiseKeys = "noise_keys";
constexpr std::array kMemories = {"rows", "weights", "table",    "requant",
                                  "adc",  "inl",     kNoiseKeys, "noise"};
constexpr int32_t kKeyWords = 2;

int32_t memory_number(const std::string& holds) {
  const auto* const at = std::find(kMemories.begin(), kMemories.end(), holds);
  ir::check(at != kMemories.end(), "a memory has a number");
  return static_cast<int32_t>(at - kMemories.begin());
}

// What a parameter says about the chip, and how to get hardware and chip to agree.
struct Meaning {
  const char* parameter;
  const char* what;
  int32_t field_bits;  // of a packed vector's element; 0: a number
  const char* fix;
};
constexpr const char* kShape = "load a network with the layers, sizes and settings of the RTL's";
constexpr const char* kRange =
    "program this chip with --ranges-of the run that the RTL is of (or both with chip.adc_range "
    "lossless), or generate the RTL from this chip";
constexpr const char* kDevice =
    "program a device with the same, or generate the RTL from a chip of this device";
constexpr const char* kNoiseShift =
    "program both chips from one device and one layout, which the shift follows from, and generate "
    "the RTL again";
constexpr std::array kMeanings = {
    Meaning{"PerCell", "one conductance a cell", 0,
            "generate the RTL with generate.per_cell, so that it holds chips whose cells differ"},
    Meaning{"GBits", "bits of a conductance", 0,
            "generate the RTL from the chip with the larger conductances, then load the other one"},
    Meaning{"AdcShift", "the converters' shifts, slice 0 first", 5, kRange},
    Meaning{"Lsb", "level steps an ADC code stands for, slice 0 first", 16, kRange},
    Meaning{"LsbBits", "bits of a column's own level steps", 0, kRange},
    Meaning{"Inl", "a table of the converters' non-linearity", 0, kDevice},
    Meaning{"Noise", "read noise", 0, kDevice},
    Meaning{"NoiseMult", "gains of the read noise, slice 0 first", 16, kDevice},
    Meaning{"NoiseRows", "gains of the read noise by driven rows", 0, kDevice},
    Meaning{"NoiseShift", "shift of the read noise", 0, kNoiseShift},
    Meaning{"InBits", "bits of an activation", 0, kShape},
    Meaning{"OutLow", "least output", 0, kShape},
    Meaning{"OutHigh", "largest output", 0, kShape},
};

// "10'h0c3" of 5 bits an element as "3, 6"; a flag as yes or no; anything else as it stands.
std::string readable(const std::string& value, int32_t field_bits) {
  if (value == "1'b0" || value.empty()) return "no";
  if (value == "1'b1") return "yes";
  const size_t hex = value.find("'h");
  if (field_bits == 0 || hex == std::string::npos) return value;
  std::string bits;  // bit 0 first
  for (size_t at = value.size(); at > hex + 2; --at) {
    const int32_t digit = std::stoi(value.substr(at - 1, 1), nullptr, 16);
    for (int32_t bit = 0; bit < 4; ++bit) bits += (digit >> bit & 1) != 0 ? '1' : '0';
  }
  std::string text;
  const auto width = static_cast<size_t>(std::stoi(value.substr(0, hex)));
  for (size_t at = 0; at < width; at += static_cast<size_t>(field_bits)) {
    std::string field = bits.substr(at, static_cast<size_t>(field_bits));
    std::reverse(field.begin(), field.end());
    text += fmt::format("{}{}", text.empty() ? "" : ", ", std::stoi(field, nullptr, 2));
  }
  return text;
}

// Contents of memories, and what is written beside them.
bool written(const std::string& parameter) {
  return parameter.ends_with("Image") || parameter == "NoiseKeys";
}

// Hardware that a load leaves as it is, and that tells one shape from another.
bool compared(const std::string& module) {
  return module == "xb_layer" || module == "xb_max_pool" || module == "xb_unpack" ||
         module == "xb_argmax";
}

std::string parameter_of(const Instance& instance, const std::string& name) {
  for (const Binding& binding : instance.parameters) {
    if (binding.name == name) return binding.value;
  }
  return {};
}

// plan.json of the RTL.
class Hardware {
 public:
  explicit Hardware(const std::filesystem::path& dir)
      : file_((dir / "plan.json").string()), document_(ir::read_json(file_)) {
    const ir::JsonReader json = reader();
    json.at("schema_version").integer(Plan::kSchemaVersion, Plan::kSchemaVersion);
    if (json.at("writable").boolean()) return;
    throw ir::Error({file_ + ": $.writable", "the memories of this RTL cannot be written", "true",
                     "false", "generate it with --writable"});
  }

  // Layers and their sizes, before a plan would complain about choices that no one made.
  void check_layers(const ir::Design& design) const {
    std::vector<std::string> ours;
    std::vector<std::string> theirs;
    for (const ir::Stage& stage : design.stages) ours.push_back(stage.name);
    for (const ir::JsonReader& layer : reader().at("layers").items()) {
      theirs.push_back(layer.at("name").string());
    }
    if (ours != theirs) {
      throw ir::Error({file_ + ": $.layers", "the RTL has other layers than the design",
                       fmt::format("{}", fmt::join(theirs, ", ")),
                       fmt::format("{}", fmt::join(ours, ", ")), kShape});
    }
    for (size_t at = 0; at < ours.size(); ++at) {
      const auto* crossbar = std::get_if<ir::Crossbar>(&design.stages[at].kind);
      const ir::JsonReader layer = reader().at("layers").items()[at];
      if (layer.has("rows") != (crossbar != nullptr)) differ(ours[at], "kind", "", "", kShape);
      if (crossbar == nullptr) continue;
      const auto size = [&](const char* what, int64_t got) {
        const int64_t expected = layer.at(what).integer(1, INT32_MAX);
        if (got == expected) return;
        differ(ours[at], what, std::to_string(expected), std::to_string(got),
               fmt::format("compress the network to the sizes of the RTL's: layers.{}.rows and "
                           ".filters",
                           ours[at]));
      };
      size("rows", static_cast<int64_t>(crossbar->rows.size()));
      size("cols", static_cast<int64_t>(crossbar->bias.size()));
    }
  }

  PlanOptions options() const {
    PlanOptions options;
    options.writable = true;
    for (const ir::JsonReader& layer : reader().at("layers").items()) {
      if (!layer.has("form")) continue;
      const auto count = [&](const char* what) {
        return static_cast<int32_t>(layer.at(what).integer(1, INT32_MAX));
      };
      LayerOptions& of = options.layers[layer.at("name").string()];
      for (const Form form : {Form::kBitPlane, Form::kBitSerial, Form::kCollapsed}) {
        if (layer.at("form").string() == to_string(form)) of.form = form;
      }
      of.planes = count("planes");
      of.pe = count("pe");
      of.row_lanes = count("row_lanes");
      if (of.form != Form::kCollapsed) of.adc_lanes = count("adc_lanes");
      of.requant = layer.at("requant").string() == to_string(Requant::kSerial) ? Requant::kSerial
                                                                               : Requant::kParallel;
      of.dsp = layer.at("dsp").boolean();
      of.lines = count("lines");
    }
    for (const ir::JsonReader& instance : instances()) {
      const ir::JsonReader parameters = instance.at("parameters");
      if (!parameters.has("PerCell")) continue;
      options.per_cell = options.per_cell || parameters.at("PerCell").string() == "1'b1";
      const std::string bits = parameters.at("GBits").string();
      if (bits.empty() || bits.size() > 2 ||
          bits.find_first_not_of("0123456789") != std::string::npos) {
        parameters.at("GBits").fail("not a width", "1..16", bits, "generate the RTL again");
      }
      options.g_bits = std::stoi(bits);
      options.inl = options.inl || parameters.at("Inl").string() == "1'b1";
    }
    return options;
  }

  // Every parameter must be the same but what the memories hold.
  void check_same(const Plan& plan) const {
    const std::vector<ir::JsonReader> theirs = instances();
    std::vector<const Instance*> ours;
    for (const Instance& instance : plan.instances) {
      if (compared(instance.module)) ours.push_back(&instance);
    }
    ir::check(ours.size() == theirs.size(), "the same layers give the same instances");
    for (size_t at = 0; at < ours.size(); ++at) {
      const ir::JsonReader parameters = theirs[at].at("parameters");
      std::vector<std::string> names;
      for (const Binding& binding : ours[at]->parameters) names.push_back(binding.name);
      for (const std::string& name : parameters.keys()) names.push_back(name);
      for (const std::string& name : names) {
        if (written(name)) continue;
        const std::string expected = parameters.has(name) ? parameters.at(name).string() : "";
        const std::string got = parameter_of(*ours[at], name);
        if (expected == got) continue;
        const auto* const known =
            std::find_if(kMeanings.begin(), kMeanings.end(),
                         [&](const Meaning& meaning) { return meaning.parameter == name; });
        const bool found = known != kMeanings.end();
        const int32_t bits = found ? known->field_bits : 0;
        differ(ours[at]->name,
               found ? fmt::format("{} ({})", known->what, name) : "parameter " + name,
               readable(expected, bits), readable(got, bits), found ? known->fix : kShape);
      }
    }
  }

 private:
  ir::JsonReader reader() const { return {document_, file_}; }

  std::vector<ir::JsonReader> instances() const {
    std::vector<ir::JsonReader> list;
    for (const ir::JsonReader& instance : reader().at("instances").items()) {
      if (compared(instance.at("module").string())) list.push_back(instance);
    }
    return list;
  }

  [[noreturn]] void differ(const std::string& layer, const std::string& what,
                           const std::string& expected, const std::string& got,
                           const std::string& fix) const {
    throw ir::Error({fmt::format("{}: layer {}", file_, layer),
                     "the RTL is not of the chip's shape: " + what + " differ", expected, got,
                     fix});
  }

  std::string file_;
  nlohmann::json document_;
};

}  // namespace

uint32_t WritableMemory::chunk(int32_t word, int32_t index) const {
  if (image != nullptr) return image->chunk(word, index);
  return static_cast<uint32_t>(keys >> (32 * word));
}

std::vector<WritableMemory> writable_memories(const Plan& plan) {
  std::vector<WritableMemory> list;
  if (!plan.writable) return list;
  int32_t number = 0;
  for (const Layer& layer : plan.layers) {
    if (layer.kind == LayerKind::kMaxPool) continue;
    const size_t first = list.size();
    for (const Memory& memory : plan.memories) {
      if (memory.layer != layer.name) continue;
      const int32_t bits = memory.image.width();
      list.push_back({{layer.name, memory.holds, number, memory_number(memory.holds),
                       static_cast<int32_t>(memory.image.words()), (bits + 31) / 32},
                      bits,
                      &memory.image,
                      0});
    }
    if (layer.noise_keys) {
      list.push_back({{layer.name, kNoiseKeys, number, memory_number(kNoiseKeys), kKeyWords, 1},
                      32,
                      nullptr,
                      *layer.noise_keys});
    }
    std::sort(list.begin() + static_cast<int64_t>(first), list.end(),
              [](const WritableMemory& a, const WritableMemory& b) {
                return a.record.memory < b.record.memory;
              });
    ++number;
  }
  return list;
}

ir::Load load(const ir::Design& design, const ir::Chip& chip,
              const std::filesystem::path& rtl_dir) {
  ir::read_manifest(rtl_dir);  // for its checks: a folder edited by hand is not what plan.json says
  const Hardware hardware(rtl_dir);
  hardware.check_layers(design);
  const Plan made = plan(design, chip, hardware.options());
  hardware.check_same(made);
  ir::Load load;
  load.rtl_hash = ir::rtl_hash(rtl_dir);
  load.design_hash = made.design_hash;
  load.chip_hash = made.chip_hash;
  load.cycles_per_image = made.cycles_per_image;
  for (const WritableMemory& memory : writable_memories(made)) {
    const ir::LoadRecord& record = memory.record;
    load.records.push_back(record);
    load.beats.insert(load.beats.end(), {record.head(), 0, static_cast<uint32_t>(record.words)});
    for (int32_t word = 0; word < record.words; ++word) {
      for (int32_t index = 0; index < record.chunks; ++index) {
        load.beats.push_back(memory.chunk(word, index));
      }
    }
  }
  return load;
}

}  // namespace crosstwin::hwgen
