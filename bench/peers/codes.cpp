// One crossbar layer of given weights, inputs and device: every ADC code, for agree.py.
// SPDX-License-Identifier: Apache-2.0
//
// CASE holds case.npz (weight int16 [R][C], x uint8 [N][R]) and device.json; CASE/twin.npz gets
//   g         [2][S][R][C]                     the chip's conductances
//   codes     [N][row tile][C][plane][S][2]    of the fast tile, after the naive one gave the same
//   adc_mult, adc_offset [S][C], adc_shift [S] of the converters that were used
//   effective [2][S][R][C]                     only with wires: before rounding, units of G
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "compress/ir/device.hpp"
#include "compress/ir/device_arrays.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"
#include "twin/program.hpp"
#include "twin/tile.hpp"
#include "twin/wires.hpp"

namespace crosstwin {

namespace {

struct Options {
  std::filesystem::path folder;
  ir::Layout layout;
  int32_t dac_bits = 1;
  // Converters as given, the same for all columns, or as `program` sets them.
  int32_t mult = 0;
  int32_t shift = 0;
  int32_t offset = 0;
};

// One dense layer whose input is a map of R x 1 pixels: row r is pixel r.
ir::Design one_layer(const ir::Layout& layout, const ir::Array<int16_t>& weight) {
  const auto rows = static_cast<int32_t>(weight.shape[0]);
  const auto cols = static_cast<int32_t>(weight.shape[1]);
  ir::Design design;
  design.name = "layer";
  design.input = {1, rows, 1};
  design.layout = layout;
  ir::Crossbar crossbar;
  crossbar.kernel_h = rows;
  crossbar.kernel_w = 1;
  crossbar.pad_value = {0};
  for (int32_t r = 0; r < rows; ++r) crossbar.rows.push_back(r);
  crossbar.weight = weight.data;
  crossbar.bias.assign(static_cast<size_t>(cols), 0);
  crossbar.logits = true;
  ir::Stage stage;
  stage.name = "layer";
  stage.inputs = {"input"};
  stage.in = design.input;
  stage.out = {cols, 1, 1};
  stage.kind = std::move(crossbar);
  design.stages.push_back(std::move(stage));
  return design;
}

// All codes of one input by the fast tile; the naive one must give the same.
void run(const twin::TileShape& shape, const ir::CrossbarChip& chip, const twin::FastTile& tile,
         const std::vector<int32_t>& x, uint16_t* codes) {
  std::vector<int64_t> y(static_cast<size_t>(shape.cols));
  twin::FastTile::Scratch scratch;
  tile.codes(x, scratch, {}, codes, y);
  std::vector<int64_t> expected(y.size());
  const uint16_t* code = codes;
  twin::naive_tile(shape, chip, x, expected,
                   [&](int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int32_t value) {
                     ir::check(value == *code++, "the fast tile's codes are the naive one's");
                   });
  std::vector<int64_t> fast(y.size());
  tile.multiply(x, fast, scratch);
  ir::check(y == expected && fast == expected, "the fast tile's sums are the naive one's");
}

void write_codes(const Options& options) {
  const std::filesystem::path file = options.folder / "case.npz";
  const ir::Npz in = ir::read_npz(file);
  const auto& weight = ir::npz_member<int16_t>(in, "weight", {-1, -1}, file);
  const auto& x = ir::npz_member<uint8_t>(in, "x", {-1, weight.shape[0]}, file);
  const ir::Device device = ir::load_device((options.folder / "device.json").string());
  const ir::Design design = one_layer(options.layout, weight);
  const ir::Chip chip = twin::program(design, device, 1, x.data);
  ir::CrossbarChip layer = chip.crossbars[0];
  twin::TileShape shape = twin::tile_shape(design, design.stages[0]);
  if (options.dac_bits != 1) {
    shape.dac_bits = options.dac_bits;
    shape.planes = (8 + options.dac_bits - 1) / options.dac_bits;
  }
  if (options.mult != 0) {
    std::fill(layer.adc_mult.begin(), layer.adc_mult.end(), options.mult);
    std::fill(layer.adc_offset.begin(), layer.adc_offset.end(), options.offset);
    std::fill(layer.adc_shift.begin(), layer.adc_shift.end(), options.shift);
  }
  const twin::FastTile tile(shape, layer);
  ir::Array<uint16_t> codes;
  codes.shape = {x.shape[0], shape.row_tiles(), shape.cols, shape.planes, shape.slices, 2};
  codes.data.resize(static_cast<size_t>(ir::element_count(codes.shape)));
  const size_t each = codes.data.size() / static_cast<size_t>(x.shape[0]);
  for (size_t n = 0; n < static_cast<size_t>(x.shape[0]); ++n) {
    const auto first = x.data.begin() + static_cast<ptrdiff_t>(n) * shape.rows;
    run(shape, layer, tile, std::vector<int32_t>(first, first + shape.rows),
        codes.data.data() + n * each);
  }
  const std::vector<int64_t> cells = {2, shape.slices, shape.rows, shape.cols};
  ir::Npz out;
  if (!device.wires.ideal()) {
    std::vector<double> g = ir::DeviceArrays(device).conductances(design, design.stages[0]);
    twin::fold_layer(g, shape, options.layout.tile_cols, device.siemens_per_unit,
                     {.row_ohm = device.wires.row_ohm,
                      .column_ohm = device.wires.column_ohm,
                      .driver_ohm = device.wires.driver_ohm,
                      .sense_ohm = device.wires.sense_ohm},
                     "device.json: $.wires");
    out["effective"] = ir::Array<double>{cells, g};
  }
  out["g"] = ir::Array<uint16_t>{cells, layer.g};
  out["codes"] = std::move(codes);
  out["adc_mult"] = ir::Array<int32_t>{{shape.slices, shape.cols}, layer.adc_mult};
  out["adc_offset"] = ir::Array<int32_t>{{shape.slices, shape.cols}, layer.adc_offset};
  out["adc_shift"] = ir::Array<int32_t>{{shape.slices}, layer.adc_shift};
  ir::write_npz(options.folder / "twin.npz", out);
}

}  // namespace

}  // namespace crosstwin

int main(int argc, char** argv) try {
  crosstwin::Options options;
  crosstwin::ir::Layout& layout = options.layout;
  CLI::App app("Every ADC code of one crossbar layer");
  app.add_option("case", options.folder, "folder")->required()->check(CLI::ExistingDirectory);
  app.add_option("--tile-rows", layout.tile_rows, "rows of a tile");
  app.add_option("--tile-cols", layout.tile_cols, "columns of a tile");
  app.add_option("--slices", layout.slices, "slices of a weight");
  app.add_option("--cell-bits", layout.cell_bits, "bits of a slice");
  app.add_option("--adc-bits", layout.adc_bits, "bits of a code");
  app.add_option("--dac-bits", options.dac_bits, "input bits applied at once");
  app.add_option("--mult", options.mult, "of every converter, with --shift and --offset");
  app.add_option("--shift", options.shift, "2^shift of current mult + offset are one code");
  app.add_option("--offset", options.offset, "see --shift");
  CLI11_PARSE(app, argc, argv);
  crosstwin::write_codes(options);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "peer_codes: {}\n", error.what());
  return 1;
}
