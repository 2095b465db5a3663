// Memories, multipliers and sums of an estimate; bench/estimator holds it against placed designs.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/estimate.hpp"

#include "hwgen/plan/structure.hpp"
#include "hwgen/plan/structure_parts.hpp"
#include "tests/catch.hpp"

using namespace crosstwin;
using namespace crosstwin::hwgen;
using ir::PartFamily;

TEST_CASE("A memory takes the fewest blocks that any of their shapes allows") {
  CHECK(block_rams({256, 16}, PartFamily::kIce40) == 1);
  CHECK(block_rams({257, 16}, PartFamily::kIce40) == 2);
  CHECK(block_rams({2048, 2}, PartFamily::kUp5k) == 1);
  CHECK(block_rams({2048, 8}, PartFamily::kIce40) == 4);
  CHECK(block_rams({512, 36}, PartFamily::kEcp5) == 1);
  CHECK(block_rams({512, 37}, PartFamily::kEcp5) == 2);
  CHECK(block_rams({16384, 1}, PartFamily::kGowin) == 1);
}

TEST_CASE("A writable memory is cut in chunks of 32 bits") {
  CHECK(block_rams({512, 36, true}, PartFamily::kEcp5) == 2);
  CHECK(block_rams({512, 64, true}, PartFamily::kEcp5) == 2);
  CHECK(block_rams({512, 65, true}, PartFamily::kEcp5) == 3);
}

TEST_CASE("Small memories lie in logic") {
  CHECK(memory_style(16, 30, false) == MemoryStyle::kLogic);
  CHECK(memory_style(8, 88, false) == MemoryStyle::kLogic);  // six blocks of iCE40 otherwise
  CHECK(memory_style(512, 16, false) == MemoryStyle::kBlock);
  CHECK(memory_style(16, 30, true) == MemoryStyle::kBlock);
  CHECK(block_rams({16, 30, false, MemoryStyle::kLogic}, PartFamily::kIce40) == 0);
}

TEST_CASE("Registers with a write port lie where the family has room for them") {
  const Structure::Memory totals{8, 22, false, MemoryStyle::kTool};
  CHECK(block_rams(totals, PartFamily::kIce40) == 2);  // 176 bits cost more than two blocks
  CHECK(block_rams(totals, PartFamily::kEcp5) == 0);
  CHECK(block_rams({4, 22, false, MemoryStyle::kTool}, PartFamily::kIce40) == 0);
  Structure s;
  s.memories = {{4, 22, false, MemoryStyle::kTool}};
  CHECK(registers(s, PartFamily::kIce40) == 5 * 22);  // the words, and the one that is read
  CHECK(registers(s, PartFamily::kEcp5) == 22);
  const Structure::Memory ring{256, 8, false, MemoryStyle::kTool};
  CHECK(block_rams(ring, PartFamily::kEcp5) == 1);
  CHECK(block_rams({128, 8, false, MemoryStyle::kTool}, PartFamily::kEcp5) == 0);
}

namespace {

LayerShape shape() {
  LayerShape s;
  s.in_c = 64;
  s.rows = 64;
  s.cols = 32;
  return s;
}

TileForm form() {
  TileForm f;
  f.mag_bits = 7;
  f.g_bits = 8;
  f.adc_mask = 0x1111;
  f.adc_mult = {0x1111, 0x1111};
  f.adc_shift = {16, 16};
  f.adc_offset = {0, 0};
  f.adc_clip = {255, 255};
  f.lsb = {1, 1};
  f.sum_bits = 22;
  f.bias_bits = 12;
  f.weight_bits = 8;
  return f;
}

}  // namespace

TEST_CASE("The multipliers of UP5K take the registers beside them") {
  Build build;
  build.form = Form::kCollapsed;
  build.pe = 4;
  build.dsp = true;
  const Structure mac = mac_structure(shape(), form(), build, false);
  // 16 bits of each product, 8 of each weight.
  CHECK(registers(mac, PartFamily::kEcp5) - registers(mac, PartFamily::kUp5k) == 4 * 24);
}

TEST_CASE("A product by a constant takes a multiplier where the tools give it one") {
  Structure s;
  s.constants = {{9, 2}};
  CHECK(estimate(s, PartFamily::kEcp5).dsp == 1);
  CHECK(estimate(s, PartFamily::kIce40).dsp == 0);
  CHECK(estimate(s, PartFamily::kGowin).dsp == 0);
  CHECK(estimate(s, PartFamily::kIce40).lut > 0);
}

TEST_CASE("A product takes as many multipliers as its factors have parts") {
  CHECK(dsp_blocks({8, 8}) == 1);
  CHECK(dsp_blocks({16, 16}) == 1);
  CHECK(dsp_blocks({16, 17}) == 2);
  CHECK(dsp_blocks({16, 33}) == 3);
}

namespace {

double luts(const Build& build) {
  return estimate(layer_structure(shape(), form(), build, false), PartFamily::kEcp5).lut;
}

}  // namespace

TEST_CASE("Everything that makes a layer faster makes it larger") {
  const Build plain;
  const auto grown = [&](auto change) {
    Build build = plain;
    change(build);
    return luts(build);
  };
  CHECK(grown([](Build& b) { b.pe = 2; }) > luts(plain));
  CHECK(grown([](Build& b) { b.row_lanes = 2; }) > luts(plain));
  CHECK(grown([](Build& b) { b.adc_lanes = 2; }) > luts(plain));
  CHECK(grown([](Build& b) { b.requant = Requant::kParallel; }) > luts(plain));
  CHECK(grown([](Build& b) {
          b.form = Form::kBitSerial;
          b.planes = 1;
        }) < luts(plain));
}

TEST_CASE("DSP blocks take the place of logic") {
  Build logic;
  logic.form = Form::kCollapsed;
  logic.pe = 4;
  Build dsp = logic;
  dsp.dsp = true;
  CHECK(luts(dsp) < luts(logic));
  const auto count = [](const Build& build, PartFamily family) {
    return estimate(layer_structure(shape(), form(), build, false), family).dsp;
  };
  CHECK(count(logic, PartFamily::kEcp5) == 0);
  CHECK(count(dsp, PartFamily::kEcp5) == 4);
}

namespace {

// tile_column_lsb_lanes8 of bench/estimator: four pairs of codes a cycle, two planes.
Structure column_steps(int32_t lsb_bits) {
  LayerShape s;
  s.rows = 32;
  s.cols = 8;
  TileForm f = form();
  f.adc_per_column = true;
  f.adc_mask = 0xffff;
  f.offset_bits = 2;
  f.lsb = {255, 255};
  f.lsb_bits = lsb_bits;
  f.sum_bits = 30;
  Build build;
  build.adc_lanes = 8;
  return tile_structure(s, f, build, false);
}

}  // namespace

TEST_CASE("Level steps of a column widen the tree that adds the codes up") {
  Structure products;
  for (int32_t pair = 0; pair < 4; ++pair) product(products, 8, 9, false);
  // Two nodes and the one above, each eight bits wider.
  CHECK(column_steps(8).add - column_steps(0).add == products.add + 3 * 8);
}

TEST_CASE("Constants of a column are a slice's, whatever the number of converters") {
  // As Yosys and nextpnr counted it, bench/estimator/measured.csv.
  const Resources ecp5 = estimate(column_steps(8), PartFamily::kEcp5);
  CHECK(static_cast<double>(ecp5.lut) == Approx(6448).epsilon(0.07));
  CHECK(static_cast<double>(ecp5.ff) == Approx(4805).epsilon(0.07));
}
