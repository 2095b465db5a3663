# What xb_requant is swept over.
# SPDX-License-Identifier: Apache-2.0
from space import flag, signed, size

COLUMNS = [
    size("Cols", 1, 20),
    size("YBits", 2, 48, limit=True),
    size("BiasBits", 2, 32, limit=True),
    flag("Logits"),
    size("OutBits", 1, 32),
    signed("OutLow", -(2**15), 2**16 - 1),
    signed("OutHigh", -(2**15), 2**16 - 1),
    flag("Parallel"),
    flag("Dsp"),
    flag("Writable"),
]
DERIVED = {
    "Form": (("logits", "serial", "parallel"), lambda c: form(c)),
    "Range": (("full", "part", "one value"), lambda c: clamp(c)),
}
EVENTS = {
    "below": "the result is clamped to OutLow",
    "above": "the result is clamped to OutHigh",
    "within": "the result is not clamped",
    "half": "the part that is rounded off is exactly one half",
    "negative sum": "Y + bias is under zero",
    "extreme": "Y is the greatest or the most negative number there is",
    "shift 1": "a column is shifted by the least there is",
    "shift 31": "a column is shifted by the most there is",
}
IMPOSSIBLE = {
    "Form x Range=logits x part": "a logit is not clamped",
    "Form x Range=logits x one value": "a logit is not clamped",
}
IMPOSSIBLE |= {
    f"Form x event=logits x {e}": "a logit is neither clamped, rounded nor shifted"
    for e in ("below", "above", "half", "shift 1", "shift 31")
}
CROSSES = [("Form", "Range"), ("Form", "event"), ("Form", "Dsp", "Writable")]


def form(c):
    return "logits" if c["Logits"] else "parallel" if c["Parallel"] else "serial"


def clamp(c):
    if c["Logits"]:
        return "full"
    if c["OutLow"] == c["OutHigh"]:
        return "one value"
    return "full" if c["OutHigh"] - c["OutLow"] == 2 ** c["OutBits"] - 1 else "part"


def draw(d):
    logits = int(d.percent(25))
    out_bits = 32 if logits else d.size(1, 16)
    low = high = 0
    if not logits:
        least, most = (0, 2**out_bits - 1) if d.flag() else (-(2 ** (out_bits - 1)), 2 ** (out_bits - 1) - 1)
        low, high = least, most
        if d.percent(60):
            low = d.uniform(least, most)
            high = d.choice([low, d.uniform(low, most)])
        # A range from 0 on is unsigned and one from below is signed; both fit.
    return {
        "Cols": d.size(1, 20),
        "YBits": d.size(2, 31 if logits else 48),
        "BiasBits": d.size(2, 31 if logits else 32),
        "Logits": logits,
        "OutBits": out_bits,
        "OutLow": low,
        "OutHigh": high,
        "Parallel": d.flag(),
        "Dsp": d.flag(),
        "Writable": d.flag(),
    }
