// Removes nodes from a dense network of resistors: a Cholesky factorisation that never subtracts.
// SPDX-License-Identifier: Apache-2.0
//
// Removing node k joins each pair of its neighbours by w_ki w_kj / sum_j w_kj (star-mesh, for two
// neighbours: resistors in series). That is the Schur complement of the nodal equations with the
// diagonal taken from the rows' sums, as in Grassmann, Taksar and Heyman, Operations Research 33
// (1985): all terms are positive, so every conductance is right to some rounding errors of its own,
// however far apart wires and cells are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace crosstwin::twin {

// Nodes are numbered so that those to be removed come first: removed_at(0..removed-1), then
// kept_at(0..kept-1). Any unit of conductance.
class ResistorMesh {
 public:
  ResistorMesh(int32_t removed, int32_t kept)
      : removed_(removed),
        padded_((removed + kLanes - 1) / kLanes * kLanes),
        size_(padded_ + (kept + kLanes - 1) / kLanes * kLanes),
        rows_(static_cast<size_t>(size_ / kLanes) * size_) {}

  int32_t removed_at(int32_t index) const { return index; }
  int32_t kept_at(int32_t index) const { return padded_ + index; }

  // Between two nodes, a < b.
  double at(int32_t a, int32_t b) const { return rows_[row(a, b)].v[b % kLanes]; }
  void add(int32_t a, int32_t b, double conductance) {
    rows_[row(a, b)].v[b % kLanes] += conductance;
  }

  // Returns -1, or the removed_at() whose conductances sum up to zero or to no finite number; the
  // mesh is then spoilt. The same bytes on every machine: no fused multiply-adds, sums in a fixed
  // order whatever the vector width.
  int32_t eliminate();

  // The matrix is stored in blocks of eight columns, each [size] rows; a < b is used.
  static constexpr int32_t kLanes = 8;
  struct alignas(64) Row {
    double v[kLanes] = {};
  };

 private:
  size_t row(int32_t a, int32_t b) const { return static_cast<size_t>(b / kLanes) * size_ + a; }

  int32_t removed_;
  int32_t padded_;
  int32_t size_;
  std::vector<Row> rows_;
};

}  // namespace crosstwin::twin
