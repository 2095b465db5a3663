# What verif/common/tile_model.hpp sees happen in a tile, for the sweeps of who holds one.
# SPDX-License-Identifier: Apache-2.0
TILE_EVENTS = {
    "clip low": "a code is clamped to 0",
    "clip high": "a code is clamped to full scale",
    "clip own": "a code is cut by a clip under full scale",
    "in range": "a code is not clamped",
    "inl": "the code table changes a code",
    "noise negative": "noise lowers a current",
    "noise positive": "noise raises a current",
    "noise undriven": "a gain by driven rows is taken where there is none",
    "noise all driven": "a gain by driven rows is taken of a row tile that is all driven",
    "current under 0": "noise brings a current under zero",
    "full current": "every cell of a row tile is at full scale and every input bit set",
    "no current": "no input bit of a row tile is set, or its cells hold 0",
    "cell at zero": "a cell of its own conductance, PerCell, is stuck at 0",
    "cell at full": "a cell of its own conductance, PerCell, is stuck at full scale",
}
