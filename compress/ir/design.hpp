// The design: what `map` writes and the twin and hwgen read; integers only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "compress/ir/layout.hpp"
#include "compress/ir/network.hpp"

namespace crosstwin::ir {

// A conv or dense layer on crossbars. A dense layer is a conv whose kernel is its whole input map.
// For each output position: Y[c] = sum_r x[r] * weight[r][c] through the tiles' conversions, then
//   v = Y + bias[c];  logits: out = v (int32)
//   else out = clamp((v * mult[c] + 2^(shift[c] - 1)) >> shift[c], low, high)
// Y and bias are in level steps: a lossless conversion gives Y = the integer product.
struct Crossbar {
  int32_t kernel_h = 0;
  int32_t kernel_w = 0;
  int32_t stride = 1;
  int32_t pad = 0;
  std::vector<int32_t> pad_value;  // [in.c], activation codes that padding supplies
  std::vector<int32_t> rows;       // [R] kept rows in crossbar order; row = (c * kernel_h + y) *
                              // kernel_w + x; any order, no doubles; row tile = index / tile_rows
  std::vector<int16_t> weight;  // [R][C] signed magnitude, |w| <= weight_range
  std::vector<int32_t> bias;    // [C]
  bool logits = false;          // the last layer: no requantization
  std::vector<uint16_t> mult;   // [C] >= 1; empty when logits
  std::vector<uint8_t> shift;   // [C] 1..31; empty when logits
  int32_t low = 0;              // output clamp; low = 0 is the ReLU
  int32_t high = 0;
};

// On activation codes, windows that do not fit are dropped.
struct PoolMax {
  int32_t kernel = 2;
  int32_t stride = 2;
};

using StageKind = std::variant<Crossbar, PoolMax>;

// One hardware layer. Streams carry one image in h, w, c order (channel fastest).
struct Stage {
  std::string name;                 // unique, [a-z][a-z0-9_]*
  std::vector<std::string> inputs;  // earlier stages, or "input"
  Shape in;
  Shape out;
  int32_t in_bits = 8;     // activation codes at the input
  bool in_signed = false;  // two's complement: the top plane weighs -2^(bits-1)
  StageKind kind;
};

struct Design {
  static constexpr int32_t kSchemaVersion = 1;
  std::string name;
  Shape input;  // uint8 images enter raw
  Layout layout;
  std::vector<Stage> stages;  // topological order; the last gives the logits
};

// Shapes, ranges, row numbers, references; throws Error naming `where` and the stage.
void check_design(const Design& design, const std::string& where);

// A folder with design.json and tensors.npz (docs/artifact.md). Written atomically; load checks
// schema version, shapes and ranges, and names file and JSON path of what is wrong.
void save_design(const Design& design, const std::filesystem::path& dir);
Design load_design(const std::filesystem::path& dir);

// Hash of the design's integers; a chip names the design it was programmed for.
std::string design_hash(const Design& design);

}  // namespace crosstwin::ir
