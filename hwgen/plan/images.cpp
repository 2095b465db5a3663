// Contents of the memories, in the forms of rtl_templates/README.md ("Memory images").
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/images.hpp"

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

// A word of any width, fields appended from the least significant end.
class Word {
 public:
  void put(int64_t value, int32_t bits) {
    for (int32_t bit = 0; bit < bits; ++bit) bits_.push_back((value >> bit) & 1);
  }

  int32_t width() const { return static_cast<int32_t>(bits_.size()); }

  std::string hex() const {
    std::string text((bits_.size() + 3) / 4, '0');
    for (size_t digit = 0; digit < text.size(); ++digit) {
      int value = 0;
      for (size_t bit = 0; bit < 4 && 4 * digit + bit < bits_.size(); ++bit) {
        value |= bits_[4 * digit + bit] << bit;
      }
      text[text.size() - 1 - digit] = "0123456789abcdef"[value];
    }
    return text;
  }

 private:
  std::vector<bool> bits_;
};

void append(Image& image, const Word& word) {
  ir::check(image.words.empty() || image.width == word.width(), "memory words differ in width");
  image.width = word.width();
  image.words.push_back(word.hex());
}

}  // namespace

Image row_image(const ir::Stage& stage, const ir::Crossbar& crossbar) {
  const int32_t last_offset =
      ((crossbar.kernel_h - 1) * stage.in.w + crossbar.kernel_w) * stage.in.c - 1;
  const int32_t offset_bits = unsigned_bits(static_cast<uint64_t>(last_offset));
  const int32_t kh_bits = unsigned_bits(static_cast<uint64_t>(crossbar.kernel_h - 1));
  const int32_t kw_bits = unsigned_bits(static_cast<uint64_t>(crossbar.kernel_w - 1));
  Image image;
  for (const int32_t row : crossbar.rows) {
    const int32_t kw = row % crossbar.kernel_w;
    const int32_t kh = row / crossbar.kernel_w % crossbar.kernel_h;
    const int32_t channel = row / crossbar.kernel_w / crossbar.kernel_h;
    Word word;
    word.put((kh * stage.in.w + kw) * stage.in.c + channel, offset_bits);
    if (crossbar.pad > 0) {
      word.put(kh, kh_bits);
      word.put(kw, kw_bits);
      word.put(crossbar.pad_value[channel], stage.in_bits);
    }
    append(image, word);
  }
  return image;
}

Image weight_image(const ir::Layout& layout, const ir::Crossbar& crossbar,
                   const ir::CrossbarChip& cells, const TileForm& form, int32_t pe) {
  const auto rows = static_cast<int32_t>(crossbar.rows.size());
  const auto cols = static_cast<int32_t>(crossbar.bias.size());
  const int32_t groups = (cols + pe - 1) / pe;
  const int32_t arrays = 2 * layout.slices;  // in the order of CrossbarChip::g: polarity, slice
  Image image;
  for (int32_t group = 0; group < groups; ++group) {
    for (int32_t row = 0; row < rows; ++row) {
      Word word;
      for (int32_t lane = 0; lane < pe; ++lane) {
        const int32_t col = group * pe + lane;
        const bool present = col < cols;
        const size_t cell = size_t{1} * row * cols + col;
        if (form.per_cell) {
          for (int32_t array = 0; array < arrays; ++array) {
            word.put(present ? cells.g[size_t{1} * array * rows * cols + cell] : 0, form.g_bits);
          }
        } else {
          const int32_t weight = present ? crossbar.weight[cell] : 0;
          word.put(weight < 0 ? -weight : weight, form.mag_bits);
          word.put(weight < 0, 1);
        }
      }
      append(image, word);
    }
  }
  return image;
}

Image table_image(const ir::Chip& chip, const TileForm& form) {
  Image image;
  for (const uint16_t conductance : chip.table) {
    Word word;
    word.put(conductance, form.g_bits);
    append(image, word);
  }
  return image;
}

Image requant_image(const ir::Crossbar& crossbar, const TileForm& form) {
  Image image;
  for (size_t col = 0; col < crossbar.bias.size(); ++col) {
    Word word;
    word.put(crossbar.bias[col], form.bias_bits);
    if (!crossbar.logits) {
      word.put(crossbar.mult[col], 16);
      word.put(crossbar.shift[col], 5);
    }
    append(image, word);
  }
  return image;
}

}  // namespace crosstwin::hwgen
