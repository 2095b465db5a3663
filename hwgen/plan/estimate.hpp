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

// Where a memory lies; the templates' Style.
enum class MemoryStyle { kTool = 0, kBlock = 1, kLogic = 2 };

// Bits of hardware by kind, before any family's tools have had a say.
struct Structure {
  double add = 0;      // of adders that a register follows
  double comb = 0;     // of adders and comparators that none follows
  double gate = 0;     // of addends that another bit enables
  double mux = 0;      // of registers behind a choice of two or more values
  double plain = 0;    // of registers that only delay
  double logic = 0;    // look-up tables without a register
  double control = 0;  // counters, states and comparators, in modules
  struct Memory {
    int64_t words = 0;
    int32_t width = 0;
    bool writable = false;  // cut in chunks of 32 bits
    MemoryStyle style = MemoryStyle::kBlock;
  };
  std::vector<Memory> memories;
  struct Product {
    int32_t a = 0, b = 0;  // bits of the factors
  };
  std::vector<Product> products;  // in DSP blocks
  Structure& operator+=(const Structure& other);
};

// The features of the linear model, in the order of Coefficients.
inline constexpr size_t kFeatures = 7;
inline constexpr std::array<const char*, kFeatures> kFeatureNames = {
    "add", "comb", "gate", "mux", "plain", "logic", "control"};
std::array<double, kFeatures> features(const Structure& structure, ir::PartFamily family);
// Flip-flops are the registers, and some in every module.
inline constexpr size_t kFlopFeatures = 2;
std::array<double, kFlopFeatures> flop_features(const Structure& structure);

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
