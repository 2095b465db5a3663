// Checks xb_noise against compress/ir/noise.hpp, draw by draw, its latency and its width.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "Vtb.h"
#include "compress/ir/noise.hpp"
#include "verif/common/stream_bench.hpp"

namespace {

using namespace crosstwin;
using namespace crosstwin::verif;

constexpr int kCycles = 20000;
constexpr int kRekey = kCycles / 2;             // in this cycle's pause the writable keys change
constexpr uint64_t kKeys = 0x0f1e2d3c4b5a6978;  // as in tb.sv

struct Entry {
  const char* bug;
  int64_t positions, tiles, cols, in_bits, slices;
  int32_t mult[4];
  int32_t shift;
  bool gain;  // any of the bits of `mult`, with every counter
  bool writable;
};

#define BUG(index, name, positions, tiles, cols, in_bits, slices, m0, m1, m2, m3, shift, gain, \
            writable)                                                                          \
  {#name,  positions,        tiles, cols,      in_bits,                                        \
   slices, {m0, m1, m2, m3}, shift, gain != 0, writable != 0},
#define CASE(index, ...) BUG(index, , __VA_ARGS__)
const Entry kEntries[] = {
#include "cases.inc"
};
constexpr size_t kCount = std::size(kEntries);

// Any value below `count`; the ends often.
uint32_t pick(Random& random, int64_t count) {
  const uint64_t draw = random.next();
  const auto n = static_cast<uint64_t>(count);
  if (draw % 8 == 0) return static_cast<uint32_t>(n - 1);
  return draw % 8 == 1 ? 0 : static_cast<uint32_t>((draw >> 8) % n);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  Vtb tb;
  const auto clock = [&] {
    tb.clk_i = 0;
    tb.eval();
    tb.clk_i = 1;
    tb.eval();
  };
  tb.rst_ni = 0;
  tb.key_we_i = 0;
  tb.image_i = 0;
  clock();
  clock();
  tb.rst_ni = 1;
  const auto image_delay = static_cast<size_t>(tb.image_delay_o);
  const auto gain_delay = static_cast<size_t>(tb.gain_delay_o);

  std::deque<uint32_t> images;                      // of the counters on their way
  std::vector<std::deque<int32_t>> expect(kCount);  // what leaves in the cycles to come
  std::vector<std::deque<int32_t>> gains(kCount);   // of the counters on their way
  std::vector<int> wrong(kCount), most(kCount), least(kCount);
  std::vector<uint64_t> keys(kCount);
  std::vector<Random> randoms;
  std::vector<CaseRecord> records(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    keys[i] = kKeys;
    randoms.push_back(case_random(seed, i));
  }
  uint32_t image = 0;

  for (int cycle = 0; cycle < kCycles; ++cycle) {
    if (cycle == kRekey) {
      // Let every counter leave, then write both words.
      for (int i = 0; i < 64; ++i) clock();
      images.clear();
      for (auto& queue : expect) queue.clear();
      for (auto& queue : gains) queue.clear();
      const uint64_t written = random.next();
      for (uint32_t word = 0; word < 2; ++word) {
        tb.key_we_i = 1;
        tb.key_index_i = word;
        tb.key_data_i = static_cast<uint32_t>(written >> (32 * word));
        clock();
      }
      tb.key_we_i = 0;
      for (size_t i = 0; i < kCount; ++i) {
        if (kEntries[i].writable) keys[i] = written;
      }
    }
    // Images that change every cycle, stay for long, count up, or are any 32 bits.
    const uint64_t how = random.next() % 64;
    if (cycle % 1000 < 200 || how == 0)
      image = static_cast<uint32_t>(random.next());
    else if (how < 8)
      ++image;
    images.push_back(image);
    if (images.size() > image_delay) {
      tb.image_i = images.front();
      images.pop_front();
    }
    for (size_t i = 0; i < kCount; ++i) {
      const Entry& e = kEntries[i];
      Random& own = randoms[i];
      const uint32_t position = pick(own, e.positions);
      const uint32_t tile = pick(own, e.tiles);
      const uint32_t column = pick(own, e.cols);
      const uint32_t plane = pick(own, e.in_bits);
      const uint32_t word = pick(own, 2 * e.slices);
      tb.position_i[i] = position;
      tb.tile_i[i] = tile;
      tb.column_i[i] = column;
      tb.plane_i[i] = plane;
      tb.word_i[i] = word;
      const ir::NoiseCounter counter(e.positions, e.tiles, e.cols, e.in_bits, e.slices);
      const uint32_t draw =
          ir::noise_draw({keys[i]}, counter(position, tile, column, plane, word), image);
      int32_t mult = e.mult[word / 2];
      if (e.gain) {
        mult &= own.percent(20) ? 0xffff : static_cast<int32_t>(own.next() & 0xffff);
        gains[i].push_back(mult);
        if (gains[i].size() > gain_delay) {
          tb.mult_i[i] = static_cast<uint16_t>(gains[i].front());
          gains[i].pop_front();
        }
      }
      expect[i].push_back(ir::noise_value(draw, mult, e.shift));
      const int32_t n = expect[i].back();
      ++records[i].seen[n < 0 ? "negative" : n > 0 ? "positive" : "zero"];
      if (cycle >= kRekey && e.writable) ++records[i].seen["new keys"];
      if (position + 1 == e.positions && tile + 1 == e.tiles && column + 1 == e.cols)
        ++records[i].seen["last conversion"];
    }
    tb.clk_i = 0;
    tb.eval();
    for (size_t i = 0; i < kCount; ++i) {
      if (expect[i].size() <= tb.latency_o[i]) continue;
      const int32_t want = expect[i].front();
      expect[i].pop_front();
      most[i] = std::max(most[i], want);
      least[i] = std::min(least[i], want);
      const auto got = static_cast<int32_t>(tb.value_o[i]);
      if (got != want && wrong[i]++ == 0 && *kEntries[i].bug == '\0') {
        std::printf("case %zu: cycle %d: got %d, want %d\n", i, cycle, got, want);
      }
    }
    tb.clk_i = 1;
    tb.eval();
  }
  tb.final();

  int failures = 0;
  for (size_t i = 0; i < kCount; ++i) {
    const Entry& e = kEntries[i];
    if (wrong[i] > 0) records[i].error = "wrong in " + std::to_string(wrong[i]) + " cycles";
    records[i].bug = *e.bug != '\0';
    if (*e.bug != '\0') {
      std::printf("seeded bug %s: %s\n", e.bug, wrong[i] > 0 ? "caught" : "FAILED, not caught");
      failures += wrong[i] == 0;
      continue;
    }
    // The width is the least that holds the greatest n that there can be.
    int32_t reach = 0;
    for (const int32_t mult : e.mult) {
      const int64_t half = e.shift == 0 ? 0 : int64_t{1} << (e.shift - 1);
      const auto n = static_cast<int32_t>((int64_t{ir::kNoiseMax} * mult + half) >> e.shift);
      reach = std::max(reach, n);
    }
    const bool width =
        tb.bits_o[i] ==
        std::max(1, static_cast<int>(std::bit_width(static_cast<uint32_t>(reach)))) + 1U;
    if (!width) std::printf("case %zu: %u bits for +-%d\n", i, tb.bits_o[i], reach);
    std::printf("%s case %zu: n in %d..%d, %u bits, latency %u\n",
                wrong[i] == 0 && width ? "ok" : "FAILED", i, least[i], most[i], tb.bits_o[i],
                tb.latency_o[i]);
    failures += wrong[i] > 0 || !width;
  }
  write_record(records, seed, failures == 0);
  std::printf("%d failures, seed %llu\n", failures, static_cast<unsigned long long>(seed));
  return failures == 0 ? 0 : 1;
}
