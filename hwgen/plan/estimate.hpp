// What a module takes on an FPGA, from the registers, adders and memories its parameters imply.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/part.hpp"
#include "hwgen/plan/build.hpp"

namespace crosstwin::hwgen {

struct Resources {
  double lut = 0;  // iCE40: logic cells
  double ff = 0;
  int64_t bram = 0;
  int64_t dsp = 0;
  Resources& operator+=(const Resources& other);
};

// Where a memory lies; the templates' Style. kTool: registers with a write port, which the tools
// put where their family has room for them.
enum class MemoryStyle { kTool = 0, kBlock = 1, kLogic = 2 };

// Bits of hardware by kind, before any family's tools have had a say.
struct Structure {
  double add = 0;    // of adders that a register follows
  double comb = 0;   // of adders and comparators that none follows
  double gate = 0;   // of sums that another bit takes in place of an addend
  double mask = 0;   // of addends that another bit lets through
  double mux = 0;    // of registers behind a choice of two or more values
  double plain = 0;  // of registers that only delay
  double logic = 0;  // look-up tables without a register
  double count = 0;  // of counters, with what compares and clears them
  struct Memory {
    int64_t words = 0;
    int32_t width = 0;
    bool writable = false;  // cut in chunks of 32 bits
    MemoryStyle style = MemoryStyle::kBlock;
  };
  std::vector<Memory> memories;
  struct Product {
    int32_t a = 0, b = 0;   // bits of the factors
    int32_t registers = 0;  // in front of it and behind it, of its own
  };
  std::vector<Product> products;   // in DSP blocks
  std::vector<Product> constants;  // by a constant: in DSP blocks of some families
  Structure& operator+=(const Structure& other);
};

// The features of the linear model, in the order of Coefficients.
inline constexpr size_t kFeatures = 9;
inline constexpr std::array<const char*, kFeatures> kFeatureNames = {
    "add", "comb", "gate", "mask", "mux", "plain", "logic", "table", "count"};
std::array<double, kFeatures> features(const Structure& structure, ir::PartFamily family);
// Bits of all registers, which flip-flops are proportional to.
double registers(const Structure& structure, ir::PartFamily family);

// Logic where the look-up tables are at most what the smallest family's blocks are worth. What is
// written lies in blocks: iCE40 has no look-up tables that can be.
MemoryStyle memory_style(int64_t words, int32_t width, bool writable,
                         int32_t block_worth = kBlockWorth);

int64_t block_rams(const Structure::Memory& memory, ir::PartFamily family);
int64_t dsp_blocks(const Structure::Product& product);

// With the coefficients of hwgen/plan/coefficients.hpp, fitted to placed designs
// (bench/estimator).
Resources estimate(const Structure& structure, ir::PartFamily family);

}  // namespace crosstwin::hwgen
