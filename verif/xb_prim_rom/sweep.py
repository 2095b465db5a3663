# What xb_prim_rom is swept over: words of up to two chunks of 32 bits.
# SPDX-License-Identifier: Apache-2.0
from space import choice, flag, size

COLUMNS = [size("Width", 1, 64), size("Depth", 1, 300), choice("Style", 0, 1, 2), flag("Writable")]
DERIVED = {
    "Chunks": (("part", "one", "two"), lambda c: "part" if c["Width"] < 32 else
               "one" if c["Width"] == 32 else "two"),
}
EVENTS = {
    "write": "a chunk of a word was written",
    "beyond": "a chunk that the word does not have was written",
    "read only": "a memory that is not writable was written",
}
IMPOSSIBLE = {f"seam={s}": "its beats carry no last" for s in ("in", "out")}
CROSSES = [("Style", "Writable", "Chunks")]


def draw(d):
    return {
        "Width": d.choice([d.size(1, 64), 32]),
        "Depth": d.size(1, 300),
        "Style": d.choice([0, 1, 2]),
        "Writable": d.flag(),
    }
