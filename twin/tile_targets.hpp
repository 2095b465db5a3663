// Which instruction sets Highway compiles the kernels of tiles for; before any Highway header.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vectors are at least 128 bits of known size, or there is none: HWY_SCALAR has loops of its own.
#define HWY_WANT_AVX3_DL
#define HWY_BROKEN_EMU128 1
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
