// Matrix products of dense layers on blocks of 16 images.
// SPDX-License-Identifier: Apache-2.0
#include "compress/nn/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compress/nn/dense_kernels.cpp"
#include <hwy/foreach_target.h>

#include "compress/nn/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::nn {
namespace HWY_NAMESPACE {

// Vectors that make up the 16 lanes.
inline constexpr int64_t kParts = kLanes / kStep;
// Outputs at a time: enough independent sums to hide the latency of a multiply-add.
inline constexpr int64_t kForwardOuts = kParts == 1 ? 8 : 4;

template <int64_t Outs>
void forward_outs(const float* x, int64_t ins, const float* weight, int64_t stride,
                  const float* bias, bool with_relu, float* out) {
  V acc[Outs][kParts];
#pragma GCC unroll 8
  for (int64_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
    for (int64_t p = 0; p < kParts; ++p) acc[o][p] = set(bias[o]);
  }
  for (int64_t i = 0; i < ins; ++i) {
    V v[kParts];
#pragma GCC unroll 8
    for (int64_t p = 0; p < kParts; ++p) v[p] = load(x + i * kLanes + p * kStep);
#pragma GCC unroll 8
    for (int64_t o = 0; o < Outs; ++o) {
      const V w = set(weight[o * stride + i]);
#pragma GCC unroll 8
      for (int64_t p = 0; p < kParts; ++p) acc[o][p] = fma(w, v[p], acc[o][p]);
    }
  }
#pragma GCC unroll 8
  for (int64_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
    for (int64_t p = 0; p < kParts; ++p) {
      store(with_relu ? relu(acc[o][p]) : acc[o][p], out + o * kLanes + p * kStep);
    }
  }
}

void dense_forward(const float* x, int64_t ins, const float* weight, int64_t stride,
                   const float* bias, int64_t outs, bool with_relu, float* out) {
  int64_t o = 0;
  for (; o + kForwardOuts <= outs; o += kForwardOuts) {
    forward_outs<kForwardOuts>(x, ins, weight + o * stride, stride, bias + o, with_relu,
                               out + o * kLanes);
  }
  for (; o < outs; ++o) {
    forward_outs<1>(x, ins, weight + o * stride, stride, bias + o, with_relu, out + o * kLanes);
  }
}

// Upstream vectors that stay in registers while dx goes by, and inputs at a time.
inline constexpr int64_t kHeld = kStep == 16 ? 16 : 8;
inline constexpr int64_t kBackwardIns = 4;

template <int64_t Held, int64_t Ins>
HWY_INLINE void backward_ins(const V* dy, const float* weight, int64_t stride, bool accumulate,
                             float* dx) {
  V acc[Ins];
#pragma GCC unroll 8
  for (int64_t i = 0; i < Ins; ++i) acc[i] = accumulate ? load(dx + i * kLanes) : zero();
#pragma GCC unroll 16
  for (int64_t o = 0; o < Held; ++o) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < Ins; ++i) {
      acc[i] = fma(set(weight[o * stride + i]), dy[o], acc[i]);
    }
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < Ins; ++i) store(acc[i], dx + i * kLanes);
}

template <int64_t Held>
void backward_outs(const float* dy, const float* weight, int64_t stride, int64_t ins,
                   bool accumulate, float* dx) {
  for (int64_t lane = 0; lane < kLanes; lane += kStep) {
    V held[Held];
#pragma GCC unroll 16
    for (int64_t o = 0; o < Held; ++o) held[o] = load(dy + o * kLanes + lane);
    int64_t i = 0;
    for (; i + kBackwardIns <= ins; i += kBackwardIns) {
      backward_ins<Held, kBackwardIns>(held, weight + i, stride, accumulate,
                                       dx + i * kLanes + lane);
    }
    for (; i < ins; ++i) {
      backward_ins<Held, 1>(held, weight + i, stride, accumulate, dx + i * kLanes + lane);
    }
  }
}

void dense_backward(const float* dy, int64_t outs, const float* weight, int64_t stride, int64_t ins,
                    bool accumulate, float* dx) {
  int64_t o = 0;
  for (; o + kHeld <= outs; o += kHeld, accumulate = true) {
    backward_outs<kHeld>(dy + o * kLanes, weight + o * stride, stride, ins, accumulate, dx);
  }
  for (; o < outs; ++o, accumulate = true) {
    backward_outs<1>(dy + o * kLanes, weight + o * stride, stride, ins, accumulate, dx);
  }
}

void transpose_lanes(const float* x, int64_t ins, float* transposed, int64_t stride) {
  for (int64_t first = 0; first < stride; first += kLanes) {
    const int64_t count = ins - first < kLanes ? ins - first : kLanes;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      float* to = transposed + lane * stride + first;
      for (int64_t i = 0; i < count; ++i) to[i] = x[(first + i) * kLanes + lane];
      for (int64_t i = count; i < kLanes; ++i) to[i] = 0;
    }
  }
}

// Here the lanes are neighbouring inputs, and images go by in order: no sum over lanes at all.
template <int64_t Outs, int64_t Vectors>
void grad_columns(const float* dy, int64_t dy_block, int64_t blocks, const float* x,
                  int64_t x_stride, int64_t keep, float* grad, int64_t grad_stride) {
  V acc[Outs][Vectors];
#pragma GCC unroll 8
  for (int64_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
    for (int64_t v = 0; v < Vectors; ++v) acc[o][v] = zero();
  }
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float* at = x + (b * kLanes + lane) * x_stride;
      const float* g = dy + b * dy_block + lane;
      V in[Vectors];
#pragma GCC unroll 8
      for (int64_t v = 0; v < Vectors; ++v) in[v] = load(at + v * kStep);
#pragma GCC unroll 8
      for (int64_t o = 0; o < Outs; ++o) {
        const V up = set(g[o * kLanes]);
#pragma GCC unroll 8
        for (int64_t v = 0; v < Vectors; ++v) acc[o][v] = fma(up, in[v], acc[o][v]);
      }
    }
  }
  if (keep == Vectors * kStep) {
#pragma GCC unroll 8
    for (int64_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
      for (int64_t v = 0; v < Vectors; ++v) {
        store_unaligned(acc[o][v], grad + o * grad_stride + v * kStep);
      }
    }
    return;
  }
  HWY_ALIGN float row[Vectors * kStep];
#pragma GCC unroll 8
  for (int64_t o = 0; o < Outs; ++o) {
#pragma GCC unroll 8
    for (int64_t v = 0; v < Vectors; ++v) store(acc[o][v], row + v * kStep);
    for (int64_t i = 0; i < keep; ++i) grad[o * grad_stride + i] = row[i];
  }
}

template <int64_t Outs>
void grad_outs(const float* dy, int64_t dy_block, int64_t blocks, const float* x, int64_t x_stride,
               int64_t ins, float* grad, int64_t grad_stride) {
  constexpr int64_t kVectors = kStep == 16 ? 4 : 2;
  int64_t i = 0;
  for (; i + kVectors * kStep <= ins; i += kVectors * kStep) {
    grad_columns<Outs, kVectors>(dy, dy_block, blocks, x + i, x_stride, kVectors * kStep, grad + i,
                                 grad_stride);
  }
  for (; i < ins; i += kStep) {
    const int64_t keep = ins - i < kStep ? ins - i : kStep;
    grad_columns<Outs, 1>(dy, dy_block, blocks, x + i, x_stride, keep, grad + i, grad_stride);
  }
}

void dense_grad(const float* dy, int64_t dy_block, int64_t blocks, int64_t outs, const float* x,
                int64_t x_stride, int64_t ins, float* grad, int64_t grad_stride) {
  static_assert(kDenseOuts == 6);
  const auto run = [&](auto kernel) {
    kernel(dy, dy_block, blocks, x, x_stride, ins, grad, grad_stride);
  };
  switch (outs) {
    case 1:
      return run(grad_outs<1>);
    case 2:
      return run(grad_outs<2>);
    case 3:
      return run(grad_outs<3>);
    case 4:
      return run(grad_outs<4>);
    case 5:
      return run(grad_outs<5>);
    default:
      return run(grad_outs<6>);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace crosstwin::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::nn {

HWY_EXPORT(dense_forward);
HWY_EXPORT(dense_backward);
HWY_EXPORT(transpose_lanes);
HWY_EXPORT(dense_grad);

void dense_forward(const float* x, int64_t ins, const float* weight, int64_t stride,
                   const float* bias, int64_t outs, bool relu, float* out) {
  HWY_DYNAMIC_DISPATCH(dense_forward)(x, ins, weight, stride, bias, outs, relu, out);
}
void dense_backward(const float* dy, int64_t outs, const float* weight, int64_t stride, int64_t ins,
                    bool accumulate, float* dx) {
  HWY_DYNAMIC_DISPATCH(dense_backward)(dy, outs, weight, stride, ins, accumulate, dx);
}
void transpose_lanes(const float* x, int64_t ins, float* transposed, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(transpose_lanes)(x, ins, transposed, stride);
}
void dense_grad(const float* dy, int64_t dy_block, int64_t blocks, int64_t outs, const float* x,
                int64_t x_stride, int64_t ins, float* grad, int64_t grad_stride) {
  HWY_DYNAMIC_DISPATCH(dense_grad)
  (dy, dy_block, blocks, outs, x, x_stride, ins, grad, grad_stride);
}

}  // namespace crosstwin::nn
#endif
