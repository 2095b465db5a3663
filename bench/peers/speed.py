#!/usr/bin/env python3
"""Products and images a second beside CrossSim and aihwkit, by turns in one run on one thread.

SPDX-License-Identifier: Apache-2.0

    PYTHON bench/peers/speed.py --crosssim CHECKOUT [--program build/bench/bench_twin_products]

Prints a table, and a JSON line a row with --json FILE. Rates are of CPU-seconds (user and system),
which other work on the machine hardly changes; those of wall-clock seconds stand beside. Every
measurement of a peer is followed by one of the twin; the medians are compared. A peer that cannot
be imported is passed over, with a message. Cases: bench/peers/README.md.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

# OpenBLAS chooses its kernels itself; one thread each.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402

SIZE = 256


class Row:
    """A peer's call, the twin's case that does the same, and the ratio that is wanted."""

    def __init__(self, name, call, items, ours, goal=0):
        self.name, self.call, self.items, self.ours, self.goal = name, call, items, ours, goal
        self.peer, self.twin = [], []  # (items a CPU-second, items a second)


def measure_peer(row, seconds):
    cpu, wall, items = time.process_time(), time.perf_counter(), 0
    while time.process_time() - cpu < seconds:
        row.call()
        items += row.items
    return (items / (time.process_time() - cpu), items / (time.perf_counter() - wall))


def measure_twin(program, case, seconds):
    lines = subprocess.run([str(program), "--only", case, "--reps", "1", "--seconds", str(seconds)],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    for result in map(json.loads, lines):
        if result["name"] == case:
            return result["per_cpu_s"], result["figure"]
    raise SystemExit(f"{program} has no case {case}")


def crosssim_rows(checkout):
    sys.path[:0] = [checkout, checkout + "/applications"]
    from mvm_params import set_params
    from simulator import AnalogCore

    rng = np.random.default_rng(1)
    weight = rng.normal(0, 0.05, (SIZE, SIZE)).astype(np.float32)
    rows = []

    def add(name, ours, goal, slices=1, serial=False, signed=True, batches=("v", "m64"), **more):
        settings = dict(wtmodel="BALANCED", weight_bits=8, input_bits=8, adc_bits=8,
                        input_range=(-1.0 if signed else 0.0, 1.0), positiveInputsOnly=not signed,
                        Rmin=1e4, Rmax=1e6, Nslices=slices, input_bitslicing=serial,
                        ADC_per_ibit=serial, **more)
        low = -1.0 if signed else 0.0
        if slices > 1:
            settings["adc_range_option"] = "GRANULAR"
        else:
            sums = weight @ rng.uniform(low, 1, (SIZE, 256))
            full = float(np.abs(sums).max() / np.abs(weight).max())
            settings["adc_range"] = (-full, full)
        core = AnalogCore(weight, params=set_params(**settings))
        x = rng.uniform(low, 1, SIZE).astype(np.float32)
        batch = rng.uniform(low, 1, (SIZE, 64)).astype(np.float32)
        core.matmul(x)
        if "v" in batches:
            rows.append(Row(name + ", a vector", lambda: core.matmul(x), 1, ours + "_v", goal))
        if "m64" in batches:
            rows.append(Row(name + ", 64", lambda: core.matmul(batch), 64, ours + "_m64", goal))

    error = dict(error_model="generic", alpha_error=0.02)
    noise = dict(noise_model="generic", alpha_noise=0.02)
    add("CrossSim, 2 slices, a bit at a time", "twin_slices2_serial_256", 20, 2, True)
    add("CrossSim, 4 slices, a bit at a time", "twin_slices4_serial_256", 20, 4, True)
    add("CrossSim, 8 bits at once, read noise", "twin_adc8_rnoise_256", 100, **error, **noise)
    add("CrossSim, 2 slices, a bit at a time, read noise", "twin_slices2_serial_rnoise_256", 100,
        2, True, **noise)
    add("CrossSim, 8 bits at once, wires of 1 ohm", "twin_irdrop_256", 1000, Rp_row=1.0,
        Rp_col=1.0)
    add("CrossSim, 8 bits at once, varied", "twin_adc8_256", 0, signed=False, batches=("v",),
        **error)
    add("CrossSim, 8 bits at once, varied", "twin_adc8_256", 3, signed=False, batches=("m64",),
        **error)
    add("CrossSim, 8 bits at once, varied; 8-bit cells", "twin_adc8_bytes_256", 3, signed=False,
        batches=("m64",), **error)
    add("CrossSim, 8 bits at once, signed, varied", "twin_adc8_signed_256", 0, batches=("m64",),
        **error)
    return rows


def lenet5():
    from torch import nn
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10)).eval()


def network_rows():
    """CrossSim's own conversion of the network; its converters' ranges by the same images."""
    import torch
    from mvm_params import set_params
    from simulator.algorithms.dnn.torch.convert import from_torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = lenet5()
    images = torch.rand(64, 1, 28, 28)
    ranges, h = [], images
    with torch.inference_mode():
        for layer in net:
            g, h = h, layer(h)
            if hasattr(layer, "weight"):
                low = float(g.abs().max())
                bias = layer.bias.view(1, -1, 1, 1) if h.dim() == 4 else layer.bias
                ranges.append((low, float((h - bias).abs().max() / layer.weight.abs().max() / low)))
    rows = []
    for name, ours, more in (
            ("8-bit ADC", "twin_lenet5_adc8_varied", {}),
            ("8-bit ADC, read noise", "twin_lenet5_adc8_varied_rnoise",
             dict(noise_model="generic", alpha_noise=0.02))):
        params = [set_params(wtmodel="BALANCED", weight_bits=8, input_bits=8, input_range=(-i, i),
                             adc_bits=8, adc_range=(-o, o), Rmin=1e4, Rmax=1e6,
                             error_model="generic", alpha_error=0.02, **more) for i, o in ranges]
        np.random.seed(0)
        analog = from_torch(net, params, bias_rows=0).eval()

        def run(analog=analog):
            with torch.inference_mode():
                analog(images)
        rows.append(Row("CrossSim, LeNet-5, varied, " + name, run, 64, ours))
    return rows


def aihwkit_rows():
    import torch
    from aihwkit.inference import PCMLikeNoiseModel
    from aihwkit.nn import AnalogLinear
    from aihwkit.simulator.configs import InferenceRPUConfig
    from aihwkit.simulator.parameters import BoundManagementType, NoiseManagementType

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = InferenceRPUConfig()
    config.forward.inp_res = config.forward.out_res = 1 / (2 ** 8 - 2)
    config.forward.bound_management = BoundManagementType.NONE
    config.forward.noise_management = NoiseManagementType.ABS_MAX
    config.forward.out_noise = 0.0
    config.noise_model = PCMLikeNoiseModel(g_max=25.0)
    config.mapping.max_input_size = config.mapping.max_output_size = SIZE
    config.mapping.weight_scaling_omega = 1.0
    layer = AnalogLinear(SIZE, SIZE, bias=False, rpu_config=config).eval()
    layer.program_analog_weights()
    layer.drift_analog_weights(3600.0)
    tile = next(layer.analog_tiles()).tile
    rows = []
    for name, count, ours in (
            ("a vector", 1, "twin_adc8_256_v"), ("256", 256, "twin_adc8_256_m64"),
            ("a vector; 8-bit cells", 1, "twin_adc8_bytes_256_v"),
            ("256; 8-bit cells", 256, "twin_adc8_bytes_256_m64")):
        x = torch.rand(count, SIZE) * 2 - 1

        def run(x=x):
            with torch.inference_mode():
                tile.forward(x, False, False, False, True)
        rows.append(Row("aihwkit, PCM, tile forward, " + name, run, count, ours, 5))
    return rows


def gather(args):
    rows = []
    for what, make in (("CrossSim", lambda: crosssim_rows(args.crosssim)),
                       ("CrossSim with torch", network_rows), ("aihwkit", aihwkit_rows)):
        try:
            rows += make()
        except ImportError as error:
            print(f"passed over: {what} ({error})", file=sys.stderr)
    return [row for row in rows if args.only in row.name]


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as info:
        lines = info.read().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def print_rows(rows, folds):
    median = lambda values, which: statistics.median(value[which] for value in values)  # noqa: E731
    results = []
    print("\n| | peer | twin | ratio | wanted | peer, wall | twin, wall |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        peer, twin = median(row.peer, 0), median(row.twin, 0)
        results.append({"case": row.name, "twin_case": row.ours, "peer_per_cpu_s": peer,
                        "twin_per_cpu_s": twin, "ratio": twin / peer, "wanted": row.goal,
                        "peer_per_s": median(row.peer, 1), "twin_per_s": median(row.twin, 1)})
        print(f"| {row.name} | {peer:,.0f} | {twin:,.0f} | {twin / peer:,.1f} "
              f"| {row.goal or ''} | {median(row.peer, 1):,.0f} | {median(row.twin, 1):,.0f} |")
        if folds and "wires" in row.name:
            fold = 1 / median(folds, 0)
            # n products behind one folding are 1,000 times as fast from here on.
            least = fold / (1 / (1000 * peer) - 1 / twin) if twin > 1000 * peer else float("inf")
            results[-1].update(fold_cpu_s=fold, products_for_1000=least)
            for count in (1, 1000, 100000):
                rate = count / (fold + count / twin)
                results[-1][f"ratio_{count}_products"] = rate / peer
                print(f"| - with the folding of both arrays, {count:,} products | {peer:,.0f} "
                      f"| {rate:,.0f} | {rate / peer:,.1f} | | | |")
            print(f"| - the folding: {fold:.3f} CPU-seconds; 1,000 times from {least:,.0f} products "
                  "on | | | | | | |")
    return results


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crosssim", required=True, help="checkout of sandialabs/cross-sim")
    parser.add_argument("--program", default=root / "build/bench/bench_twin_products")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="CPU-seconds a measurement")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    rows = gather(args)
    print(machine(), flush=True)
    folds = []
    for _ in range(args.reps):
        for row in rows:
            row.peer.append(measure_peer(row, args.seconds))
            row.twin.append(measure_twin(args.program, row.ours, args.seconds))
        if any("wires" in row.name for row in rows):
            folds.append(measure_twin(args.program, "twin_folds_256", args.seconds))
    results = print_rows(rows, folds)
    if args.json:
        with open(args.json, "w", encoding="ascii") as out:
            out.writelines(json.dumps(result) + "\n" for result in results)


if __name__ == "__main__":
    main()
