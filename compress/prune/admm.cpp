// Z-steps, duals and their checkpoint.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/admm.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compress/ir/error.hpp"

namespace crosstwin::prune {
namespace {

template <class T>
void put(std::string& bytes, const T* values, size_t count) {
  if (count > 0) bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <class T>
void take(const std::string& bytes, size_t& at, T* values, size_t count) {
  ir::check(count <= (bytes.size() - at) / sizeof(T), "the ADMM state is cut short");
  if (count > 0) std::memcpy(values, bytes.data() + at, count * sizeof(T));
  at += count * sizeof(T);
}

}  // namespace

Admm::Admm(std::vector<Constraint> constraints, double rho)
    : constraints_(std::move(constraints)), states_(constraints_.size()), rho_(rho) {
  ir::check(rho > 0, "rho must be positive");
}

void Admm::add_gradient(const std::string& layer, std::span<const float> weight,
                        std::span<float> gradient) const {
  const auto rho = static_cast<float>(rho_);
  for (size_t i = 0; i < constraints_.size(); ++i) {
    const State& state = states_[i];
    if (constraints_[i].layer != layer || state.z.empty()) continue;
    ir::check(state.z.size() == weight.size() && gradient.size() == weight.size(),
              "the layer changed its size under ADMM");
    for (size_t k = 0; k < weight.size(); ++k) {
      gradient[k] += rho * (weight[k] - state.z[k] + state.u[k]);
    }
  }
}

void Admm::update(const std::string& layer, std::span<const float> weight) {
  for (size_t i = 0; i < constraints_.size(); ++i) {
    if (constraints_[i].layer != layer) continue;
    State& state = states_[i];
    if (state.u.empty()) state.u.assign(weight.size(), 0);
    state.z.resize(weight.size());
    for (size_t k = 0; k < weight.size(); ++k) state.z[k] = weight[k] + state.u[k];
    constraints_[i].project(state.z);
    double distance = 0;
    double norm = 0;
    for (size_t k = 0; k < weight.size(); ++k) {
      const float difference = weight[k] - state.z[k];
      state.u[k] += difference;
      distance += double{difference} * difference;
      norm += double{weight[k]} * weight[k];
    }
    state.residual = norm > 0 ? std::sqrt(distance / norm) : 0;
  }
}

void Admm::set_rho(double rho) {
  ir::check(rho > 0, "rho must be positive");
  const auto ratio = static_cast<float>(rho_ / rho);
  for (State& state : states_) {
    for (float& value : state.u) value *= ratio;
  }
  rho_ = rho;
}

double Admm::residual() const {
  double worst = 0;
  for (const State& state : states_) worst = std::max(worst, state.residual);
  return worst;
}

std::string Admm::save() const {
  std::string bytes;
  put(bytes, &rho_, 1);
  for (const State& state : states_) {
    const uint64_t size = state.z.size();
    put(bytes, &size, 1);
    put(bytes, state.z.data(), state.z.size());
    put(bytes, state.u.data(), state.u.size());
    put(bytes, &state.residual, 1);
  }
  return bytes;
}

void Admm::restore(const std::string& bytes) {
  size_t at = 0;
  take(bytes, at, &rho_, 1);
  for (State& state : states_) {
    uint64_t size = 0;
    take(bytes, at, &size, 1);
    ir::check(size <= bytes.size(), "the ADMM state is damaged");
    state.z.resize(size);
    state.u.resize(size);
    take(bytes, at, state.z.data(), size);
    take(bytes, at, state.u.data(), size);
    take(bytes, at, &state.residual, 1);
  }
  ir::check(at == bytes.size(), "the ADMM state belongs to other constraints");
}

}  // namespace crosstwin::prune
