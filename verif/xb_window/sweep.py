# What xb_window is swept over: small maps; a beat out fits the bench's 64 bits, a word of the row
# table the testbench's 256.
# SPDX-License-Identifier: Apache-2.0
from space import flag, size

COLUMNS = [
    flag("Writable"),
    size("InH", 1, 12),
    size("InW", 1, 12),
    size("InC", 1, 24),
    size("KernelH", 1, 7),
    size("KernelW", 1, 7),
    size("Stride", 1, 5),
    size("Pad", 0, 3),
    size("Lines", 0, 24),
    size("Rows", 1, 200),
    size("Groups", 1, 5),
    size("Bits", 1, 16),
    size("RowLanes", 1, 16),
    size("TileRows", 1, 200),
]
DERIVED = {
    "Layer": (("dense", "row", "column", "map"), lambda c: layer(c)),
    "Padding": (("0", "1"), lambda c: int(c["Pad"] > 0)),
    "Step": (("1", "overlap", "kernel", "gap"), lambda c: step(c)),
    "Ring": (("derived", "least", "more"), lambda c: "derived" if c["Lines"] == 0 else
             "least" if c["Lines"] == min(c["KernelH"], c["InH"]) else "more"),
    "Tiles": (("one", "several"), lambda c: "one" if c["Rows"] <= c["TileRows"] else "several"),
    "LastBeat": (("full", "part"), lambda c: last_beat(c)),
    "Kept": (("all", "some"), lambda c: "all" if c["Rows"] == c["KernelH"] * c["KernelW"] * c["InC"]
             else "some"),
}
EVENTS = {
    "padding": "a kept row of a position lies outside of the map",
    "repeated": "a position's rows are given more than once",
    "unused": "input lines or columns belong to no window",
}
CROSSES = [
    ("Padding", "Step", "Layer"),
    ("Padding", "Ring", "Layer"),
    ("Tiles", "LastBeat", "Padding"),
    ("Writable", "Padding", "Tiles"),
]
IMPOSSIBLE = {}


def outputs(c):
    return tuple((c[f"In{s}"] + 2 * c["Pad"] - c[f"Kernel{s}"]) // c["Stride"] + 1 for s in "HW")


def layer(c):
    tall, wide = (n > 1 for n in outputs(c))
    return "map" if tall and wide else "column" if tall else "row" if wide else "dense"


def step(c):
    kernel = min(c["KernelH"], c["KernelW"])
    if c["Stride"] > kernel:
        return "gap"
    return "1" if c["Stride"] == 1 else "kernel" if c["Stride"] == kernel else "overlap"


def last_beat(c):
    lengths = {min(c["TileRows"], c["Rows"] - t) for t in range(0, c["Rows"], c["TileRows"])}
    return "part" if any(n % c["RowLanes"] for n in lengths) else "full"


def draw(d):
    kernel_h, kernel_w = d.size(1, 7), d.size(1, 7)
    if d.percent(30):
        kernel_w = kernel_h
    pad = d.size(0, min(3, kernel_h - 1, kernel_w - 1)) if d.percent(60) else 0
    stride = d.size(1, 5)
    # From the least map that the kernel fits to a few positions each way.
    in_h = d.size(max(1, kernel_h - 2 * pad), 12)
    in_w = d.size(max(1, kernel_w - 2 * pad), 12)
    if d.percent(25):  # one position at most each way
        in_h, in_w = max(1, kernel_h - 2 * pad), max(1, kernel_w - 2 * pad)
    in_c = d.size(1, max(1, min(24, 240 // (in_h * in_w))))
    kernel = kernel_h * kernel_w * in_c
    rows = min(200, d.choice([kernel, d.size(1, kernel)]))
    bits = d.size(1, 16)
    least = min(kernel_h, in_h)
    field = (in_h * in_w * in_c).bit_length() + 6 + bits
    lanes = d.size(1, min(16, 64 // bits, 256 // field))
    return {
        "Writable": d.flag(),
        "InH": in_h,
        "InW": in_w,
        "InC": in_c,
        "KernelH": kernel_h,
        "KernelW": kernel_w,
        "Stride": stride,
        "Pad": pad,
        "Lines": d.choice([0, least, d.size(least, 24)]),
        "Rows": rows,
        "Groups": d.size(1, 5),
        "Bits": bits,
        "RowLanes": lanes,
        "TileRows": d.choice([128, d.size(1, max(1, rows))]),
    }
