#!/usr/bin/env python3
# Fits the coefficients of the resource estimate to measured designs, and says how far it is off.
# SPDX-License-Identifier: Apache-2.0
#
#   fit.py FEATURES MEASURED [--write HEADER]
#
# FEATURES is what `bench_estimator features` prints, MEASURED is measured.csv. For every family the
# look-up tables and the flip-flops are sums of non-negative coefficients times features, with the
# least squared relative error. The table holds each design against the coefficients fitted to all
# others (leave one out). --write puts the coefficients of all designs in
# hwgen/plan/coefficients.hpp.
import csv
import statistics
import sys

FEATURES = ["add", "mux", "plain", "logic", "control"]
FAMILIES = ["ice40", "up5k", "ecp5", "gowin"]
# A family that is not measured enough takes another's: the same cells.
STAND_IN = {"up5k": "ice40", "gowin": "ecp5", "ecp5": "ice40", "ice40": "ecp5"}
ENOUGH = 12


def solve(rows, targets):
    """Non-negative least squares of relative errors, by cyclic coordinate descent."""
    scaled = [[x / t for x in row] for row, t in zip(rows, targets)]
    width = len(rows[0])
    coefficients = [1.0] * width
    squares = [sum(row[j] ** 2 for row in scaled) for j in range(width)]
    residual = [1 - sum(c * x for c, x in zip(coefficients, row)) for row in scaled]
    for _ in range(20000):
        moved = 0.0
        for j in range(width):
            if squares[j] == 0:
                continue
            step = sum(row[j] * r for row, r in zip(scaled, residual)) / squares[j]
            value = max(0.0, coefficients[j] + step)
            step = value - coefficients[j]
            coefficients[j] = value
            moved = max(moved, abs(step))
            for i, row in enumerate(scaled):
                residual[i] -= step * row[j]
        if moved < 1e-9:
            break
    return coefficients


def estimate(coefficients, row):
    return sum(c * x for c, x in zip(coefficients, row))


def report(kind, family, names, rows, targets):
    errors = []
    for i, name in enumerate(names):
        rest = solve(rows[:i] + rows[i + 1 :], targets[:i] + targets[i + 1 :])
        guess = estimate(rest, rows[i])
        errors.append(guess / targets[i] - 1)
        print(f"| {name} | {family} | {kind} | {targets[i]:.0f} | {guess:.0f} | {100 * errors[-1]:+.1f}% |")
    sizes = [abs(e) for e in errors]
    return statistics.median(sizes), max(sizes)


def main():
    features = {(r["name"], r["family"]): r for r in csv.DictReader(open(sys.argv[1]))}
    measured = list(csv.DictReader(open(sys.argv[2])))
    print("| design | family | | measured | estimated without it | error |\n|---|---|---|--:|--:|--:|")
    fitted = {}
    summary = []
    for family in FAMILIES:
        lines = [m for m in measured if m["family"] == family and (m["name"], family) in features]
        if len(lines) < ENOUGH:
            continue
        names = [m["name"] for m in lines]
        rows = [[float(features[m["name"], family][f]) for f in FEATURES] for m in lines]
        for kind in ("lut", "ff"):
            # A harness without registers would have no relative error.
            targets = [max(1.0, float(m[kind])) for m in lines]
            fitted[family, kind] = solve(rows, targets)
            median, worst = report(kind.upper(), family, names, rows, targets)
            summary.append(f"{family} {kind.upper()}: {len(lines)} designs, median {100 * median:.1f}%, worst {100 * worst:.1f}%")
        for kind in ("bram", "dsp"):
            wrong = [
                f"{m['name']} {m[kind]} not {features[m['name'], family][kind]}"
                for m in lines
                if int(m[kind]) != int(features[m["name"], family][kind])
            ]
            summary.append(f"{family} {kind}: {len(lines) - len(wrong)} of {len(lines)} equal" + (": " + ", ".join(wrong) if wrong else ""))
    print("\n" + "\n".join(summary))
    if "--write" not in sys.argv:
        return
    path = sys.argv[sys.argv.index("--write") + 1]
    text = open(path).read()
    start = text.index("kCoefficients = {{") + len("kCoefficients = {{\n")
    end = text.index("}};", start)
    body = ""
    for family in FAMILIES:
        source = family
        while (source, "lut") not in fitted:
            source = STAND_IN[source]
        row = [", ".join(f"{c:.4f}" for c in fitted[source, kind]) for kind in ("lut", "ff")]
        body += f"    {{{{{row[0]}}}, {{{row[1]}}}}},  // {family}" + ("" if source == family else f", as {source}") + "\n"
    open(path, "w").write(text[:start] + body + text[end:])


main()
