# What xb_uart_link is swept over: the host's clock is up to 4% off, as the link promises.
# SPDX-License-Identifier: Apache-2.0
from space import number, size

COLUMNS = [
    size("ClksPerBit", 4, 40),
    size("PixelBytes", 1, 8),
    size("Pixels", 1, 40),
    number("Taken", 0, 40),
    size("Outputs", 1, 12),
    number("HostBit16", 61, 666),
]
DERIVED = {
    "Host": (("faster", "equal", "slower"), lambda c: host(c["HostBit16"] - 16 * c["ClksPerBit"])),
}
CROSSES = [("Host", "ClksPerBit")]
IMPOSSIBLE = {f"seam={s}": "the host waits for each answer" for s in ("in", "out")}


def host(difference):
    return "faster" if difference < 0 else "slower" if difference > 0 else "equal"


def draw(d):
    clks = d.size(4, 40)
    off = 16 * clks * 4 // 100
    # Bytes that go out and come back: the slowest corner sets the time of its batch.
    left = 350 // clks
    outputs = d.size(1, min(12, left // 8))
    left -= 1 + 4 * outputs
    pixel_bytes = d.size(1, min(8, left))
    pixels = d.size(1, min(40, left // pixel_bytes))
    return {
        "ClksPerBit": clks,
        "PixelBytes": pixel_bytes,
        "Pixels": pixels,
        "Taken": d.choice([0, pixels, d.uniform(0, pixels)]),
        "Outputs": outputs,
        "HostBit16": 16 * clks + d.choice([0, -off, off, d.uniform(-off, off)]),
    }
