# What xb_mac is swept over: small products, all widths; a beat fits the bench's 64 bits.
# SPDX-License-Identifier: Apache-2.0
from space import flag, size

COLUMNS = [
    size("Rows", 1, 130),
    size("Cols", 1, 40),
    size("Pe", 1, 16),
    size("RowLanes", 1, 16),
    size("InBits", 1, 16, limit=True),
    flag("InSigned"),
    size("WeightBits", 1, 16, limit=True),
    flag("Dsp"),
    flag("Writable"),
]
DERIVED = {
    "LastGroup": (("full", "part"), lambda c: "part" if c["Cols"] % c["Pe"] else "full"),
    "LastBeat": (("full", "part"), lambda c: "part" if c["Rows"] % c["RowLanes"] else "full"),
    # What a segment's time is made of: beats in, or columns out.
    "Bound": (("in", "out", "even"), lambda c: bound(c)),
}
EVENTS = {
    "extreme": "every weight and activation has the greatest magnitude there is",
    "negative sum": "Y is under zero",
    "zero sum": "Y is zero",
}
CROSSES = [
    ("LastGroup", "LastBeat", "Bound"),
    ("Dsp", "InSigned", "Writable"),
]
BATCH = 25


def bound(c):
    beats = -(-c["Rows"] // c["RowLanes"])
    return "in" if beats > c["Pe"] else "out" if beats < c["Pe"] else "even"


def draw(d):
    in_bits = d.size(1, 16)
    lanes = d.size(1, min(16, 64 // in_bits))
    cols = d.size(1, 40)
    pe = d.size(1, min(cols, 16, 24 // lanes))
    few = d.percent(40)  # rows, so that the columns' way out counts
    rows = d.size(lanes, max(lanes, lanes * pe if few else 2400 // cols))
    return {
        "Rows": min(rows, 130),
        "Cols": cols,
        "Pe": pe,
        "RowLanes": lanes,
        "InBits": in_bits,
        "InSigned": d.flag(),
        "WeightBits": d.size(1, 16),
        "Dsp": d.flag(),
        "Writable": d.flag(),
    }
