// Contents of one memory: words of any width, packed, printed for $readmemh.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crosstwin::hwgen {

class Image {
 public:
  Image() = default;
  // `words` words of `width` bits, all zero.
  Image(int64_t words, int32_t width);

  int64_t words() const { return words_; }
  int32_t width() const { return width_; }
  int64_t bits() const { return words_ * width_; }

  // ORs the low `bits` (1..64) of `value` into the word, bit `at` and up.
  void put(int64_t word, int32_t at, int64_t value, int32_t bits);

  uint32_t chunk(int64_t word, int32_t index) const;  // bits 32 index and up
  std::string hex(int64_t word) const;                // ceil(width / 4) digits
  std::string text() const;                           // the file: a word a line

 private:
  void print(int64_t word, char* digits) const;

  int64_t words_ = 0;
  int32_t width_ = 0;
  int64_t limbs_ = 0;           // of a word
  std::vector<uint64_t> data_;  // [words][limbs], low limb first
};

}  // namespace crosstwin::hwgen
