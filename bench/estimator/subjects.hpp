// The designs that are measured: for the resource estimate, and for the table of tiles.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/ir/part.hpp"
#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/structure.hpp"
#include "tests/hwgen/sample_design.hpp"

namespace crosstwin::bench {

struct Subject {
  std::string name;
  std::string module;  // empty: a whole design
  hwgen::LayerShape shape;
  hwgen::TileForm form;
  hwgen::Build build;
  test::SampleOptions sample;  // whole designs only
  int32_t spread = 0;
  hwgen::PlanOptions options;
  std::string row;  // of the table of tiles; empty: not in it, and not placed
};

std::vector<Subject> subjects();

// Whether it is measured there: no multipliers where there are none.
bool measured_on(const Subject& subject, ir::PartFamily family);

// Of a whole design.
hwgen::Plan plan_of(const Subject& subject);

// With the harness's registers and gates.
hwgen::Structure structure_of(const Subject& subject);

// Of a tile whose inputs are always there and whose output never waits.
int64_t cycles_a_product(const Subject& subject);

// Bits in and out of a module beside clock and reset: data, valid, last and ready.
int32_t in_bits(const Subject& subject);
int32_t out_bits(const Subject& subject);

}  // namespace crosstwin::bench
