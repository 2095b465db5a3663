# What xb_noise is swept over: the counter's fields fit its 32 bits. No stream, so no stalls.
# SPDX-License-Identifier: Apache-2.0
from space import STALLS, flag, size

COLUMNS = [
    size("Positions", 1, 65536),
    size("Tiles", 1, 64),
    size("Cols", 1, 1024),
    size("InBits", 1, 16),
    size("Slices", 1, 4),
    size("Mult0", 0, 65535, limit=True),
    size("Mult1", 0, 65535, limit=True),
    size("Mult2", 0, 65535, limit=True),
    size("Mult3", 0, 65535, limit=True),
    size("NoiseShift", 0, 31, limit=True),
    flag("Gain"),
    flag("Writable"),
]
DERIVED = {"CounterBits": (("free", "all"), lambda c: "all" if counter_bits(c) == 32 else "free")}
EVENTS = {
    "negative": "n is under zero",
    "positive": "n is over zero",
    "zero": "n is zero",
    "new keys": "a draw was made with keys that were written",
    "last conversion": "the last position, tile and column together",
}
CROSSES = [("CounterBits", "Writable"), ("Gain", "Writable")]
IMPOSSIBLE = {f"stall={s}": "no stream" for s in STALLS}
IMPOSSIBLE |= {f"seam={s}": "no stream" for s in ("in", "out")}


def counter_bits(c):
    largest = (c["Positions"] - 1, c["Tiles"] - 1, c["Cols"] - 1, c["InBits"] - 1, 2 * c["Slices"] - 1)
    return sum(max(1, n.bit_length()) for n in largest)


def draw(d):
    while True:
        shift = d.size(0, 31)
        slices = d.size(1, 4)
        gains = [d.choice([0, d.size(0, min(65535, 2 ** (shift + 8)))]) for _ in range(4)]
        c = {
            "Positions": d.size(1, 65536),
            "Tiles": d.size(1, 64),
            "Cols": d.size(1, 1024),
            "InBits": d.size(1, 16),
            "Slices": slices,
            **{f"Mult{s}": gains[s] if s < slices else 0 for s in range(4)},
            "NoiseShift": shift,
            "Gain": d.flag(),
            "Writable": d.flag(),
        }
        if counter_bits(c) <= 32:
            return c
