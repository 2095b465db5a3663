// Wire resistance, folded exactly into effective conductances (docs/wires.md).
// SPDX-License-Identifier: Apache-2.0
//
// The array, here of 2 rows and 3 columns, contacts "single":
//
//   x[0] --driver--row--+--row--+--row--+         + cell (r, c) from row wire to column wire
//                       |       |       |
//                    column  column  column
//   x[1] --driver--row--+--row--+--row--+
//                       |       |       |
//                    column  column  column
//                       |       |       |
//                     sense   sense   sense
//                       |       |       |
//                      0 V     0 V     0 V
//
// Column 0 is nearest to the drivers, the last row nearest to the senses. A row wire has as many
// segments as columns, one of them between driver and column 0; a column wire as many as rows, one
// of them between the last row and the sense node. Contacts "double" add a segment and a second
// driver behind the last column and a segment and a second sense node above row 0; a column's
// current is what enters both. A row that is not driven is at 0 V through its driver. An array
// smaller than a tile has only the wires of its own rows and columns.
//
// CrossSim 3.2 solves the same circuit, iteratively for every product, with
// xbar.array.parasitics.current_from_input = True and core.balanced.interleaved_posneg = False
// (simulator/circuits/array/NonInterleaved_InputSource.py, run_xbar_mvm): Rp_row = row_ohm, Rp_col
// = column_ohm, Rp_col_terminal = sense_ohm, contacts "single"; its output 0 is our column 0, its
// last input our last row; all inputs driven, zeros at 0 V. Rp_row_terminal must be 0: its version
// 3.2 adds that to every segment of the row wire of input 0 and to no other row. Its
// interleaved_posneg = True and current_from_input = False are other circuits (docs/wires.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "twin/tile_shape.hpp"

namespace crosstwin::twin {

// All in ohm; 0 is an ideal wire, and exactly that.
struct WireOptions {
  double row_ohm = 0;              // a segment of a row wire, from column to column
  double column_ohm = 0;           // a segment of a column wire, from row to row
  double driver_ohm = 0;           // each driver
  double sense_ohm = 0;            // each sense node
  bool double_contacts = false;    // drivers and senses at both ends of the wires
  bool interleaved_pairs = false;  // the columns of a pair alternate in one array: + - + - ...

  bool ideal() const {
    return row_ohm == 0 && column_ohm == 0 && driver_ohm == 0 && sense_ohm == 0;
  }
};

// Effective conductances [rows][cols], in the unit of g, of one array of ohmic cells g
// [rows][cols]: the current of column c is sum_r x[r] result[r][c] for any voltages x of the
// drivers. Cells may be 0. Ideal wires give g, bit for bit; otherwise every result is right to
// about 1e-13 of itself, whatever the resistances, and the same bytes on any machine and number of
// threads (oneTBB). Throws Error, naming `where` and the place in the array, when a resistance is
// negative, infinite or so far from the cells' that the nodal equations are singular, and when a
// cell is negative or not finite.
std::vector<double> effective_conductances(std::span<const double> g, int32_t rows, int32_t cols,
                                           double siemens_per_unit, const WireOptions& wires,
                                           const std::string& where = "wires");

// Both arrays of a differential pair, in place.
void fold_pair(std::span<double> positive, std::span<double> negative, int32_t rows, int32_t cols,
               double siemens_per_unit, const WireOptions& wires,
               const std::string& where = "wires");

// All arrays of a layer, g [2][slices][rows][cols] cut into tiles, in place and in parallel. Errors
// name row tile, column tile and slice behind `where`.
void fold_layer(std::span<double> g, const TileShape& shape, int32_t tile_cols,
                double siemens_per_unit, const WireOptions& wires, const std::string& where);

}  // namespace crosstwin::twin
