# What xb_skid is swept over.
# SPDX-License-Identifier: Apache-2.0
from space import size

COLUMNS = [size("Width", 1, 64)]
IMPOSSIBLE = {f"seam={s}": "its beats carry no last" for s in ("in", "out")}


def draw(d):
    return {"Width": d.size(1, 64)}
