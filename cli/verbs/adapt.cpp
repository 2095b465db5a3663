// `crosstwin adapt`: the network and its chip fitted to each other, and what each part gains.
// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/adapt.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "adapt/recalibrate.hpp"
#include "adapt/remap.hpp"
#include "adapt/retrain.hpp"
#include "cli/fitted.hpp"
#include "cli/log.hpp"
#include "cli/place.hpp"
#include "cli/table.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "compress/layout/map.hpp"
#include "twin/monte_carlo.hpp"
#include "twin/program.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

// Names how a chip is adapted; another number leaves all earlier records aside.
constexpr int kRecordVersion = 1;

// Chips that a network for all chips is trained on, where they are remapped.
constexpr int32_t kRemappedChips = 32;
constexpr uint64_t kTrainingChips = 0x747261696E;  // "train"

struct Parts {
  bool remap = false;
  bool recalibrate = false;
  bool retrain = false;

  int count() const { return int{remap} + int{recalibrate} + int{retrain}; }
};

Parts read_parts(const std::vector<std::string>& words) {
  Parts parts;
  for (const std::string& word : words) {
    bool* part = word == "remap"         ? &parts.remap
                 : word == "recalibrate" ? &parts.recalibrate
                 : word == "retrain"     ? &parts.retrain
                                         : nullptr;
    if (part == nullptr) {
      throw ir::Error({"adapt.parts", "no such part", "remap, recalibrate, retrain", word});
    }
    if (*part) {
      throw ir::Error(
          {"adapt.parts", "a part is asked for twice", "each once", word, "remove one of the two"});
    }
    *part = true;
  }
  if (parts.count() == 0) {
    throw ir::Error({"adapt.parts", "no part is asked for", "remap, recalibrate, retrain", "none"});
  }
  return parts;
}

// One chip with some parts done.
struct Adapted {
  ir::Design design;
  ir::Chip chip;
  std::vector<adapt::RemapReport> remap;
  std::vector<adapt::RecalibrateReport> recalibrate;
};

class Adaptation {
 public:
  explicit Adaptation(Context& context)
      : context_(context),
        config_(context.config),
        data_(context.data()),
        parts_(read_parts(config_.adapt.parts)),
        compressed_(ir::load_network(context.run.compressed())),
        design_(layout::map(compressed_, config_.layout)),
        known_(config_.remap == RemapSetting::cells ? adapt::Known::kCells
                                                    : adapt::Known::kFaults) {
    check_spare_columns(config_.spare_columns, design_.layout);
    if (fs::exists(context.run.design())) {
      refuse_fitted(context.run, ir::load_design(context.run.design()));
    }
    const data::Dataset& split = config_.adapt.validation ? data_.validation : data_.test;
    images_ = config_.adapt.images == 0 ? split : data::head(split, config_.adapt.images);
  }

  ordered_json run() {
    const AdaptSettings& settings = config_.adapt;
    ordered_json rows = ordered_json::array();
    const auto row = [&](const std::string& name, const Parts& parts) {
      const twin::ChipStatistics of = chips(name, parts);
      rows.push_back({{"chips", name},
                      {"mean", of.mean},
                      {"sigma", of.sigma},
                      {"half_width", of.half_width ? ordered_json(*of.half_width) : ordered_json()},
                      {"worst", of.worst},
                      {"best", of.best}});
    };
    row("as mapped", {});
    if (parts_.remap) row("remapped", {.remap = true});
    if (parts_.recalibrate) row("recalibrated", {.recalibrate = true});
    if (parts_.remap && parts_.recalibrate && parts_.retrain) {
      row("remapped, recalibrated", {.remap = true, .recalibrate = true});
    }
    if (parts_.retrain) row("retrained", {.retrain = true});
    if (parts_.count() > 1) row("all of these", parts_);

    const Adapted own = make(config_.seed, parts_);
    const fs::path dir = context_.run.dir() / "adapt";
    const ir::Network& learned = parts_.retrain ? network(config_.seed) : compressed_;
    mark_fitted(Run(dir), own.design, layout::map(learned, config_.layout), own.chip);
    ir::save_network(learned, Run(dir).compressed());
    ir::save_design(own.design, Run(dir).design());
    ir::save_chip(own.chip, Run(dir).chip());
    ir::write_file(Run(dir).config(), to_json(config_).dump(2) + "\n");

    ordered_json result = {{"device", config_.device.name},
                           {"seed", std::to_string(config_.seed)},
                           {"chips", settings.chips},
                           {"images", images_.size()},
                           {"split", settings.validation ? "validation" : "test"},
                           {"accuracy", rows},
                           {"remap", ordered_json::array()},
                           {"recalibrate", ordered_json::array()}};
    for (const adapt::RemapReport& report : own.remap) {
      result["remap"].push_back({{"stage", report.stage},
                                 {"error_before", report.error_before},
                                 {"error_after", report.error_after},
                                 {"weights", report.weights},
                                 {"wrong_before", report.wrong_before},
                                 {"wrong_after", report.wrong_after}});
    }
    for (const adapt::RecalibrateReport& report : own.recalibrate) {
      result["recalibrate"].push_back({{"stage", report.stage},
                                       {"error_before", report.error_before},
                                       {"error_after", report.error_after}});
    }
    if (parts_.retrain) {
      result["retrain"] = {{"for", config_.adapt.one_chip ? "chip" : "device"},
                           {"epochs", config_.adapt.epochs}};
    }
    result["adapted"] = dir.string();
    return result;
  }

 private:
  // The chip of a seed, with the parts.
  Adapted make(uint64_t seed, const Parts& parts) const {
    Adapted of;
    of.design = parts.retrain ? layout::map(network(seed), config_.layout) : design_;
    std::vector<ir::Placement> placements = adapt::in_order(of.design, config_.spare_columns);
    if (parts.remap) {
      // A network that was trained for one chip is for the places it was trained with.
      const bool trained_there = parts.retrain && config_.adapt.one_chip;
      adapt::Remapped remapped = remap(trained_there ? design_ : of.design, seed);
      placements = std::move(remapped.placements);
      of.remap = std::move(remapped.reports);
    }
    if (parts.recalibrate) {
      adapt::Recalibrated done = adapt::recalibrate(of.design, config_.device, seed,
                                                    data_.train.images, config_.adc, placements);
      of.design = std::move(done.design);
      of.chip = std::move(done.chip);
      of.recalibrate = std::move(done.reports);
    } else {
      of.chip = twin::program(of.design, config_.device, seed, data_.train.images, config_.adc,
                              nullptr, placements);
    }
    return of;
  }

  adapt::Remapped remap(const ir::Design& design, uint64_t seed) const {
    return adapt::remap(design, config_.device, seed, data_.train.images,
                        {known_, config_.spare_columns});
  }

  twin::ChipStatistics chips(const std::string& name, const Parts& parts) {
    if (parts.retrain) train(config_.seed);
    const ir::Design& named =
        parts.retrain && !config_.adapt.one_chip ? retrained_design_ : design_;
    const twin::Trial trial{named,          config_.device, config_.adc, data_.train.images,
                            images_.images, images_.labels};
    const std::string key = ir::content_hash(ordered_json{
        {"version", kRecordVersion},
        {"trial", twin::trial_key(trial)},
        {"parts", {parts.remap, parts.recalibrate, parts.retrain}},
        {"known", static_cast<int>(known_)},
        {"spare_columns", config_.spare_columns},
        {"one_chip", config_.adapt.one_chip && parts.retrain
                         ? training_text()
                         : ""}}.dump());
    twin::ChipRecord record(context_.run.monte_carlo() / (key + ".jsonl"), key);
    for (int32_t i = 0; parts.retrain && i < config_.adapt.chips; ++i) {
      if (!record.find(config_.seed + static_cast<uint64_t>(i))) {
        train(config_.seed + static_cast<uint64_t>(i));
      }
    }
    const twin::ChipRun run = twin::run_chips(
        [&](uint64_t seed) {
          const Adapted chip = make(seed, parts);
          return twin::evaluate(twin::Simulator(chip.design, chip.chip), images_.images,
                                images_.labels);
        },
        config_.seed, {config_.adapt.chips, 0}, record,
        [&](const twin::ChipStatistics& so_far) {
          if (so_far.chips == config_.adapt.chips) {
            info(
                fmt::format("adapt: {}: {} of {} chips", name, percent(so_far.mean), so_far.chips));
          }
        });
    return run.statistics;
  }

  bool faulty() const {
    const ir::Device& device = config_.device;
    return device.stuck_low + device.stuck_high > 0 || !device.fault_map.empty() ||
           known_ == adapt::Known::kCells;
  }

  nn::TrainConfig training() const {
    nn::TrainConfig training = config_.compress.retrain;
    training.epochs = config_.adapt.epochs;
    training.learning_rate = config_.adapt.learning_rate;
    training.seed = config_.seed;
    training.threads = context_.options.threads;
    training.weight_decay_conv = config_.train.weight_decay_conv;
    training.weight_decay_dense = config_.train.weight_decay_dense;
    return training;
  }
  // What a network for one chip depends on, beside its design, device and seed.
  std::string training_text() const {
    ordered_json all = to_json(config_);
    for (const char* measuring : {"chips", "images", "split"}) all["adapt"].erase(measuring);
    std::string text = std::to_string(adapt::kTrainingVersion);
    for (const char* section : {"seed", "dataset", "kinds", "retrain", "adapt"}) {
      text += all[section].dump();
    }
    return text;
  }

  // What the chips of a training are made of; `seed` is of the one it is for.
  adapt::Arrays arrays(uint64_t seed) const {
    adapt::Arrays arrays{.layout = config_.layout,
                         .device = config_.device,
                         .images = data_.train.images,
                         .adc = config_.adc,
                         .placements = adapt::in_order(design_, config_.spare_columns),
                         .recalibrated = parts_.recalibrate};
    if (parts_.remap && config_.adapt.one_chip) arrays.placements = remap(design_, seed).placements;
    return arrays;
  }

  // The retrained network: one for all seeds, or the seed's own.
  const ir::Network& network(uint64_t seed) const {
    return networks_.at(config_.adapt.one_chip ? seed : 0);
  }

  // Before chips that need it run in parallel.
  void train(uint64_t seed) {
    const bool one = config_.adapt.one_chip;
    if (networks_.count(one ? seed : 0) != 0) return;
    adapt::RetrainConfig config{.train = training(), .known = known_};
    if (one) config.chip = seed;
    // Chips apart from those that are measured, remapped as those will be.
    ir::Rng rng(config_.seed, kTrainingChips);
    for (int32_t i = 0; !one && parts_.remap && faulty() && i < kRemappedChips; ++i) {
      const uint64_t other = rng.next_u64();
      config.remapped.emplace_back(other, remap(design_, other).placements);
    }
    const std::string name = one ? fmt::format("chip_{}", seed) : "device";
    config.train.label = "adapt " + name;
    const fs::path checkpoint = context_.run.checkpoints() / "adapt" / (name + ".npz");
    if (!context_.options.resume) fs::remove(checkpoint);
    fs::create_directories(checkpoint.parent_path());
    config.train.checkpoint = checkpoint;
    ir::Network trained =
        adapt::retrain(compressed_, arrays(seed), data_.train, data_.validation, config);
    if (!one) retrained_design_ = layout::map(trained, config_.layout);
    networks_.emplace(one ? seed : 0, std::move(trained));
  }

  Context& context_;
  const Config& config_;
  const data::Splits& data_;
  Parts parts_;
  ir::Network compressed_;
  ir::Design design_;
  adapt::Known known_;
  data::Dataset images_;
  std::map<uint64_t, ir::Network> networks_;
  ir::Design retrained_design_;
};

ordered_json run(Context& context) { return Adaptation(context).run(); }

std::string line(const ordered_json& result) {
  const ordered_json& rows = result["accuracy"];
  return fmt::format(
      "{} chips of {}: {} as mapped, {} {}", result["chips"].get<int64_t>(),
      result["device"].get<std::string>(), percent(rows.front()["mean"].get<double>()),
      percent(rows.back()["mean"].get<double>()), rows.back()["chips"].get<std::string>());
}

std::string text(const ordered_json& result) {
  Table accuracy({fmt::format("{} chips, {} images", result["chips"].get<int64_t>(),
                              grouped(result["images"].get<int64_t>())),
                  "accuracy", "+-", "of a chip", "worst"});
  for (const ordered_json& row : result["accuracy"]) {
    accuracy.add({row["chips"].get<std::string>(), percent(row["mean"].get<double>()),
                  row["half_width"].is_null()
                      ? ""
                      : fmt::format("{:.2f}", 100 * row["half_width"].get<double>()),
                  fmt::format("{:.2f}", 100 * row["sigma"].get<double>()),
                  percent(row["worst"].get<double>())});
  }
  std::string all = accuracy.text();
  const auto share = [](const ordered_json& stage, const char* name) {
    return fmt::format("{:.2f}%", 100 * stage[name].get<double>());
  };
  if (!result["remap"].empty()) {
    Table table({"remapped, own chip", "weights", "wrong", "after", "weighted error", "after"});
    for (const ordered_json& stage : result["remap"]) {
      table.add({stage["stage"].get<std::string>(), grouped(stage["weights"].get<int64_t>()),
                 grouped(stage["wrong_before"].get<int64_t>()),
                 grouped(stage["wrong_after"].get<int64_t>()), share(stage, "error_before"),
                 share(stage, "error_after")});
    }
    all += "\n" + table.text();
  }
  if (!result["recalibrate"].empty()) {
    Table table({"recalibrated, own chip", "error of sums", "after"});
    for (const ordered_json& stage : result["recalibrate"]) {
      table.add({stage["stage"].get<std::string>(), share(stage, "error_before"),
                 share(stage, "error_after")});
    }
    all += "\n" + table.text();
  }
  if (result.contains("retrain")) {
    all += fmt::format("\nRetrained {} epochs for the {}, the twin in the forward pass.\n",
                       result["retrain"]["epochs"].get<int>(),
                       result["retrain"]["for"].get<std::string>());
  }
  const std::string dir = result["adapted"].get<std::string>();
  return all + fmt::format(
                   "\nThe adapted chip of seed {} is a run of its own:\n"
                   "  crosstwin generate --out {}\n"
                   "  crosstwin verify --out {} --images 200\n",
                   result["seed"].get<std::string>(), dir, dir);
}

}  // namespace

const Step& adapt_step() {
  static const Step step = {
      .name = "adapt",
      .summary = "fit network and chip to each other: remap, recalibrate, retrain",
      .reads = "OUT/compressed/, the device (chip.device), training, validation and test images",
      .writes =
          "OUT/adapt/: compressed, design and chip of the run's seed with all parts done, a "
          "run\n"
          "         that generate, verify and fpga take; OUT/results/adapt.json;\n"
          "         OUT/checkpoints/adapt/, OUT/monte_carlo/: what a run that was stopped goes on "
          "from",
      .example =
          "crosstwin adapt --out out/lenet5 --device reram_full --chips 20\n"
          "\nremap        places rows, columns and polarities of every tile around stuck cells, "
          "which\n"
          "             a test read has found; working cells make up for stuck partners. With\n"
          "             --set chip.remap=cells around what every cell is known to become\n"
          "recalibrate  sets converter ranges, biases and scales on the programmed chip, at its "
          "age\n"
          "retrain      learns on the twin of a chip: with --for device one of its own every "
          "step,\n"
          "             one network for all chips; with --for chip the known faults of each chip, "
          "a\n"
          "             network each\n"
          "\nEvery part is measured by itself and all together, on the same chips (seeds N, N+1, "
          "...)\n"
          "and test images. Choices are made on the validation images:\n"
          "         crosstwin adapt --out out/lenet5 --set adapt.split=validation --epochs 8\n"
          "         crosstwin adapt --out out/lenet5 --parts remap,recalibrate --time 1e6",
      .shortcuts = {{"--device", "chip.device",
                     "preset (" + std::string(ir::kDevicePresets) + ") or device file", "",
                     Shortcut::Form::text},
                    {"--time", "chip.device.time", "seconds that the chips have aged"},
                    {"--parts", "adapt.parts", "some of remap,recalibrate,retrain", "",
                     Shortcut::Form::list},
                    {"--for", "adapt.for", "device or chip: what retraining is for"},
                    {"--epochs", "adapt.epochs", "of retraining"},
                    {"--chips", "adapt.chips", "how many are drawn"},
                    {"--images", "adapt.images", "how many each answers; 0 = all"},
                    {"--spare-columns", "chip.spare_columns",
                     "physical columns of every column tile that the remap may use"}},
      .sections = {"seed", "dataset", "kinds", "retrain", "layout", "chip", "adapt"},
      .uses_data = true,
      .inputs = {{"compressed", "compress"}},
      .outputs = {"adapt"},
      .lends = "layout",
      .run = run,
      .line = line,
      .text = text};
  return step;
}

}  // namespace crosstwin::cli
