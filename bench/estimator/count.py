#!/usr/bin/env python3
# One line of measured.csv from Yosys's and nextpnr's logs.
# SPDX-License-Identifier: Apache-2.0
#
#   count.py NAME FAMILY STAT PACK_LOG
import re
import sys


GOWIN_MEMORIES = ("SDPB", "SDPX9B", "DPB", "DPX9B", "SP", "SPX9", "pROM", "pROMX9")


def cells(text):
    """Cells of the last (flattened) module of `stat`: either column order of Yosys."""
    counts = {}
    for line in text.splitlines():
        match = re.match(r"\s+(\$?[A-Za-z_]\w*)\s+(\d+)\s*$", line) or re.match(
            r"\s+(\d+)\s+(?:[\d.]+\s+)?(\$?[A-Za-z_]\w*)\s*$", line
        )
        if match:
            a, b = match.groups()
            name, count = (b, a) if a.isdigit() else (a, b)
            counts[name] = int(count)
    return counts


def used(log, resource):
    match = re.search(rf"\b{resource}:\s+(\d+)/", log)
    return int(match.group(1)) if match else 0


def fastest(log):
    """MHz of the clock after routing; none where nothing was routed."""
    routed = re.split(r"Routing complete|Router2 time", log)
    found = re.findall(r"Max frequency for clock[^:]*:\s+([\d.]+) MHz", routed[-1])
    return found[-1] if len(routed) > 1 and found else ""


def main():
    name, family, stat_file, pack_file = sys.argv[1:]
    stat = cells(open(stat_file).read())
    log = open(pack_file).read()
    total = lambda prefix: sum(n for cell, n in stat.items() if cell.startswith(prefix))
    if family == "ecp5":
        lut, bram, dsp = (used(log, r) for r in ("TRELLIS_COMB", "DP16KD", "MULT18X18D"))
        ff = used(log, "TRELLIS_FF")
    elif family in ("ice40", "up5k"):
        lut, bram, dsp = (used(log, r) for r in ("ICESTORM_LC", "ICESTORM_RAM", "ICESTORM_DSP"))
        ff = total("SB_DFF")
    else:
        # Look-up tables and adders share their places; RAM16SDP4 takes those of four tables.
        lut = total("LUT") + total("ALU") + 4 * total("RAM16S")
        ff = total("DFF")
        bram = sum(stat.get(cell, 0) for cell in GOWIN_MEMORIES)
        dsp = total("MULT18X18") + total("MULT9X9") + 2 * total("MULT36X36")
    if lut == 0:
        sys.exit(f"{pack_file} does not say what is used")
    print(f"{name},{family},{lut},{ff},{bram},{dsp},{fastest(log)}")


main()
