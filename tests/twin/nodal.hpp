// The circuit of an array resistor by resistor, and two plain solvers: the folding's reference.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "twin/wires.hpp"

namespace crosstwin::test {

// What a wrong model of the wires would do; the tests must see each.
enum class Mistake {
  kNone,
  kDriverAtLastColumn,
  kSenseAboveFirstRow,
  kNoSegmentAtDriver,
  kNoSegmentAtSense,
  kOtherContacts,
  kRowsForColumns,  // row_ohm and column_ohm, exchanged
};

class Circuit {
 public:
  struct Resistor {
    int32_t a, b;
    double ohm;
  };

  Circuit(std::span<const double> g, int32_t rows, int32_t cols, double siemens_per_unit,
          twin::WireOptions wires, Mistake mistake = Mistake::kNone)
      : rows_(rows), cols_(cols), siemens_per_unit_(siemens_per_unit), nodes_(rows + cols) {
    if (mistake == Mistake::kOtherContacts) wires.double_contacts = !wires.double_contacts;
    if (mistake == Mistake::kRowsForColumns) std::swap(wires.row_ohm, wires.column_ohm);
    std::vector<std::vector<int32_t>> on_row(rows), on_column(cols);
    for (int32_t r = 0; r < rows; ++r) {
      for (int32_t c = 0; c < cols; ++c) {
        on_row[r].push_back(nodes_++);
        on_column[c].push_back(nodes_++);
        const double siemens = g[static_cast<size_t>(r) * cols + c] * siemens_per_unit;
        if (siemens > 0) {
          resistors_.push_back({on_row[r].back(), on_column[c].back(), 1 / siemens});
        }
      }
    }
    // Drivers are nodes 0..rows-1, sense nodes the cols after them: their voltages are given.
    for (int32_t r = 0; r < rows; ++r) {
      if (mistake == Mistake::kDriverAtLastColumn) std::reverse(on_row[r].begin(), on_row[r].end());
      wire(r, on_row[r], wires.driver_ohm, wires.row_ohm, mistake != Mistake::kNoSegmentAtDriver,
           wires.double_contacts);
    }
    for (int32_t c = 0; c < cols; ++c) {
      if (mistake != Mistake::kSenseAboveFirstRow) {
        std::reverse(on_column[c].begin(), on_column[c].end());
      }
      wire(rows + c, on_column[c], wires.sense_ohm, wires.column_ohm,
           mistake != Mistake::kNoSegmentAtSense, wires.double_contacts);
    }
  }

  // Effective conductances [rows][cols] in units of g: a driver at 1 V after the other. Unknown are
  // the voltage of every node and the current of every resistor, so that resistors of 0 ohm are
  // plain equations.
  std::vector<double> dense() const {
    using Matrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
    const auto branches = static_cast<int32_t>(resistors_.size());
    Matrix a = Matrix::Zero(nodes_ + branches, nodes_ + branches);
    Matrix b = Matrix::Zero(nodes_ + branches, rows_);
    for (int32_t n = 0; n < fixed(); ++n) a(n, n) = 1;
    for (int32_t r = 0; r < rows_; ++r) b(r, r) = 1;
    for (int32_t i = 0; i < branches; ++i) {
      const Resistor& x = resistors_[i];
      if (x.a >= fixed()) a(x.a, nodes_ + i) = 1;
      if (x.b >= fixed()) a(x.b, nodes_ + i) = -1;
      a(nodes_ + i, x.a) = 1;
      a(nodes_ + i, x.b) = -1;
      a(nodes_ + i, nodes_ + i) = -1e-6L * x.ohm;  // Mohm, so that cells and wires are near 1
    }
    const Matrix x = a.fullPivLu().solve(b);
    Matrix current = Matrix::Zero(rows_, cols_);
    for (int32_t i = 0; i < branches; ++i) {
      const Resistor& branch = resistors_[i];
      for (const auto& [node, sign] : {std::pair(branch.a, -1.0L), std::pair(branch.b, 1.0L)}) {
        if (node < rows_ || node >= fixed()) continue;
        current.col(node - rows_) += sign * x.row(nodes_ + i).transpose();
      }
    }
    std::vector<double> result;
    for (int32_t r = 0; r < rows_; ++r) {
      for (int32_t c = 0; c < cols_; ++c) {
        result.push_back(static_cast<double>(current(r, c) * 1e-6L / siemens_per_unit_));
      }
    }
    return result;
  }

  // The sense currents [cols][count], in units of g times volts, for driver voltages [rows][count]:
  // nodal analysis by Eigen's sparse Cholesky. No resistor may be 0 ohm.
  Eigen::MatrixXd sparse(const Eigen::MatrixXd& volts) const {
    const int32_t unknown = nodes_ - fixed();
    std::vector<Eigen::Triplet<double>> entries;
    Eigen::MatrixXd b = Eigen::MatrixXd::Zero(unknown, volts.cols());
    for (const Resistor& x : resistors_) {
      for (const auto& [from, to] : {std::pair(x.a, x.b), std::pair(x.b, x.a)}) {
        if (from < fixed()) continue;
        entries.emplace_back(from - fixed(), from - fixed(), 1 / x.ohm);
        if (to >= fixed()) entries.emplace_back(from - fixed(), to - fixed(), -1 / x.ohm);
        if (to < rows_) b.row(from - fixed()) += volts.row(to) / x.ohm;
      }
    }
    Eigen::SparseMatrix<double> a(unknown, unknown);
    a.setFromTriplets(entries.begin(), entries.end());
    const Eigen::MatrixXd v = Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>>(a).solve(b);
    Eigen::MatrixXd current = Eigen::MatrixXd::Zero(cols_, volts.cols());
    for (const Resistor& x : resistors_) {
      for (const auto& [from, to] : {std::pair(x.a, x.b), std::pair(x.b, x.a)}) {
        if (to < rows_ || to >= fixed()) continue;
        current.row(to - rows_) += v.row(from - fixed()) / (x.ohm * siemens_per_unit_);
      }
    }
    return current;
  }

 private:
  int32_t fixed() const { return rows_ + cols_; }

  // end -- end_ohm -- segment -- along[0] -- segment -- along[1] ... and back to `end` if closed.
  void wire(int32_t end, const std::vector<int32_t>& along, double end_ohm, double segment,
            bool segment_at_end, bool closed) {
    resistors_.push_back({end, nodes_, end_ohm});
    resistors_.push_back({nodes_++, along.front(), segment_at_end ? segment : 0});
    for (size_t i = 1; i < along.size(); ++i) {
      resistors_.push_back({along[i - 1], along[i], segment});
    }
    if (!closed) return;
    resistors_.push_back({along.back(), nodes_, segment});
    resistors_.push_back({nodes_++, end, end_ohm});
  }

  int32_t rows_;
  int32_t cols_;
  double siemens_per_unit_;
  int32_t nodes_;
  std::vector<Resistor> resistors_;
};

}  // namespace crosstwin::test
