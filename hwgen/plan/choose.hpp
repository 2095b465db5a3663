// Which of its ways every layer is built in: for a rate, for a board, or the plain one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/space.hpp"

namespace crosstwin::hwgen {

// What the crossbar layers stand in: parts that take time and room whatever is chosen.
struct Surroundings {
  Structure structure;  // edges, pools
  Structure host;       // what a board adds; counted where one is to be fitted
  int64_t cycles = 0;   // the slowest of them
  std::string slowest;  // its name
};

struct Chosen {
  Build build;
  int64_t cycles = 0;
  std::string bound_by;
  std::vector<Choice> choices;
};

// One a layer. With a target every layer by itself takes the cheapest way that meets it; to fit a
// board, the smallest number of cycles is searched at which the layers' cheapest ways together fit.
// Throws ir::Error when the rate is out of reach, no form fits the board, or it is unknown.
std::vector<Chosen> choose(std::vector<LayerSpace>& layers, const Surroundings& around,
                           const PlanOptions& options);

// The whole design at ever fewer cycles, each point with fewer look-up tables than the faster ones.
std::vector<ParetoPoint> pareto_front(std::vector<LayerSpace>& layers, const Surroundings& around,
                                      const PlanOptions& options);

// The part that estimates are weighed for: the board's, or an ECP5.
const Board* find_board(const PlanOptions& options);

}  // namespace crosstwin::hwgen
