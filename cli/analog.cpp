// Comparing and tabulating.
// SPDX-License-Identifier: Apache-2.0
#include "cli/analog.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/table.hpp"
#include "compress/ir/error.hpp"
#include "twin/accuracy.hpp"

namespace crosstwin::cli {
using nlohmann::ordered_json;

std::vector<twin::AnalogTile> reference_of(const ir::Design& design, const ir::Chip& chip,
                                           const Config& config) {
  // A chip records the names of its files, not their folders.
  ir::Device device = chip.device;
  const auto find = [](const char* member, std::string& name, const std::string& path) {
    if (name.empty()) return;
    const std::string got = std::filesystem::path(path).filename().string();
    if (got != name) {
      throw ir::Error({std::string("chip.device.") + member,
                       "is not the file that the chip was programmed from", name,
                       got.empty() ? "none" : got, "name it, or run `crosstwin program` again"});
    }
    name = path;
  };
  find("conductances", device.conductances, config.device.conductances);
  find("fault_map", device.fault_map, config.device.fault_map);
  return twin::analog_tiles(design, chip, device);
}

void refuse_other_chips(const Context& context, const std::string& option) {
  const SimulateSettings& settings = context.config.simulate;
  const auto refuse = [&](const char* key, const char* other, bool asked) {
    if (!asked || !is_set(context.options, key)) return;
    throw ir::Error({option, std::string("looks at the run's own chip, given beside ") + other,
                     "one of the two", "both",
                     "run `crosstwin program --device DEVICE` first to look at a chip of another "
                     "device"});
  };
  refuse("simulate.variation", "--device", true);
  refuse("simulate.sweep", "--sweep", !settings.sweep.empty());
  refuse("simulate.chips", "--chips", settings.chips > 0);
}

ordered_json compare_analog(const ir::Design& design, const ir::Chip& chip, const Config& config,
                            const data::Dataset& images) {
  ordered_json layers = ordered_json::array();
  int64_t outside = 0;
  const std::vector<twin::AnalogTile> tiles = reference_of(design, chip, config);
  std::mutex mutex;
  auto last = std::chrono::steady_clock::now();
  const auto progress = [&](int64_t done) {
    const std::lock_guard lock(mutex);
    const auto now = std::chrono::steady_clock::now();
    if (done < images.size() && now - last < std::chrono::seconds(5)) return;
    last = now;
    info(fmt::format("simulate: analog reference: {} of {} images", done, images.size()));
  };
  for (const twin::AnalogStage& stage :
       twin::compare_analog(design, chip, tiles, images.images, 0, progress)) {
    outside += stage.outside + stage.sums_outside + stage.converters_outside;
    layers.push_back({{"layer", stage.stage},
                      {"conversions", stage.conversions},
                      {"codes_differing", stage.differing},
                      {"codes_near_a_boundary", stage.near},
                      {"largest_code_difference", stage.largest},
                      {"largest_current_difference", stage.current},
                      {"largest_share_of_current_bound", stage.current_share},
                      {"bound_for_any_input", stage.any_input_bound},
                      {"sums", stage.sums},
                      {"sums_differing", stage.sums_differing},
                      {"largest_share_of_sum_bound", stage.sums_share},
                      {"outside", stage.outside},
                      {"sums_outside", stage.sums_outside},
                      {"converters_outside", stage.converters_outside}});
  }
  info("simulate: analog reference: answers");
  const auto outputs = static_cast<int32_t>(design.stages.back().out.size());
  const std::vector<int32_t> ours =
      twin::classes(twin::Simulator(design, chip).logits(images.images), outputs);
  const std::vector<int32_t> theirs =
      twin::classes(twin::analog_logits(design, tiles, images.images), outputs);
  int64_t differing = 0;
  int64_t right = 0;
  int64_t reference_right = 0;
  for (size_t n = 0; n < ours.size(); ++n) {
    differing += ours[n] != theirs[n] ? 1 : 0;
    right += ours[n] == images.labels[n] ? 1 : 0;
    reference_right += theirs[n] == images.labels[n] ? 1 : 0;
  }
  const auto share = [&images](int64_t of) {
    return static_cast<double>(of) / static_cast<double>(images.size());
  };
  return {{"device", chip.device.name},
          {"seed", std::to_string(chip.seed)},
          {"images", images.size()},
          {"layers", layers},
          {"answers_differing", differing},
          {"accuracy", share(right)},
          {"reference_accuracy", share(reference_right)},
          {"outside", outside}};
}

std::string analog_table(const ordered_json& analog) {
  Table table({fmt::format("analog reference, {} images", grouped(analog["images"].get<int64_t>())),
               "codes", "differ", "may differ", "by at most", "LSB, any input", "units of I",
               "of the bound", "Y differ"});
  for (const ordered_json& layer : analog["layers"]) {
    const auto codes = layer["conversions"].get<double>();
    const auto share = [&](const char* part, double of) {
      return fmt::format("{:.3f}%", 100 * layer[part].get<double>() / of);
    };
    table.add({layer["layer"].get<std::string>(), grouped(layer["conversions"].get<int64_t>()),
               share("codes_differing", codes), share("codes_near_a_boundary", codes),
               std::to_string(layer["largest_code_difference"].get<int>()),
               fmt::format("{:.2f}", layer["bound_for_any_input"].get<double>()),
               fmt::format("{:.2f}", layer["largest_current_difference"].get<double>()),
               fmt::format("{:.2f}", layer["largest_share_of_current_bound"].get<double>()),
               share("sums_differing", layer["sums"].get<double>())});
  }
  const auto outside = analog["outside"].get<int64_t>();
  return table.text() +
         fmt::format("The chip is the run's own: device {}, seed {}.\n",
                     analog["device"].get<std::string>(), analog["seed"].get<std::string>()) +
         fmt::format(
             "The whole network: {} images answered differently, {} right by the twin and {} "
             "by the reference.\n",
             grouped(analog["answers_differing"].get<int64_t>()),
             percent(analog["accuracy"].get<double>()),
             percent(analog["reference_accuracy"].get<double>())) +
         (outside == 0
              ? "All conversions, sums and converters are within their bounds.\n"
              : grouped(outside) + " conversions, sums and converters are outside their bounds.\n");
}

}  // namespace crosstwin::cli
