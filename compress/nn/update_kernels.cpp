// Optimizer steps on flat arrays of parameters.
// SPDX-License-Identifier: Apache-2.0
//
// Sources: SGD with momentum as in Sutskever et al. 2013 in PyTorch's form (v = m v + g; w -= r v);
// AdamW of Loshchilov and Hutter 2019, algorithm 2.
#include "compress/nn/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compress/nn/update_kernels.cpp"
#include <hwy/foreach_target.h>

#include "compress/nn/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace crosstwin::nn {
namespace HWY_NAMESPACE {

// Runs step(at) over whole vectors; the rest goes through padded copies of every array, so that it
// takes the same operations. Masked weights are zeroed behind it.
template <int Arrays, class Step>
HWY_INLINE void for_vectors(int64_t size, const float* grad, const uint8_t* mask,
                            float* const (&arrays)[Arrays], const Step& step) {
  int64_t i = 0;
  for (; i + kStep <= size; i += kStep) {
    float* at[Arrays];
    for (int a = 0; a < Arrays; ++a) at[a] = arrays[a] + i;
    step(grad + i, at);
  }
  if (i < size) {
    float copies[Arrays][kStep] = {};
    float grad_copy[kStep] = {};
    float* at[Arrays];
    for (int64_t j = 0; i + j < size; ++j) {
      grad_copy[j] = grad[i + j];
      for (int a = 0; a < Arrays; ++a) copies[a][j] = arrays[a][i + j];
    }
    for (int a = 0; a < Arrays; ++a) at[a] = copies[a];
    step(grad_copy, at);
    for (int64_t j = 0; i + j < size; ++j) {
      for (int a = 0; a < Arrays; ++a) arrays[a][i + j] = copies[a][j];
    }
  }
  if (mask == nullptr) return;
  for (int64_t j = 0; j < size; ++j) {
    if (mask[j] != 0) continue;
    for (int a = 0; a < Arrays; ++a) arrays[a][j] = 0;
  }
}

void sgd_update(const SgdStep& s, int64_t size, const float* grad, const uint8_t* mask,
                float* velocity, float* weight) {
  float* const arrays[] = {velocity, weight};
  for_vectors(size, grad, mask, arrays, [&](const float* g, float* const(&at)[2]) {
    const V w = load_unaligned(at[1]);
    const V slope = fma(set(s.decay), w, load_unaligned(g));
    const V v = fma(set(s.momentum), load_unaligned(at[0]), slope);
    store_unaligned(v, at[0]);
    store_unaligned(fma(set(-s.rate), v, w), at[1]);
  });
}

void adam_update(const AdamStep& s, int64_t size, const float* grad, const uint8_t* mask,
                 float* first, float* second, float* weight) {
  float* const arrays[] = {first, second, weight};
  for_vectors(size, grad, mask, arrays, [&](const float* g, float* const(&at)[3]) {
    const V slope = load_unaligned(g);
    const V m = fma(set(s.beta1), load_unaligned(at[0]), hn::Mul(set(1 - s.beta1), slope));
    const V square = hn::Mul(slope, slope);
    const V v = fma(set(s.beta2), load_unaligned(at[1]), hn::Mul(set(1 - s.beta2), square));
    store_unaligned(m, at[0]);
    store_unaligned(v, at[1]);
    const V root = hn::Add(hn::Sqrt(hn::Mul(v, set(s.correction2))), set(s.epsilon));
    const V w = hn::Mul(load_unaligned(at[2]), set(s.shrink));
    store_unaligned(fma(set(-s.rate), hn::Div(m, root), w), at[2]);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace crosstwin::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::nn {

HWY_EXPORT(sgd_update);
HWY_EXPORT(adam_update);

void sgd_update(const SgdStep& step, int64_t size, const float* grad, const uint8_t* mask,
                float* velocity, float* weight) {
  HWY_DYNAMIC_DISPATCH(sgd_update)(step, size, grad, mask, velocity, weight);
}
void adam_update(const AdamStep& step, int64_t size, const float* grad, const uint8_t* mask,
                 float* first, float* second, float* weight) {
  HWY_DYNAMIC_DISPATCH(adam_update)(step, size, grad, mask, first, second, weight);
}

}  // namespace crosstwin::nn
#endif
