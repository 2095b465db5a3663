# What xb_layer is swept over: small maps in every form; the converters' constants are the driver's.
# SPDX-License-Identifier: Apache-2.0
from space import choice, flag, number, signed, size
from tile_events import TILE_EVENTS

COLUMNS = [
    size("InH", 1, 9),
    size("InW", 1, 9),
    size("InC", 1, 40),
    size("KernelH", 1, 5),
    size("KernelW", 1, 5),
    size("Stride", 1, 3),
    size("Pad", 0, 2),
    size("Lines", 0, 16),
    size("Rows", 1, 80),
    size("InBits", 1, 8),
    flag("Collapsed"),
    size("TileRows", 1, 128),
    size("Cols", 1, 12),
    size("Pe", 1, 8),
    size("RowLanes", 1, 8),
    flag("InSigned"),
    size("Planes", 0, 8),
    flag("PerCell"),
    size("AdcLanes", 1, 32),
    flag("AdcPerColumn"),
    flag("Inl"),
    choice("Noise", 0, 1, 2),  # 2: gains by driven rows
    size("BiasBits", 2, 31),
    flag("Logits"),
    number("OutBits", 1, 32),
    signed("OutLow", -(2**15), 2**15),
    signed("OutHigh", 0, 2**16 - 1),
    flag("Parallel"),
    flag("Dsp"),
    flag("Writable"),
]
DERIVED = {
    "Form": (("plane", "serial", "between", "collapsed"), lambda c: form(c)),
    "Adc": (("gain", "column", "none"), lambda c: adc(c)),
    "Requant": (("logits", "serial", "parallel"), lambda c: "logits" if c["Logits"] else
                "parallel" if c["Parallel"] else "serial"),
    "Layer": (("dense", "row", "column", "map"), lambda c: layer(c)),
    "Padding": (("0", "1"), lambda c: int(c["Pad"] > 0)),
    "Tiles": (("one", "several"), lambda c: "several" if c["Rows"] > c["TileRows"] and
              not c["Collapsed"] else "one"),
    "Beat": (("one row", "rows"), lambda c: "rows" if c["RowLanes"] > 1 else "one row"),
}
EVENTS = {
    **TILE_EVENTS,
    "negative sum": "Y + bias is under zero",
    "padding": "a kept row of a position lies outside of the map",
    "below": "an output is clamped to OutLow",
    "above": "an output is clamped to OutHigh",
    "within": "an output is not clamped",
    "half": "the part that is rounded off is exactly one half",
    "extreme": "Y has the greatest magnitude of its 24 bits",
    "shift 1": "a column is shifted by the least there is",
    "shift 31": "a column is shifted by the most there is",
}
IMPOSSIBLE = {
    "event=extreme": "Y comes from the tile; xb_requant's driver has it",
    "event=shift 1": "the driver's shifts are 22 to 26",
    "event=shift 31": "the driver's shifts are 22 to 26",
}
for _in_signed in (0, 1):
    for _form in ("plane", "serial", "between"):
        IMPOSSIBLE[f"Form x Adc x InSigned={_form} x none x {_in_signed}"] = "a tile has converters"
    for _adc in ("gain", "column"):
        IMPOSSIBLE[f"Form x Adc x InSigned=collapsed x {_adc} x {_in_signed}"] = "no converters"
for _event in ("clip low", "clip high", "clip own", "in range", "inl", "noise negative",
               "noise positive", "noise undriven", "noise all driven", "current under 0",
               "full current", "no current", "cell at zero", "cell at full"):
    IMPOSSIBLE[f"Form x event=collapsed x {_event}"] = "no cells, no converters"
for _flag, _value in (("PerCell", 1), ("Inl", 1), ("Noise", 1), ("Noise", 2)):
    IMPOSSIBLE[f"Form x {_flag}=collapsed x {_value}"] = "no cells, no converters"
for _requant in ("logits", "serial", "parallel"):
    IMPOSSIBLE[f"Form x Tiles x Requant=collapsed x several x {_requant}"] = "one row tile"
CROSSES = [
    ("Form", "Adc", "InSigned"),
    ("Form", "Tiles", "Requant"),
    ("Form", "Padding", "Layer"),
    ("Form", "Writable"),
    ("Form", "Dsp", "Beat"),
    ("Form", "PerCell"),
    ("Form", "Inl"),
    ("Form", "Noise"),
    ("Form", "stall"),
    ("Form", "event"),
]
BATCH = 25


def planes(c):
    return c["Planes"] or c["InBits"]


def form(c):
    if c["Collapsed"]:
        return "collapsed"
    if planes(c) == c["InBits"]:
        return "plane"
    return "serial" if planes(c) == 1 else "between"


def adc(c):
    return "none" if c["Collapsed"] else "column" if c["AdcPerColumn"] else "gain"


def outputs(c):
    return tuple((c[f"In{s}"] + 2 * c["Pad"] - c[f"Kernel{s}"]) // c["Stride"] + 1 for s in "HW")


def layer(c):
    tall, wide = (n > 1 for n in outputs(c))
    return "map" if tall and wide else "column" if tall else "row" if wide else "dense"


def cycles(c):
    """About how many an image takes."""
    tall, wide = outputs(c)
    groups = -(-c["Cols"] // c["Pe"])
    passes = 1 if c["Collapsed"] else c["InBits"] // planes(c)
    tiles = 1 if c["Collapsed"] else -(-c["Rows"] // c["TileRows"])
    rows = groups * passes * (c["Rows"] // c["RowLanes"] + 2 * tiles)
    words = 0 if c["Collapsed"] else c["Cols"] * c["InBits"] * 4 * tiles // c["AdcLanes"]
    out = c["Cols"] * (1 if c["Logits"] or c["Parallel"] else 25)
    return tall * wide * max(rows, words, out)


def draw(d):
    while True:
        c = attempt(d)
        if cycles(c) <= 6000 and c["Pe"] * planes(c) * c["RowLanes"] <= 64:
            return c


def attempt(d):
    collapsed = int(d.percent(30))
    kernel_h, kernel_w = d.size(1, 5), d.size(1, 5)
    pad = d.uniform(0, min(2, kernel_h - 1, kernel_w - 1)) if d.percent(60) else 0
    least_h, least_w = max(1, kernel_h - 2 * pad), max(1, kernel_w - 2 * pad)
    in_h, in_w = d.size(least_h, min(9, least_h + 4)), d.size(least_w, min(9, least_w + 4))
    shape = d.uniform(0, 9)  # often as a dense layer, or with one row or column of outputs
    in_h = least_h if shape < 3 else in_h
    in_w = least_w if shape < 2 or shape == 3 else in_w
    in_c = d.size(1, max(1, min(24, 100 // (in_h * in_w))))
    kernel = kernel_h * kernel_w * in_c
    rows = min(80, d.choice([kernel, d.size(1, kernel)]))
    in_bits = d.choice([4, 6, 8, d.size(1, 8)])
    divisors = [n for n in range(1, in_bits + 1) if in_bits % n == 0]
    passes = 0 if collapsed else d.choice([0, 1, d.choice(divisors), d.choice(divisors[1:] or [0])])
    in_pass = passes or in_bits
    lanes = [1, 2] + [n for n in range(4, 4 * in_pass + 1, 4) if in_pass % (n // 4) == 0]
    tile_rows = d.choice([128, d.size(1, rows)])
    cols = d.size(1, 12)
    logits = int(d.percent(25))
    bits = 32 if logits else d.choice([8, 10, 12, 16])
    low, high = (0, 0) if logits else d.choice([(0, 2**bits - 1), (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)])
    if not logits and d.percent(30):
        low, high = d.uniform(low, high // 8), d.uniform(high // 2, high)
    return {
        "InH": in_h,
        "InW": in_w,
        "InC": in_c,
        "KernelH": kernel_h,
        "KernelW": kernel_w,
        "Stride": d.uniform(1, 3),
        "Pad": pad,
        "Lines": d.choice([0, 0, d.size(min(kernel_h, in_h), 16)]),
        "Rows": rows,
        "InBits": in_bits,
        "Collapsed": collapsed,
        "TileRows": tile_rows,
        "Cols": cols,
        "Pe": d.size(1, min(cols, 8)),
        "RowLanes": d.choice([1, d.size(1, min(8, rows if collapsed else min(rows, tile_rows)))]),
        "InSigned": d.flag(),
        "Planes": passes,
        "PerCell": d.flag() if not collapsed else 0,
        "AdcLanes": 1 if collapsed else d.choice(lanes),
        "AdcPerColumn": 0 if collapsed else int(d.percent(40)),
        "Inl": 0 if collapsed else int(d.percent(30)),
        "Noise": 0 if collapsed else d.choice([0, 0, 0, 1, 2]),
        "BiasBits": d.size(2, 24),
        "Logits": logits,
        "OutBits": bits,
        "OutLow": low,
        "OutHigh": high,
        "Parallel": d.flag(),
        "Dsp": d.flag(),
        "Writable": int(d.percent(25)),
    }
