# What xb_max_pool is swept over: small maps, windows with and without gaps and left-over edges.
# SPDX-License-Identifier: Apache-2.0
from space import flag, size

COLUMNS = [
    size("InH", 2, 40),
    size("InW", 2, 40),
    size("InC", 1, 20),
    size("Kernel", 2, 6),
    size("Stride", 2, 9),
    size("Bits", 1, 64),
    flag("Signed"),
]
DERIVED = {
    "Gap": (("0", "1"), lambda c: int(c["Stride"] > c["Kernel"])),
    "Windows": (("one", "row", "column", "many"), lambda c: windows(c)),
    "LeftOver": (("none", "right", "below", "both"), lambda c: left_over(c)),
    "Stream": (("0", "1"), lambda c: int(c["InC"] >= 4)),
}
EVENTS = {
    "tie": "the maximum of a window occurs in it twice",
    "first": "the first beat of a window is its maximum",
    "final": "the last beat of a window is its only maximum",
    "all negative": "every beat of a window is under zero",
}
IMPOSSIBLE = {"seam=out": "a window is longer than one beat, so outputs never follow at once"}
CROSSES = [("Stream", "Signed"), ("Stream", "Gap", "LeftOver"), ("Stream", "Windows")]


def windows(c):
    tall, wide = ((c[n] - c["Kernel"]) // c["Stride"] > 0 for n in ("InH", "InW"))
    return "many" if tall and wide else "column" if tall else "row" if wide else "one"


def left_over(c):
    below, right = ((c[n] - c["Kernel"]) % c["Stride"] > 0 for n in ("InH", "InW"))
    return "both" if below and right else "below" if below else "right" if right else "none"


def draw(d):
    kernel = d.size(2, 6)
    stride = d.choice([kernel, d.size(kernel, kernel + 3)])
    # A few windows each way, and what is left over behind the last.
    tall, wide = (kernel + stride * d.uniform(0, 3) + d.choice([0, d.size(0, stride - 1)]) for _ in range(2))
    return {
        "InH": tall,
        "InW": wide,
        "InC": d.choice([d.uniform(1, 3), d.size(1, 20 if tall * wide < 100 else 9)]),
        "Kernel": kernel,
        "Stride": stride,
        "Bits": d.size(1, 64),
        "Signed": d.flag(),
    }
