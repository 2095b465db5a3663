# What xb_fifo is swept over.
# SPDX-License-Identifier: Apache-2.0
from space import choice, number, size

COLUMNS = [size("Width", 1, 64), size("Depth", 1, 300), choice("Style", 0, 1, 2), number("Latency", 1, 3)]
DERIVED = {"Form": (("logic", "memory"), lambda c: "memory" if is_memory(c) else "logic")}
CROSSES = [("Form", "Style"), ("Form", "Depth")]
IMPOSSIBLE = {f"seam={s}": "its beats carry no last" for s in ("in", "out")}
IMPOSSIBLE |= {
    "Form x Style=logic x 1": "style 1 is memory",
    "Form x Style=memory x 2": "style 2 is logic",
    "Form x Depth=memory x 1": "a memory holds 4 beats at least",
    "Form x Depth=memory x 2": "a memory holds 4 beats at least",
}


def is_memory(c):
    large = c["Depth"] >= 8 and c["Depth"] * c["Width"] >= 256
    return c["Style"] == 1 or (c["Style"] == 0 and large)


def draw(d):
    style = d.choice([0, 1, 2])
    low = 4 if style == 1 else 1
    c = {
        "Width": d.size(1, 64),
        "Depth": d.choice([d.size(low, 300 if style != 2 else 40), d.size(low, low + 4)]),
        "Style": style,
    }
    return c | {"Latency": 3 if is_memory(c) else 1}
