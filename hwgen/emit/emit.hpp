// Prints a plan as a folder of sources, memory images and tool files. No decision is made here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {

// Puts into `dir` (which is replaced as a whole, or not at all):
//   rtl/<top>.sv      instances only            mem/*.hex   memory images
//   rtl/<...>.sv      copies of the templates   plan.json   every decision and why
//   manifest.json     the one list of sources, memories, layers and edges
//   design.f          Verilator                 synth.ys    Yosys
//   <name>.core       FuseSoC                   README.md   for people
//   diagram.svg       its picture
// Paths inside the files are relative: tools run with `dir` as the working directory. Equal plans
// give equal bytes.
void emit(const Plan& plan, const std::filesystem::path& dir);

}  // namespace crosstwin::hwgen
