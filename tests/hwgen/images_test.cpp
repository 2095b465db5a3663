// Memory images, word by word.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/images.hpp"

#include "tests/catch.hpp"

using namespace crosstwin;
using namespace crosstwin::hwgen;

namespace {

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

}  // namespace

TEST_CASE("A row names its offset in the window") {
  const Tiny t;
  const Image image = row_image(t.stage, t.crossbar);
  // Offsets reach ((2 - 1) * 4 + 3) * 2 - 1 = 13: four bits.
  CHECK(image.width == 4);
  CHECK(image.words == std::vector<std::string>{"2", "d"});
}

TEST_CASE("With padding a row names its kernel place and its channel's zero too") {
  Tiny t;
  t.crossbar.pad = 1;
  const Image image = row_image(t.stage, t.crossbar);
  // {zero[8], kw[2], kh[1], off[4]}
  CHECK(image.width == 15);
  CHECK(image.words == std::vector<std::string>{"08a2", "775d"});
}

TEST_CASE("A signed padding value is cut to the activation's bits") {
  Tiny t;
  t.crossbar.pad = 1;
  t.stage.in_bits = 4;
  t.stage.in_signed = true;
  t.crossbar.pad_value = {-1, -8};
  CHECK(row_image(t.stage, t.crossbar).words == std::vector<std::string>{"7a2", "45d"});
}

TEST_CASE("Coded weights are sign and magnitude, lane 0 low, missing columns zero") {
  const Tiny t;
  const Image image = weight_image(t.layout, t.crossbar, t.cells, t.form, 2);
  CHECK(image.width == 16);
  CHECK(image.words == std::vector<std::string>{"8201", "10ff", "007f", "0000"});
}

TEST_CASE("Per-cell weights are conductances, positive slices low") {
  Tiny t;
  t.form.per_cell = true;
  const Image image = weight_image(t.layout, t.crossbar, t.cells, t.form, 1);
  // Cell (row 0, column 0) is g[0], g[6], g[12], g[18 % 16]: positive slices 0, 1, negative 0, 1.
  CHECK(image.width == 16);
  CHECK(image.words == std::vector<std::string>{"2c60", "5f93", "3d71", "60a4", "4e82", "71b5"});
  CHECK(weight_image(t.layout, t.crossbar, t.cells, t.form, 2).words.back() == "000071b5");
}

TEST_CASE("A requantizer word is shift, gain and bias; a logit's the bias alone") {
  Tiny t;
  const Image image = requant_image(t.crossbar, t.form);
  CHECK(image.width == 28);
  CHECK(image.words == std::vector<std::string>{"fffff85", "08000ff", "8091a40"});
  t.crossbar.logits = true;
  t.crossbar.mult.clear();
  t.crossbar.shift.clear();
  CHECK(requant_image(t.crossbar, t.form).words == std::vector<std::string>{"05", "7f", "40"});
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
