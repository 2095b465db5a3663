// Checks xb_tile against the numeric contract, and its cycles against the catalogue's formula.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"
#include "verif/common/tile_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kImages = 3;
constexpr int kPositions = 4;  // of an image, as in tb.sv
constexpr uint32_t kFirstImage = 0xfffffffe;
constexpr crosstwin::ir::NoiseKeys kKeys{0x0123456789abcdef};

struct Entry {
  const char* bug;
  TileShape shape;
  int writable;
};

#define BUG(index, name, rows, tile_rows, cols, pe, row_lanes, in_bits, in_signed, planes,       \
            cell_bits, slices, per_cell, mag_bits, g_bits, adc_bits, adc_lanes, m0, sh0, o0, l0, \
            m1, sh1, o1, l1, clip0, clip1, per_column, offset_bits, lsb_bits, inl, dsp, n0, n1,  \
            nsh, nrows, writable, extreme)                                                       \
  {#name,                                                                                        \
   {rows,      tile_rows,      cols,       pe,          in_bits,    in_signed,                   \
    cell_bits, slices,         per_cell,   mag_bits,    g_bits,     adc_bits,                    \
    adc_lanes, {m0, m1},       {sh0, sh1}, {o0, o1},    {l0, l1},   row_lanes,                   \
    planes,    {clip0, clip1}, per_column, offset_bits, lsb_bits,   inl,                         \
    dsp,       {n0, n1},       nsh,        nrows,       kPositions, extreme},                    \
   writable},
#define CASE(index, ...) BUG(index, , __VA_ARGS__)
const Entry kEntries[] = {
#include "cases.inc"
};

// Images are written under `name`_NUMBER.hex.
void write_images(const TileModel& model, const std::string& prefix, const std::string& number) {
  model.write_images(prefix + "weights_" + number + ".hex", prefix + "table_" + number + ".hex");
  model.write_adc_images(prefix + "adc_" + number + ".hex", prefix + "inl_" + number + ".hex");
  model.write_noise_image(prefix + "noise_" + number + ".hex");
}

// The file is complete when the run begins.
void write_keys() {
  HexImage keys("new_keys.hex");
  for (int word = 0; word < 2; ++word) {
    keys.field(kKeys.bits >> (32 * word), 32);
    keys.end_word();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  std::vector<Case> cases;
  std::vector<TileModel> models;
  write_keys();
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const TileShape& shape = entry.shape;
    Random random = case_random(seed, cases.size());
    models.emplace_back(shape, random, shape.extreme != 0);
    // A writable tile starts from another model's images and is given the right ones.
    if (entry.writable != 0) write_images(TileModel(shape, random, false), "", number);
    write_images(models.back(), entry.writable != 0 ? "new_" : "", number);
    Case c{*entry.bug != '\0' ? entry.bug : "case " + number, {}, {}, *entry.bug != '\0'};
    models.back().see_cells(c.seen);
    const std::vector<std::vector<int>> beats = tile_beats(shape);
    const int repeats = shape.groups() * shape.passes();
    for (int i = 0; i < kImages * kPositions; ++i) {
      std::vector<uint64_t> x;
      for (int row = 0; row < shape.rows; ++row) {
        x.push_back(i == 0 ? mask(shape.in_bits) : random.next() & mask(shape.in_bits));
      }
      const bool last = i % kPositions == kPositions - 1;
      for (int repeat = 0; repeat < repeats; ++repeat) {
        for (const std::vector<int>& beat : beats) {
          uint64_t data = 0;
          for (size_t lane = 0; lane < beat.size(); ++lane) {
            const uint64_t value =
                beat[lane] < 0 ? random.next() & mask(shape.in_bits) : x[beat[lane]];
            data |= value << (lane * shape.in_bits);
          }
          c.in.push_back({data, last && repeat == repeats - 1 && &beat == &beats.back()});
        }
      }
      const std::vector<int64_t> y =
          models.back().apply(x,
                              {kKeys, kFirstImage + static_cast<uint32_t>(i / kPositions),
                               static_cast<uint32_t>(i % kPositions)},
                              c.seen);
      for (int col = 0; col < shape.cols; ++col) {
        c.out.push_back({static_cast<uint64_t>(y[col]), last && col == shape.cols - 1});
      }
    }
    cases.push_back(c);
  }
  return bench<Vtb>(cases, seed, [&](const std::vector<Result>& results) {
    int wrong = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].bug) continue;
      const size_t cols = static_cast<size_t>(kEntries[i].shape.cols);
      const uint64_t got = results[i].cycles[8 * cols - 1] - results[i].cycles[7 * cols - 1];
      const std::vector<int32_t> taken_at_once(cols, 1);
      const auto formula =
          static_cast<uint64_t>(crosstwin::hwgen::tile_cycles(models[i].timing(taken_at_once)));
      if (got != formula) {
        std::printf("FAILED %s: %llu cycles a position, the formula says %llu\n",
                    cases[i].name.c_str(), static_cast<unsigned long long>(got),
                    static_cast<unsigned long long>(formula));
        ++wrong;
      }
    }
    return wrong;
  });
}
