// The text of every generated file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hwgen/plan/plan.hpp"

namespace crosstwin::hwgen {

// Paths below the generated folder: the templates' and the top's, in dependency order.
std::vector<std::string> source_paths(const Plan& plan);
std::vector<std::string> include_paths(const Plan& plan);

std::string top_module(const Plan& plan);  // rtl/<top>.sv
// manifest.json; a hash for each memory of the plan, of the text of its image.
std::string manifest(const Plan& plan, const std::vector<std::string>& image_hashes);
std::string verilator_list(const Plan& plan);  // design.f
std::string yosys_script(const Plan& plan);    // synth.ys
std::string fusesoc_core(const Plan& plan);    // <name>.core
std::string readme(const Plan& plan);          // README.md
std::string diagram(const Plan& plan);         // diagram.svg

}  // namespace crosstwin::hwgen
