// Programs a chip a step from the twin's parts, and runs the twin's stages on blocks of training.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/forward.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "adapt/recalibrate.hpp"
#include "adapt/reference.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/integers.hpp"
#include "compress/layout/map.hpp"
#include "compress/nn/kernels.hpp"
#include "compress/prune/crossbar.hpp"
#include "twin/calibrate.hpp"
#include "twin/converter.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"

namespace crosstwin::adapt {

namespace {

Arrays checked(Arrays arrays) {
  if (!arrays.device.conductances.empty()) {
    throw ir::Error({arrays.device.place("conductances"),
                     "are of cells that are programmed already", "a device to be programmed",
                     "a file", "recalibrate that chip, or retrain with its fault_map"});
  }
  arrays.device = ir::with_levels(arrays.device, 1 << arrays.layout.cell_bits);
  return arrays;
}

ir::Device without_wires(ir::Device device) {
  device.wires = {};
  return device;
}

std::span<const uint8_t> first(std::span<const uint8_t> images, const ir::Design& design,
                               int64_t most) {
  const int64_t count = std::min(twin::image_count(design, images), most);
  return images.first(static_cast<size_t>(count * design.input.size()));
}

std::vector<int32_t> requantized(const ir::Crossbar& crossbar, const std::vector<int32_t>& sums) {
  const auto cols = static_cast<int32_t>(crossbar.bias.size());
  std::vector<int32_t> codes;
  codes.reserve(sums.size());
  for (size_t i = 0; i < sums.size(); i += static_cast<size_t>(cols)) {
    for (int32_t c = 0; c < cols; ++c) {
      codes.push_back(twin::requantize(crossbar, c, sums[i + static_cast<size_t>(c)]));
    }
  }
  return codes;
}

// Zeros take the last value before them; those in front take the first.
void fill(double* values, int32_t count, int32_t stride) {
  for (int32_t i = 1; i < count; ++i) {
    if (values[i * stride] == 0) values[i * stride] = values[(i - 1) * stride];
  }
  for (int32_t i = count - 1; i-- > 0;) {
    if (values[i * stride] == 0) values[i * stride] = values[(i + 1) * stride];
  }
}

// Of one tile with `stride` columns around it: zeros take the value of their neighbour in the row,
// rows of zeros those of the row beside them, and a tile of zeros is 1.
void fill_tile(double* values, int32_t rows, int32_t cols, int32_t stride) {
  for (int32_t r = 0; r < rows; ++r) fill(values + r * stride, cols, 1);
  for (int32_t c = 0; c < cols; ++c) fill(values + c, rows, stride);
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < cols; ++c) {
      double& value = values[r * stride + c];
      if (value == 0) value = 1;
    }
  }
}

}  // namespace

std::string arrays_key(const Arrays& arrays) {
  const ir::Layout& layout = arrays.layout;
  nlohmann::ordered_json names = {{"device", ir::device_json(arrays.device)},
                                  {"device_files", ir::device_files_hash(arrays.device)},
                                  {"layout",
                                   {layout.tile_rows, layout.tile_cols, layout.cell_bits,
                                    layout.slices, layout.weight_range, layout.adc_bits}},
                                  {"adc",
                                   {twin::to_string(arrays.adc.range), arrays.adc.percentile,
                                    twin::to_string(arrays.adc.per), arrays.adc.aged}},
                                  {"recalibrated", arrays.recalibrated},
                                  {"placements", nlohmann::ordered_json::array()}};
  for (const ir::ConverterRange& range : arrays.adc.given) {
    names["given"].push_back({range.stage, range.lsb, range.adc_shift});
  }
  for (const ir::Placement& placement : arrays.placements) {
    names["placements"].push_back({placement.spare_columns, placement.row_of, placement.column_of,
                                   placement.swapped, placement.makes_up});
  }
  return ir::content_hash(names.dump());
}

ChipForward::ChipForward(const ir::Network& compressed, Arrays arrays)
    : arrays_(checked(std::move(arrays))),
      bare_(without_wires(arrays_.device)),
      files_(arrays_.device),
      network_(compressed),
      design_(layout::map(compressed, arrays_.layout)),
      pipeline_(design_),
      fit_inputs_(
          twin::to_stream_order(first(arrays_.images, design_, kFitImages), design_.input)) {
  const auto& input = std::get<ir::Input>(compressed.nodes.front().kind);
  double in_scale = ir::input_scale(compressed.nodes.front());
  for (const ir::Node& node : compressed.nodes) {
    if (const auto matrix = prune::as_crossbar(node)) {
      const auto stage =
          std::find_if(design_.stages.begin(), design_.stages.end(),
                       [&](const ir::Stage& each) { return each.name == node.name; });
      ir::check(stage != design_.stages.end(), "every layer with weights is a stage");
      Layer layer;
      layer.name = node.name;
      layer.stage = static_cast<size_t>(stage - design_.stages.begin());
      layer.rows = static_cast<int32_t>(matrix->row_count());
      layer.cols = matrix->columns;
      layer.scale = *matrix->weight_scale;
      layer.in_scale = in_scale;
      layer.zero.assign(static_cast<size_t>(stage->in.c), 0);
      if (layers_.empty()) layer.zero = input.zero;
      layers_.push_back(std::move(layer));
    }
    if (node.quant && !layers_.empty()) layers_.back().out_scale = in_scale = node.quant->scale;
  }
  // Logits have one scale, but for columns of zeros, which may come without.
  Layer& last = layers_.back();
  last.out_scale = *std::max_element(last.scale.begin(), last.scale.end()) * last.in_scale;
  ir::check(arrays_.placements.empty() || arrays_.placements.size() == layers_.size(),
            "there is a placement for every crossbar");
  converters_.resize(layers_.size());
  chips_.resize(layers_.size());
  noise_.resize(layers_.size());
  tiles_.resize(layers_.size());
  attenuation_.resize(layers_.size());
}

ir::Network ChipForward::on_grid(const nn::Parameters& parameters) const {
  ir::Network network = network_;
  const auto range = static_cast<float>(arrays_.layout.weight_range);
  for (const Layer& layer : layers_) {
    const nn::LayerParameters& from = parameters.at(layer.name);
    const prune::CrossbarRef to = prune::crossbar(network, layer.name);
    *to.bias = from.bias;
    for (size_t i = 0; i < from.weight.size(); ++i) {
      // A column of zeros may come without a scale.
      const float scale = layer.scale[i / static_cast<size_t>(layer.rows)];
      (*to.weight)[i] =
          scale > 0 ? scale * std::clamp(std::round(from.weight[i] / scale), -range, range) : 0;
    }
  }
  return network;
}

const ir::Placement& ChipForward::placement(const ChipDraw& draw, size_t layer) const {
  static const ir::Placement in_order;
  const auto& all = draw.placements != nullptr ? *draw.placements : arrays_.placements;
  return all.empty() ? in_order : all[layer];
}

void ChipForward::set_ranges(const nn::Parameters& parameters, const ChipDraw& draw) {
  const ir::Design design = layout::map(on_grid(parameters), arrays_.layout);
  const auto& placements = draw.placements != nullptr ? *draw.placements : arrays_.placements;
  const auto images = first(arrays_.images, design, twin::kMaxCalibrationImages);
  const ir::Chip chip =
      arrays_.recalibrated
          ? recalibrate(design, arrays_.device, draw.faults, images, arrays_.adc, placements).chip
          : twin::program(design, arrays_.device, draw.faults, images, arrays_.adc, nullptr,
                          placements);
  twin::AdcOptions given;
  for (const ir::CrossbarChip& each : chip.crossbars)
    given.given.push_back({each.stage, each.lsb, {}});
  for (size_t i = 0; i < layers_.size(); ++i) {
    // Without the draws of its converters, which are every chip's own.
    converters_[i] = chip.crossbars[i];
    twin::calibrate(design, design.stages[layers_[i].stage], arrays_.device, given, {},
                    pipeline_.window(layers_[i].stage), converters_[i]);
    converters_[i].g.clear();
  }
}

std::vector<uint16_t> ChipForward::cells(size_t layer, const ChipDraw& draw, bool fold) {
  const ir::Placement& placed = placement(draw, layer);
  const size_t stage = layers_[layer].stage;
  const auto drawn = [&](const ir::Device& device) {
    return twin::draw_real_cells(design_, stage, device, files_, draw.cells, placed, draw.faults)
        .now;
  };
  std::vector<double> g = drawn(bare_);
  if (!arrays_.device.wires.ideal()) {
    const twin::TileShape shape = twin::tile_shape(design_, design_.stages[stage]);
    const int32_t tile_cols = arrays_.layout.tile_cols;
    twin::TileShape physical = shape;
    physical.cols = placed.columns(shape.cols, tile_cols);
    std::vector<double>& attenuation = attenuation_[layer];
    std::vector<double> folded;
    if (fold) {
      folded = drawn(arrays_.device);
      attenuation.assign(physical.cell(2, 0, 0, 0), 0);  // not known
    }
    ir::check(attenuation.size() == physical.cell(2, 0, 0, 0),
              "all placements have as many places");
    for (int32_t line = 0; line < 2 * shape.slices * shape.rows; ++line) {
      const int32_t p = line / shape.rows / shape.slices;
      const int32_t s = line / shape.rows % shape.slices;
      const int32_t r = line % shape.rows;
      for (int32_t c = 0; c < shape.cols; ++c) {
        const size_t at = shape.cell(p, s, r, c);
        double& there = attenuation[physical.cell(placed.swap(c) ? 1 - p : p, s, placed.row(r),
                                                  placed.column(c, tile_cols))];
        if (fold) {
          if (g[at] > 0) there = folded[at] / g[at];
          g[at] = folded[at];
        } else {
          g[at] *= there;
        }
      }
    }
    const int32_t width = tile_cols + placed.spare_columns;
    for (int32_t array = 0; fold && array < 2 * shape.slices; ++array) {
      for (int32_t r = 0; r < shape.rows; r += shape.tile_rows) {
        for (int32_t c = 0; c < physical.cols; c += width) {
          fill_tile(attenuation.data() + (array * shape.rows + r) * physical.cols + c,
                    std::min(shape.tile_rows, shape.rows - r), std::min(width, physical.cols - c),
                    physical.cols);
        }
      }
    }
  }
  std::vector<uint16_t> rounded(g.size());
  std::transform(g.begin(), g.end(), rounded.begin(), twin::to_conductance);
  return rounded;
}

void ChipForward::program(const nn::Parameters& parameters, const ChipDraw& draw, bool fold) {
  const ir::Design own = layout::map(on_grid(parameters), arrays_.layout);
  design_.stages = own.stages;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const size_t index = layers_[i].stage;
    const ir::Stage& stage = design_.stages[index];
    const twin::TileShape shape = twin::tile_shape(design_, stage);
    ir::CrossbarChip& chip = chips_[i];
    ir::check(!converters_[i].lsb.empty(), "ranges are set before a chip is programmed");
    chip = converters_[i];
    chip.g = cells(i, draw, fold);
    twin::draw_converters(arrays_.device, shape, draw.cells, static_cast<int32_t>(index), chip,
                          placement(draw, i), arrays_.layout.tile_cols);
    twin::set_read_noise(arrays_.device, twin::cell_noise(design_, stage, arrays_.device).variance,
                         std::min(shape.rows, shape.tile_rows), chip);
    noise_[i] = {shape, stage.out.h * stage.out.w, static_cast<int32_t>(i), chip, draw.noise};
    // A fit reads without noise.
    tiles_[i].emplace(shape, chip, arrays_.recalibrated ? twin::ReadNoise() : noise_[i]);
  }
  logit_gain_ = 1;
  if (arrays_.recalibrated) fit(own);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const ir::Stage& stage = design_.stages[layers_[i].stage];
    const twin::TileShape shape = twin::tile_shape(design_, stage);
    twin::check_sums(stage, twin::max_abs_y(shape, chips_[i]), "stage " + stage.name);
    if (arrays_.recalibrated && noise_[i].on()) tiles_[i].emplace(shape, chips_[i], noise_[i]);
  }
}

void ChipForward::fit(const ir::Design& own) {
  // By stage, what leaves it on the chip and by the design.
  std::vector<std::vector<int32_t>> of_chip(own.stages.size());
  std::vector<std::vector<int32_t>> of_design(own.stages.size());
  const int64_t images = static_cast<int64_t>(fit_inputs_.size()) / own.input.size();
  size_t next = 0;
  for (size_t i = 0; i < own.stages.size(); ++i) {
    const ir::Stage& stage = own.stages[i];
    const auto source = static_cast<size_t>(pipeline_.source(i));
    const bool starts = pipeline_.source(i) < 0;
    const std::vector<int32_t>& chip_in = starts ? fit_inputs_ : of_chip[source];
    const std::vector<int32_t>& design_in = starts ? fit_inputs_ : of_design[source];
    if (std::holds_alternative<ir::PoolMax>(stage.kind)) {
      of_chip[i] = run_maps(own, pipeline_, i, {}, chip_in);
      of_design[i] = run_maps(own, pipeline_, i, {}, design_in);
      continue;
    }
    const twin::FastTile& tile = *tiles_[next++];
    const auto sums = [&](const std::vector<int32_t>& maps, const twin::BlockProduct& product) {
      return column_sums(pipeline_.window(i), maps, stage.in.size(), stage.out.c, product);
    };
    const std::vector<int32_t> y =
        sums(chip_in, [&](int64_t, int32_t count, const int32_t* x, int32_t* to) {
          tile.multiply_block(x, count, nullptr, to, work_.local().scratch);
        });
    const std::vector<int32_t> product = sums(design_in, integer_product(stage));
    auto& crossbar = std::get<ir::Crossbar>(design_.stages[i].kind);
    const ColumnFit columns = fit_columns(stage.name, y, product, images, crossbar);
    if (crossbar.logits) {
      logit_gain_ = columns.logit_gain;
    } else {
      of_chip[i] = requantized(crossbar, y);
      of_design[i] = requantized(std::get<ir::Crossbar>(stage.kind), product);
    }
  }
}

void ChipForward::effective_weights(size_t index, std::span<float> weight) const {
  const Layer& layer = layers_[index];
  const ir::Stage& stage = design_.stages[layer.stage];
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const twin::TileShape shape = twin::tile_shape(design_, stage);
  const std::vector<uint16_t>& g = chips_[index].g;
  const double step = twin::level_step(arrays_.device);
  std::vector<double> scale;
  for (size_t c = 0; c < static_cast<size_t>(layer.cols); ++c) {
    const double gain =
        crossbar.logits ? logit_gain_ : std::ldexp(crossbar.mult[c], -int32_t{crossbar.shift[c]});
    scale.push_back(gain * layer.out_scale / layer.in_scale / step);
  }
  for (int32_t r = 0; r < layer.rows; ++r) {
    for (int32_t c = 0; c < layer.cols; ++c) {
      int64_t sum = 0;
      for (int32_t s = 0; s < shape.slices; ++s) {
        sum += (int64_t{g[shape.cell(0, s, r, c)]} - g[shape.cell(1, s, r, c)])
               << (shape.cell_bits * s);
      }
      weight[static_cast<size_t>(c) * static_cast<size_t>(layer.rows) + static_cast<size_t>(r)] =
          static_cast<float>(scale[static_cast<size_t>(c)] * static_cast<double>(sum));
    }
  }
}

void ChipForward::product(const std::string& node, int64_t block, const float* in,
                          float* out) const {
  constexpr int64_t kLanes = nn::kLanes;
  const auto found = std::find_if(layers_.begin(), layers_.end(),
                                  [&](const Layer& each) { return each.name == node; });
  ir::check(found != layers_.end(), "every layer with weights is a crossbar");
  const Layer& layer = *found;
  const auto index = static_cast<size_t>(found - layers_.begin());
  const ir::Stage& stage = design_.stages[layer.stage];
  // To codes, [16][h][w][c]. Values are codes but for the rounding of floats; the offset makes the
  // cut a rounding for negative ones too.
  constexpr int32_t kOffset = 1 << 16;
  Work& work = work_.local();
  work.in.resize(static_cast<size_t>(kLanes * stage.in.size()));
  const auto inverse = static_cast<float>(1 / layer.in_scale);
  const int64_t in_plane = int64_t{stage.in.h} * stage.in.w;
  for (int64_t c = 0; c < stage.in.c; ++c) {
    const int32_t zero = layer.zero[static_cast<size_t>(c)];
    for (int64_t p = 0; p < in_plane; ++p) {
      int32_t* to = work.in.data() + p * stage.in.c + c;
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        to[lane * stage.in.size()] =
            static_cast<int32_t>(*in++ * inverse + (kOffset + 0.5F)) - kOffset + zero;
      }
    }
  }
  work.out.resize(static_cast<size_t>(kLanes * stage.out.size()));
  const twin::FastTile& tile = *tiles_[index];
  const bool noisy = noise_[index].on();
  const int64_t positions = int64_t{stage.out.h} * stage.out.w;
  work.place.resize(twin::FastTile::kBlock);
  pipeline_.run_maps(
      layer.stage,
      [&](int64_t at, int32_t count, const int32_t* x, int32_t* y) {
        for (int64_t i = 0; noisy && i < count; ++i) {
          work.place[static_cast<size_t>(i)] = {
              static_cast<uint32_t>(block * kLanes + (at + i) / positions),
              static_cast<int32_t>((at + i) % positions)};
        }
        tile.multiply_block(x, count, noisy ? work.place.data() : nullptr, y, work.scratch);
      },
      work.in, kLanes, work.out);
  const bool logits = std::get<ir::Crossbar>(stage.kind).logits;
  const auto scale = static_cast<float>(logits ? logit_unit() : layer.out_scale);
  for (int64_t c = 0; c < stage.out.c; ++c) {
    for (int64_t p = 0; p < positions; ++p) {
      const int32_t* from = work.out.data() + p * stage.out.c + c;
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        *out++ = scale * static_cast<float>(from[lane * stage.out.size()]);
      }
    }
  }
}

}  // namespace crosstwin::adapt
