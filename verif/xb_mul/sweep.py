# What xb_mul is swept over: both operands fit the bench's 64 bits.
# SPDX-License-Identifier: Apache-2.0
from space import flag, size

COLUMNS = [
    size("ABits", 1, 16, limit=True),
    flag("ASigned"),
    size("BBits", 1, 48),
    flag("Dsp"),
]
DERIVED = {
    # A DSP block takes 16 bits; a wider b is cut into parts.
    "Parts": (("one", "several"), lambda c: "one" if c["BBits"] <= 16 else "several"),
}
EVENTS = {
    "most negative": "both operands are the most negative numbers there are",
    "most": "both operands are the greatest numbers there are",
    "zero": "an operand is 0 and the other one is not",
}
IMPOSSIBLE = {
    "Dsp x ASigned x Parts=1 x 1 x several": "refused: a signed a needs BBits <= 16",
}
CROSSES = [("Dsp", "ASigned", "Parts")]


def draw(d):
    dsp, a_signed = d.flag(), d.flag()
    return {
        "ABits": d.size(1, 16),
        "ASigned": a_signed,
        "BBits": d.size(1, 16 if dsp and a_signed else 48),
        "Dsp": dsp,
    }
