#!/usr/bin/env python3
# Fits the coefficients of the resource estimate to measured designs, and says how far it is off.
# SPDX-License-Identifier: Apache-2.0
#
#   fit.py FEATURES MEASURED [--write HEADER] [--results DOCUMENT]
#
# FEATURES is what `bench_estimator features` prints, MEASURED is measured.csv. For every family the
# look-up tables and the flip-flops are sums of non-negative coefficients times features, with the
# least squared relative error, drawn a little towards first principles (ridge), so that features that
# come together in all designs are not told apart by chance. The table holds each design against the coefficients fitted to all
# others (leave one out). --write puts the coefficients of all designs in
# hwgen/plan/coefficients.hpp; those of a family with fewer than ENOUGH designs stay. up5k takes ice40's,
# whose cells it has: its errors are those of coefficients that none of its designs had a part in. --results puts the table of errors between the marks of DOCUMENT.
import csv
import statistics
import sys

import marked

FEATURES = {
    "lut": ["add", "comb", "gate", "mask", "mux", "plain", "logic", "table", "count"],
    "ff": ["registers"],
}
# What a bit takes by first principles: a look-up table; on iCE40 a register, or what packs with one.
PRIOR = {
    "ice40": {"lut": [1, 1, 0, 1, 1, 1, 1, 0.5, 1.5], "ff": [1]},
    "ecp5": {"lut": [1, 1, 1, 1, 1, 0, 1, 1, 2], "ff": [1]},
    "gowin": {"lut": [1, 1, 1, 1, 1, 0, 1, 1, 2], "ff": [1]},
}
WEIGHT = 0.03  # of the prior, beside a design's squared relative error
FAMILIES = ["ice40", "up5k", "ecp5", "gowin"]
SAME_CELLS = {"up5k": "ice40"}
ENOUGH = 12


def solve(rows, targets, prior):
    """Non-negative ridge of relative errors towards `prior`, by cyclic coordinate descent."""
    width = len(rows[0])
    scaled = [[x / t for x in row] for row, t in zip(rows, targets)]
    gram = [[sum(row[i] * row[j] for row in scaled) for j in range(width)] for i in range(width)]
    pull = [sum(row[i] for row in scaled) for i in range(width)]
    for i in range(width):
        gram[i][i] += WEIGHT
        pull[i] += WEIGHT * prior[i]
    coefficients = list(prior)
    for _ in range(5000):
        moved = 0.0
        for i in range(width):
            rest = sum(gram[i][j] * coefficients[j] for j in range(width) if j != i)
            value = max(0.0, (pull[i] - rest) / gram[i][i])
            moved = max(moved, abs(value - coefficients[i]))
            coefficients[i] = value
        if moved < 1e-7:
            break
    return coefficients


def estimate(coefficients, row):
    return sum(c * x for c, x in zip(coefficients, row))


def report(kind, family, names, rows, targets, prior, given):
    errors = []
    for i, name in enumerate(names):
        rest = given or solve(rows[:i] + rows[i + 1 :], targets[:i] + targets[i + 1 :], prior)
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
    table = "| family | designs | LUT, median | worst | FF, median | worst | BRAM exact | DSP exact |\n|---|" + "--:|" * 7 + "\n"
    for family in FAMILIES:
        lines = [m for m in measured if m["family"] == family and (m["name"], family) in features]
        if len(lines) < ENOUGH:
            continue
        names = [m["name"] for m in lines]
        table += f"| {family} | {len(lines)} "
        for kind in ("lut", "ff"):
            rows = [[float(features[m["name"], family][f]) for f in FEATURES[kind]] for m in lines]
            # Nothing measured is 0; a relative error needs that.
            targets = [max(1.0, float(m[kind])) for m in lines]
            given = fitted.get((SAME_CELLS.get(family), kind))
            prior = None if given else PRIOR[family][kind]
            fitted[family, kind] = given or solve(rows, targets, prior)
            median, worst = report(kind.upper(), family, names, rows, targets, prior, given)
            table += f"| {100 * median:.1f}% | {100 * worst:.1f}% "
        for kind in ("bram", "dsp"):
            wrong = [
                f"{family} {m['name']}: {m[kind]} {kind.upper()}, not {features[m['name'], family][kind]}"
                for m in lines
                if int(m[kind]) != int(features[m["name"], family][kind])
            ]
            table += f"| {len(lines) - len(wrong)} "
            summary += wrong
        table += "|\n"
    for (family, kind), c in fitted.items():
        summary.append(f"{family} {kind.upper()}: " + ", ".join(f"{n} {v:.3f}" for n, v in zip(FEATURES[kind], c)))
    print("\n" + "\n".join(summary) + "\n\n" + table)
    if "--results" in sys.argv:
        marked.replace(sys.argv[sys.argv.index("--results") + 1], "estimator", table)
    if "--write" not in sys.argv:
        return
    path = sys.argv[sys.argv.index("--write") + 1]
    lines = open(path).read().splitlines(keepends=True)
    for family in FAMILIES:
        source = SAME_CELLS.get(family, family)
        if (source, "lut") not in fitted:
            continue
        row = [", ".join(f"{c:.4f}" for c in fitted[source, kind]) for kind in ("lut", "ff")]
        at = next(i for i, line in enumerate(lines) if line.rstrip().endswith(f"// {family}"))
        lines[at] = f"    {{{{{row[0]}}}, {row[1]}}},  // {family}\n"
    open(path, "w").writelines(lines)


main()
