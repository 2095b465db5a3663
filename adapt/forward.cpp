// Weights to cells and back, in floats.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/forward.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "adapt/reference.hpp"
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/device_json.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/integers.hpp"
#include "compress/layout/map.hpp"
#include "compress/prune/crossbar.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/tile_shape.hpp"

namespace crosstwin::adapt {

namespace {

// [C] of a sum Y, in level steps: conversions round and are noisy independently of each other, and
// so are the driven cells of both polarities.
std::vector<double> conversion_noise(const twin::TileShape& shape, const ir::Device& device,
                                     const std::vector<int32_t>& lsb, const twin::CellNoise& cells,
                                     double driven) {
  ir::check(lsb.size() == static_cast<size_t>(shape.slices * shape.cols), "lsb is [S][C]");
  double planes = 0;
  for (int32_t b = 0; b < shape.planes; ++b) {
    planes +=
        static_cast<double>(shape.plane_weight(b)) * static_cast<double>(shape.plane_weight(b));
  }
  const double conversions = 2 * shape.row_tiles() * planes;
  std::vector<double> sigma;
  for (int32_t c = 0; c < shape.cols; ++c) {
    double variance = 0;
    for (int32_t s = 0; s < shape.slices; ++s) {
      const double step = lsb[static_cast<size_t>(s * shape.cols + c)];
      // Cells on their levels convert exactly at one step a code.
      const double rounding = (step * step - (device.ideal() ? 1 : 0)) / 12;
      const double read = device.read_noise * device.read_noise;
      const double of_cells = cells.variance[static_cast<size_t>(s)];
      variance += std::ldexp(conversions * (rounding + read) + 2 * driven * of_cells,
                             2 * shape.cell_bits * s);
    }
    sigma.push_back(std::sqrt(variance));
  }
  return sigma;
}

}  // namespace

ArrayModel::ArrayModel(const ir::Network& compressed, const ir::Layout& layout,
                       const ir::Device& device, std::span<const uint8_t> images,
                       const std::vector<std::vector<int32_t>>& lsb,
                       std::vector<ir::Placement> placements)
    : device_(ir::with_levels(device, 1 << layout.cell_bits)),
      layout_(layout),
      placements_(std::move(placements)) {
  if (!device.conductances.empty()) {
    throw ir::Error({device.place("conductances"), "are of cells that are programmed already",
                     "a device to be programmed", "a file",
                     "recalibrate that chip, or retrain with its fault_map"});
  }
  const ir::DeviceArrays arrays(device_);
  const ir::Design design = layout::map(compressed, layout);
  const int64_t count = std::min(twin::image_count(design, images), twin::kMaxCalibrationImages);
  const std::vector<RowStatistics> statistics =
      row_statistics(design, images.first(static_cast<size_t>(count * design.input.size())));
  const auto& input = std::get<ir::Input>(compressed.nodes.front().kind);
  double in_scale = ir::input_scale(compressed.nodes.front());
  for (const ir::Node& node : compressed.nodes) {
    const auto matrix = prune::as_crossbar(node);
    if (matrix) {
      const auto stage =
          std::find_if(design.stages.begin(), design.stages.end(),
                       [&](const ir::Stage& each) { return each.name == node.name; });
      ir::check(stage != design.stages.end(), "every layer with weights is a stage");
      Layer layer;
      layer.name = node.name;
      layer.stage = static_cast<size_t>(stage - design.stages.begin());
      layer.rows = static_cast<int32_t>(matrix->row_count());
      layer.cols = matrix->columns;
      layer.scale = *matrix->weight_scale;
      const auto& crossbar = std::get<ir::Crossbar>(stage->kind);
      layer.logits = crossbar.logits;
      layer.in_scale = in_scale;
      const size_t at = layers_.size();
      ir::check(at < lsb.size(), "every crossbar has its converters' steps");
      const int32_t area = crossbar.kernel_h * crossbar.kernel_w;
      for (size_t r = 0; r < crossbar.rows.size(); ++r) {
        const double zero = at == 0 ? input.zero[static_cast<size_t>(crossbar.rows[r] / area)] : 0;
        const double mean = statistics[at].mean[r];
        layer.zero.push_back(in_scale * zero);
        layer.mean.push_back(in_scale * (mean - zero));
        layer.variance.push_back(in_scale * in_scale * (statistics[at].square[r] - mean * mean));
      }
      layer.noise =
          conversion_noise(twin::tile_shape(design, *stage), device_, lsb[at],
                           twin::cell_noise(design, *stage, device_), statistics[at].driven);
      layers_.push_back(std::move(layer));
    }
    if (node.quant && !layers_.empty()) {
      layers_.back().edge = node.quant;
      in_scale = node.quant->scale;
    }
  }
  if (placements_.empty()) placements_.resize(layers_.size());
  for (size_t i = 0; arrays.has_faults() && i < layers_.size(); ++i) {
    layers_[i].faults = arrays.faults(design, design.stages[layers_[i].stage], placements_[i]);
  }
  ir::check(placements_.size() == layers_.size(), "there is a placement for every crossbar");
}

std::string ArrayModel::key() const {
  nlohmann::ordered_json names = {{"device", ir::device_json(device_)},
                                  {"device_files", ir::device_files_hash(device_)}};
  for (size_t i = 0; i < layers_.size(); ++i) {
    const ir::Placement& placement = placements_[i];
    names["layers"].push_back({layers_[i].noise, placement.spare_columns, placement.row_of,
                               placement.column_of, placement.swapped, placement.makes_up});
  }
  return ir::content_hash(names.dump());
}

void ArrayModel::quantize(size_t index, std::span<float> weight) const {
  const Layer& layer = layers_[index];
  const auto range = static_cast<float>(layout_.weight_range);
  for (size_t i = 0; i < weight.size(); ++i) {
    const float scale = layer.scale[i / static_cast<size_t>(layer.rows)];
    weight[i] = scale * std::clamp(std::round(weight[i] / scale), -range, range);
  }
}

void ArrayModel::to_codes(size_t index, std::span<float> values) const {
  const std::optional<ir::ActivationQuant>& edge = layers_[index].edge;
  if (!edge) return;
  const float scale = edge->scale;
  const auto top = static_cast<float>((1 << (edge->is_signed ? edge->bits - 1 : edge->bits)) - 1);
  // Below an unsigned edge the relu clips.
  for (float& value : values) {
    value = scale * std::clamp(std::round(value / scale), -top - 1, top);
  }
}

void ArrayModel::disturb(size_t index, const ChipDraw& chip, bool recalibrated,
                         std::span<float> weight, std::span<float> bias) const {
  using twin::Fault;
  const Layer& layer = layers_[index];
  const ir::Placement& placement = (chip.placements ? *chip.placements : placements_)[index];
  const twin::CellModel faults(device_, chip.faults);
  const twin::CellModel cells(device_, chip.cells);
  const double step = twin::level_step(device_);
  twin::TileShape physical;
  physical.rows = layer.rows;
  physical.cols = placement.columns(layer.cols, layout_.tile_cols);
  physical.slices = layout_.slices;
  quantize(index, weight);
  // [C]: of effective and own weights, weighted by the spread of the activations.
  std::vector<double> both(static_cast<size_t>(layer.cols));
  std::vector<double> square(both.size());
  std::vector<float> own(weight.begin(), weight.end());
  tbb::parallel_for(0, layer.cols, [&](int32_t c) {
    const auto column = static_cast<size_t>(c);
    const float scale = layer.scale[column];
    for (int32_t r = 0; r < layer.rows; ++r) {
      const size_t at = column * static_cast<size_t>(layer.rows) + static_cast<size_t>(r);
      const auto code = static_cast<int32_t>(std::lround(weight[at] / scale));
      double sum = 0;
      for (int32_t s = 0; s < layout_.slices; ++s) {
        twin::CellPlace place[2];
        Fault fault[2];
        int32_t level[2];
        for (int32_t p = 0; p < 2; ++p) {
          place[p] = {static_cast<int32_t>(layer.stage), placement.swap(c) ? 1 - p : p, s,
                      placement.row(r), placement.column(c, layout_.tile_cols)};
          fault[p] = layer.faults.empty()
                         ? faults.fault(place[p])
                         : static_cast<Fault>(layer.faults[physical.cell(
                               place[p].polarity, s, place[p].row, place[p].column)]);
          level[p] = ir::slice_code(code, p, s, layout_.cell_bits);
        }
        double g[2];
        for (int32_t p = 0; p < 2; ++p) {
          if (fault[p] != Fault::kNone) {
            g[p] = faults.stuck_at(fault[p]);
            continue;
          }
          const int32_t target = placement.makes_up && fault[1 - p] != Fault::kNone
                                     ? faults.made_up(level[p], level[1 - p], fault[1 - p])
                                     : level[p];
          g[p] = cells.aged(cells.program(target, place[p]).g, target, place[p]);
        }
        sum += std::ldexp((g[0] - g[1]) / step, layout_.cell_bits * s);
      }
      weight[at] = scale * static_cast<float>(sum);
      const double spread = layer.variance[static_cast<size_t>(r)];
      both[column] += spread * own[at] * weight[at];
      square[column] += spread * weight[at] * weight[at];
    }
  });
  if (!recalibrated) {
    for (size_t i = 0; i < own.size(); ++i) {
      const auto rows = static_cast<size_t>(layer.rows);
      bias[i / rows] += static_cast<float>(layer.zero[i % rows]) * (weight[i] - own[i]);
    }
    return;
  }
  if (layer.logits) {
    double all_both = 0;
    double all_square = 0;
    for (size_t c = 0; c < both.size(); ++c) {
      all_both += both[c];
      all_square += square[c];
    }
    both.assign(both.size(), all_both);
    square.assign(square.size(), all_square);
  }
  for (size_t c = 0; c < both.size(); ++c) {
    const double gain = square[c] > 0 && both[c] > 0 ? both[c] / square[c] : 1;
    double shift = 0;
    for (size_t r = 0; r < static_cast<size_t>(layer.rows); ++r) {
      const size_t at = c * static_cast<size_t>(layer.rows) + r;
      weight[at] = static_cast<float>(gain * weight[at]);
      shift += layer.mean[r] * (double{own[at]} - weight[at]);
    }
    bias[c] += static_cast<float>(shift);
  }
}

}  // namespace crosstwin::adapt
