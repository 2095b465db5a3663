# What xb_unpack is swept over: a pixel fits the bench's 64 bits.
# SPDX-License-Identifier: Apache-2.0
from space import size

COLUMNS = [size("Channels", 1, 64), size("Bits", 1, 64)]


def draw(d):
    channels = d.size(1, 64)
    return {"Channels": channels, "Bits": d.size(1, 64 // channels)}
