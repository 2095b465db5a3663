// Draws the cells, then sets the converters stage by stage.
// SPDX-License-Identifier: Apache-2.0
#include "twin/program.hpp"

#include <algorithm>
#include <bit>
#include <filesystem>

#include "compress/ir/device_arrays.hpp"
#include "compress/ir/error.hpp"
#include "twin/calibrate.hpp"
#include "twin/converter.hpp"
#include "twin/device.hpp"
#include "twin/stages.hpp"

namespace crosstwin::twin {

namespace {

void check_options(int64_t images, const AdcOptions& options) {
  if (options.measured() && images == 0) {
    throw ir::Error({"calibration", "no images to calibrate the converters with",
                     "images, or a range that needs none: worst_case, lossless",
                     to_string(options.range)});
  }
  if (!(options.percentile > 0 && options.percentile <= 1)) {
    throw ir::Error({"calibration.percentile", "out of range", "above 0 and at most 1",
                     std::to_string(options.percentile)});
  }
}

constexpr const char* kRangesOf = "name a run of a network of the same layers and layout";

// Given ranges have the design's crossbar stages, and a value for each slice and column.
void check_given(const ir::Design& design, const std::vector<ir::ConverterRange>& given) {
  if (given.empty()) return;
  std::vector<const ir::Stage*> stages;
  std::string expected;
  std::string got;
  for (const ir::Stage& stage : design.stages) {
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    stages.push_back(&stage);
    expected += " " + stage.name;
  }
  for (const ir::ConverterRange& range : given) got += " " + range.stage;
  if (got != expected) {
    throw ir::Error({"ranges", "are of other layers than the design's", expected.substr(1),
                     got.substr(1), kRangesOf});
  }
  const auto slices = static_cast<size_t>(design.layout.slices);
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].adc_shift.size() != slices) {
      throw ir::Error({"ranges of layer " + given[i].stage, "are of another number of slices",
                       std::to_string(slices), std::to_string(given[i].adc_shift.size()),
                       kRangesOf});
    }
    const size_t columns = slices * static_cast<size_t>(stages[i]->out.c);
    if (given[i].lsb.size() == columns) continue;
    throw ir::Error({"ranges of layer " + given[i].stage, "are of another number of columns",
                     std::to_string(columns) + " for all slices",
                     std::to_string(given[i].lsb.size()), kRangesOf});
  }
}

// The transfer for an LSB depends on the device: only one that is calibrated alike fits.
void check_shifts(const ir::ConverterRange& given, const ir::CrossbarChip& chip) {
  const auto list = [](const std::vector<int32_t>& values) {
    std::string text;
    for (const int32_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
    return text;
  };
  if (chip.adc_shift == given.adc_shift) return;
  throw ir::Error({"ranges of layer " + chip.stage,
                   "this device's converters have other shifts for these LSBs",
                   list(given.adc_shift), list(chip.adc_shift),
                   "program a device of the same levels, adc_gain_sigma, adc_bits and tile_rows"});
}

// One a crossbar, each a fit.
void check_placements(const ir::Design& design, const ir::Device& device,
                      std::span<const ir::Placement> placements) {
  if (placements.empty()) return;
  size_t count = 0;
  for (const ir::Stage& stage : design.stages) {
    const auto* crossbar = std::get_if<ir::Crossbar>(&stage.kind);
    if (crossbar == nullptr) continue;
    ir::check(count < placements.size(), "there is a placement for every crossbar");
    const ir::Placement& placement = placements[count++];
    ir::check_placement(placement, static_cast<int64_t>(crossbar->rows.size()), stage.out.c,
                        design.layout, "placement of " + stage.name);
    if (device.conductances.empty() || placement.in_order()) continue;
    throw ir::Error({device.place("conductances"), "are of cells that are programmed already",
                     "a device without them, or weights left in order", "a placement",
                     "give the chip's fault_map alone, or do not remap"});
  }
  ir::check(count == placements.size(), "there is a placement for every crossbar");
}

bool sits_at_table(const ir::Design& design, const ir::Stage& stage, const ir::CrossbarChip& chip,
                   const std::vector<uint16_t>& table) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  size_t at = 0;
  for (int32_t p = 0; p < 2; ++p) {
    for (int32_t s = 0; s < design.layout.slices; ++s) {
      for (const int16_t weight : crossbar.weight) {
        const int32_t code = ir::slice_code(weight, p, s, design.layout.cell_bits);
        if (chip.g[at++] != table[static_cast<size_t>(code)]) return false;
      }
    }
  }
  return true;
}

// All maps through one stage, without read noise; `chip` is null for a pool.
std::vector<int32_t> run_maps(const ir::Design& design, const Pipeline& pipeline, size_t index,
                              const ir::CrossbarChip* chip, std::span<const int32_t> maps) {
  const ir::Stage& stage = design.stages[index];
  const auto count = static_cast<int64_t>(maps.size()) / stage.in.size();
  std::vector<int32_t> out(static_cast<size_t>(count * stage.out.size()));
  std::unique_ptr<FastTile> tile;
  if (chip != nullptr) tile = std::make_unique<FastTile>(tile_shape(design, stage), *chip);
  for_image_blocks(
      count,
      [&](int64_t first, int64_t last) {
        const auto in = maps.subspan(first * stage.in.size(), (last - first) * stage.in.size());
        const auto to =
            std::span(out).subspan(first * stage.out.size(), (last - first) * stage.out.size());
        if (tile != nullptr) {
          FastTile::Scratch scratch;
          const BlockProduct product = [&](int64_t, int32_t block, const int32_t* x, int32_t* y) {
            tile->multiply_block(x, block, nullptr, y, scratch);
          };
          pipeline.run_maps(index, product, in, last - first, to);
          return;
        }
        for (int64_t n = 0; n < last - first; ++n) {
          max_pool(stage, in.subspan(n * stage.in.size(), stage.in.size()),
                   to.subspan(n * stage.out.size(), stage.out.size()));
        }
      },
      kTogether);
  return out;
}

}  // namespace

ir::Chip program(const ir::Design& design, const ir::Device& all_levels, uint64_t seed,
                 CalibrationImages images, const AdcOptions& options,
                 std::vector<CellReport>* reports, std::span<const ir::Placement> placements,
                 const StageHook& hook) {
  ir::check_design(design, "design");
  const int64_t count =
      options.measured() || hook ? std::min(image_count(design, images), kMaxCalibrationImages) : 0;
  check_options(count, options);
  check_given(design, options.given);
  ir::check_device(all_levels,
                   all_levels.source.empty() ? "device " + all_levels.name : all_levels.source);
  const ir::Device device = ir::with_levels(all_levels, 1 << design.layout.cell_bits);
  const ir::DeviceArrays arrays(device);
  check_placements(design, device, placements);
  const std::vector<int32_t> inputs =
      to_stream_order(images.first(static_cast<size_t>(count * design.input.size())), design.input);
  ir::Design adapted = design;
  const Pipeline pipeline(adapted);
  const std::vector<uint16_t> table = level_table(device);

  ir::Chip chip;
  chip.seed = seed;
  chip.noise_seed = seed;
  chip.device = device;
  for (std::string* path : {&chip.device.fault_map, &chip.device.conductances}) {
    *path = std::filesystem::path(*path).filename().string();  // the same chip from any folder
  }
  chip.shared_table = true;
  uint16_t max_g = *std::max_element(table.begin(), table.end());
  std::vector<std::vector<int32_t>> maps(design.stages.size());
  for (size_t i = 0; i < adapted.stages.size(); ++i) {
    ir::Stage& stage = adapted.stages[i];
    const int32_t source = pipeline.source(i);
    const std::vector<int32_t>& in = source < 0 ? inputs : maps[static_cast<size_t>(source)];
    if (std::holds_alternative<ir::PoolMax>(stage.kind)) {
      maps[i] = run_maps(adapted, pipeline, i, nullptr, in);
      continue;
    }
    ir::CrossbarChip crossbar;
    crossbar.stage = stage.name;
    if (!placements.empty()) crossbar.placement = placements[chip.crossbars.size()];
    Cells cells = draw_cells(design, i, device, arrays, seed, crossbar.placement);
    crossbar.g = options.aged ? cells.now : std::move(cells.fresh);
    calibrate(design, stage, device, options, in, pipeline.window(i), crossbar);
    const TileShape shape = tile_shape(design, stage);
    draw_converters(device, shape, seed, static_cast<int32_t>(i), crossbar, crossbar.placement,
                    design.layout.tile_cols);
    if (!options.given.empty()) check_shifts(options.given[chip.crossbars.size()], crossbar);
    const CellNoise noise = cell_noise(design, stage, device);
    set_read_noise(device, noise.variance, std::min(shape.rows, shape.tile_rows), crossbar);
    if (hook) hook(i, crossbar, in, std::get<ir::Crossbar>(stage.kind));
    check_sums(stage, max_abs_y(shape, crossbar), "stage " + stage.name);
    maps[i] = run_maps(adapted, pipeline, i, &crossbar, in);
    if (device.ages()) {
      crossbar.g = std::move(cells.now);
      check_sums(stage, max_abs_y(shape, crossbar), "stage " + stage.name);
    }
    if (reports != nullptr) {
      cells.report.noise = noise;
      reports->push_back(cells.report);
    }
    max_g = std::max(max_g, *std::max_element(crossbar.g.begin(), crossbar.g.end()));
    chip.shared_table = chip.shared_table && sits_at_table(design, stage, crossbar, table);
    chip.crossbars.push_back(std::move(crossbar));
  }
  chip.design_hash = ir::design_hash(adapted);
  if (chip.shared_table) chip.table = table;
  chip.g_bits = std::max(1, static_cast<int32_t>(std::bit_width(max_g)));
  return chip;
}

}  // namespace crosstwin::twin
