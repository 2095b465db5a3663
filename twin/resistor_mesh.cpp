// The kernel of ResistorMesh: eight rows at a time, then the rest of the matrix once.
// SPDX-License-Identifier: Apache-2.0
#include "twin/resistor_mesh.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "twin/resistor_mesh.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace crosstwin::twin::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Row = ResistorMesh::Row;
using D = hn::CappedTag<double, ResistorMesh::kLanes>;
constexpr int32_t kLanes = ResistorMesh::kLanes;

// sum[i] += a[k].v[i] b[k] over k < depth in this order, for eight rows i.
void add_products(const Row* HWY_RESTRICT a, const Row* HWY_RESTRICT b, int32_t depth,
                  Row* HWY_RESTRICT sum) {
  const D d;
  for (int32_t lane = 0; lane < kLanes; lane += static_cast<int32_t>(hn::Lanes(d))) {
    auto s0 = hn::Load(d, sum[0].v + lane);
    auto s1 = hn::Load(d, sum[1].v + lane);
    auto s2 = hn::Load(d, sum[2].v + lane);
    auto s3 = hn::Load(d, sum[3].v + lane);
    auto s4 = hn::Load(d, sum[4].v + lane);
    auto s5 = hn::Load(d, sum[5].v + lane);
    auto s6 = hn::Load(d, sum[6].v + lane);
    auto s7 = hn::Load(d, sum[7].v + lane);
    for (int32_t k = 0; k < depth; ++k) {
      const auto x = hn::Load(d, b[k].v + lane);
      const double* f = a[k].v;
      s0 = hn::Add(s0, hn::Mul(hn::Set(d, f[0]), x));
      s1 = hn::Add(s1, hn::Mul(hn::Set(d, f[1]), x));
      s2 = hn::Add(s2, hn::Mul(hn::Set(d, f[2]), x));
      s3 = hn::Add(s3, hn::Mul(hn::Set(d, f[3]), x));
      s4 = hn::Add(s4, hn::Mul(hn::Set(d, f[4]), x));
      s5 = hn::Add(s5, hn::Mul(hn::Set(d, f[5]), x));
      s6 = hn::Add(s6, hn::Mul(hn::Set(d, f[6]), x));
      s7 = hn::Add(s7, hn::Mul(hn::Set(d, f[7]), x));
    }
    hn::Store(s0, d, sum[0].v + lane);
    hn::Store(s1, d, sum[1].v + lane);
    hn::Store(s2, d, sum[2].v + lane);
    hn::Store(s3, d, sum[3].v + lane);
    hn::Store(s4, d, sum[4].v + lane);
    hn::Store(s5, d, sum[5].v + lane);
    hn::Store(s6, d, sum[6].v + lane);
    hn::Store(s7, d, sum[7].v + lane);
  }
}

// The conductances of node k to all behind it; `block` is column block k / 8.
double row_sum(const Row* block, const Row* end, int32_t size, int32_t k) {
  const D d;
  Row sum;
  for (int32_t lane = k % kLanes + 1; lane < kLanes; ++lane) sum.v[lane] = block[k].v[lane];
  for (const Row* b = block + size; b < end; b += size) {
    for (int32_t lane = 0; lane < kLanes; lane += static_cast<int32_t>(hn::Lanes(d))) {
      hn::Store(hn::Add(hn::Load(d, sum.v + lane), hn::Load(d, b[k].v + lane)), d, sum.v + lane);
    }
  }
  const double* v = sum.v;
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

// Divides row k by the root of its sum, then adds its products to the rows behind it of its eight.
// Places a >= b are never read: what is added there does not matter.
bool finish_row(Row* block, const Row* end, int32_t size, int32_t k) {
  const double sum = row_sum(block, end, size, k);
  if (!(sum > 0 && sum <= std::numeric_limits<double>::max())) return false;
  const D d;
  const auto lanes = static_cast<int32_t>(hn::Lanes(d));
  const auto scale = hn::Set(d, 1 / std::sqrt(sum));
  for (Row* b = block; b < end; b += size) {
    for (int32_t lane = 0; lane < kLanes; lane += lanes) {
      hn::Store(hn::Mul(hn::Load(d, b[k].v + lane), scale), d, b[k].v + lane);
    }
  }
  for (int32_t r = k % kLanes + 1; r < kLanes; ++r) {
    const auto factor = hn::Set(d, block[k].v[r]);
    for (Row* b = block + (k - k % kLanes + r); b < end; b += size) {
      const double* x = b[k % kLanes - r].v;
      for (int32_t lane = 0; lane < kLanes; lane += lanes) {
        const auto product = hn::Mul(factor, hn::Load(d, x + lane));
        hn::Store(hn::Add(hn::Load(d, b->v + lane), product), d, b->v + lane);
      }
    }
  }
  return true;
}

int32_t eliminate(Row* rows, int32_t size, int32_t removed, int32_t padded) {
  Row* const end = rows + static_cast<size_t>(size / kLanes) * size;
  const auto block = [&](int32_t node) { return rows + static_cast<size_t>(node / kLanes) * size; };
  for (int32_t first = 0; first < padded; first += kLanes) {
    for (Row* b = block(first); b < end; b += size) add_products(block(first), b, first, b + first);
    for (int32_t k = first; k < std::min(first + kLanes, removed); ++k) {
      if (!finish_row(block(first), end, size, k)) return k;
    }
  }
  for (int32_t c = padded; c < size; c += kLanes) {
    for (int32_t r = padded; r <= c; r += kLanes) {
      add_products(block(r), block(c), padded, block(c) + r);
    }
  }
  return -1;
}

}  // namespace crosstwin::twin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crosstwin::twin {

HWY_EXPORT(eliminate);

int32_t ResistorMesh::eliminate() {
  return HWY_DYNAMIC_DISPATCH(eliminate)(rows_.data(), size_, removed_, padded_);
}

}  // namespace crosstwin::twin
#endif
