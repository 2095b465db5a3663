// Programs a design into one draw of a device and calibrates its converters: design -> chip.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compress/ir/chip.hpp"
#include "compress/ir/design.hpp"
#include "compress/ir/device.hpp"
#include "twin/adc.hpp"
#include "twin/cells.hpp"

namespace crosstwin::twin {

// Inputs the converters are calibrated with, uint8 [n][c][h][w]; the first 512 are used. May be
// empty unless AdcOptions::measured().
using CalibrationImages = std::span<const uint8_t>;
inline constexpr int64_t kMaxCalibrationImages = 512;

// May change bias, mult and shift of the crossbar design.stages[index] once its cells and
// converters are set; `in` are the calibration inputs [n][h][w][c] that the stages before it, as
// changed, give.
using StageHook = std::function<void(size_t index, const ir::CrossbarChip& chip,
                                     std::span<const int32_t> in, ir::Crossbar& crossbar)>;

// Every cell is drawn by its own counter (seed, stage, polarity, slice, row, column), so that the
// chip depends on nothing else, and so is every converter (twin/converter.hpp). The ranges of the
// converters are set stage by stage, each seeing what the stages before it, calibrated and with
// their converters' faults, give for the calibration images; read noise is off meanwhile, and it
// is time 0: cells then age to device.time under converters that stay as they are, unless
// options.aged, which sets the ranges on the aged cells.
// `placements`, one a crossbar in order, say where the cells and converters of its numbers lie;
// without any all are in order. Measured conductances are of cells in order. The chip is of the
// design that `hook` leaves.
// A device of more levels than the layout needs is used as ir::with_levels() says; that is what the
// chip records. `reports`, where given, gets one entry a crossbar.
// Throws ir::Error when the device has too few levels, when its measured arrays do not fit the
// design, when a range that needs images has none, when a lossless conversion does not fit
// adc_bits, or when given ranges are not of this design's layers or cannot be had with this device.
ir::Chip program(const ir::Design& design, const ir::Device& device, uint64_t seed,
                 CalibrationImages images, const AdcOptions& options = {},
                 std::vector<CellReport>* reports = nullptr,
                 std::span<const ir::Placement> placements = {}, const StageHook& hook = {});

}  // namespace crosstwin::twin
