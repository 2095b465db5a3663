// Contents of one memory: words of any width, packed, printed for $readmemh.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/image.hpp"

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {

Image::Image(int64_t words, int32_t width)
    : words_(words),
      width_(width),
      limbs_((width + 63) / 64),
      data_(static_cast<size_t>(words * limbs_)) {
  ir::check(words >= 1 && width >= 1, "a memory has words and bits");
}

void Image::put(int64_t word, int32_t at, int64_t value, int32_t bits) {
  ir::check(word >= 0 && word < words_ && at >= 0 && at + bits <= width_,
            "a field lies outside its memory word");
  auto field = static_cast<uint64_t>(value);
  if (bits < 64) field &= (uint64_t{1} << bits) - 1;
  const auto limb = static_cast<size_t>(word * limbs_ + at / 64);
  const int32_t shift = at % 64;
  data_[limb] |= field << shift;
  if (shift + bits > 64) data_[limb + 1] |= field >> (64 - shift);
}

void Image::print(int64_t word, char* digits) const {
  const uint64_t* limbs = &data_[static_cast<size_t>(word * limbs_)];
  const int32_t count = (width_ + 3) / 4;
  for (int32_t digit = 0; digit < count; ++digit) {
    const int32_t at = 4 * (count - 1 - digit);
    digits[digit] = "0123456789abcdef"[limbs[at / 64] >> (at % 64) & 15];
  }
}

uint32_t Image::chunk(int64_t word, int32_t index) const {
  const uint64_t limb = data_[static_cast<size_t>(word * limbs_ + index / 2)];
  return static_cast<uint32_t>(index % 2 == 0 ? limb : limb >> 32);
}

std::string Image::hex(int64_t word) const {
  ir::check(word >= 0 && word < words_, "no such memory word");
  std::string digits(static_cast<size_t>((width_ + 3) / 4), '0');
  print(word, digits.data());
  return digits;
}

std::string Image::text() const {
  const auto line = static_cast<size_t>((width_ + 3) / 4) + 1;
  std::string text(static_cast<size_t>(words_) * line, '\n');
  for (int64_t word = 0; word < words_; ++word) {
    print(word, &text[static_cast<size_t>(word) * line]);
  }
  return text;
}

}  // namespace crosstwin::hwgen
