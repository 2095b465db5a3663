// Which instruction sets Highway compiles the kernels for; before any Highway header.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Left out: what is slower than the baseline helps (SSSE3 and SSE4 have no fused multiply-add) and
// what has vectors of unknown size (the kernels keep arrays of vectors in registers).
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
