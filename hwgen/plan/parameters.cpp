// Parameters as SystemVerilog text.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/parameters.hpp"

#include <fmt/format.h>

#include "compress/ir/error.hpp"
#include "compress/ir/noise.hpp"

namespace crosstwin::hwgen {
namespace {

// `values` as one packed vector, element 0 low, `bits` (<= 32) each.
std::string packed(const std::vector<int32_t>& values, int32_t bits) {
  std::string digits;
  std::string binary;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    for (int32_t at = bits - 1; at >= 0; --at) binary += (*value >> at) & 1 ? '1' : '0';
  }
  while (binary.size() % 4 != 0) binary.insert(0, "0");
  for (size_t at = 0; at < binary.size(); at += 4) {
    digits += "0123456789abcdef"[std::stoi(binary.substr(at, 4), nullptr, 2)];
  }
  return fmt::format("{}'h{}", values.size() * static_cast<size_t>(bits), digits);
}

// A conversion is named by one 32-bit number.
void check_noise(const LayerSpace& space) {
  const LayerShape& shape = space.shape();
  const ir::NoiseCounter counter(shape.positions(), shape.row_tiles(), shape.cols, shape.in_bits,
                                 shape.slices);
  if (counter.bits() <= 32) return;
  throw ir::Error({"layer " + space.stage().name, "too many conversions an image for read noise",
                   "32 bits to number them", fmt::format("{} bits", counter.bits()),
                   "taller tiles, or a device without read_noise and cell_noise"});
}

}  // namespace

std::string number(int64_t value) { return fmt::format("{}", value); }
std::string bit(bool value) { return value ? "1'b1" : "1'b0"; }

std::vector<Binding> map_parameters(const ir::Shape& in) {
  return {{"InH", number(in.h)}, {"InW", number(in.w)}, {"InC", number(in.c)}};
}

std::vector<Binding> layer_parameters(const ir::Design& design, const ir::Chip& chip,
                                      const LayerSpace& space, const Build& build, bool writable) {
  const ir::Layout& layout = design.layout;
  const ir::Stage& stage = space.stage();
  const ir::Crossbar& crossbar = space.crossbar();
  const TileForm& form = space.form();
  const LayerShape& shape = space.shape();
  const bool collapsed = build.form == Form::kCollapsed;
  const bool noise = !collapsed && !form.noise_mult.empty();
  std::vector<Binding> parameters;
  const auto set = [&](const char* name, std::string value) {
    parameters.push_back({name, std::move(value)});
  };
  set("KernelH", number(crossbar.kernel_h));
  set("KernelW", number(crossbar.kernel_w));
  set("Stride", number(crossbar.stride));
  set("Pad", number(crossbar.pad));
  set("Lines", number(build.lines));
  set("Rows", number(shape.rows));
  set("Cols", number(shape.cols));
  set("Pe", number(build.pe));
  set("RowLanes", number(build.row_lanes));
  set("InBits", number(stage.in_bits));
  set("InSigned", bit(stage.in_signed));
  set("Collapsed", bit(collapsed));
  if (collapsed) {
    set("WeightBits", number(form.weight_bits));
  } else {
    set("TileRows", number(layout.tile_rows));
    set("Planes", number(build.planes));
    set("CellBits", number(layout.cell_bits));
    set("Slices", number(layout.slices));
    set("PerCell", bit(form.per_cell));
    if (!form.per_cell) set("MagBits", number(form.mag_bits));
    set("GBits", number(form.g_bits));
    set("AdcBits", number(layout.adc_bits));
    set("AdcLanes", number(build.adc_lanes));
    set("AdcShift", packed(form.adc_shift, 5));
    set("AdcPerColumn", bit(form.adc_per_column));
    if (form.adc_per_column) {
      set("OffsetBits", number(form.offset_bits));
      set("AdcMask", fmt::format("16'h{:04x}", form.adc_mask));
      if (form.lsb_bits > 0) set("LsbBits", number(form.lsb_bits));
    } else {
      set("AdcMult", packed(form.adc_mult, 16));
      set("AdcOffset", packed(form.adc_offset, 32));
      set("AdcClip", packed(form.adc_clip, layout.adc_bits));
    }
    set("Lsb", packed(form.lsb, 16));
    set("Inl", bit(form.inl));
    if (noise) {
      check_noise(space);
      set("Noise", bit(true));
      set("NoiseMult", packed(form.noise_mult, 16));
      if (form.noise_rows) set("NoiseRows", bit(true));
      set("NoiseShift", number(form.noise_shift));
      const auto key_index = static_cast<uint32_t>(&space.cells() - chip.crossbars.data());
      set("NoiseKeys", fmt::format("64'h{:016x}", ir::noise_keys(chip.noise_seed, key_index).bits));
    }
  }
  set("Parallel", bit(build.requant == Requant::kParallel));
  set("Dsp", bit(build.dsp));
  set("Writable", bit(writable));
  set("BiasBits", number(form.bias_bits));
  set("Logits", bit(crossbar.logits));
  set("OutBits", number(shape.out_bits));
  if (!crossbar.logits) {
    set("OutLow", number(crossbar.low));
    set("OutHigh", number(crossbar.high));
  }
  return parameters;
}

}  // namespace crosstwin::hwgen
