#!/usr/bin/env python3
"""The twin's ADC codes and wire currents beside CrossSim's, conversion by conversion.

SPDX-License-Identifier: Apache-2.0

    PYTHON bench/peers/agree.py --crosssim CHECKOUT [--program build/bench/peer_codes]

CrossSim programs the cells; what it drew goes into the twin by a device file with `conductances`.
Both convert the currents of both polarities apart, with one range. Every code is compared. Where
two differ, both must be right for the current they were given, and the distance of the twin's exact
current from the code's boundary must be within what is known to part the currents:

  tie         the twin's current lies on the boundary and rounds up; CrossSim's rounds to the even
              code, or to where the last bit of its sum falls
  cells       CrossSim's conductances, exactly added up, give CrossSim's code: the twin's are rounded
              to integers, by at most half a unit a cell
  arithmetic  they give the twin's: CrossSim's inputs, sums and codes are rounded to 24 bits

Anything else is a failure, and so is a seeded bug that is not seen as one. Ends with 1 on failure.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import warnings
from fractions import Fraction

import numpy as np

RMIN, RMAX = 1e4, 1e6
ULP = 2.0 ** -24  # relative error of one float32 operation


def parse():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crosssim", required=True, help="checkout of sandialabs/cross-sim")
    parser.add_argument("--program", default=root / "build/bench/peer_codes")
    parser.add_argument("--inputs", type=int, default=40, help="input vectors a case")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    return parser.parse_args()


ARGS = parse()
sys.path[:0] = [ARGS.crosssim, ARGS.crosssim + "/applications"]
warnings.filterwarnings("ignore")
from mvm_params import set_params  # noqa: E402
from simulator import AnalogCore  # noqa: E402


class Case:
    """One layer of R inputs and C outputs, in both simulators."""

    def __init__(self, name, rows=256, cols=64, slices=1, serial=True, error=None, full=12700,
                 adc_bits=8, given=None, bug=False):
        self.name, self.rows, self.cols, self.slices = name, rows, cols, slices
        self.serial, self.error, self.full, self.adc_bits = serial, error, full, adc_bits
        self.given, self.bug = given, bug
        self.cell_bits = {1: 7, 2: 4, 4: 2}[slices]
        self.top = {1: 127, 2: 15, 4: 3}[slices]
        rng = np.random.default_rng([rows, cols, slices, serial])
        self.weight = rng.integers(-127, 128, (rows, cols))
        self.weight[0, 0] = 127  # CrossSim scales to the largest
        self.x = rng.integers(0, 256, (ARGS.inputs, rows)).astype(np.uint8)
        self.unit = 1 / RMIN / full  # siemens

    def core(self, ranges, parasitics=None):
        """CrossSim's core, converters of the given normalized ranges [slice]."""
        settings = dict(wtmodel="BALANCED", weight_bits=8, input_bits=8, input_range=(0.0, 1.0),
                        positiveInputsOnly=True, subtract_current_in_xbar=False, Rmin=RMIN,
                        Rmax=RMAX, Nslices=self.slices, input_bitslicing=self.serial,
                        ADC_per_ibit=self.serial)
        if ranges is not None:
            settings.update(adc_bits=self.adc_bits,
                            adc_range=ranges[0] if self.slices == 1 else ranges)
        if self.error:
            settings.update(error_model="generic", alpha_error=self.error[1],
                            proportional_error=self.error[0] == "proportional")
        params = set_params(**settings, **(parasitics or {}))
        params.xbar.device.clip_conductance = True
        np.random.seed(5)
        return AnalogCore(self.weight.T / 127.0, params=params)

    def arrays(self, core):
        """[2][slices] of (numeric core), positive first."""
        inner = core.cores[0][0]
        if self.slices == 1:
            return [[inner.core_pos], [inner.core_neg]]
        return [[inner.core_slices[s][p] for s in range(self.slices)] for p in range(2)]

    def conductances(self, core):
        """Normalized to the largest level, [2][S][R][C], as CrossSim has them."""
        return np.array([[np.asarray(array.matrix, np.float64).T for array in side]
                         for side in self.arrays(core)])

    def run_twin(self, norm, folder, wires=None):
        folder = pathlib.Path(folder)
        np.savez(folder / "case.npz", weight=self.weight.astype(np.int16), x=self.x)
        np.savez(folder / "cells.npz", **{"layer.g": norm / RMIN})
        step = (1 - RMIN / RMAX) * self.full / self.top
        device = {"name": "crosssim", "levels": 2 ** self.cell_bits,
                  "g_min": round(RMIN / RMAX * self.full), "g_step": max(1, round(step)),
                  "siemens_per_unit": self.unit, "conductances": "cells.npz"}
        if wires:
            device["wires"] = wires
        (folder / "device.json").write_text(json.dumps(device))
        command = [str(ARGS.program), str(folder), "--tile-rows", str(self.rows), "--tile-cols",
                   str(self.cols), "--slices", str(self.slices), "--cell-bits",
                   str(self.cell_bits), "--adc-bits", str(self.adc_bits), "--dac-bits",
                   "1" if self.serial else "8"]
        if self.given:
            for key, value in zip(("--mult", "--shift", "--offset"), self.given):
                command += [key, str(value)]
        subprocess.run(command, check=True)
        return dict(np.load(folder / "twin.npz"))

    def planes(self):
        """Digits that drive the rows, [N][plane][R]."""
        if not self.serial:
            return self.x[:, None, :].astype(np.int64)
        return np.stack([self.x >> b & 1 for b in range(8)], 1).astype(np.int64)

    def run_crosssim(self, core):
        """What the converters saw and gave: [N][plane][S][2][C] of each, as codes."""
        inner = core.cores[0][0]
        adcs = [inner.adc.mvm] if self.slices == 1 else [adc.mvm for adc in inner.adcs]
        seen = [[] for _ in adcs]
        for adc, record in zip(adcs, seen):
            def convert(values, adc=adc, record=record, original=adc.convert):
                out = original(values.copy())
                quantum = (adc.levels - 1) / adc.range
                record.append(((np.asarray(values) - adc.min) * quantum,
                               (np.asarray(out) - adc.min) * quantum))
                return out
            adc.convert = convert
        for x in self.x:
            core.matvec(x.astype(np.float32) / np.float32(255))
        planes = 8 if self.serial else 1
        shape = (len(self.x), planes, 2, self.cols)
        analog = np.stack([np.array([r[0] for r in s]).reshape(shape) for s in seen], 2)
        codes = np.stack([np.array([r[1] for r in s]).reshape(shape) for s in seen], 2)
        assert np.abs(codes - np.rint(codes)).max() < 1e-3, "a code is a whole number"
        return analog, np.rint(codes).astype(int)


def compare(case):
    # The cells do not depend on the converters' ranges: drawn once to be loaded, again to be used.
    norm = case.conductances(case.core(None))
    with tempfile.TemporaryDirectory() as folder:
        twin = case.run_twin(norm, folder)
    mult, offset = twin["adc_mult"][:, 0].astype(int), twin["adc_offset"][:, 0].astype(int)
    shift = twin["adc_shift"].astype(int)
    # Range of code 0 to the top one in CrossSim's currents: sums of G / Gmax x / x_max.
    scale = 1 / case.full / (1 if case.serial else 255)
    top = 2 ** case.adc_bits - 1
    ranges = [(-float(offset[s]) / float(mult[s]) * scale,
               float((top * 2 ** int(shift[s]) - offset[s]) / mult[s]) * scale)
              for s in range(case.slices)]
    core = case.core(ranges)
    assert np.array_equal(case.conductances(core), norm), "CrossSim draws the same cells again"
    analog, theirs = case.run_crosssim(core)
    ours = twin["codes"][:, 0].transpose(0, 2, 3, 4, 1).astype(int)  # [N][plane][S][2][C]

    g = twin["g"].astype(np.int64)
    digits = case.planes()
    current = np.einsum("npr,qsrc->npsqc", digits, g)
    if case.bug:  # a converter off by a quarter of a code
        ours = np.clip((4 * (current * mult[0] + offset[0]) + 3 * 2 ** int(shift[0])) >>
                       int(shift[0] + 2), 0, top)
    per_code = (mult / 2.0 ** shift)[None, None, :, None, None]
    exact = current * per_code + (offset / 2.0 ** shift)[None, None, :, None, None]
    # Bounds in codes: cells rounded, and 24 bits in R products, their sum and the conversion.
    rounding = np.einsum("npr,qsrc->npsqc", digits, np.abs(g - norm * case.full)) * per_code
    largest = np.maximum(current, 1) * per_code
    single = (case.rows + 8) * ULP * (largest + np.abs(exact)) + 8 * ULP * (top + 1)

    differ = np.argwhere(ours != theirs)
    kinds = {"tie": 0, "cells": 0, "arithmetic": 0, "unexplained": 0}
    farthest = 0.0
    for at in map(tuple, differ):
        s = at[2]
        value = Fraction(int(current[at]) * int(mult[s]) + int(offset[s]), 2 ** int(shift[s]))
        boundary = Fraction(int(min(ours[at], theirs[at]))) + Fraction(1, 2)
        right = (ours[at] == min(max(int((value + Fraction(1, 2)) // 1), 0), top)
                 and abs(ours[at] - theirs[at]) == 1)
        distance = float(abs(value - boundary))
        if not right or distance > rounding[at] + single[at]:
            kinds["unexplained"] += 1
            continue
        farthest = max(farthest, distance)
        n, plane, _, p, c = at
        drawn = math.fsum(norm[p, s, :, c] * case.full * digits[n, plane]) * per_code[0, 0, s, 0, 0]
        above = drawn + offset[s] / 2.0 ** shift[s] > float(boundary)
        if value == boundary:
            kinds["tie"] += 1
        elif above == (theirs[at] > ours[at]):
            kinds["cells"] += 1
        else:
            kinds["arithmetic"] += 1
    # Away from the boundaries too the currents are apart by no more than that.
    inside = (exact > 0) & (exact < top)
    apart = np.abs(np.clip(exact, 0, top) - np.clip(analog, 0, top))
    beyond = int((apart > rounding + single)[inside].sum())
    return {"case": case.name, "codes": int(ours.size), "clipped": int((ours == top).sum()),
            "zero": int((ours == 0).sum()), "equal": int((ours == theirs).sum()),
            "different": len(differ), **kinds, "farthest": farthest,
            "bound": float((rounding + single).max()), "apart": float(apart[inside].max()),
            "beyond": beyond}


def wires(case, ohm, threshold):
    """Column currents of both solvers, both polarities; CrossSim in double precision."""
    core = case.core(None, dict(Rp_row=ohm, Rp_col=ohm))
    norm = case.conductances(core)
    with tempfile.TemporaryDirectory() as folder:
        twin = case.run_twin(norm, folder, {"row_ohm": ohm, "column_ohm": ohm})
    worst = worst_chip = 0.0
    for p, side in enumerate(case.arrays(core)):
        solver = side[0].circuit_solver_mvm
        solver.Verr_th, solver.Niters_max = threshold, 100000
        effective = twin["effective"][p, 0] / case.full
        chip = twin["g"][p, 0].astype(float) / case.full
        for x in case.x:
            volts = x / 255.0
            theirs = np.asarray(side[0].run_xbar_mvm(vector=volts))
            # As a mean error of the cells' voltages, of the volt that drives them: what CrossSim's
            # own tolerance is of.
            load = norm[p, 0].sum(0)
            worst = max(worst, float(np.abs(theirs - volts @ effective).max() / load.max()))
            worst_chip = max(worst_chip, float(np.abs(theirs - volts @ chip).max() / load.max()))
    cut = 1 - float((twin["effective"].sum() / case.full) / norm.sum())
    return {"case": case.name, "ohm": ohm, "tolerance": threshold, "apart": worst,
            "apart_chip": worst_chip, "conductance_lost": cut}


def main():
    # Units in which CrossSim's levels are whole: 127 + 99 k of 12700, 5 + 33 k of 500, 1 + 33 k of
    # 100. Varied cells in units of a 50,000th of the largest level.
    full = {1: 12700, 2: 500, 4: 100}
    cases = [Case(f"ideal, {s} slice{'s' * (s > 1)}, a bit at a time", slices=s, full=full[s])
             for s in (1, 2, 4)]
    cases += [
        Case("ideal, 1 slice, 8 bits at once", serial=False, given=(1370, 30, 0)),
        Case("ideal, 2 slices, 128 units a code", slices=2, full=500, given=(1, 7, 0)),
        Case("varied 5% of each, 2 slices", slices=2, error=("proportional", 0.05), full=50000),
        Case("varied 2% of the largest, 1 slice", error=("independent", 0.02), full=50000),
        Case("varied 2%, 8 bits at once", serial=False, error=("independent", 0.02), full=50000,
             given=(348, 30, 0)),
    ]
    for bits in (4, 6, 10):
        cases.append(Case(f"varied, ADC of {bits} bits", slices=2, adc_bits=bits, full=50000,
                          error=("proportional", 0.05)))
    cases += [
        Case("varied, ADC of a third of the range", slices=2, full=50000,
             error=("proportional", 0.05), given=(1000, 23, 0)),
        Case("varied, ADC of the range's middle", slices=2, full=50000,
             error=("proportional", 0.05), given=(1000, 23, -100 << 23)),
    ]
    failed = False
    for case in cases:
        if ARGS.only not in case.name:
            continue
        result = compare(case)
        failed |= result["unexplained"] > 0 or result["beyond"] > 0
        print(json.dumps(result), flush=True)
    bug = Case("seeded bug: a quarter of a code", slices=2, full=500, given=(3, 9, 0), bug=True)
    if ARGS.only in bug.name:
        result = compare(bug)
        failed |= result["unexplained"] < result["codes"] / 20
        print(json.dumps(result), flush=True)
    if ARGS.only in "wires":
        for rows, threshold in ((64, 2e-4), (64, 1e-6), (64, 1e-9), (128, 2e-4), (128, 1e-9)):
            result = wires(Case(f"wires {rows} x {rows}", rows, rows, serial=False, full=50000,
                                error=("proportional", 0.05)), 1.0, threshold)
            failed |= result["apart"] > threshold
            print(json.dumps(result), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
