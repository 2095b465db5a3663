// The pen's way: a glyph, written by one hand, as dots close together in pixels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "compress/data/digits/glyphs.hpp"
#include "compress/ir/rng.hpp"

namespace crosstwin::data {

struct Dot {
  float x;  // pixels, the image is 0..28
  float y;
  float radius;         // half the pen's width, pixels
  bool starts = false;  // first dot of a stroke
};

// Draws the hand from `rng`: knots that miss their place, an elastic sheet, width, slant, rotation,
// size, place, and a pen whose width changes on its way.
std::vector<Dot> write_glyph(const Glyph& glyph, ir::Rng& rng);

// About normal with deviation 1, within +-3: a sum of uniforms. Unlike Rng::normal it uses no
// function of the C library, whose last bit differs between machines, and the drawn bytes must not.
float spread(ir::Rng& rng);

}  // namespace crosstwin::data
