// Checks xb_tile against the numeric contract, and its cycles against the catalogue's formula.
// SPDX-License-Identifier: Apache-2.0
#include "Vtb.h"
#include "verif/common/stream_bench.hpp"
#include "verif/common/tile_model.hpp"

namespace {

using namespace crosstwin::verif;

constexpr int kPositions = 12;

struct Entry {
  const char* bug;
  TileShape shape;
};

#define BUG(index, name, rows, tile_rows, cols, pe, in_bits, in_signed, cell_bits, slices,     \
            per_cell, mag_bits, g_bits, adc_bits, adc_lanes, m0, sh0, o0, l0, m1, sh1, o1, l1) \
  {#name,                                                                                      \
   {rows,                                                                                      \
    tile_rows,                                                                                 \
    cols,                                                                                      \
    pe,                                                                                        \
    in_bits,                                                                                   \
    in_signed,                                                                                 \
    cell_bits,                                                                                 \
    slices,                                                                                    \
    per_cell,                                                                                  \
    mag_bits,                                                                                  \
    g_bits,                                                                                    \
    adc_bits,                                                                                  \
    adc_lanes,                                                                                 \
    {m0, m1},                                                                                  \
    {sh0, sh1},                                                                                \
    {o0, o1},                                                                                  \
    {l0, l1}}},
#define CASE(index, ...) BUG(index, , __VA_ARGS__)
const Entry kEntries[] = {
#include "cases.inc"
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  std::vector<Case> cases;
  std::vector<TileModel> models;
  for (const Entry& entry : kEntries) {
    const std::string number = std::to_string(cases.size());
    const TileShape& shape = entry.shape;
    models.emplace_back(shape, random, cases.size() == 3);
    models.back().write_images("weights_" + number + ".hex", "table_" + number + ".hex");
    Case c{*entry.bug != '\0' ? entry.bug : "case " + number, {}, {}, *entry.bug != '\0'};
    for (int position = 0; position < kPositions; ++position) {
      std::vector<uint64_t> x;
      for (int row = 0; row < shape.rows; ++row) {
        x.push_back(position == 0 ? mask(shape.in_bits) : random.next() & mask(shape.in_bits));
      }
      const bool last = position % 4 == 3;
      for (int group = 0; group < shape.groups(); ++group) {
        for (int row = 0; row < shape.rows; ++row) {
          c.in.push_back({x[row], last && group == shape.groups() - 1 && row == shape.rows - 1});
        }
      }
      const std::vector<int64_t> y = models.back().apply(x);
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
