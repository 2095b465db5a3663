// Checks whole layers, gather, tile and requantizer, against their models, and their cycles against
// the plan's.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "Vtb.h"
#include "hwgen/plan/pipeline.hpp"
#include "verif/common/mac_model.hpp"
#include "verif/common/requant_model.hpp"
#include "verif/common/stream_bench.hpp"
#include "verif/common/tile_model.hpp"
#include "verif/common/window_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 5;
constexpr uint32_t kFirstImage = 0xfffffffe;
constexpr crosstwin::ir::NoiseKeys kKeys{0x0123456789abcdef};

struct Entry {
  const char* bug;
  int in_h, in_w, in_c, kernel_h, kernel_w, stride, pad, lines, rows, in_bits;
  int collapsed, tile_rows, cols, pe, row_lanes, in_signed, planes, per_cell, adc_lanes;
  int per_column, inl, noise;  // noise: 2 is by driven rows
  int bias_bits, logits, out_bits, out_low, out_high, parallel;
  int dsp, writable;

  int groups() const { return (cols + pe - 1) / pe; }

  WindowShape window() const {
    WindowShape w;
    w.in_h = in_h;
    w.in_w = in_w;
    w.in_c = in_c;
    w.kernel_h = kernel_h;
    w.kernel_w = kernel_w;
    w.stride = stride;
    w.pad = pad;
    w.lines = lines;
    w.rows = rows;
    w.groups = groups() * (collapsed != 0 || planes == 0 ? 1 : in_bits / planes);
    w.bits = in_bits;
    w.row_lanes = row_lanes;
    w.tile_rows = collapsed != 0 ? rows : tile_rows;
    return w;
  }

  MacShape mac() const { return {rows, cols, pe, row_lanes, in_bits, in_signed, 8}; }

  // Its constants are those of tb.sv.
  TileShape tile() const {
    TileShape t;
    t.rows = rows;
    t.tile_rows = tile_rows;
    t.cols = cols;
    t.pe = pe;
    t.row_lanes = row_lanes;
    t.in_bits = in_bits;
    t.in_signed = in_signed;
    t.planes = planes;
    t.cell_bits = 4;
    t.slices = 2;
    t.per_cell = per_cell;
    t.mag_bits = 7;
    t.g_bits = 8;
    t.adc_bits = 8;
    t.adc_lanes = adc_lanes;
    t.mult[0] = 40503;
    t.mult[1] = per_column != 0 ? 40503 : 37;
    t.shift[0] = 19;
    t.shift[1] = per_column != 0 ? 19 : 9;
    t.offset[0] = -9;
    t.offset[1] = 5;
    t.lsb[0] = per_column != 0 ? 6 : 2;
    t.lsb[1] = per_column != 0 ? 3 : 1;
    t.lsb_bits = per_column != 0 ? 3 : 0;
    t.per_column = per_column;
    t.offset_bits = 12;
    t.inl = inl;
    t.dsp = dsp;
    t.noise_mult[0] = noise != 0 ? 300 : 0;
    t.noise_mult[1] = noise != 0 ? 150 : 0;
    t.noise_shift = 4;
    t.noise_rows = noise == 2 ? 1 : 0;
    t.positions = window().out_h() * window().out_w();
    return t;
  }

  RequantShape requant() const {
    return {cols, 24, bias_bits, logits, out_bits, out_low, out_high, parallel, dsp, writable};
  }
};

#define BUG(index, name, ...) {#name, __VA_ARGS__},
#define CASE(index, ...) {"", __VA_ARGS__},
const Entry kEntries[] = {
#include "cases.inc"
};

// The models of one layer.
struct Layer {
  Layer(const Entry& e, Random& random)
      : window(e.window(), random), requant(e.requant(), random, 22, 26) {
    if (e.collapsed != 0) {
      mac.emplace(e.mac(), random, false);
    } else {
      tile.emplace(e.tile(), random, false);
    }
  }

  void write_images(const std::string& prefix, const std::string& number) const {
    const auto path = [&](const char* name) { return prefix + name + "_" + number + ".hex"; };
    window.write_image(path("rows"));
    requant.write_image(path("requant"));
    if (mac) {
      mac->write_image(path("weights"));
    } else {
      tile->write_images(path("weights"), path("table"));
      tile->write_adc_images(path("adc"), path("inl"));
      tile->write_noise_image(path("noise"));
    }
  }

  std::vector<int64_t> sums(const std::vector<uint64_t>& x, int image, int position,
                            Seen& seen) const {
    if (mac) return mac->apply(x);
    return tile->apply(
        x, {kKeys, kFirstImage + static_cast<uint32_t>(image), static_cast<uint32_t>(position)},
        seen);
  }

  WindowModel window;
  RequantModel requant;
  std::optional<MacModel> mac;
  std::optional<TileModel> tile;
};

void write_keys() {
  HexImage keys("new_keys.hex");
  for (int word = 0; word < 2; ++word) {
    keys.field(kKeys.bits >> (32 * word), 32);
    keys.end_word();
  }
}

// The cycle of each image's last beat, by the plan.
std::vector<int64_t> image_ends(const Entry& e, const Layer& layer) {
  std::vector<int32_t> taken;
  for (int col = 0; col < e.cols; ++col) {
    taken.push_back(static_cast<int32_t>(layer.requant.cycles(col)));
  }
  crosstwin::hwgen::LayerTiming timing;
  if (layer.tile) {
    timing = layer.tile->timing(taken);
  } else {
    timing.rows = e.rows;
    timing.cols = e.cols;
    timing.pe = e.pe;
    timing.row_lanes = e.row_lanes;
    timing.requant = taken;
    timing.collapsed = true;
    timing.mac_latency =
        crosstwin::hwgen::mac_latency(e.in_bits, e.in_signed != 0, e.row_lanes, e.dsp != 0);
  }
  layer.window.set(timing);
  if (e.logits != 0) timing.requant_stages = 1;
  if (e.parallel != 0 && e.logits == 0) {
    // The smallest v of these layers has more than 16 bits.
    timing.requant_stages = crosstwin::hwgen::requant_stages(24, e.dsp != 0);
  }
  const WindowShape w = e.window();
  return crosstwin::hwgen::run_pipeline({.pixels = w.in_h * w.in_w * w.in_c,
                                         .outputs = w.out_h() * w.out_w() * e.cols,
                                         .stages = {timing}},
                                        kImages)
      .answers;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  std::vector<std::vector<int64_t>> formula;
  write_keys();
  for (const Entry& e : kEntries) {
    const std::string number = std::to_string(cases.size());
    const bool bug = *e.bug != '\0';
    Random random = case_random(seed, cases.size());
    const Layer layer(e, random);
    // A writable layer starts from another one's memories.
    if (e.writable != 0) Layer(e, random).write_images("", number);
    layer.write_images(e.writable != 0 ? "new_" : "", number);
    Case c{bug ? e.bug : "case " + number, {}, {}, bug};
    if (layer.tile) layer.tile->see_cells(c.seen);
    const WindowShape window = e.window();
    for (int image = 0; image < kImages; ++image) {
      const std::vector<uint64_t> map = layer.window.random_map(random);
      for (size_t i = 0; i < map.size(); ++i) c.in.push_back({map[i], i + 1 == map.size()});
      for (int oy = 0; oy < window.out_h(); ++oy) {
        for (int ox = 0; ox < window.out_w(); ++ox) {
          const std::vector<int64_t> y =
              layer.sums(layer.window.gather(map, oy, ox), image, oy * window.out_w() + ox, c.seen);
          if (layer.window.pads(oy, ox)) ++c.seen["padding"];
          for (int col = 0; col < e.cols; ++col) {
            layer.requant.see(y[col], col, c.seen);
            c.out.push_back({layer.requant.apply(y[col], col), false});
          }
        }
      }
      c.out.back().last = true;
    }
    // Outputs that sit at the clamp test nothing. Random corners may have them: others have not.
    const bool fixed = std::any_of(std::begin(kEntries), std::end(kEntries),
                                   [](const Entry& other) { return *other.bug != '\0'; });
    const uint64_t low = static_cast<uint64_t>(e.out_low) & mask(e.out_bits);
    const auto clamped = std::count_if(c.out.begin(), c.out.end(), [&](const Beat& beat) {
      return beat.data == low || beat.data == static_cast<uint64_t>(e.out_high);
    });
    if (fixed && e.logits == 0 && 2 * static_cast<size_t>(clamped) > c.out.size()) {
      std::printf("FAILED %s: %td of %zu outputs sit at the clamp\n", c.name.c_str(), clamped,
                  c.out.size());
      return 1;
    }
    cases.push_back(c);
    formula.push_back(image_ends(e, layer));
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const size_t beats = cases[i].out.size() / kImages;
      for (size_t image = 1; image < kImages; ++image) {
        const auto end = [&](size_t at) {
          return static_cast<int64_t>(results[i].cycles[(at + 1) * beats - 1]);
        };
        const int64_t got = end(image) - end(0);
        const int64_t planned = formula[i][image] - formula[i][0];
        if (got == planned) continue;
        std::printf("FAILED %s: image %zu ends %lld cycles after the first, the plan says %lld\n",
                    cases[i].name.c_str(), image, static_cast<long long>(got),
                    static_cast<long long>(planned));
        ++wrong;
      }
    }
    return wrong;
  });
}
