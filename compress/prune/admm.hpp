// The alternating direction method of multipliers over constrained weights.
// SPDX-License-Identifier: Apache-2.0
//
// Source: "Tiny but Accurate" (arXiv 1908.10017), equations of its ADMM section, in scaled form:
//   W-step: minimise f(W) + sum_i rho/2 ||W_i - Z_i + U_i||^2   (training with the gradients below)
//   Z-step: Z_i = projection of W_i + U_i onto the set of constraint i
//   duals:  U_i += W_i - Z_i
// Several constraints may name one layer (the paper's P and Q): each has its own Z and U.
// Deviations: when rho changes, U is scaled by old / new, so that the dual variable rho U stays.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace crosstwin::prune {

// Moves the weights of a layer to the nearest point of a set.
using Projection = std::function<void(std::span<float> weight)>;

struct Constraint {
  std::string layer;
  Projection project;
};

class Admm {
 public:
  Admm(std::vector<Constraint> constraints, double rho);

  // grad += rho (W - Z + U), over the constraints on `layer`. Nothing before the first update.
  void add_gradient(const std::string& layer, std::span<const float> weight,
                    std::span<float> gradient) const;
  // Z-step and dual update of the constraints on `layer`; the first one starts from U = 0.
  void update(const std::string& layer, std::span<const float> weight);
  void set_rho(double rho);

  double rho() const { return rho_; }
  // Largest ||W - Z|| / ||W|| over the constraints at their last update; 0 = constraints hold.
  double residual() const;

  // Z, U and rho as bytes, for checkpoints. restore() wants the same constraints.
  std::string save() const;
  void restore(const std::string& bytes);

 private:
  struct State {
    std::vector<float> z, u;
    double residual = 0;
  };
  std::vector<Constraint> constraints_;
  std::vector<State> states_;
  double rho_;
};

}  // namespace crosstwin::prune
