// Row removal against least squares over every candidate.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/obs.hpp"

#include <Eigen/Dense>

#include "tests/catch.hpp"
#include "tests/prune/reference.hpp"

namespace crosstwin::prune {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Problem {
  Eigen::Index columns = 3, rows = 6, samples = 200;
  Matrix weight, patches;
  Eigen::VectorXf bias;

  explicit Problem(uint64_t seed) : weight(3, 6), patches(200, 6), bias(3) {
    ir::Rng rng(seed);
    for (auto& value : weight.reshaped()) value = rng.uniform(-1, 1);
    for (auto& value : bias) value = rng.uniform(-1, 1);
    Matrix mix(6, 6);  // correlated inputs with a mean
    for (auto& value : mix.reshaped()) value = rng.uniform(-1, 1);
    for (auto& value : patches.reshaped()) value = rng.uniform(-1, 1);
    patches = (patches * mix).eval();
    patches.rowwise() += mix.row(0);
  }
  Eigen::MatrixXd outputs() const {
    Eigen::MatrixXd y = patches.cast<double>() * weight.cast<double>().transpose();
    y.rowwise() += bias.cast<double>().transpose();
    return y;
  }
  // Squared error of the best refit (with bias) of `target` on the rows that `gone` leaves.
  double refit_error(const Eigen::MatrixXd& target, Eigen::Index gone) const {
    Eigen::MatrixXd x = patches.cast<double>();
    x.col(gone).setOnes();  // its place is taken by the bias
    const Eigen::MatrixXd w = x.colPivHouseholderQr().solve(target);
    return (x * w - target).squaredNorm();
  }
  void remove(std::vector<uint8_t>& alive, int64_t keep) {
    remove_rows({weight.data(), static_cast<size_t>(weight.size())},
                {bias.data(), static_cast<size_t>(bias.size())}, {columns, rows}, alive,
                {patches.data(), static_cast<size_t>(patches.size())}, keep, 0);
  }
};

TEST_CASE("The row removed is the one whose best refit loses least, and the refit is found") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Problem problem(seed);
    const Eigen::MatrixXd target = problem.outputs();
    Eigen::Index best = 0;
    for (Eigen::Index row = 1; row < problem.rows; ++row) {
      if (problem.refit_error(target, row) < problem.refit_error(target, best)) best = row;
    }
    const double lowest = problem.refit_error(target, best);
    std::vector<uint8_t> alive(6, 1);
    problem.remove(alive, 5);
    CHECK(alive[static_cast<size_t>(best)] == 0);
    // The refit is stored in floats; at the minimum that counts in second order only.
    CHECK((problem.outputs() - target).squaredNorm() == Approx(lowest).epsilon(1e-6));
  }
}

TEST_CASE("Counts are realised exactly, removed rows are zero and stay removed") {
  Problem problem(3);
  std::vector<uint8_t> alive{1, 1, 0, 1, 1, 1};
  problem.weight.col(2).setZero();
  for (const int64_t keep : {4, 2, 1}) {
    problem.remove(alive, keep);
    CHECK(std::count(alive.begin(), alive.end(), uint8_t{1}) == keep);
    CHECK(alive[2] == 0);
    for (Eigen::Index row = 0; row < 6; ++row) {
      const bool empty = (problem.weight.col(row).array() == 0).all();
      CHECK(empty == (alive[static_cast<size_t>(row)] == 0));
    }
  }
}

TEST_CASE("Of two equal rows one goes and the other takes over its weight") {
  Problem problem(4);
  problem.patches.col(4) = problem.patches.col(1);
  const Eigen::MatrixXd target = problem.outputs();
  std::vector<uint8_t> alive(6, 1);
  remove_rows({problem.weight.data(), 18}, {problem.bias.data(), 3}, {3, 6}, alive,
              {problem.patches.data(), 1200}, 5, 1e-6);
  CHECK((alive[1] == 0) != (alive[4] == 0));
  // Damping of 1e-6 is all that is lost (measured: 8e-7).
  CHECK((problem.outputs() - target).norm() < 1e-5 * target.norm());
}

}  // namespace
}  // namespace crosstwin::prune
