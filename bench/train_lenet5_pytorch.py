#!/usr/bin/env python3
"""LeNet-5 training throughput beside PyTorch on the CPU, interleaved in one run.

SPDX-License-Identifier: Apache-2.0

Runs bench_train_lenet5 (which lies beside this file in the build folder) and the same steps in
PyTorch in turn, and prints every figure and the ratio of the medians as JSON lines. PyTorch is
measured in both memory formats and the faster one counts. Without PyTorch this is a skip.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

# OpenBLAS and oneDNN choose their kernels themselves; threads stay on their cores.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ.setdefault("OMP_PROC_BIND", "true")
# PyTorch's binding also ties this thread, and so whatever it starts, to one core.
CORES = os.sched_getaffinity(0)

try:
    import torch
    from torch import nn
except ImportError as error:
    print(f"SKIPPED: PyTorch cannot be imported ({error})", file=sys.stderr)
    sys.exit(0)


def lenet5(widths):
    return nn.Sequential(
        nn.Conv2d(1, widths[0], 5), nn.MaxPool2d(2),
        nn.Conv2d(widths[0], widths[1], 5), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(widths[1] * 16, widths[2]), nn.ReLU(),
        nn.Linear(widths[2], 10))


def measure_torch(widths, images, threads, memory_format):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = lenet5(widths).to(memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    data = torch.rand(64, 1, 28, 28).to(memory_format=memory_format)
    labels = torch.randint(0, 10, (64,))

    def run(steps):
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss(net(data), labels).backward()
            optimizer.step()

    run(5)  # oneDNN compiles its kernels at first use
    cpu, wall = time.process_time(), time.perf_counter()
    run(images // 64)
    return {"images_per_second": images / (time.perf_counter() - wall),
            "images_per_cpu_second": images / (time.process_time() - cpu)}


def measure_ours(program, widths, images, threads):
    output = subprocess.run(
        [program, "--threads", str(threads), "--repeats", "1", "--images", str(images),
         "--widths", ",".join(map(str, widths))],
        check=True, capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, CORES)).stdout
    return json.loads(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--widths", type=int, nargs=3, default=[20, 50, 500])
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    program = pathlib.Path(__file__).resolve().with_name("bench_train_lenet5")
    formats = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
    for threads in args.threads:
        seen = {"crosstwin": [], **{name: [] for name in formats}}
        for _ in range(args.repeats):
            seen["crosstwin"].append(
                measure_ours(str(program), args.widths, args.images, threads))
            for name, memory_format in formats.items():
                seen[name].append(
                    measure_torch(args.widths, args.images, threads, memory_format))
        line = {"bench": "train_lenet5_pytorch", "torch": torch.__version__, "batch": 64,
                "widths": args.widths, "threads": threads}
        for unit in ("images_per_second", "images_per_cpu_second"):
            medians = {name: statistics.median(run[unit] for run in runs)
                       for name, runs in seen.items()}
            best = max(medians[name] for name in formats)
            line[unit] = {name: round(value) for name, value in medians.items()}
            line[unit]["ratio"] = round(medians["crosstwin"] / best, 2)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
