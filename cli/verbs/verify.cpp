// `crosstwin verify`: the generated RTL in Verilator against the twin, zero tolerance.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/log.hpp"
#include "cli/table.hpp"
#include "cli/tools.hpp"
#include "cli/verbs/load.hpp"
#include "cli/verbs/verbs.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/manifest.hpp"
#include "verif/cosim/verify.hpp"

namespace crosstwin::cli {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

namespace {

// What turns the RTL into this chip, where it was generated for another one.
std::optional<ir::Load> load_of(const Run& run, const ir::Chip& chip) {
  const ir::Manifest rtl = ir::read_manifest(run.rtl());
  if (!rtl.writable || rtl.chip_hash == ir::chip_hash(chip)) return {};
  if (!fs::exists(load_dir(run))) return {};
  return ir::read_load(load_dir(run));
}

// Compares `images` test images; a mismatch leaves its report in OUT/verify/ and throws
// CheckFailed.
ordered_json compare(Context& context, const twin::Simulator& twin, const data::Dataset& images,
                     const ir::Load* load, bool stalls) {
  const std::vector<int32_t> logits = twin.logits(images.images);
  const auto bytes = static_cast<size_t>(images.shape.size());
  const verif::Vectors vectors = {
      .images = images.images,
      .logits = logits,
      .trace =
          [&](int64_t image) {
            return twin.fast_trace(
                std::span(images.images).subspan(static_cast<size_t>(image) * bytes, bytes),
                static_cast<uint32_t>(image));
          },
      .chip_hash = ir::chip_hash(twin.chip())};
  verif::Options options;
  options.scratch_dir = context.run.verify() / "work";
  if (const std::string& waves = context.config.verify.waves; !waves.empty()) {
    options.waves = context.run.verify() / ("mismatch." + waves);
  }
  options.depth = verif::depth_of(context.config.verify.depth);
  options.stalls = stalls;
  options.load = load;
  options.seed = context.config.seed;
  options.jobs = context.options.threads;
  info(fmt::format("verify: {} images{}", images.size(), stalls ? " with random stalls" : ""));
  const verif::Report report = verif::verify(context.run.rtl(), vectors, options);
  const std::string name = stalls ? "stalls.json" : "plain.json";
  ir::write_file(context.run.verify() / name, verif::to_json(report));
  verif::require_passed(report);
  ordered_json result = ordered_json::parse(verif::to_json(report));
  result["logits_equal"] = report.images * twin.outputs();
  return result;
}

ordered_json run(Context& context) {
  const std::vector<Tool> missing = missing_tools("verify", context.config);
  if (!missing.empty()) {
    throw ir::Error({"verify", "a program is missing", "", describe_missing(missing),
                     "install it, or stop before this step with build --stop-step generate"});
  }
  const ir::Design design = ir::load_design(context.run.design());
  const twin::Simulator twin(design, ir::load_chip(context.run.chip(), design));
  const std::optional<ir::Load> load = load_of(context.run, twin.chip());
  const ir::Load* const first = load ? &*load : nullptr;
  const VerifySettings& settings = context.config.verify;
  const data::Dataset images = data::head(context.data().test, settings.images);
  ordered_json result = {{"passed", true}, {"outputs", twin.outputs()}};
  // Only to record it: run_step() throws it again.
  try {
    result["plain"] = compare(context, twin, images, first, false);
    if (settings.stall_images > 0) {
      result["stalls"] =
          compare(context, twin, data::head(images, settings.stall_images), first, true);
    }
  } catch (const ir::CheckFailed& failed) {
    result["passed"] = false;
    result["failure"] = failed.what();
  }
  return result;
}

std::string equal(const ordered_json& part, const ordered_json& outputs) {
  const auto images = part["images"].get<int64_t>();
  std::string all = fmt::format("all {} logits of {} images equal ({} an image)",
                                grouped(part["logits_equal"].get<int64_t>()), grouped(images),
                                outputs.get<int>());
  const auto beats = part["beats"].get<int64_t>();
  const auto codes = part["codes"].get<int64_t>();
  if (beats > 0) all += fmt::format(", and {} layer outputs", grouped(beats));
  if (codes > 0) all += fmt::format(", and {} ADC codes", grouped(codes));
  if (!part["collapsed"].empty()) {
    all += fmt::format("; collapsed, so without codes: {}",
                       fmt::join(part["collapsed"].get<std::vector<std::string>>(), ", "));
  }
  return all;
}

std::string line(const ordered_json& result) {
  std::string all = equal(result["plain"], result["outputs"]);
  if (result.contains("stalls")) {
    all += fmt::format(", and of {} with random stalls",
                       grouped(result["stalls"]["images"].get<int64_t>()));
  }
  return all;
}

std::string text(const ordered_json& result) {
  const ordered_json& plain = result["plain"];
  std::string all = "RTL against twin: " + equal(plain, result["outputs"]) + "\n";
  if (const auto beats = plain["load_beats"].get<int64_t>(); beats > 0) {
    all += fmt::format("generated for another chip; {} beats of OUT/load made it this one\n",
                       grouped(beats));
  }
  if (result.contains("stalls")) {
    all += "with random stalls: " + equal(result["stalls"], result["outputs"]) + "\n";
  }
  return all + fmt::format(
                   "cycles an image: {} planned, {:.1f} measured; {:.0f} images/s in "
                   "Verilator\n",
                   grouped(plain["planned_cycles"].get<int64_t>()),
                   plain["measured_cycles"].get<double>(),
                   plain["images_per_second"].get<double>());
}

}  // namespace

Step verify_step() {
  return {
      .name = "verify",
      .summary = "hold the RTL against the twin: every logit, layer output or ADC code",
      .reads = "OUT/rtl/, OUT/design/, OUT/chip/, OUT/load/ where it is there, the test split",
      .writes =
          "OUT/verify/: plain.json, stalls.json; exit 3 on a mismatch. Compiled simulators are "
          "kept\n"
          "         in $CROSSTWIN_CACHE_DIR, else $XDG_CACHE_HOME/crosstwin, else "
          "~/.cache/crosstwin,\n"
          "         for all runs of one RTL text; at most 1 GiB",
      .example =
          "crosstwin verify --out out/lenet5 --images 10000 --stall-images 1000 --fst\n"
          "\nWritable RTL of another chip is first loaded with OUT/load (see crosstwin load).",
      .shortcuts = {{"--images", "verify.images", "test images compared"},
                    {"--stall-images", "verify.stall_images",
                     "of them again with random idle and back-pressure"},
                    {"--depth", "verify.depth", "outputs, layers or codes: what is compared", "",
                     Shortcut::Form::text},
                    {"--vcd", "verify.waves", "write waves of the first mismatch as VCD", "vcd"},
                    {"--fst", "verify.waves", "write waves of the first mismatch as FST", "fst"}},
      .sections = {"seed", "dataset", "verify"},
      .uses_data = true,
      .inputs = {{"design", "map"}, {"chip", "program"}, {"rtl", "generate"}},
      .outputs = {"verify"},
      .optional_inputs = {"load"},
      .run = run,
      .line = line,
      .text = text};
}

}  // namespace crosstwin::cli
