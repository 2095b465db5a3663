// A converter in 16-bit lanes: the contract's codes without a 32-bit product.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace crosstwin::twin {

// (I adc_mult + offset) >> adc_shift of a current I, of which p = (I + delta) mult holds two words:
//   (p / 2^16 + above + ((p % 2^16 + low + 1) >> 16)) >> shift
// The last term is the carry, bit 15 of the rounded mean of two words. Nothing is approximated.
struct HalfConverter {
  uint16_t delta = 0;
  uint16_t mult = 0;
  uint16_t low = 0;
  int16_t above = 0;
  uint16_t shift = 0;
};

// `offset` has half an LSB added. None where a current of least..most or a sum leaves 16 bits.
std::optional<HalfConverter> half_converter(int64_t mult, int64_t offset, int32_t shift,
                                            int64_t least, int64_t most);

}  // namespace crosstwin::twin
