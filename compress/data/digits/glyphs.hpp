// How people write the ten digits: pen strokes as knots of smooth curves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace crosstwin::data {

// What the pen does at a knot: runs through, turns sharply, or is lifted behind it.
enum class Pen : uint8_t { run, turn, lift };

// In hundredths of the digit's height; x to the right, y down, the digit within 0..100 of both.
struct Knot {
  int8_t x;
  int8_t y;
  Pen pen = Pen::run;
};

// One way of writing a digit; `weight` is how often it is taken among those of the same digit.
struct Glyph {
  uint32_t weight;
  std::span<const Knot> knots;  // the last knot of each stroke, and so the last of all, lifts
};

std::span<const Glyph> glyphs_of(int digit);

}  // namespace crosstwin::data
