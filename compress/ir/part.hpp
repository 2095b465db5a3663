// FPGA parts: what they offer to a design.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crosstwin::ir {

// Families whose logic and memories are counted alike. iCE40 and UP5K share cells; the UP5K has
// multipliers.
enum class PartFamily { kIce40, kUp5k, kEcp5, kGowin };
const char* to_string(PartFamily family);  // "ice40", "up5k", "ecp5", "gowin"
// Throws Error naming `where`.
PartFamily part_family(const std::string& name, const std::string& where);

struct Part {
  std::string device;  // as boards name it: "hx8k", "25k"
  std::string title;   // "iCE40-HX8K"
  PartFamily family = PartFamily::kIce40;
  int32_t lut = 0;        // 4-input look-up tables; iCE40: logic cells, each with a flip-flop
  int32_t ff = 0;         // flip-flops
  int32_t bram = 0;       // block RAMs
  int32_t bram_bits = 0;  // of each
  int32_t dsp = 0;        // multipliers, of the family's width: 16 x 16 or 18 x 18
};

// In the order of their size.
const std::vector<Part>& parts();

// Throws Error naming `where`, with the devices that are known.
const Part& find_part(const std::string& device, const std::string& where);

}  // namespace crosstwin::ir
