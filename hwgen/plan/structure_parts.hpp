// What the structures of all templates are made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hwgen/plan/structure.hpp"

namespace crosstwin::hwgen {

inline constexpr int32_t kFlags =
    4;  // valid, last and the like, beside every register stage of data

int32_t digits(int64_t value);

// Counts 0..n-1 and compares with the last.
void counter(Structure& s, int64_t n);

// A tree that adds `terms` numbers of `bits` bits, registered at every level.
void adder_tree(Structure& s, int32_t terms, int32_t bits, bool widening);

// xb_mul; without DSP blocks two bits of `a` at a time, added up in a tree.
void product(Structure& s, int32_t a, int32_t b, bool dsp);

// xb_prim_rom; `constant` of its bits are equal in all words, and go away unless it is writable.
void rom(Structure& s, int64_t words, int32_t width, const Build& build, bool writable,
         int32_t constant = 0);

int32_t groups(const LayerShape& shape, const Build& build);
// Beats of a group's rows.
int64_t beats(const LayerShape& shape, const Build& build);

}  // namespace crosstwin::hwgen
