// Which of its ways every layer is built in: for a rate, for a board, or the plain one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hwgen/plan/plan.hpp"
#include "hwgen/plan/space.hpp"
#include "hwgen/plan/surroundings.hpp"

namespace crosstwin::hwgen {

struct Chosen {
  Build build;
  int64_t cycles = 0;
  std::string bound_by;
  std::vector<Choice> choices;
};

// One a layer. With a target every layer by itself takes the cheapest way that meets it; to fit a
// board, the smallest number of cycles is searched at which the layers' cheapest ways together fit;
// where block RAMs are what is short, small memories move to logic step by step. Throws ir::Error
// when the rate is out of reach, no form fits the board, or it is unknown.
std::vector<Chosen> choose(std::vector<LayerSpace>& layers, const Surroundings& around,
                           const PlanOptions& options);

// The same with a target, every layer within `cycles`, fewer than the target asks for; nothing when
// that is out of reach.
std::optional<std::vector<Chosen>> choose_within(std::vector<LayerSpace>& layers,
                                                 const Surroundings& around,
                                                 const PlanOptions& options, int64_t cycles);

// Cycles an image that the target rate leaves.
int64_t target_cycles(const PlanOptions& options);

// Whether the board holds them, with what is kept free for the tools.
bool holds(const Board& board, const Resources& resources);

// The whole design at ever fewer cycles, each point with fewer look-up tables than the faster ones;
// without queues and host link, and `fits` is not set.
std::vector<ParetoPoint> pareto_front(std::vector<LayerSpace>& layers, const Surroundings& around,
                                      const PlanOptions& options);

// The part that estimates are weighed for: the board's, or an ECP5.
const Board* find_board(const PlanOptions& options);

}  // namespace crosstwin::hwgen
