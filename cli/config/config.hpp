// The configuration of a run: one JSON file, three scopes for what may differ per layer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "adapt/remap.hpp"
#include "cli/config/architecture.hpp"
#include "cli/config/fields.hpp"
#include "compress/data/dataset.hpp"
#include "compress/ir/device.hpp"
#include "compress/ir/layout.hpp"
#include "compress/nn/trainer.hpp"
#include "compress/recipe/compress.hpp"
#include "twin/adc.hpp"

namespace crosstwin::cli {

// What the plan chooses unless it is said here.
enum class FormSetting { automatic, bit_plane, bit_serial, faithful, collapsed };
enum class RequantSetting { automatic, serial, parallel };
enum class DspSetting { automatic, no, yes };

// How the weights are placed around the cells that are off; what is known of the cells.
enum class RemapSetting { off, faults, cells };

// What may differ per layer: "defaults", then "kinds", then "layers"; the later wins. An override
// of any of the three wins over the file.
struct LayerSettings {
  int32_t filters = 0;   // crossbar columns to keep; 0 = all
  int32_t rows = 0;      // crossbar rows to keep; 0 = all
  int32_t channels = 0;  // input channels to keep; 0 = all
  // 0 and automatic: the plan chooses.
  FormSetting form = FormSetting::automatic;
  int32_t planes = 0;     // accumulated at a time
  int32_t pe = 0;         // columns a pass
  int32_t row_lanes = 0;  // rows a cycle
  int32_t adc_lanes = 0;  // conversions a cycle
  RequantSetting requant = RequantSetting::automatic;
  DspSetting dsp = DspSetting::automatic;
  int32_t lines = 0;  // of the input that the window keeps
};

struct CompressSettings {
  recipe::Method method = recipe::Method::gradual;
  nn::TrainConfig retrain;  // the training that prunes; starts as a copy of the dense one's
  prune::GradualConfig gradual;
  prune::AdmmConfig admm;
  int32_t admm_epochs = 3;  // of each penalty
  float admm_learning_rate = 1e-3F;
  float distillation_alpha = 0;
  float distillation_temperature = 2;
  prune::PurifyConfig purify;
  quant::ActivationConfig activations;
  prune::AdmmConfig grid_admm = recipe::QuantizeConfig().admm;
  int32_t grid_epochs = 0;  // of each penalty; 0 = weights are moved to the grid at once
  float grid_learning_rate = 3e-4F;
};

struct SimulateSettings {
  int64_t images = 0;              // 0 = the whole test split
  ir::Device variation;            // beside the ideal device and the run's own chip
  int32_t chips = 3;               // drawn of it, at most; at each point of a sweep
  double half_width = 0;           // of the 95% interval, percentage points; 0 = all chips
  std::vector<std::string> sweep;  // one or two: twin/sweep.hpp
  bool events = false;             // count them on the run's own chip
  int64_t analog = 0;              // images compared with the analog reference
};

struct AdaptSettings {
  std::vector<std::string> parts = {"remap", "recalibrate", "retrain"};
  bool one_chip = false;  // retraining knows each chip's faults, and is for that chip
  int32_t epochs = 4;     // of retraining
  float learning_rate = 1e-3F;
  int32_t chips = 20;
  int64_t images = 1000;    // 0 = all of the split
  bool validation = false;  // the validation split instead of the test split
};

struct GenerateSettings {
  std::optional<double> target_fps;
  double clock_mhz = 50;
  std::string fit;  // a board; empty = none
  bool pareto = false;
  bool per_cell = false;
  bool writable = false;
};

struct VerifySettings {
  int64_t images = 1000;
  int64_t stall_images = 100;
  std::string depth = "outputs";  // "outputs", "layers" or "codes"
  std::string waves;              // "", "vcd" or "fst"
};

struct FpgaSettings {
  std::vector<std::string> boards = {"hx8k"};
  int32_t seeds = 3;
  double target_mhz = 0;
};

struct Config {
  Config();

  std::string name = "network";
  uint64_t seed = 1;
  data::Source dataset;
  std::vector<LayerSpec> network;
  nn::TrainConfig train;
  CompressSettings compress;
  ir::Layout layout;
  ir::Device device;
  twin::AdcOptions adc;
  std::filesystem::path ranges_of;  // run or chip that the converters' ranges come from; empty: adc
  RemapSetting remap = RemapSetting::off;
  int32_t spare_columns = 0;  // of every column tile
  SimulateSettings simulate;
  AdaptSettings adapt;
  GenerateSettings generate;
  VerifySettings verify;
  FpgaSettings fpga;
  std::map<std::string, LayerSettings> layers;  // resolved: every conv and dense of the network
};

// Reads `file` (empty: the defaults alone), then the overrides in order, each "section.key=value"
// with a JSON value, or else a string. Throws Error naming file, JSON path, and the nearest known
// key for an unknown one.
Config load_config(const std::filesystem::path& file, const std::vector<std::string>& overrides);

// Everything, defaults filled in and every layer spelled out; load_config() of it gives the same.
nlohmann::ordered_json to_json(const Config& config);

// One line a key: "train.epochs=10   passes over the training images (integer 1..100000)".
std::string describe(const Config& config);

}  // namespace crosstwin::cli
