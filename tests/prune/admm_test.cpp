// ADMM on a problem with a known optimum, and its checkpoint.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/admm.hpp"

#include <cmath>

#include "compress/ir/error.hpp"
#include "compress/prune/projection.hpp"
#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"

namespace crosstwin::prune {
namespace {

constexpr MatrixShape kShape{4, 6};

Projection keep_rows_of_matrix(int64_t shapes) {
  return [shapes](std::span<float> weight) {
    apply_support(weight, kShape, choose_support(weight, kShape, {.shapes = shapes}));
  };
}

// Gradient descent on 1/2 ||w - target||^2 with the penalty, to convergence.
void w_step(const Admm& admm, const std::vector<float>& target, std::vector<float>& w) {
  for (int step = 0; step < 200; ++step) {
    std::vector<float> gradient(w.size());
    for (size_t i = 0; i < w.size(); ++i) gradient[i] = w[i] - target[i];
    admm.add_gradient("layer", w, gradient);
    const auto rate = static_cast<float>(1 / (1 + admm.rho()));
    for (size_t i = 0; i < w.size(); ++i) w[i] -= rate * gradient[i];
  }
}

TEST_CASE("ADMM finds the nearest point of the set on a convex problem") {
  ir::Rng rng(2);
  const std::vector<float> target = tests::random_values(rng, 24);
  std::vector<float> optimum = target;
  keep_rows_of_matrix(3)(optimum);

  Admm admm({{"layer", keep_rows_of_matrix(3)}, {"other", keep_rows_of_matrix(1)}}, 1.0);
  std::vector<float> w = target;
  for (int round = 0; round < 60; ++round) {
    w_step(admm, target, w);
    admm.update("layer", w);
  }
  // Float rounding of values below 1 is left, 6e-8 each (measured: 0 and 1e-8).
  CHECK(admm.residual() < 1e-6);
  for (size_t i = 0; i < w.size(); ++i) CHECK(w[i] == Approx(optimum[i]).margin(1e-6));
}

TEST_CASE("Two constraints on one layer are both met") {
  ir::Rng rng(8);
  const std::vector<float> target = tests::random_values(rng, 24);
  const Projection grid = [](std::span<float> weight) {
    for (float& value : weight) value = std::round(value * 8) / 8;
  };
  Admm admm({{"layer", keep_rows_of_matrix(2)}, {"layer", grid}}, 0.5);
  std::vector<float> w = target;
  for (const double rho : {0.5, 2.0, 8.0, 32.0}) {
    admm.set_rho(rho);
    for (int round = 0; round < 40; ++round) {
      w_step(admm, target, w);
      admm.update("layer", w);
    }
  }
  // Measured: 1.3e-7. Meeting one constraint alone leaves up to half a grid step, 6e-2, a weight.
  CHECK(admm.residual() < 1e-5);
}

TEST_CASE("A restored ADMM goes on as the saved one") {
  ir::Rng rng(2);
  const std::vector<float> target = tests::random_values(rng, 24);
  Admm first({{"layer", keep_rows_of_matrix(3)}}, 1.0);
  std::vector<float> w = target;
  for (int round = 0; round < 5; ++round) {
    w_step(first, target, w);
    first.update("layer", w);
  }
  Admm second({{"layer", keep_rows_of_matrix(3)}}, 7.0);
  second.restore(first.save());
  std::vector<float> other = w;
  w_step(first, target, w);
  w_step(second, target, other);
  CHECK(w == other);
  first.update("layer", w);
  second.update("layer", other);
  CHECK(first.save() == second.save());
  std::string cut = first.save();
  cut.pop_back();
  CHECK_THROWS_AS(second.restore(cut), ir::Bug);
}

TEST_CASE("A change of rho keeps the dual variable") {
  Admm admm({{"layer", [](std::span<float> weight) { weight[0] = 0; }}}, 2.0);
  const std::vector<float> w{3};
  admm.update("layer", w);
  std::vector<float> before(1);
  admm.add_gradient("layer", std::vector<float>{0}, before);  // rho (0 - z + u) = rho u
  admm.set_rho(8.0);
  std::vector<float> after(1);
  admm.add_gradient("layer", std::vector<float>{0}, after);
  CHECK(before == after);
  CHECK(before[0] == 6);
}

}  // namespace
}  // namespace crosstwin::prune
