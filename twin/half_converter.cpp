// The words of a 16-bit converter and the bounds that they need.
// SPDX-License-Identifier: Apache-2.0
#include "twin/half_converter.hpp"

#include <algorithm>

namespace crosstwin::twin {

std::optional<HalfConverter> half_converter(int64_t mult, int64_t offset, int32_t shift,
                                            int64_t least, int64_t most) {
  constexpr int64_t kWord = 1 << 16;
  // A shift of 16 and `right` more.
  const int32_t left = std::max(0, 16 - shift);
  const int32_t right = std::max(0, shift - 16);
  const int64_t scaled = mult << left;
  const int64_t delta = std::max<int64_t>(0, -least);
  if (scaled >= kWord || most + delta >= kWord) return std::nullopt;
  const int64_t addend = offset * (int64_t{1} << left) - delta * scaled - 1;
  const int64_t above = addend >> 16;
  const int64_t largest = ((most + delta) * scaled >> 16) + above + 1;
  if (above < -(kWord / 2) || above >= kWord / 2 || largest >= kWord / 2) return std::nullopt;
  return HalfConverter{static_cast<uint16_t>(delta), static_cast<uint16_t>(scaled),
                       static_cast<uint16_t>(addend & (kWord - 1)), static_cast<int16_t>(above),
                       static_cast<uint16_t>(right)};
}

}  // namespace crosstwin::twin
