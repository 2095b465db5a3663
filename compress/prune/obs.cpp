// Covariance, its inverse, and the elimination of one row after another.
// SPDX-License-Identifier: Apache-2.0
#include "compress/prune/obs.hpp"

#include <Eigen/Dense>
#include <algorithm>

#include "compress/ir/error.hpp"

namespace crosstwin::prune {

void remove_rows(std::span<float> weight, std::span<float> bias, MatrixShape shape,
                 std::span<uint8_t> alive, std::span<const float> patches, int64_t keep,
                 double damping) {
  ir::check(static_cast<int64_t>(weight.size()) == shape.columns * shape.rows &&
                static_cast<int64_t>(bias.size()) == shape.columns &&
                static_cast<int64_t>(alive.size()) == shape.rows,
            "the sizes of the matrix do not agree");
  ir::check(keep >= 1, "a layer needs one row");
  std::vector<Eigen::Index> rows;  // those alive
  for (int64_t row = 0; row < shape.rows; ++row) {
    if (alive[static_cast<size_t>(row)]) rows.push_back(row);
  }
  const auto count = static_cast<Eigen::Index>(rows.size());
  if (count <= keep) return;

  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto samples = static_cast<Eigen::Index>(patches.size()) / shape.rows;
  ir::check(samples > 0, "no samples of the layer's input");
  const Eigen::Map<const RowMajor> all(patches.data(), samples, shape.rows);
  Eigen::MatrixXd inputs(samples, count);
  Eigen::MatrixXd w(shape.columns, count);
  const Eigen::Map<RowMajor> stored(weight.data(), shape.columns, shape.rows);
  for (Eigen::Index i = 0; i < count; ++i) {
    inputs.col(i) = all.col(rows[static_cast<size_t>(i)]).cast<double>();
    w.col(i) = stored.col(rows[static_cast<size_t>(i)]).cast<double>();
  }
  const Eigen::RowVectorXd mean = inputs.colwise().mean();
  inputs.rowwise() -= mean;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(count, count);
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(inputs.transpose(),
                                                        1.0 / static_cast<double>(samples));
  const double level = std::max(covariance.trace() / static_cast<double>(count), 1e-12);
  covariance.diagonal().array() += damping * level;
  Eigen::MatrixXd inverse = covariance.selfadjointView<Eigen::Lower>().llt().solve(
      Eigen::MatrixXd::Identity(count, count));

  const Eigen::VectorXd mean_before = w * mean.transpose();
  std::vector<uint8_t> left(rows.size(), 1);
  for (Eigen::Index remaining = count; remaining > keep; --remaining) {
    Eigen::Index worst = -1;
    double lowest = 0;
    for (Eigen::Index j = 0; j < count; ++j) {
      if (!left[static_cast<size_t>(j)]) continue;
      const double cost = w.col(j).squaredNorm() / inverse(j, j);
      if (worst < 0 || cost < lowest) {
        worst = j;
        lowest = cost;
      }
    }
    left[static_cast<size_t>(worst)] = 0;
    const Eigen::VectorXd factor = inverse.col(worst) / inverse(worst, worst);
    const Eigen::VectorXd removed = w.col(worst);
    w.noalias() -= removed * factor.transpose();
    w.col(worst).setZero();
    const Eigen::RowVectorXd line = inverse.row(worst);
    inverse.noalias() -= factor * line;
    inverse.col(worst).setZero();
    inverse.row(worst).setZero();
  }
  const Eigen::VectorXd shift = mean_before - w * mean.transpose();
  for (Eigen::Index column = 0; column < shape.columns; ++column) {
    const auto c = static_cast<size_t>(column);
    bias[c] = static_cast<float>(bias[c] + shift(column));
    for (Eigen::Index i = 0; i < count; ++i) {
      const auto row = static_cast<size_t>(rows[static_cast<size_t>(i)]);
      const bool kept = left[static_cast<size_t>(i)] != 0;
      weight[c * static_cast<size_t>(shape.rows) + row] =
          kept ? static_cast<float>(w(column, i)) : 0.0F;
      alive[row] = kept;
    }
  }
}

}  // namespace crosstwin::prune
