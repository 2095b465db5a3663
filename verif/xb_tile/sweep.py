# What xb_tile is swept over: small arrays in all forms; a beat fits the bench's 64 bits.
# SPDX-License-Identifier: Apache-2.0
from space import choice, flag, number, signed, size
from tile_events import TILE_EVENTS

COLUMNS = [
    size("Rows", 1, 140),
    size("TileRows", 1, 128),
    size("Cols", 1, 20),
    size("Pe", 1, 8),
    size("RowLanes", 1, 8),
    size("InBits", 1, 16, limit=True),
    flag("InSigned"),
    size("Planes", 0, 16),
    size("CellBits", 1, 8, limit=True),
    size("Slices", 1, 8, limit=True),
    flag("PerCell"),
    size("MagBits", 1, 16),
    size("GBits", 1, 16, limit=True),
    choice("AdcBits", *range(1, 13)),
    size("AdcLanes", 1, 128),
    size("Mult0", 1, 65535, limit=True),
    size("Shift0", 0, 31, limit=True),
    signed("Offset0", -(2**31), 2**31 - 1),
    number("Lsb0", 1, 65535),
    size("Mult1", 0, 65535, limit=True),
    size("Shift1", 0, 31, limit=True),
    signed("Offset1", -(2**31), 2**31 - 1),
    number("Lsb1", 0, 65535),
    signed("Clip0", -1, 4095),
    signed("Clip1", -1, 4095),
    flag("AdcPerColumn"),
    size("OffsetBits", 1, 32, limit=True),
    size("LsbBits", 0, 16, limit=True),
    flag("Inl"),
    flag("Dsp"),
    size("Noise0", 0, 65535, limit=True),
    size("Noise1", 0, 65535, limit=True),
    size("NoiseShift", 0, 31, limit=True),
    flag("NoiseRows"),
    flag("Writable"),
    flag("Extreme"),
]
DERIVED = {
    "Form": (("plane", "serial", "between"), lambda c: form(c)),
    "Adc": (("shift", "gain", "column"), lambda c: adc(c)),
    "Clip": (("full", "own"), lambda c: "own" if max(c["Clip0"], c["Clip1"]) >= 0 else "full"),
    "Noise": (("0", "1", "rows"), lambda c: "rows" if c["NoiseRows"] else
              int(c["Noise0"] + c["Noise1"] > 0)),
    "Beat": (("one row", "rows"), lambda c: "rows" if c["RowLanes"] > 1 else "one row"),
    "Tiles": (("one", "several"), lambda c: "one" if c["Rows"] <= c["TileRows"] else "several"),
    "LastGroup": (("full", "part"), lambda c: "part" if c["Cols"] % c["Pe"] else "full"),
    "LastBeat": (("full", "part"), lambda c: last_beat(c)),
    # Words a cycle: one, some of a plane, a plane, several planes, all of the pass.
    "Converters": (("one", "some", "plane", "planes", "pass"), lambda c: converters(c)),
    "Lsb": (("one", "shift", "product", "column"), lambda c: lsb(c)),
    "Slicing": (("one", "two", "odd", "more"), lambda c: slicing(c)),
}
EVENTS = {
    **TILE_EVENTS,
    "negative sum": "Y is under zero",
}
IMPOSSIBLE = {
    f"Form x Converters=serial x {n}": "a pass has one plane" for n in ("planes", "pass")
}
CROSSES = [
    ("Form", "Adc", "InSigned"),
    ("Form", "Converters"),
    ("Form", "Tiles", "LastBeat"),
    ("Adc", "Inl", "Noise"),
    ("Adc", "Dsp", "event"),
    ("Lsb", "Converters", "Dsp"),
    ("Lsb", "Noise", "Writable"),
    ("Form", "Tiles", "Lsb"),
    ("PerCell", "Writable", "Adc"),
    ("Converters", "LastGroup", "Tiles"),
    ("Form", "PerCell", "Inl"),
    ("Form", "Noise", "Writable"),
    ("Noise", "Converters", "Beat"),
    ("Noise", "Tiles"),
    ("Form", "Dsp", "Beat"),
    ("Form", "Clip", "Adc"),
    ("Form", "stall"),
    ("Form", "event"),
]
BATCH = 25


def planes(c):
    return c["Planes"] or c["InBits"]


def form(c):
    if planes(c) == c["InBits"]:
        return "plane"
    return "serial" if planes(c) == 1 else "between"


def adc(c):
    if c["AdcPerColumn"]:
        return "column"
    gains = [c["Mult0"]] + ([c["Mult1"]] if c["Slices"] > 1 else [])
    return "gain" if any(g & (g - 1) for g in gains) else "shift"


def last_beat(c):
    lengths = {min(c["TileRows"], c["Rows"] - t) for t in range(0, c["Rows"], c["TileRows"])}
    return "part" if any(n % c["RowLanes"] for n in lengths) else "full"


def converters(c):
    lanes, words = c["AdcLanes"], 2 * c["Slices"]
    if lanes == 1:
        return "one"
    if lanes < words:
        return "some"
    if lanes == words * planes(c):
        return "pass" if planes(c) > 1 else "plane"
    return "plane" if lanes == words else "planes"


def lsb(c):
    if c["LsbBits"]:
        return "column"
    used = [c["Lsb0"]] + ([c["Lsb1"]] if c["Slices"] > 1 else [])
    return "one" if max(used) == 1 else "product" if any(n & (n - 1) for n in used) else "shift"


def slicing(c):
    s = c["Slices"]
    return "one" if s == 1 else "two" if s == 2 else "odd" if s % 2 else "more"


def y_bits(c):
    tiles = -(-c["Rows"] // c["TileRows"])
    steps = (c["Lsb0"], c["Lsb1"])
    most = sum(steps[s % 2] << (c["CellBits"] * s) for s in range(c["Slices"]))
    most *= (2 ** c["AdcBits"] - 1) * (2 ** c["InBits"] - 1) * tiles
    return most.bit_length() + 1


def draw(d):
    while True:
        c = attempt(d)
        time = c["Cols"] * planes(c) * 2 * c["Slices"] // c["AdcLanes"] * (c["InBits"] // planes(c))
        logic = c["Pe"] * planes(c) * c["Slices"] * c["RowLanes"] + 4 * c["AdcLanes"]
        if y_bits(c) <= 48 and time <= 800 and logic <= 200:
            return c


def attempt(d):
    in_bits = d.size(1, 16)
    divisors = [n for n in range(1, in_bits + 1) if in_bits % n == 0]
    passes = d.choice([0, 1, d.choice(divisors)])
    in_pass = passes or in_bits
    slices = d.choice([1, 2, 2, d.size(1, 8)])
    cell_bits = d.size(1, min(8, max(1, 16 // slices)))
    words = 2 * slices
    lanes = [n for n in range(1, words * in_pass + 1)
             if words % n == 0 or (n % words == 0 and words * in_pass % n == 0)]
    row_lanes = d.choice([1, d.size(1, min(8, 64 // in_bits))])
    rows = d.size(row_lanes, d.choice([140, max(row_lanes, 12)]))
    tile_rows = 128 if d.percent(40) else d.size(row_lanes, min(128, max(row_lanes, rows)))
    rows = max(rows, row_lanes)
    cols = d.size(1, 20)
    g_bits = d.size(1, 16)
    adc_bits = d.size(1, 12)
    # A gain and a shift under which the codes spread over the converter's range.
    current = g_bits + min(rows, tile_rows).bit_length()
    per_column = int(d.percent(33))
    shift_only = d.percent(40)
    mults, shifts, offsets = [], [], []
    for _ in range(2):
        mult = 2 ** d.uniform(0, 15) if shift_only else d.size(1, 65535)
        fit = current + mult.bit_length() - adc_bits - d.uniform(0, 3)
        shift = min(31, max(0, fit)) if d.percent(90) else d.uniform(0, 31)
        scale = shift + adc_bits
        mults.append(mult)
        shifts.append(shift)
        offsets.append(d.choice([0, d.signed(-(2 ** min(31, scale)), 2 ** min(31, scale) - 1)]))
    noise = d.percent(33)
    noise_shift = d.size(0, 31)
    most = min(65535, 2 ** (noise_shift + 4))
    gains = [d.choice([most, d.size(0, most)]) if noise else 0 for _ in range(2)]
    steps = [2 ** d.choice([0, d.uniform(0, 8)]) if d.percent(60) else d.size(1, 65535) for _ in range(2)]
    own = per_column and d.percent(60)
    most = max(steps if slices > 1 else steps[:1])
    full = 2**adc_bits - 1
    clips = [d.choice([-1, d.uniform(0, full)]) if d.percent(40) else -1 for _ in range(2)]
    return {
        "Rows": rows,
        "TileRows": tile_rows,
        "Cols": cols,
        "Pe": d.size(1, min(cols, 8)),
        "RowLanes": min(row_lanes, rows, tile_rows),
        "InBits": in_bits,
        "InSigned": d.flag(),
        "Planes": passes,
        "CellBits": cell_bits,
        "Slices": slices,
        "PerCell": d.flag(),
        "MagBits": d.size(max(1, cell_bits * (slices - 1)), cell_bits * slices),
        "GBits": g_bits,
        "AdcBits": adc_bits,
        "AdcLanes": d.choice(lanes),
        "Mult0": mults[0],
        "Shift0": shifts[0],
        "Offset0": offsets[0],
        "Lsb0": steps[0],
        "Mult1": mults[1] if slices > 1 else 0,
        "Shift1": shifts[1],
        "Offset1": offsets[1],
        "Lsb1": steps[1] if slices > 1 else 0,
        "Clip0": clips[0],
        "Clip1": clips[1],
        "AdcPerColumn": per_column,
        "OffsetBits": d.size(1, 32),
        "LsbBits": d.size(most.bit_length(), min(16, most.bit_length() + 1)) if own else 0,
        "Inl": int(d.percent(33)),
        "Dsp": d.flag(),
        "Noise0": gains[0],
        "Noise1": gains[1],
        "NoiseShift": noise_shift,
        "NoiseRows": int(sum(gains[:slices]) > 0 and d.flag()),
        "Writable": int(d.percent(25)),
        "Extreme": int(d.percent(15)),
    }
