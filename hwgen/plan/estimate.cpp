// What a module takes on an FPGA, from the registers, adders and memories its parameters imply.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/estimate.hpp"

#include <algorithm>
#include <limits>

#include "hwgen/plan/coefficients.hpp"

namespace crosstwin::hwgen {
namespace {

constexpr int32_t kChunkBits = 32;  // of a writable memory
constexpr double kLutWords = 16;    // a look-up table holds so many bits

double ceil_div(double a, double b) { return static_cast<double>(int64_t((a + b - 1) / b)); }

// Look-up tables of a memory in logic: its words, and the tree that chooses among them.
double lut_memory(const Structure::Memory& memory) {
  const double tables = ceil_div(static_cast<double>(memory.words), kLutWords);
  return memory.width * (tables + (tables > 1 ? (tables - 1) * 2 / 3 : 0));
}

struct Aspect {
  int64_t words;
  int32_t width;
};

const std::vector<Aspect>& aspects(ir::PartFamily family) {
  static const std::vector<Aspect> kIce40 = {{256, 16}, {512, 8}, {1024, 4}, {2048, 2}};
  static const std::vector<Aspect> kWide = {{512, 36}, {1024, 18}, {2048, 9},
                                            {4096, 4}, {8192, 2},  {16384, 1}};
  const bool small = family == ir::PartFamily::kIce40 || family == ir::PartFamily::kUp5k;
  return small ? kIce40 : kWide;
}

int64_t blocks(int64_t words, int32_t width, ir::PartFamily family) {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const Aspect& aspect : aspects(family)) {
    least = std::min(least, ((words + aspect.words - 1) / aspect.words) *
                                ((width + aspect.width - 1) / aspect.width));
  }
  return least;
}

bool ice40(ir::PartFamily family) {
  return family == ir::PartFamily::kIce40 || family == ir::PartFamily::kUp5k;
}

// Registers that a family's multipliers have room for: those of UP5K.
double block_registers(const Structure& structure, ir::PartFamily family) {
  double bits = 0;
  if (family != ir::PartFamily::kUp5k) return bits;
  for (const Structure::Product& product : structure.products) bits += product.registers;
  return bits;
}

// Whether Yosys takes a multiplier for a product by a constant.
bool constant_multipliers(ir::PartFamily family) {
  return family == ir::PartFamily::kUp5k || family == ir::PartFamily::kEcp5;
}

// Where Yosys puts a memory: by the costs of its libraries. A block of iCE40 is worth 64 registers,
// and there are no look-up tables that can be written; elsewhere one is worth 32 of four bits each.
enum class Place { kBlock, kTables, kWritten, kRegisters };

Place place_of(const Structure::Memory& memory, ir::PartFamily family) {
  if (memory.style == MemoryStyle::kBlock) return Place::kBlock;
  if (memory.style == MemoryStyle::kLogic) return Place::kTables;
  const int64_t taken = blocks(memory.words, memory.width, family);
  if (ice40(family)) {
    constexpr int64_t kBlockRegisters = 64;
    const int64_t bits = memory.words * memory.width;
    return bits > kBlockRegisters * taken ? Place::kBlock : Place::kRegisters;
  }
  constexpr double kBlockTables = 32;
  const double tables =
      ceil_div(static_cast<double>(memory.words), kLutWords) * ceil_div(memory.width, 4);
  return tables < kBlockTables * static_cast<double>(taken) ? Place::kWritten : Place::kBlock;
}

template <size_t n>
double dot(const std::array<double, n>& a, const std::array<double, n>& b) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Resources& Resources::operator+=(const Resources& other) {
  lut += other.lut;
  ff += other.ff;
  bram += other.bram;
  dsp += other.dsp;
  return *this;
}

Structure& Structure::operator+=(const Structure& other) {
  add += other.add;
  comb += other.comb;
  gate += other.gate;
  mask += other.mask;
  mux += other.mux;
  plain += other.plain;
  logic += other.logic;
  count += other.count;
  memories.insert(memories.end(), other.memories.begin(), other.memories.end());
  products.insert(products.end(), other.products.begin(), other.products.end());
  constants.insert(constants.end(), other.constants.begin(), other.constants.end());
  return *this;
}

MemoryStyle memory_style(int64_t words, int32_t width, bool writable, int32_t block_worth) {
  if (writable) return MemoryStyle::kBlock;
  const double luts = lut_memory({words, width});
  const auto taken = static_cast<double>(blocks(words, width, ir::PartFamily::kIce40));
  return luts <= block_worth * taken ? MemoryStyle::kLogic : MemoryStyle::kBlock;
}

int64_t block_rams(const Structure::Memory& memory, ir::PartFamily family) {
  if (place_of(memory, family) != Place::kBlock) return 0;
  if (!memory.writable) return blocks(memory.words, memory.width, family);
  int64_t sum = 0;
  for (int32_t left = memory.width; left > 0; left -= kChunkBits) {
    sum += blocks(memory.words, std::min(left, kChunkBits), family);
  }
  return sum;
}

int64_t dsp_blocks(const Structure::Product& product) {
  constexpr int32_t kDigit = 16;  // xb_mul cuts wider factors
  return int64_t{(product.a + kDigit - 1) / kDigit} * ((product.b + kDigit - 1) / kDigit);
}

std::array<double, kFeatures> features(const Structure& structure, ir::PartFamily family) {
  enum : size_t { kAdd, kComb, kGate, kMask, kMux, kPlain, kLogic, kTable, kCount };
  std::array<double, kFeatures> f = {};
  f[kAdd] = structure.add;
  f[kComb] = structure.comb;
  f[kGate] = structure.gate;
  f[kMask] = structure.mask;
  f[kMux] = structure.mux;
  f[kPlain] = structure.plain - block_registers(structure, family);
  f[kLogic] = structure.logic;
  f[kCount] = structure.count;
  if (!constant_multipliers(family)) {
    for (const Structure::Product& product : structure.constants) {
      f[kComb] += static_cast<double>(product.a) * (product.b - 1);
    }
  }
  for (const Structure::Memory& memory : structure.memories) {
    const Place place = place_of(memory, family);
    if (place == Place::kTables || place == Place::kWritten) f[kTable] += lut_memory(memory);
    if (place == Place::kRegisters) {
      f[kPlain] += static_cast<double>(memory.words) * memory.width;
      f[kLogic] += static_cast<double>(memory.words - 1) * memory.width * 2 / 3;
    }
    if (place != Place::kBlock) continue;
    // Blocks in depth: the chosen one's output passes a multiplexer.
    int64_t deep = 1;
    for (const Aspect& aspect : aspects(family)) deep = std::max(deep, aspect.words);
    const double banks = ceil_div(static_cast<double>(memory.words), static_cast<double>(deep));
    if (banks > 1) f[kLogic] += memory.width * (banks - 1) * 2 / 3;
  }
  return f;
}

double registers(const Structure& structure, ir::PartFamily family) {
  double bits = structure.add + structure.mux + structure.plain + structure.count -
                block_registers(structure, family);
  for (const Structure::Memory& memory : structure.memories) {
    if (memory.style != MemoryStyle::kTool) continue;
    // Outside of a block the word that is read has a register of its own.
    const Place place = place_of(memory, family);
    if (place != Place::kBlock) bits += memory.width;
    if (place == Place::kRegisters) bits += static_cast<double>(memory.words) * memory.width;
  }
  return bits;
}

Resources estimate(const Structure& structure, ir::PartFamily family) {
  const Coefficients& fit = kCoefficients[static_cast<size_t>(family)];
  Resources resources{dot(fit.lut, features(structure, family)),
                      fit.ff * registers(structure, family)};
  for (const Structure::Memory& memory : structure.memories) {
    resources.bram += block_rams(memory, family);
  }
  for (const Structure::Product& product : structure.products) {
    resources.dsp += dsp_blocks(product);
  }
  if (constant_multipliers(family)) {
    resources.dsp += static_cast<int64_t>(structure.constants.size());
  }
  return resources;
}

}  // namespace crosstwin::hwgen
