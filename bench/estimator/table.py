#!/usr/bin/env python3
# The table of tiles: what every form and size takes on every part, from measured.csv.
# SPDX-License-Identifier: Apache-2.0
#
#   table.py BENCH_ESTIMATOR MEASURED PROTOTYPES [--write DOCUMENT]
#
# Prints the table as Markdown, or puts it between the marks of DOCUMENT. The cycles are of the
# plan's model, which the drivers hold against Verilator. What does not fit says what is short. A
# second table holds the tiles against those of PROTOTYPES, which were built and measured before
# rtl_templates; a figure that is worse is bold.
import csv
import subprocess
import sys

import marked

KINDS = ("lut", "ff", "bram", "dsp")
# nextpnr has no times for Gowin's memories and multipliers: its frequency is a bound from above.
UNTIMED = ("gowin",)


def rows_of(program, what):
    text = subprocess.run([program, what], check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(text.splitlines()))


def cell(part, line):
    if line is None:
        return "not measured"
    used = " / ".join(f"{int(line[kind]):,}" for kind in KINDS)
    short = [
        f"{int(line[kind]):,} of {int(part[kind]):,} {kind.upper()}"
        for kind in KINDS
        if int(line[kind]) > int(part[kind])
    ]
    if short:
        return f"{used}: needs {', '.join(short)}"
    if not line["mhz"]:
        return f"{used}: not routed"
    bound = "at most " if part["family"] in UNTIMED else ""
    return f"{used}, {bound}{float(line['mhz']):.0f} MHz"


def beside(prototypes, lines, cycles, parts):
    titles = {part["family"]: part["title"] for part in parts}
    heads = ("cycles", "LUT", "FF", "BRAM", "DSP", "MHz")
    text = "| tile | part | " + " | ".join(heads) + " |\n|---|---|" + "--:|" * len(heads) + "\n"
    for old in prototypes:
        line = lines.get((old["name"], old["family"]))
        if line is None:
            continue
        new = {**line, "cycles": cycles[old["name"]]}
        cells = []
        for kind in ("cycles", *KINDS, "mhz"):
            if not old[kind] or not new[kind] or (kind == "mhz" and old["family"] in UNTIMED):
                cells.append("")
                continue
            was, now = float(old[kind]), float(new[kind])
            worse = now < was if kind == "mhz" else now > was
            cells.append(f"{was:,.0f} -> " + (f"**{now:,.0f}**" if worse else f"{now:,.0f}"))
        text += f"| `{old['name']}` | {titles[old['family']]} | " + " | ".join(cells) + " |\n"
    return text


def main():
    program, measured, prototypes = sys.argv[1:4]
    parts = rows_of(program, "parts")
    lines = {(m["name"], m["family"]): m for m in csv.DictReader(open(measured))}
    # A row has a design of its own where products take multipliers.
    rows = {}
    cycles_of = {}
    for tile in rows_of(program, "tiles"):
        cycles_of[tile["name"]] = tile["cycles"]
        rows.setdefault((tile["form"], tile["rows"], tile["cols"], tile["cycles"]), []).append(tile["name"])
    text = "| tile | size | cycles | " + " | ".join(part["title"] for part in parts) + " |\n"
    text += "|---|---|--:|" + "---|" * len(parts) + "\n"
    for (form, tall, wide, cycles), names in rows.items():
        cells = [
            cell(part, next((lines[name, part["family"]] for name in names if (name, part["family"]) in lines), None))
            for part in parts
        ]
        text += f"| {form} | {tall} x {wide} | {int(cycles):,} | " + " | ".join(cells) + " |\n"
    compared = beside(csv.DictReader(open(prototypes)), lines, cycles_of, parts)
    if "--write" in sys.argv:
        document = sys.argv[sys.argv.index("--write") + 1]
        marked.replace(document, "tiles", text)
        marked.replace(document, "prototypes", compared)
    else:
        print(text + "\n" + compared, end="")


main()
