// Errors of the pairs of cells that are not as they should be, and the assignments over them.
// SPDX-License-Identifier: Apache-2.0
#include "adapt/remap.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "adapt/assignment.hpp"
#include "adapt/reference.hpp"
#include "compress/ir/chip.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/error.hpp"
#include "twin/device.hpp"
#include "twin/program.hpp"
#include "twin/tile_shape.hpp"

namespace crosstwin::adapt {

namespace {

using twin::CellPlace;
using twin::Fault;

// The cells of one weight's place, both polarities and all slices: errors [slice][2 L - 1] in level
// steps of the slice, by the slice's signed value -(L - 1)..L - 1, its positive cell in array 0.
struct Pair {
  int32_t row = 0;
  int32_t column = 0;
  bool stuck = false;
  std::vector<float> error;
};

// The physical array of one crossbar: the pairs that are known to be off.
struct Cells {
  int32_t levels = 0;
  int32_t cell_bits = 0;
  int32_t slices = 0;
  std::vector<std::vector<Pair>> pairs;  // [physical row], by column

  // What a weight here is off by, in steps of the low slice; the sign is lost when swapped.
  double error(const Pair& pair, int32_t weight, bool swapped) const {
    const int32_t sign = (weight < 0) != swapped ? -1 : 1;
    double sum = 0;
    for (int32_t s = 0; s < slices; ++s) {
      const int32_t digit = std::abs(weight) >> (cell_bits * s) & ((1 << cell_bits) - 1);
      const int32_t at = s * (2 * levels - 1) + levels - 1 + sign * digit;
      sum += pair.error[static_cast<size_t>(at)] * static_cast<float>(1 << (cell_bits * s));
    }
    return sum;
  }
};

struct Chip {
  const ir::Design& design;
  const ir::Device& device;
  const ir::DeviceArrays& arrays;
  uint64_t seed;
};

Cells find_cells(const Chip& chip, size_t index, const RemapOptions& options, bool makes_up) {
  const ir::Stage& stage = chip.design.stages[index];
  const twin::TileShape shape = twin::tile_shape(chip.design, stage);
  const ir::Placement spares{.spare_columns = options.spare_columns};
  twin::TileShape physical = shape;
  physical.cols = spares.columns(shape.cols, chip.design.layout.tile_cols);
  const twin::CellModel model(chip.device, chip.seed);
  const double step = twin::level_step(chip.device);
  const std::vector<uint8_t> map = chip.arrays.has_faults()
                                       ? chip.arrays.faults(chip.design, stage, spares)
                                       : std::vector<uint8_t>();
  Cells cells{1 << shape.cell_bits, shape.cell_bits, shape.slices, {}};
  cells.pairs.resize(static_cast<size_t>(shape.rows));
  const auto means = [&](int32_t code) { return model.means()[static_cast<size_t>(code)]; };
  tbb::parallel_for(0, shape.rows, [&](int32_t r) {
    for (int32_t c = 0; c < physical.cols; ++c) {
      Pair pair{r, c, false, {}};
      for (int32_t s = 0; s < shape.slices; ++s) {
        CellPlace place[2];
        Fault fault[2];
        for (int32_t p = 0; p < 2; ++p) {
          place[p] = {static_cast<int32_t>(index), p, s, r, c};
          fault[p] = map.empty() ? model.fault(place[p])
                                 : static_cast<Fault>(map[physical.cell(p, s, r, c)]);
          pair.stuck = pair.stuck || fault[p] != Fault::kNone;
        }
        const auto conductance = [&](int32_t p, int32_t code, int32_t other_code) {
          if (fault[p] != Fault::kNone) return model.stuck_at(fault[p]);
          if (makes_up && fault[1 - p] != Fault::kNone) {
            code = model.made_up(code, other_code, fault[1 - p]);
          }
          return options.known == Known::kCells ? model.program(code, place[p]).g : means(code);
        };
        for (int32_t v = 1 - cells.levels; v < cells.levels; ++v) {
          const int32_t code[2] = {std::max(v, 0), std::max(-v, 0)};
          const double wanted = means(code[0]) - means(code[1]);
          const double got = conductance(0, code[0], code[1]) - conductance(1, code[1], code[0]);
          pair.error.push_back(static_cast<float>((got - wanted) / step));
        }
      }
      const bool off =
          std::any_of(pair.error.begin(), pair.error.end(), [](float e) { return e != 0; });
      if (off) cells.pairs[static_cast<size_t>(r)].push_back(std::move(pair));
    }
  });
  return cells;
}

// One crossbar and what its weights' errors cost.
struct Layer {
  const std::vector<int16_t>& weight;  // [R][C]
  int32_t rows = 0;
  int32_t cols = 0;
  int32_t tile_rows = 0;
  int32_t tile_cols = 0;
  std::vector<double> of_row;     // [R] a_r
  std::vector<double> of_column;  // [C] k_c

  int32_t at(int32_t r, int32_t c) const {
    return weight[static_cast<size_t>(r) * static_cast<size_t>(cols) + static_cast<size_t>(c)];
  }
  double cost(int32_t r, int32_t c) const {
    return of_row[static_cast<size_t>(r)] * of_column[static_cast<size_t>(c)];
  }
};

Layer make_layer(const ir::Design& design, const ir::Stage& stage, const RowStatistics& rows) {
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  Layer layer{crossbar.weight,
              static_cast<int32_t>(crossbar.rows.size()),
              stage.out.c,
              design.layout.tile_rows,
              design.layout.tile_cols,
              rows.square,
              {}};
  for (int32_t c = 0; c < layer.cols; ++c) {
    const auto at = static_cast<size_t>(c);
    const double scale = crossbar.logits ? 1 : std::ldexp(crossbar.mult[at], -crossbar.shift[at]);
    layer.of_column.push_back(scale * scale);
  }
  return layer;
}

// Logical index by physical one, -1 where a spare is not used.
std::vector<int32_t> inverse(const std::vector<int32_t>& of, size_t places) {
  std::vector<int32_t> back(places, -1);
  for (size_t i = 0; i < of.size(); ++i) back[static_cast<size_t>(of[i])] = static_cast<int32_t>(i);
  return back;
}

size_t places(const Layer& layer, const ir::Placement& placement) {
  return static_cast<size_t>(placement.columns(layer.cols, layer.tile_cols));
}

// Calls visit(r, c, pair) for every weight on a pair that is off.
template <class Visit>
void for_pairs(const Layer& layer, const Cells& cells, const ir::Placement& placement,
               const Visit& visit) {
  const std::vector<int32_t> column_at = inverse(placement.column_of, places(layer, placement));
  for (int32_t r = 0; r < layer.rows; ++r) {
    for (const Pair& pair : cells.pairs[static_cast<size_t>(placement.row(r))]) {
      const int32_t c = column_at[static_cast<size_t>(pair.column)];
      if (c >= 0) visit(r, c, pair);
    }
  }
}

double total_cost(const Layer& layer, const Cells& cells, const ir::Placement& placement) {
  double sum = 0;
  for_pairs(layer, cells, placement, [&](int32_t r, int32_t c, const Pair& pair) {
    const double error = cells.error(pair, layer.at(r, c), placement.swap(c));
    sum += layer.cost(r, c) * error * error;
  });
  return sum;
}

int64_t wrong_weights(const Layer& layer, const Cells& cells, const ir::Placement& placement) {
  int64_t wrong = 0;
  for_pairs(layer, cells, placement, [&](int32_t r, int32_t c, const Pair& pair) {
    const double error = cells.error(pair, layer.at(r, c), placement.swap(c));
    wrong += pair.stuck && std::abs(error) > 0.5 ? 1 : 0;
  });
  return wrong;
}

// The best rows for the columns as they are.
void place_rows(const Layer& layer, const Cells& cells, ir::Placement& placement) {
  const std::vector<int32_t> column_at = inverse(placement.column_of, places(layer, placement));
  const int32_t tiles = (layer.rows + layer.tile_rows - 1) / layer.tile_rows;
  tbb::parallel_for(0, tiles, [&](int32_t tile) {
    const int32_t first = tile * layer.tile_rows;
    const int32_t count = std::min(layer.tile_rows, layer.rows - first);
    std::vector<double> cost(static_cast<size_t>(count) * static_cast<size_t>(count));
    for (int32_t place = 0; place < count; ++place) {
      for (const Pair& pair : cells.pairs[static_cast<size_t>(first + place)]) {
        const int32_t c = column_at[static_cast<size_t>(pair.column)];
        if (c < 0) continue;
        for (int32_t r = 0; r < count; ++r) {
          const double error = cells.error(pair, layer.at(first + r, c), placement.swap(c));
          cost[static_cast<size_t>(r * count + place)] += layer.cost(first + r, c) * error * error;
        }
      }
    }
    const std::vector<int32_t> best = assign(cost, count, count);
    for (int32_t r = 0; r < count; ++r) {
      placement.row_of[static_cast<size_t>(first + r)] = first + best[static_cast<size_t>(r)];
    }
  });
}

// The best columns and polarities for the rows as they are.
void place_columns(const Layer& layer, const Cells& cells, ir::Placement& placement) {
  std::vector<std::vector<std::pair<int32_t, const Pair*>>> of_column(places(layer, placement));
  for (int32_t r = 0; r < layer.rows; ++r) {
    for (const Pair& pair : cells.pairs[static_cast<size_t>(placement.row(r))]) {
      of_column[static_cast<size_t>(pair.column)].emplace_back(r, &pair);
    }
  }
  const int32_t tiles = (layer.cols + layer.tile_cols - 1) / layer.tile_cols;
  tbb::parallel_for(0, tiles, [&](int32_t tile) {
    const int32_t first = tile * layer.tile_cols;
    const int32_t count = std::min(layer.tile_cols, layer.cols - first);
    const int32_t first_place = first + tile * placement.spare_columns;
    const int32_t there = count + placement.spare_columns;
    std::vector<double> cost(static_cast<size_t>(count) * static_cast<size_t>(there));
    std::vector<uint8_t> swap(cost.size());
    for (int32_t c = 0; c < count; ++c) {
      for (int32_t place = 0; place < there; ++place) {
        double sum[2] = {0, 0};
        for (const auto& [r, pair] : of_column[static_cast<size_t>(first_place + place)]) {
          for (int32_t swapped = 0; swapped < 2; ++swapped) {
            const double error = cells.error(*pair, layer.at(r, first + c), swapped != 0);
            sum[swapped] += layer.cost(r, first + c) * error * error;
          }
        }
        const auto at = static_cast<size_t>(c * there + place);
        cost[at] = std::min(sum[0], sum[1]);
        swap[at] = sum[1] < sum[0] ? 1 : 0;
      }
    }
    const std::vector<int32_t> best = assign(cost, count, there);
    for (int32_t c = 0; c < count; ++c) {
      const int32_t place = best[static_cast<size_t>(c)];
      placement.column_of[static_cast<size_t>(first + c)] = first_place + place;
      placement.swapped[static_cast<size_t>(first + c)] =
          swap[static_cast<size_t>(c * there + place)];
    }
  });
}

ir::Placement full_placement(const Layer& layer, int32_t spare_columns) {
  ir::Placement placement;
  placement.spare_columns = spare_columns;
  placement.row_of.resize(static_cast<size_t>(layer.rows));
  std::iota(placement.row_of.begin(), placement.row_of.end(), 0);
  for (int32_t c = 0; c < layer.cols; ++c) {
    placement.column_of.push_back(c + c / layer.tile_cols * spare_columns);
  }
  placement.swapped.assign(static_cast<size_t>(layer.cols), 0);
  return placement;
}

}  // namespace

Remapped remap(const ir::Design& design, const ir::Device& all_levels, uint64_t seed,
               std::span<const uint8_t> images, const RemapOptions& options) {
  ir::check_design(design, "design");
  ir::check_device(all_levels,
                   all_levels.source.empty() ? "device " + all_levels.name : all_levels.source);
  const ir::Device device = ir::with_levels(all_levels, 1 << design.layout.cell_bits);
  const ir::DeviceArrays arrays(device);
  const int64_t count = std::min(twin::image_count(design, images), twin::kMaxCalibrationImages);
  if (count == 0) {
    throw ir::Error({"remap", "no images to weigh errors with", "at least 1", "0"});
  }
  const std::vector<RowStatistics> statistics =
      row_statistics(design, images.first(static_cast<size_t>(count * design.input.size())));
  Remapped result;
  for (size_t i = 0; i < design.stages.size(); ++i) {
    const ir::Stage& stage = design.stages[i];
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    const Layer layer = make_layer(design, stage, statistics[result.placements.size()]);
    const Chip chip{design, device, arrays, seed};
    const Cells before = find_cells(chip, i, options, false);
    const Cells cells = find_cells(chip, i, options, true);
    ir::Placement placement = full_placement(layer, options.spare_columns);
    RemapReport report;
    report.stage = stage.name;
    double power = 0;
    for (int32_t r = 0; r < layer.rows; ++r) {
      for (int32_t c = 0; c < layer.cols; ++c) {
        const double weight = layer.at(r, c);
        power += layer.cost(r, c) * weight * weight;
        report.weights += weight != 0 ? 1 : 0;
      }
    }
    const auto relative = [&](double cost) { return power > 0 ? std::sqrt(cost / power) : 0; };
    report.error_before = relative(total_cost(layer, before, placement));
    report.wrong_before = wrong_weights(layer, before, placement);
    placement.makes_up = true;
    double cost = total_cost(layer, cells, placement);
    for (int32_t round = 0; round < options.rounds; ++round) {
      ir::Placement next = placement;
      place_rows(layer, cells, next);
      place_columns(layer, cells, next);
      const double better = total_cost(layer, cells, next);
      if (!(better < cost * (1 - 1e-6))) break;
      placement = std::move(next);
      cost = better;
    }
    report.error_after = relative(cost);
    report.wrong_after = wrong_weights(layer, cells, placement);
    result.placements.push_back(std::move(placement));
    result.reports.push_back(report);
  }
  return result;
}

std::vector<ir::Placement> in_order(const ir::Design& design, int32_t spare_columns) {
  std::vector<ir::Placement> placements;
  for (const ir::Stage& stage : design.stages) {
    if (!std::holds_alternative<ir::Crossbar>(stage.kind)) continue;
    placements.push_back({.spare_columns = spare_columns});
  }
  return placements;
}

}  // namespace crosstwin::adapt
