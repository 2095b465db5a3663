# What xb_argmax is swept over: a logit and the class fit the bench's 64 bits.
# SPDX-License-Identifier: Apache-2.0
from space import size

COLUMNS = [size("Outputs", 1, 300), size("Bits", 2, 32)]
EVENTS = {
    "tie": "the largest logit occurs twice",
    "first": "the first logit is the largest",
    "final": "the last logit is the largest, and not the only one",
    "all negative": "every logit is under zero",
    "lowest": "a logit is the most negative number",
    "highest": "a logit is the most positive number",
}


def draw(d):
    return {"Outputs": d.size(1, 300), "Bits": d.size(2, 32)}
