# What xb_config is swept over; the testbench has 16 layers at most.
# SPDX-License-Identifier: Apache-2.0
from space import size

COLUMNS = [size("Layers", 1, 16)]
EVENTS = {
    "no layer": "a record names a layer that there is not",
    "no memory": "a record names a memory over 7",
    "too many chunks": "a record has words of more than 256 chunks",
    "most chunks": "a record has words of 256 chunks",
    "no address": "a record begins at an address of more than 24 bits",
    "empty": "a record has no data",
    "cut head": "the load ends within a record's first three words",
    "cut data": "the load ends within a record's data",
    "load ends": "the load ends with a record",
    "record follows": "another record follows in the same load",
}
IMPOSSIBLE = {"seam=out": "writes carry no last"}


def draw(d):
    return {"Layers": d.size(1, 16)}
