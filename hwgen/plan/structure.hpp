// Registers, adders and memories that the parameters of each template imply.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "compress/ir/design.hpp"
#include "hwgen/plan/build.hpp"
#include "hwgen/plan/estimate.hpp"
#include "hwgen/plan/tile_form.hpp"

namespace crosstwin::hwgen {

// The sizes of a crossbar layer, whatever it is built as.
struct LayerShape {
  int32_t in_h = 1, in_w = 1, in_c = 1;
  int32_t kernel_h = 1, kernel_w = 1;
  int32_t stride = 1, pad = 0;
  int32_t pad_bits = 0;  // in which the channels' padding differs
  int32_t out_h = 1, out_w = 1;
  int32_t rows = 1, cols = 1;
  int32_t tile_rows = 128;
  int32_t in_bits = 8;
  bool in_signed = false;
  int32_t cell_bits = 4, slices = 2;
  int32_t adc_bits = 8;
  int32_t out_bits = 8;
  bool logits = false;

  int64_t positions() const { return int64_t{out_h} * out_w; }
  int32_t words() const { return 2 * slices; }  // physical columns of a column and plane
  // Row tiles of a faithful form.
  int32_t row_tiles() const { return (rows + tile_rows - 1) / tile_rows; }
};
LayerShape layer_shape(const ir::Layout& layout, const ir::Stage& stage,
                       const ir::Crossbar& crossbar, int32_t out_bits);

// Lines of the window's ring are a power-of-two number of words.
int64_t ring_words(const LayerShape& shape, int32_t lines);

Structure window_structure(const LayerShape& shape, const Build& build, bool writable);
Structure tile_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                         bool writable);
Structure mac_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                        bool writable);
Structure requant_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                            bool writable);
// Of xb_layer: the sum of what it holds.
Structure layer_structure(const LayerShape& shape, const TileForm& form, const Build& build,
                          bool writable);

Structure pool_structure(const ir::Shape& in, const ir::PoolMax& pool, int32_t bits);
Structure unpack_structure(int32_t channels, int32_t bits);
Structure argmax_structure(int32_t outputs, int32_t bits);
// xb_fifo of `depth` beats of `width` bits.
Structure fifo_structure(int32_t width, int64_t depth);
// xb_config, which writes the memories of so many crossbar layers.
Structure config_structure(int32_t layers);
// xb_uart_link of a board, which stores `stored` of an image's pixels.
Structure link_structure(int32_t pixel_bytes, int64_t pixels, int64_t stored, int32_t outputs);

}  // namespace crosstwin::hwgen
