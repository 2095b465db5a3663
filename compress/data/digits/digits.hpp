// The built-in digit set: 28 x 28 handwriting-like digits drawn from strokes, no download needed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "compress/data/dataset.hpp"

namespace crosstwin::data {

constexpr int32_t kDigitSide = 28;
using DigitImage = std::array<uint8_t, kDigitSide * kDigitSide>;  // [h][w], ink is high

enum class Split : uint64_t { train, validation, test };

// Label of image `index`: every ten consecutive images, from a multiple of ten, hold each digit
// once, in an order of their own.
uint8_t digit_label(uint64_t seed, Split split, int64_t index);

// One image. Its bytes depend on the arguments only: any subset may be drawn in any order, and the
// splits draw from streams of their own.
DigitImage draw_digit(uint64_t seed, Split split, int64_t index);

// Images 0 .. count - 1, drawn in parallel.
Dataset digits(int64_t count, uint64_t seed, Split split);

}  // namespace crosstwin::data
