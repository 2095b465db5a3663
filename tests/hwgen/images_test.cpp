// Memory images, word by word.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/images.hpp"

#include "compress/ir/error.hpp"
#include "tests/catch.hpp"

using namespace crosstwin;
using namespace crosstwin::hwgen;

namespace {

std::vector<std::string> words(const Image& image) {
  std::vector<std::string> list;
  for (int64_t word = 0; word < image.words(); ++word) list.push_back(image.hex(word));
  return list;
}

// 2 rows x 3 columns on a map of 2 channels, 4 wide, kernel 2 x 3.
struct Tiny {
  ir::Layout layout;
  ir::Stage stage;
  ir::Crossbar crossbar;
  ir::CrossbarChip cells;
  TileForm form;
  Tiny() {
    stage.in = {2, 5, 4};
    crossbar.kernel_h = 2;
    crossbar.kernel_w = 3;
    crossbar.pad_value = {0x11, 0xee};
    crossbar.rows = {1, 11};  // (c 0, y 0, x 1), (c 1, y 1, x 2)
    crossbar.weight = {1, -2, 127, -127, 16, 0};
    crossbar.bias = {5, -1, -64};
    crossbar.mult = {0xffff, 1, 0x1234};
    crossbar.shift = {31, 1, 16};
    form.mag_bits = 7;
    form.g_bits = 4;
    form.bias_bits = 7;
    for (uint16_t g = 0; g < 24; ++g) cells.g.push_back(g % 16);  // [2][2][2][3]
  }
};

// Of Tiny's 2 rows x 3 columns.
Cut cut(int32_t pe, int32_t row_lanes, int32_t tile_rows = 2) {
  return {2, 3, tile_rows, row_lanes, pe};
}

}  // namespace

TEST_CASE("A row names its offset in the window") {
  const Tiny t;
  const Image image = row_image(t.stage, t.crossbar, cut(1, 1));
  // Offsets reach ((2 - 1) * 4 + 3) * 2 - 1 = 13: four bits.
  CHECK(image.width() == 4);
  CHECK(words(image) == std::vector<std::string>{"2", "d"});
}

TEST_CASE("With padding a row names its kernel place and its channel's zero too") {
  Tiny t;
  t.crossbar.pad = 1;
  const Image image = row_image(t.stage, t.crossbar, cut(1, 1));
  // {zero[8], kw[2], kh[1], off[4]}
  CHECK(image.width() == 15);
  CHECK(words(image) == std::vector<std::string>{"08a2", "775d"});
}

TEST_CASE("A signed padding value is cut to the activation's bits") {
  Tiny t;
  t.crossbar.pad = 1;
  t.stage.in_bits = 4;
  t.stage.in_signed = true;
  t.crossbar.pad_value = {-1, -8};
  CHECK(words(row_image(t.stage, t.crossbar, cut(1, 1))) == std::vector<std::string>{"7a2", "45d"});
}

TEST_CASE("Coded weights are sign and magnitude, lane 0 low, missing columns zero") {
  const Tiny t;
  const Image image =
      weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kBitPlane, cut(2, 1));
  CHECK(image.width() == 16);
  CHECK(words(image) == std::vector<std::string>{"8201", "10ff", "007f", "0000"});
}

TEST_CASE("Per-cell weights are conductances, positive slices low") {
  Tiny t;
  t.form.per_cell = true;
  const Image image =
      weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kBitPlane, cut(1, 1));
  // Cell (row 0, column 0) is g[0], g[6], g[12], g[18 % 16]: positive slices 0, 1, negative 0, 1.
  CHECK(image.width() == 16);
  CHECK(words(image) == std::vector<std::string>{"2c60", "5f93", "3d71", "60a4", "4e82", "71b5"});
  CHECK(words(weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kBitPlane, cut(2, 1)))
            .back() == "000071b5");
}

TEST_CASE("A word holds a beat: rows side by side, row lane 0 low, missing rows zero") {
  Tiny t;
  CHECK(words(row_image(t.stage, t.crossbar, cut(1, 2))) == std::vector<std::string>{"d2"});
  const Image image =
      weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kBitPlane, cut(2, 2));
  CHECK(image.width() == 32);
  CHECK(words(image) == std::vector<std::string>{"10ff8201", "0000007f"});
}

TEST_CASE("A beat never spans two row tiles") {
  Tiny t;
  t.crossbar.rows = {0, 1, 2, 3, 4};
  t.crossbar.weight = {1, 2, 3, 4, 5};
  t.crossbar.bias = {0};
  const Cut five = {5, 1, 3, 2, 1};  // beats of rows 0 1, 2, and 3 4
  CHECK(five.beats() == 3);
  CHECK(words(weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kBitPlane, five)) ==
        std::vector<std::string>{"0201", "0003", "0504"});
  // Offsets of (c 0: 0, 2, 4), (y 1: 8, 10), four bits each.
  CHECK(words(row_image(t.stage, t.crossbar, five)) == std::vector<std::string>{"20", "04", "a8"});
}

TEST_CASE("Collapsed weights are two's complement") {
  Tiny t;
  t.form.weight_bits = 8;
  CHECK(words(weight_image(t.layout, t.crossbar, t.cells, t.form, Form::kCollapsed, cut(3, 1))) ==
        std::vector<std::string>{"7ffe01", "001081"});
}

TEST_CASE("A converter word is clip, offset and gain a slice, slice 0 low") {
  Tiny t;
  t.form.offset_bits = 4;
  t.cells.adc_shift = {0, 0};
  t.cells.adc_mult = {0x1111, 0x2222, 0x3333, 0x4444};  // [slice][column]
  t.cells.adc_offset = {1, -1, 2, -8};
  t.cells.adc_clip = {255, 254, 253, 7};
  const Image image = adc_image(t.layout, t.cells, t.form);
  CHECK(image.width() == 56);
  CHECK(words(image) == std::vector<std::string>{"fd23333ff11111", "0784444fef2222"});
  // With level steps a column, they lie above the clip.
  t.form.lsb_bits = 4;
  t.cells.lsb = {1, 2, 3, 15};
  const Image wide = adc_image(t.layout, t.cells, t.form);
  CHECK(wide.width() == 64);
  CHECK(words(wide) == std::vector<std::string>{"3fd233331ff11111", "f07844442fef2222"});
}

TEST_CASE("The non-linearity is a word a code") {
  Tiny t;
  t.layout.adc_bits = 2;
  t.cells.inl = {0, 2, 2, 3};
  CHECK(words(inl_image(t.layout, t.cells)) == std::vector<std::string>{"0", "2", "2", "3"});
}

TEST_CASE("A word wider than a machine word is printed whole") {
  Image image(2, 130);
  image.put(0, 62, 0xf, 4);
  image.put(1, 128, 3, 2);
  image.put(1, 0, -1, 64);
  CHECK(image.text() == "00000000000000003c000000000000000\n30000000000000000ffffffffffffffff\n");
  CHECK_THROWS_AS(image.put(0, 127, 1, 4), ir::Bug);
}

TEST_CASE("A requantizer word is shift, gain and bias; a logit's the bias alone") {
  Tiny t;
  const Image image = requant_image(t.crossbar, t.form);
  CHECK(image.width() == 28);
  CHECK(words(image) == std::vector<std::string>{"fffff85", "08000ff", "8091a40"});
  t.crossbar.logits = true;
  t.crossbar.mult.clear();
  t.crossbar.shift.clear();
  CHECK(words(requant_image(t.crossbar, t.form)) == std::vector<std::string>{"05", "7f", "40"});
}

TEST_CASE("Widths are the least that hold a value") {
  CHECK(unsigned_bits(0) == 1);
  CHECK(unsigned_bits(255) == 8);
  CHECK(unsigned_bits(256) == 9);
  CHECK(signed_bits(0) == 2);
  CHECK(signed_bits(-2) == 2);
  CHECK(signed_bits(2) == 3);
  CHECK(signed_bits(-128) == 8);
  CHECK(signed_bits(128) == 9);
  CHECK(signed_bits(INT64_MIN) == 64);
}
