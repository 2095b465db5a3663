// The arithmetic of training, on blocks of 16 images with the image innermost.
// SPDX-License-Identifier: Apache-2.0
//
// Layout: a block is [c][h][w][16] floats, 64-byte aligned; every weight is a scalar that is
// broadcast, so that a pruned weight is a loop iteration that does not run. Each sum is taken in a
// fixed order with fused multiply-adds, and sums over the 16 lanes in a fixed tree: every target
// (scalar, AVX2, AVX-512) gives the same bits. All strides and offsets count floats.
#pragma once

#include <cstdint>

namespace crosstwin::nn {

inline constexpr int64_t kLanes = 16;

// --- conv_kernels.cpp

// At most kTileOuts outputs: target[o][y][x] = bias[o] + sum_t weight[t][o] * source[y][x + t].
// Forward passes and, with the taps transposed, the gradient of the input.
inline constexpr int32_t kTileOuts = 6;
// Outputs a tile should have for rows of this width: as many sums in registers as there is room
// for.
int32_t tile_outs(int32_t width);
struct ConvTile {
  const float* source = nullptr;  // of the output at (0, 0), before a tap's offset
  int64_t source_row = 0;         // between the sources of vertically neighbouring outputs
  int64_t source_pixel = 0;
  const int32_t* offset = nullptr;  // [taps]
  const float* weight = nullptr;    // [taps][outs]
  int64_t taps = 0;
  const int32_t* first_tap = nullptr;  // [height]; null = all taps in every row
  const int32_t* last_tap = nullptr;   // [height] one behind the last
  const float* bias = nullptr;         // [outs]; null = 0
  float* target[kTileOuts] = {};       // of every output at (0, 0)
  int64_t target_row = 0;
  int64_t target_pixel = 0;
  int32_t outs = 0;
  int32_t height = 0;
  int32_t width = 0;
  bool relu = false;
  bool accumulate = false;  // add to what is in the target
};
void conv_tile(const ConvTile& tile);

// grad[o][r] = sum over pixels and lanes of upstream[o] * source[r], for listed outputs and rows.
inline constexpr int32_t kGradOuts = 4;
struct ConvGradTile {
  const float* source = nullptr;
  int64_t source_row = 0;
  int64_t source_pixel = 0;
  const int32_t* offset = nullptr;  // [rows] of every row's source
  int64_t rows = 0;
  const float* upstream[kGradOuts] = {};  // of every output at (0, 0)
  int64_t upstream_row = 0;
  int64_t upstream_pixel = 0;
  int32_t outs = 0;
  int32_t height = 0;
  int32_t width = 0;
  float* grad = nullptr;  // [outs][grad_stride]
  int64_t grad_stride = 0;
};
void conv_grad_tile(const ConvGradTile& tile);

// sum over pixels and lanes of every plane: out[c]. `row` and `plane` as strides; pixels
// contiguous.
void plane_sums(const float* source, int64_t planes, int64_t plane, int32_t height, int64_t row,
                int32_t width, float* out);

// --- dense_kernels.cpp

// out[o] = bias[o] + sum_i weight[o][i] x[i], relu or not.
void dense_forward(const float* x, int64_t ins, const float* weight, int64_t stride,
                   const float* bias, int64_t outs, bool relu, float* out);
// dx[i] (+)= sum_o weight[o][i] dy[o].
void dense_backward(const float* dy, int64_t outs, const float* weight, int64_t stride, int64_t ins,
                    bool accumulate, float* dx);
// transposed[lane][i] = x[i][lane]; lanes are `stride` apart (a multiple of 16), the tail is zeros.
void transpose_lanes(const float* x, int64_t ins, float* transposed, int64_t stride);
// grad[o][i] = sum over the blocks' images of dy[block][o][lane] * x[image][i] for outs at most
// kDenseOuts; x is what transpose_lanes made; `dy_block` is the distance between blocks.
inline constexpr int64_t kDenseOuts = 6;
void dense_grad(const float* dy, int64_t dy_block, int64_t blocks, int64_t outs, const float* x,
                int64_t x_stride, int64_t ins, float* grad, int64_t grad_stride);

// --- map_kernels.cpp

struct PoolShape {
  int32_t channels = 0;
  int32_t height = 0;  // of the input
  int32_t width = 0;
  int32_t kernel = 0;
  int32_t stride = 0;
};
void max_pool_forward(const PoolShape& shape, const float* x, float* y);
// The first largest of a window gets the gradient.
void max_pool_backward(const PoolShape& shape, const float* x, const float* y, const float* dy,
                       bool accumulate, float* dx);
void avg_pool_forward(const PoolShape& shape, const float* x, float* y);
void avg_pool_backward(const PoolShape& shape, const float* dy, bool accumulate, float* dx);

void relu_forward(const float* x, int64_t size, float* y);
// dx (+)= y > 0 ? dy : 0. dx may be dy when not accumulating.
void relu_backward(const float* y, const float* dy, int64_t size, bool accumulate, float* dx);
// y = a + b; y may be a.
void add(const float* a, const float* b, int64_t size, float* y);

// BatchNorm of one channel: `pixels` vectors of 16. `valid` [16] is 1 for lanes that hold an image,
// else 0. Sums over valid lanes.
float masked_sum(const float* x, int64_t pixels, const float* valid);
float masked_square_sum(const float* x, int64_t pixels, const float* valid, float mean);
// y = scale * x + shift, relu or not.
void scale_shift(const float* x, int64_t pixels, float scale, float shift, bool relu, float* y);
// sums[0] = sum dy, sums[1] = sum dy (x - mean) over valid lanes; y non-null = gate by y > 0.
void norm_sums(const float* x, const float* dy, const float* y, int64_t pixels, const float* valid,
               float mean, float* sums);
// dx (+)= a dy + b (x - mean) + c on valid lanes, 0 elsewhere; y as in norm_sums.
void norm_backward(const float* x, const float* dy, const float* y, int64_t pixels,
                   const float* valid, float mean, float a, float b, float c, bool accumulate,
                   float* dx);

// --- update_kernels.cpp: one optimizer step on flat arrays. mask (null = none): 0 holds a weight
// at zero.

struct SgdStep {
  float rate = 0;
  float momentum = 0;
  float decay = 0;
};
void sgd_update(const SgdStep& step, int64_t size, const float* grad, const uint8_t* mask,
                float* velocity, float* weight);

struct AdamStep {
  float rate = 0;  // of the step, with the first moment's bias correction
  float beta1 = 0;
  float beta2 = 0;
  float epsilon = 0;
  float correction2 = 0;  // 1 / (1 - beta2^t)
  float shrink = 1;       // 1 - learning rate * decay
};
void adam_update(const AdamStep& step, int64_t size, const float* grad, const uint8_t* mask,
                 float* first, float* second, float* weight);

}  // namespace crosstwin::nn
