// Draws the cells of a crossbar row by row and tallies what was drawn.
// SPDX-License-Identifier: Apache-2.0
#include "twin/cells.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "compress/ir/chip.hpp"
#include "twin/device.hpp"
#include "twin/tile_shape.hpp"
#include "twin/wires.hpp"

namespace crosstwin::twin {

namespace {

// Count, mean and sum of squares about it: no cancellation, and sums of rows add up.
struct Tally {
  int64_t count = 0;
  double mean = 0;
  double squares = 0;
  double max = 0;

  void add(double value) { add({1, value, 0, std::abs(value)}); }
  void add(const Tally& other) {
    if (other.count == 0) return;
    const auto all = static_cast<double>(count + other.count);
    const double apart = other.mean - mean;
    mean += apart * static_cast<double>(other.count) / all;
    squares += other.squares +
               apart * apart * static_cast<double>(count) * static_cast<double>(other.count) / all;
    count += other.count;
    max = std::max(max, other.max);
  }
  Deviation deviation() const {
    const double variance = count > 1 ? squares / static_cast<double>(count - 1) : 0;
    return {count, mean, std::sqrt(variance), max};
  }
};

struct RowTally {
  int64_t stuck_low = 0;
  int64_t stuck_high = 0;
  Tally programmed, variation, aged;
  int64_t pulses = 0;
  int64_t unverified = 0;
  double joules = 0;

  void add(const RowTally& row) {
    stuck_low += row.stuck_low;
    stuck_high += row.stuck_high;
    programmed.add(row.programmed);
    variation.add(row.variation);
    aged.add(row.aged);
    pulses += row.pulses;
    unverified += row.unverified;
    joules += row.joules;
  }
};

}  // namespace

RealCells draw_real_cells(const ir::Design& design, size_t index, const ir::Device& device,
                          const ir::DeviceArrays& arrays, uint64_t seed,
                          const ir::Placement& placement, std::optional<uint64_t> fault_seed) {
  const ir::Stage& stage = design.stages[index];
  const auto& crossbar = std::get<ir::Crossbar>(stage.kind);
  const TileShape shape = tile_shape(design, stage);
  const CellModel model(device, seed);
  const CellModel fault_model(device, fault_seed.value_or(seed));
  const double step = level_step(device);
  const bool logarithm = device.lognormal && device.level_sigma.empty();
  std::vector<double> measured;
  std::vector<uint8_t> faults;
  if (arrays.has_conductances()) measured = arrays.conductances(design, stage);
  if (arrays.has_faults()) faults = arrays.faults(design, stage, placement);
  const int32_t tile_cols = design.layout.tile_cols;
  TileShape physical = shape;
  physical.cols = placement.columns(shape.cols, tile_cols);
  const auto fault_of = [&](const CellPlace& at) {
    if (faults.empty()) return fault_model.fault(at);
    return static_cast<Fault>(faults[physical.cell(at.polarity, at.slice, at.row, at.column)]);
  };

  const size_t size = shape.cell(2, 0, 0, 0);
  std::vector<double> fresh(size);
  std::vector<double> now(size);
  const auto draw_row = [&](int32_t p, int32_t s, int32_t r, RowTally& tally) {
    for (int32_t c = 0; c < shape.cols; ++c) {
      const size_t at = shape.cell(p, s, r, c);
      const int32_t weight = crossbar.weight[static_cast<size_t>(r) * shape.cols + c];
      int32_t code = ir::slice_code(weight, p, s, shape.cell_bits);
      const CellPlace place{static_cast<int32_t>(index), placement.swap(c) ? 1 - p : p, s,
                            placement.row(r), placement.column(c, tile_cols)};
      const Fault fault = fault_of(place);
      if (fault != Fault::kNone) {
        fresh[at] = now[at] = model.stuck_at(fault);
        ++(fault == Fault::kLow ? tally.stuck_low : tally.stuck_high);
        continue;
      }
      if (placement.makes_up) {
        CellPlace other = place;
        other.polarity = 1 - place.polarity;
        const Fault stuck = fault_of(other);
        if (stuck != Fault::kNone) {
          code = model.made_up(code, ir::slice_code(weight, 1 - p, s, shape.cell_bits), stuck);
        }
      }
      const Programmed cell =
          measured.empty() ? model.program(code, place) : Programmed{measured[at]};
      fresh[at] = cell.g;
      now[at] = model.aged(cell.g, code, place);
      const double level = model.means()[static_cast<size_t>(code)];
      tally.programmed.add((cell.g - level) / step);
      if (level > 0 && (!logarithm || cell.g > 0)) {
        tally.variation.add(logarithm ? std::log(cell.g / level) : cell.g / level - 1);
      }
      tally.aged.add((now[at] - fresh[at]) / step);
      tally.pulses += cell.pulses;
      tally.unverified += cell.verified ? 0 : 1;
      tally.joules += cell.joules;
    }
  };
  std::vector<RowTally> rows(static_cast<size_t>(2 * shape.slices * shape.rows));
  tbb::parallel_for(size_t{0}, rows.size(), [&](size_t i) {
    const auto row = static_cast<int32_t>(i);
    draw_row(row / shape.rows / shape.slices, row / shape.rows % shape.slices, row % shape.rows,
             rows[i]);
  });
  RowTally total;
  for (const RowTally& row : rows) total.add(row);

  Tally behind_wires;
  if (!device.wires.ideal()) {
    const WireOptions wires{device.wires.row_ohm,
                            device.wires.column_ohm,
                            device.wires.driver_ohm,
                            device.wires.sense_ohm,
                            device.wires.contacts == ir::Contacts::kDouble,
                            device.wires.pairs == ir::Pairs::kInterleaved};
    // Spare columns in nobody's use are at level 0.
    std::vector<uint8_t> used(static_cast<size_t>(physical.cols));
    for (int32_t c = 0; c < shape.cols; ++c)
      used[static_cast<size_t>(placement.column(c, tile_cols))] = 1;
    const auto fold = [&](std::vector<double>& g) {
      std::vector<double> arrays_g(physical.cell(2, 0, 0, 0));
      // visit(p, s, r) for every row of cells.
      const auto for_rows = [&](auto&& visit) {
        for (int32_t i = 0; i < 2 * shape.slices * shape.rows; ++i) {
          visit(i / shape.rows / shape.slices, i / shape.rows % shape.slices, i % shape.rows);
        }
      };
      const auto there = [&](int32_t p, int32_t s, int32_t r, int32_t c) -> double& {
        return arrays_g[physical.cell(placement.swap(c) ? 1 - p : p, s, placement.row(r),
                                      placement.column(c, tile_cols))];
      };
      for_rows([&](int32_t p, int32_t s, int32_t r) {
        for (int32_t c = 0; c < shape.cols; ++c) there(p, s, r, c) = g[shape.cell(p, s, r, c)];
        for (int32_t c = 0; c < physical.cols; ++c) {
          if (used[static_cast<size_t>(c)] != 0) continue;
          const CellPlace spare{static_cast<int32_t>(index), p, s, r, c};
          const Fault fault = fault_of(spare);
          double& cell = arrays_g[physical.cell(p, s, r, c)];
          cell = fault == Fault::kNone ? model.program(0, spare).g : model.stuck_at(fault);
          if (fault == Fault::kNone && &g == &now) cell = model.aged(cell, 0, spare);
        }
      });
      fold_layer(arrays_g, physical, tile_cols + placement.spare_columns, device.siemens_per_unit,
                 wires, device.place("wires") + ", stage " + stage.name);
      for_rows([&](int32_t p, int32_t s, int32_t r) {
        for (int32_t c = 0; c < shape.cols; ++c) g[shape.cell(p, s, r, c)] = there(p, s, r, c);
      });
    };
    const std::vector<double> own = now;
    fold(now);
    if (device.ages()) {
      fold(fresh);
    } else {
      fresh = now;
    }
    for (size_t i = 0; i < own.size(); ++i) behind_wires.add((now[i] - own[i]) / step);
  }

  RealCells cells;
  cells.fresh = std::move(fresh);
  cells.now = std::move(now);
  cells.report = {stage.name,
                  static_cast<int64_t>(size),
                  total.stuck_low,
                  total.stuck_high,
                  total.programmed.deviation(),
                  total.variation.deviation(),
                  total.aged.deviation(),
                  behind_wires.deviation(),
                  total.pulses,
                  total.unverified,
                  total.joules,
                  {}};
  return cells;
}

Cells draw_cells(const ir::Design& design, size_t index, const ir::Device& device,
                 const ir::DeviceArrays& arrays, uint64_t seed, const ir::Placement& placement) {
  const RealCells real = draw_real_cells(design, index, device, arrays, seed, placement);
  const auto rounded = [](const std::vector<double>& g) {
    std::vector<uint16_t> integers(g.size());
    std::transform(g.begin(), g.end(), integers.begin(), to_conductance);
    return integers;
  };
  return {rounded(real.fresh), rounded(real.now), real.report};
}

}  // namespace crosstwin::twin
