// The folded wires against the whole circuit, closed forms, and the laws that any circuit obeys.
// SPDX-License-Identifier: Apache-2.0
#include "twin/wires.hpp"

#include <hwy/highway.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "compress/ir/error.hpp"
#include "compress/ir/rng.hpp"
#include "tests/catch.hpp"
#include "tests/twin/nodal.hpp"

namespace crosstwin {

using test::Circuit;
using test::Mistake;
using tests::contains;
using twin::effective_conductances;
using twin::WireOptions;

namespace {

constexpr double kUnit = 4e-9;  // 250 units are 1 uS

// Wires that take a good part of the voltage, and those of a real array.
constexpr WireOptions kStrong{
    .row_ohm = 3e4, .column_ohm = 5e4, .driver_ohm = 9e4, .sense_ohm = 2e4};
constexpr WireOptions kReal{.row_ohm = 1, .column_ohm = 2, .driver_ohm = 100, .sense_ohm = 50};

// Levels, some cells left out.
std::vector<double> random_cells(ir::Rng& rng, int32_t count) {
  std::vector<double> g;
  for (int32_t i = 0; i < count; ++i) {
    g.push_back(rng.below(8) == 0 ? 0 : 25 + 15 * rng.uniform(0, 15));
  }
  return g;
}

// The largest relative difference; infinite when something is no number.
double worst(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double result = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    const double relative = std::abs(a[i] - b[i]) / std::max(std::abs(a[i]), std::abs(b[i]));
    result = std::max(result, std::isfinite(relative) ? relative : HUGE_VAL);
  }
  return result;
}

double sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

std::string fault(const std::vector<double>& g, int32_t cols, const WireOptions& wires) {
  try {
    effective_conductances(g, static_cast<int32_t>(g.size()) / cols, cols, kUnit, wires,
                           "device.json: $.wires");
  } catch (const ir::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("wires: every array up to 5 x 5, zero ohm of any kind, is the whole circuit's solution") {
  ir::Rng rng(31);
  for (int32_t bits = 0; bits < 32; ++bits) {
    const WireOptions wires{.row_ohm = (bits & 1) != 0 ? kStrong.row_ohm : 0,
                            .column_ohm = (bits & 2) != 0 ? kStrong.column_ohm : 0,
                            .driver_ohm = (bits & 4) != 0 ? kStrong.driver_ohm : 0,
                            .sense_ohm = (bits & 8) != 0 ? kStrong.sense_ohm : 0,
                            .double_contacts = (bits & 16) != 0};
    for (const auto& [rows, cols] : {std::pair(1, 1), std::pair(1, 5), std::pair(5, 1),
                                     std::pair(2, 2), std::pair(5, 4), std::pair(4, 5)}) {
      const std::vector<double> g = random_cells(rng, rows * cols);
      INFO("options " << bits << ", " << rows << " x " << cols);
      const std::vector<double> expected = Circuit(g, rows, cols, kUnit, wires).dense();
      const std::vector<double> folded = effective_conductances(g, rows, cols, kUnit, wires);
      for (size_t i = 0; i < g.size(); ++i) {
        // The reference is solved in 64-bit mantissas; a sneak current is up to 1e4 times smaller.
        CHECK(folded[i] == Approx(expected[i]).epsilon(1e-13).margin(1e-13));
      }
      if (wires.ideal()) CHECK(folded == g);
    }
  }
}

TEST_CASE("wires: parts that are joined several times are the whole circuit's solution") {
  ir::Rng rng(32);
  for (const bool double_contacts : {false, true}) {
    for (const auto& [rows, cols] : {std::pair(11, 9), std::pair(3, 21), std::pair(23, 2)}) {
      WireOptions wires = kStrong;
      wires.double_contacts = double_contacts;
      const std::vector<double> g = random_cells(rng, rows * cols);
      const Eigen::MatrixXd expected =
          Circuit(g, rows, cols, kUnit, wires).sparse(Eigen::MatrixXd::Identity(rows, rows));
      const std::vector<double> folded = effective_conductances(g, rows, cols, kUnit, wires);
      for (int32_t r = 0; r < rows; ++r) {
        for (int32_t c = 0; c < cols; ++c) {
          CHECK(folded[static_cast<size_t>(r) * cols + c] ==
                Approx(expected(c, r)).epsilon(1e-10).margin(1e-10));
        }
      }
    }
  }
}

TEST_CASE("wires: 128 x 64 agrees with a sparse nodal solve to 1e-9 and is linear in the inputs") {
  ir::Rng rng(33);
  const int32_t rows = 128;
  const int32_t cols = 64;
  for (WireOptions wires : {kReal, WireOptions{.row_ohm = 500,
                                   .column_ohm = 300,
                                   .driver_ohm = 1000,
                                   .sense_ohm = 10,
                                   .double_contacts = true}}) {
    const std::vector<double> g = random_cells(rng, rows * cols);
    const std::vector<double> folded = effective_conductances(g, rows, cols, kUnit, wires);
    const Eigen::Map<const Eigen::MatrixXd> effective(folded.data(), cols, rows);
    // One driver after the other; then patterns of bits, and any voltages.
    Eigen::MatrixXd volts = Eigen::MatrixXd::Zero(rows, rows + 20);
    for (int32_t r = 0; r < rows; ++r) {
      volts(r, r) = 1;
      for (int32_t i = 0; i < 10; ++i) volts(r, rows + i) = rng.below(2);
      for (int32_t i = 10; i < 20; ++i) volts(r, rows + i) = rng.normal();
    }
    const Eigen::MatrixXd expected = Circuit(g, rows, cols, kUnit, wires).sparse(volts);
    const Eigen::MatrixXd error = effective * volts - expected;
    // A cell that was left out has a sneak current only: taken against the column's largest.
    for (int32_t i = 0; i < rows; ++i) {
      for (int32_t c = 0; c < cols; ++c) {
        const bool left_out = g[static_cast<size_t>(i) * cols + c] == 0;
        const double size = left_out ? expected.row(c).head(rows).maxCoeff() : expected(c, i);
        CHECK(std::abs(error(c, i)) <= 1e-9 * size);
      }
    }
    CHECK(error.rightCols(20).cwiseAbs().maxCoeff() <=
          1e-9 * expected.rightCols(20).cwiseAbs().maxCoeff());
    // Not trivially so: the wires take over 1%, and unequally.
    const Eigen::Map<const Eigen::MatrixXd> ideal(g.data(), cols, rows);
    CHECK((effective - ideal).cwiseAbs().maxCoeff() > 2.5);
  }
}

TEST_CASE("wires: each mistake in the circuit is seen") {
  ir::Rng rng(34);
  const std::vector<double> g = random_cells(rng, 30);
  for (const bool double_contacts : {false, true}) {
    WireOptions wires = kStrong;
    wires.double_contacts = double_contacts;
    const std::vector<double> folded = effective_conductances(g, 6, 5, kUnit, wires);
    const auto difference = [&](Mistake mistake) {
      return worst(folded, Circuit(g, 6, 5, kUnit, wires, mistake).dense());
    };
    CHECK(difference(Mistake::kNone) < 1e-12);
    CHECK(difference(Mistake::kNoSegmentAtDriver) > 1e-3);
    CHECK(difference(Mistake::kNoSegmentAtSense) > 1e-3);
    CHECK(difference(Mistake::kOtherContacts) > 1e-3);
    CHECK(difference(Mistake::kRowsForColumns) > 1e-3);
    // With both ends connected there is no far end.
    CHECK((difference(Mistake::kDriverAtLastColumn) > 1e-3) != double_contacts);
    CHECK((difference(Mistake::kSenseAboveFirstRow) > 1e-3) != double_contacts);
  }
}

TEST_CASE("wires: one cell is a chain of resistors") {
  const double cell = 1 / (200 * kUnit);
  for (const bool two : {false, true}) {
    WireOptions wires = kStrong;
    wires.double_contacts = two;
    const double ends = wires.row_ohm + wires.driver_ohm + wires.column_ohm + wires.sense_ohm;
    const double expected = 1 / ((cell + (two ? ends / 2 : ends)) * kUnit);
    CHECK(effective_conductances(std::vector{200.0}, 1, 1, kUnit, wires)[0] ==
          Approx(expected).epsilon(1e-15));
  }
}

TEST_CASE("wires: one row and one column are ladders") {
  const int32_t length = 40;
  ir::Rng rng(35);
  const std::vector<double> g = random_cells(rng, length);
  // The ladder of a row: the input conductance looking away from the driver, then the voltages.
  const auto ladder = [&](double segment, double end, double across) {
    std::vector<double> cell, looking(length), result;
    for (const double x : g) cell.push_back(x == 0 ? 0 : 1 / (1 / (x * kUnit) + across));
    for (int32_t i = length - 1; i >= 0; --i) {
      const double behind = i == length - 1 ? 0 : 1 / (1 / looking[i + 1] + segment);
      looking[i] = cell[i] + behind;
    }
    double volts = 1;
    for (int32_t i = 0; i < length; ++i) {
      const double ohm = i == 0 ? end + segment : segment;
      volts /= 1 + ohm * looking[i];
      result.push_back(volts * cell[i] / kUnit);
    }
    return result;
  };
  CHECK(worst(effective_conductances(g, 1, length, kUnit, kReal),
              ladder(kReal.row_ohm, kReal.driver_ohm, kReal.column_ohm + kReal.sense_ohm)) < 1e-13);
  // A column is one too, by reciprocity, seen from the sense: its last row is the nearest.
  std::vector<double> column =
      effective_conductances(std::vector(g.rbegin(), g.rend()), length, 1, kUnit, kReal);
  std::reverse(column.begin(), column.end());
  CHECK(worst(column, ladder(kReal.column_ohm, kReal.sense_ohm, kReal.row_ohm + kReal.driver_ohm)) <
        1e-13);
}

TEST_CASE("wires: CrossSim's fixed point, run until it stands, has the same currents") {
  // The equations of its NoninterleavedInputSourceArray.solve_mvm, with [output][input] as there:
  // outputs are summed towards the driver of input j, inputs towards the sense of output i.
  ir::Rng rng(43);
  const int32_t outputs = 9;
  const int32_t inputs = 14;
  const WireOptions wires{.row_ohm = 900, .column_ohm = 1500, .sense_ohm = 4000};
  const std::vector<double> g = random_cells(rng, inputs * outputs);  // ours: [input][output]
  const Eigen::ArrayXXd cell =
      Eigen::Map<const Eigen::MatrixXd>(g.data(), outputs, inputs).array() * kUnit;
  Eigen::VectorXd x(inputs);
  for (int32_t j = 0; j < inputs; ++j) x(j) = rng.uniform(-1, 1);
  const Eigen::ArrayXXd driven = x.transpose().replicate(outputs, 1).array();
  Eigen::ArrayXXd across = driven;
  for (int32_t iteration = 0; iteration < 400; ++iteration) {
    const Eigen::ArrayXXd current = cell * across;
    Eigen::ArrayXXd drop = Eigen::ArrayXXd::Zero(outputs, inputs);
    for (int32_t i = 0; i < outputs; ++i) {
      double behind = 0;  // cumsum of Rp_col * cumsum of currents, from the sense backwards
      for (int32_t j = inputs - 1; j >= 0; --j) {
        const double ohm = wires.column_ohm + (j == inputs - 1 ? wires.sense_ohm : 0);
        behind += ohm * current.row(i).head(j + 1).sum();
        drop(i, j) += behind;
      }
    }
    for (int32_t j = 0; j < inputs; ++j) {
      double before = 0;  // cumsum of Rp_row * currents still to be delivered
      for (int32_t i = 0; i < outputs; ++i) {
        before += wires.row_ohm * current.col(j).tail(outputs - i).sum();
        drop(i, j) += before;
      }
    }
    across += 0.5 * (driven - drop - across);
  }
  const Eigen::VectorXd theirs = (cell * across).rowwise().sum() / kUnit;
  const std::vector<double> folded = effective_conductances(g, inputs, outputs, kUnit, wires);
  const Eigen::VectorXd ours =
      Eigen::Map<const Eigen::MatrixXd>(folded.data(), outputs, inputs) * x;
  CHECK((ours - theirs).cwiseAbs().maxCoeff() < 1e-12 * theirs.cwiseAbs().maxCoeff());
  const Eigen::VectorXd ideal = Eigen::Map<const Eigen::MatrixXd>(g.data(), outputs, inputs) * x;
  CHECK((ours - ideal).cwiseAbs().maxCoeff() > 0.01 * ideal.cwiseAbs().maxCoeff());
}

TEST_CASE("wires: an array turned by 90 degrees has the same conductances") {
  // Drivers become senses: G[r][c] of the one is G[rows - 1 - c'][cols - 1 - r'] of the other.
  ir::Rng rng(36);
  const int32_t rows = 37;
  const int32_t cols = 22;
  const std::vector<double> g = random_cells(rng, rows * cols);
  const auto turned = [&](const std::vector<double>& from) {
    std::vector<double> to(from.size());
    for (int32_t r = 0; r < rows; ++r) {
      for (int32_t c = 0; c < cols; ++c) {
        to[static_cast<size_t>(cols - 1 - c) * rows + rows - 1 - r] = from[r * cols + c];
      }
    }
    return to;
  };
  const WireOptions other{.row_ohm = kStrong.column_ohm,
                          .column_ohm = kStrong.row_ohm,
                          .driver_ohm = kStrong.sense_ohm,
                          .sense_ohm = kStrong.driver_ohm};
  CHECK(worst(turned(effective_conductances(g, rows, cols, kUnit, kStrong)),
              effective_conductances(turned(g), cols, rows, kUnit, other)) < 1e-12);
}

TEST_CASE("wires: no current comes from nowhere, and more resistance never lets more through") {
  ir::Rng rng(37);
  const int32_t rows = 24;
  const int32_t cols = 18;
  const std::vector<double> g = random_cells(rng, rows * cols);
  for (const bool double_contacts : {false, true}) {
    WireOptions wires = kStrong;
    wires.double_contacts = double_contacts;
    const std::vector<double> folded = effective_conductances(g, rows, cols, kUnit, wires);
    CHECK(*std::min_element(folded.begin(), folded.end()) > 0);  // sneak currents add
    for (int32_t r = 0; r < rows; ++r) {
      double out = 0, in = 0;
      for (int32_t c = 0; c < cols; ++c) {
        out += folded[static_cast<size_t>(r) * cols + c];
        in += g[static_cast<size_t>(r) * cols + c];
      }
      CHECK(out < in);
    }
    for (int32_t c = 0; c < cols; ++c) {
      double out = 0, in = 0;
      for (int32_t r = 0; r < rows; ++r) {
        out += folded[static_cast<size_t>(r) * cols + c];
        in += g[static_cast<size_t>(r) * cols + c];
      }
      CHECK(out < in);
    }
    // Rayleigh: all rows driven, the array is one resistor.
    for (double WireOptions::*ohm : {&WireOptions::row_ohm, &WireOptions::column_ohm,
                                     &WireOptions::driver_ohm, &WireOptions::sense_ohm}) {
      double last = std::numeric_limits<double>::infinity();
      for (const double value : {0.0, 1e-3, 1.0, 1e3, 1e6, 1e9}) {
        WireOptions other = wires;
        other.*ohm = value;
        const double all = sum(effective_conductances(g, rows, cols, kUnit, other));
        CHECK(all < last);
        last = all;
      }
    }
  }
}

TEST_CASE("wires: small resistances go to the ideal array in proportion") {
  ir::Rng rng(38);
  const std::vector<double> g = random_cells(rng, 20 * 20);
  const auto lost = [&](double ohm) {
    return sum(g) - sum(effective_conductances(g, 20, 20, kUnit, {ohm, ohm, ohm, ohm}));
  };
  CHECK(lost(1e-2) / lost(1e-3) == Approx(10).epsilon(1e-3));
  CHECK(lost(1e-3) < 1e-6 * sum(g));
  CHECK(lost(1e-3) > 0);
}

TEST_CASE("wires: cells and wires may be many orders of magnitude apart") {
  // A double has 16 digits: taking the diagonal from sums of all sizes would leave none here.
  ir::Rng rng(39);
  std::vector<double> g = random_cells(rng, 12 * 12);
  for (double& cell : g) cell *= 1e-9;
  const WireOptions thin{.row_ohm = 1e-6, .column_ohm = 1e-6, .driver_ohm = 1e12};
  const std::vector<double> folded = effective_conductances(g, 12, 12, kUnit, thin);
  // Rows are one node each, columns at 0 V: each row a divider of its driver and its cells.
  for (int32_t r = 0; r < 12; ++r) {
    const double all = std::accumulate(g.begin() + r * 12, g.begin() + r * 12 + 12, 0.0) * kUnit;
    for (int32_t c = 0; c < 12; ++c) {
      const double cell = g[r * 12 + c];
      CHECK(folded[r * 12 + c] ==
            Approx(cell / (1 + all * thin.driver_ohm)).epsilon(1e-12).margin(1e-24));
    }
  }
}

TEST_CASE("wires: a pair in two arrays or interleaved in one") {
  ir::Rng rng(40);
  const int32_t rows = 5;
  const int32_t cols = 3;
  const std::vector<double> positive = random_cells(rng, rows * cols);
  const std::vector<double> negative = random_cells(rng, rows * cols);
  WireOptions wires = kStrong;
  std::vector<double> p = positive;
  std::vector<double> n = negative;
  twin::fold_pair(p, n, rows, cols, kUnit, wires);
  CHECK(p == effective_conductances(positive, rows, cols, kUnit, wires));
  CHECK(n == effective_conductances(negative, rows, cols, kUnit, wires));

  std::vector<double> both;
  for (size_t i = 0; i < positive.size(); ++i) {
    both.push_back(positive[i]);
    both.push_back(negative[i]);
  }
  wires.interleaved_pairs = true;
  std::vector<double> pi = positive;
  std::vector<double> ni = negative;
  twin::fold_pair(pi, ni, rows, cols, kUnit, wires);
  const std::vector<double> expected = Circuit(both, rows, 2 * cols, kUnit, wires).dense();
  for (size_t i = 0; i < positive.size(); ++i) {
    CHECK(pi[i] == Approx(expected[2 * i]).epsilon(1e-12));
    CHECK(ni[i] == Approx(expected[2 * i + 1]).epsilon(1e-12));
  }
  CHECK(worst(p, pi) > 1e-2);
}

TEST_CASE("wires: a layer is folded tile by tile") {
  ir::Rng rng(41);
  const twin::TileShape shape{.rows = 21, .cols = 10, .tile_rows = 8, .slices = 2};
  const std::vector<double> g = random_cells(rng, 2 * 2 * 21 * 10);
  for (const bool interleaved : {false, true}) {
    WireOptions wires = kStrong;
    wires.interleaved_pairs = interleaved;
    std::vector<double> folded = g;
    twin::fold_layer(folded, shape, 4, kUnit, wires, "stage conv1");
    for (const int32_t row : {0, 8, 16}) {
      for (const int32_t column : {0, 4, 8}) {
        const int32_t rows = std::min(8, 21 - row);
        const int32_t cols = std::min(4, 10 - column);
        for (int32_t s = 0; s < 2; ++s) {
          std::vector<double> pair[2], result[2];
          for (int32_t p = 0; p < 2; ++p) {
            for (int32_t i = 0; i < rows * cols; ++i) {
              const size_t at = shape.cell(p, s, row + i / cols, column + i % cols);
              pair[p].push_back(g[at]);
              result[p].push_back(folded[at]);
            }
          }
          twin::fold_pair(pair[0], pair[1], rows, cols, kUnit, wires);
          CHECK(pair[0] == result[0]);
          CHECK(pair[1] == result[1]);
        }
      }
    }
  }
}

TEST_CASE("wires: the same bytes on any number of threads and any instruction set") {
  ir::Rng rng(42);
  const twin::TileShape shape{.rows = 130, .cols = 70, .tile_rows = 100, .slices = 1};
  const std::vector<double> g = random_cells(rng, 2 * 130 * 70);
  const auto fold = [&] {
    std::vector<double> folded = g;
    twin::fold_layer(folded, shape, 64, kUnit, kReal, "stage");
    return folded;
  };
  const std::vector<double> once = fold();
  CHECK(once != g);
  for (const int32_t threads : {1, 2, 5}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    CHECK(fold() == once);
  }
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    INFO(hwy::TargetName(target));
    CHECK(fold() == once);
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST_CASE("wires: resistances that make the solve singular are named with their place") {
  const std::vector<double> g(6, 100.0);
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double ohm : {-1.0, infinite, std::nan(""), 1e-310}) {
    CHECK_THAT(fault(g, 3, {.row_ohm = ohm}),
               contains("device.json: $.wires.row_ohm") && contains("singular"));
    CHECK_THAT(fault(g, 3, {.column_ohm = ohm}), contains("$.wires.column_ohm"));
    CHECK_THAT(fault(g, 3, {.driver_ohm = ohm}), contains("$.wires.driver_ohm"));
    CHECK_THAT(fault(g, 3, {.sense_ohm = ohm}), contains("$.wires.sense_ohm"));
  }
  CHECK_THAT(fault(g, 3, {.row_ohm = 1e-310}),
             contains("got 1e-310)") && contains("0 is an ideal wire"));
  CHECK(fault(g, 3, {.row_ohm = 1e300}) == "no error");
  // Three cells of 1.7e308 units: more than a double holds, first met on this wire.
  std::vector<double> huge = g;
  huge[3] = huge[4] = huge[5] = 1.7e308;
  CHECK_THAT(fault(huge, 3, {.driver_ohm = 1}),
             contains("device.json: $.wires: wire of row 1") && contains("singular"));
  CHECK_THROWS_AS(effective_conductances(g, 2, 3, 0, {.row_ohm = 1}), ir::Error);
}

TEST_CASE("wires: a cell that is no conductance is named with its tile, array, row and column") {
  CHECK_THAT(fault({1, 2, 3, 4, std::nan(""), 6}, 3, {.row_ohm = 1}),
             contains("row 1, column 1") && contains("nan"));
  const twin::TileShape shape{.rows = 9, .cols = 5, .tile_rows = 8, .slices = 2};
  std::vector<double> g(2 * 2 * 9 * 5, 50.0);
  g[shape.cell(1, 1, 8, 4)] = -1;
  const auto fold = [&](bool interleaved) {
    twin::fold_layer(g, shape, 4, kUnit, {.row_ohm = 1, .interleaved_pairs = interleaved},
                     "stage fc1");
  };
  CHECK_THROWS_WITH(fold(false), contains("stage fc1: row tile 1, column tile 1, slice 1, negative "
                                          "array, row 0, column 0") &&
                                     contains("-1"));
  CHECK_THROWS_WITH(fold(true),
                    contains("slice 1, pairs interleaved (+ - + - ...), row 0, column 1"));
}

}  // namespace crosstwin
