#!/usr/bin/env python3
# Runs a module's driver on random legal corners of its parameters.
# SPDX-License-Identifier: Apache-2.0
"""verif/sweep.py OUT_DIR [--module M]... [--count N] [--seed S] [--corner ROW]...

Corners come from verif/M/sweep.py (see space.py): the same seed gives the same corners and the same
data. A batch of corners is one Verilator build. What passed is recorded under OUT_DIR/M by the
content of everything that took part, so that a run that was stopped goes on where it was; any
change of the RTL, of the driver or of the tools drops the module's records. --corner runs the rows
given and nothing else. Exit 1: a corner failed. Exit 77: Verilator was not found.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

from space import Space, described

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
RTL = ROOT / "rtl_templates"
MOST_FAILURES = 4  # of a module; then it is left alone


def included(path, found):
    """The C++ files of the repository that `path` reads."""
    if path in found or not path.is_file():
        return found
    found.add(path)
    for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
        included(ROOT / name, found)
    return found


def needed_rtl(module):
    """The templates that the module reaches, by the names that occur in them."""
    files = {p.stem: p for p in RTL.rglob("*.sv")}
    found, left = set(), [module, "xb_pkg"]
    while left:
        name = left.pop()
        if name in files and name not in found:
            found.add(name)
            left += re.findall(r"\bxb_\w+", files[name].read_text())
    return {files[n] for n in found} | set(RTL.rglob("*.svh"))


def content_key(module, verilator):
    """A digest of all that decides how a corner of the module fares, but for the corner."""
    own = HERE / module
    files = included(own / "driver.cpp", set()) | needed_rtl(module)
    files |= {HERE / "run.sh", *own.glob("*.sv"), *(HERE / "common").glob("*.sv*")}
    plan = ROOT / "hwgen/plan"
    if any(path.parent == plan for path in files):  # else what run.sh links of it is not used
        for part in ("cycles", "pipeline", "requant_part", "stream_parts", "tile_part", "window_part"):
            files |= included(plan / f"{part}.cpp", set())
    files |= included(ROOT / "compress/ir/error.cpp", set())
    digest = hashlib.sha256(verilator.encode())
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


class Batch:
    """Corners of one module that are built and run together."""

    def __init__(self, module, verilator, key, rows, seed, out):
        self.module, self.rows, self.seed, self.out = module, rows, seed, out
        self.verilator, self.key = verilator, key
        self.name = hashlib.sha256("\n".join([str(seed), *rows]).encode()).hexdigest()[:24]
        self.record = out / module / key / f"{self.name}.json"

    def run(self, rows, directory):
        """Returns (exit code, what was printed) of the driver on these rows."""
        directory.mkdir(parents=True, exist_ok=True)
        cases = directory / "cases.inc"
        cases.write_text("".join(f"CASE({i}, {row})\n" for i, row in enumerate(rows)))
        command = [HERE / "run.sh", self.module, directory, str(self.seed), cases]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              env=os.environ | {"CROSSTWIN_JOBS": "1"}, check=False)
        return done.returncode, done.stdout + done.stderr

    def reproduce(self, rows):
        words = [os.path.relpath(HERE / "sweep.py"), os.path.relpath(self.out), "--module", self.module,
                 "--seed", str(self.seed)]
        for row in rows:
            words += ["--corner", row]
        return shlex.join(words)

    def isolate(self, rows, directory, found):
        """Runs the rows; appends (message, [corner]) to `found` for those that fail alone, up to
        MOST_FAILURES of them. Returns the message of this run, "" when it passed."""
        code, text = self.run(rows, directory)
        if code == 77:
            sys.exit(77)
        if code == 0:
            return ""
        if len(rows) == 1:
            found.append((brief(text), rows))
            return brief(text)
        # The case is named by the bench, or by the instance in which an assertion failed.
        named = re.findall(r"^FAILED case (\d+)|Assertion failed in tb\.gen_case_(\d+)", text, re.M)
        guilty = sorted({int(a or b) for a, b in named})
        if guilty:
            groups = [[rows[i]] for i in guilty]
            groups.append([r for i, r in enumerate(rows) if i not in guilty])
        else:
            groups = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
        before = len(found)
        for group in groups:
            if group and len(found) < MOST_FAILURES:
                self.isolate(group, directory, found)
        if len(found) == before:
            # The cases share nothing but the model and its registers' random start.
            found.append((brief(text) + " (only together)", rows))
        return brief(text)

    def finish(self):
        """Runs what is not yet recorded. Returns (was recorded, failures)."""
        if self.record.is_file():
            return True, []
        directory = self.out / self.module / f"batch_{self.name}"
        found = []
        failed = self.isolate(self.rows, directory, found)
        if content_key(self.module, self.verilator) != self.key:
            found.append(("its files were changed while it ran", self.rows))
        elif not failed:
            self.record.parent.mkdir(parents=True, exist_ok=True)
            record = directory / self.module / "run" / "record.json"
            shutil.copyfile(record, self.record.with_suffix(".tmp"))
            os.replace(self.record.with_suffix(".tmp"), self.record)
        shutil.rmtree(directory)
        return False, found


def brief(text):
    """The first line that says what went wrong."""
    for pattern in (r"^FAILED.*", r".*%Error.*", r".*error:.*"):
        match = re.search(pattern, text, re.M)
        if match:
            return match.group(0).strip()
    return (text.strip().splitlines() or ["no output"])[-1]


def batches_of(module, arguments, verilator):
    space = Space(module)
    key = content_key(module, verilator)
    for old in (arguments.out / module).glob("*"):
        if old.name != key:
            shutil.rmtree(old)
    if arguments.corner:
        for row in arguments.corner:
            space.row(space.corner(row))  # says what is illegal about it
        return [Batch(module, verilator, key, arguments.corner, arguments.seed, arguments.out)]
    count = arguments.count or space.batch
    rows = [row for row, _ in zip(space.corners(arguments.seed), range(count))]
    if len(rows) < count:
        print(f"{module}: there are only {len(rows)} corners", flush=True)
    return [
        Batch(module, verilator, key, rows[i : i + space.batch], arguments.seed, arguments.out)
        for i in range(0, len(rows), space.batch)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--module", action="append", choices=described(), metavar="M")
    parser.add_argument("--count", type=int, help="corners of each module (default: one batch)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corner", action="append", metavar="ROW")
    arguments = parser.parse_args()
    if arguments.corner and len(arguments.module or []) != 1:
        parser.error("--corner needs one --module")
    if arguments.count is not None and arguments.count < 1:
        parser.error("--count must be at least 1")
    arguments.out = arguments.out.resolve()

    tool = subprocess.run([HERE / "find_tool.sh", "verilator"], capture_output=True, text=True, check=False)
    if tool.returncode != 0:
        print("SKIPPED: Verilator was not found")
        sys.exit(77)
    verilator = subprocess.run([tool.stdout.strip(), "--version"], capture_output=True, text=True,
                               check=True).stdout
    start = time.monotonic()
    print(f"seed {arguments.seed}", flush=True)
    work = [b for m in arguments.module or described() for b in batches_of(m, arguments, verilator)]
    total = sum(len(b.rows) for b in work)
    done = known = 0
    failed = {}
    jobs = int(os.environ.get("CROSSTWIN_JOBS", os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # After its last failure a module's batches are not started any more.
        def finish(batch):
            if len(failed.get(batch.module, [])) >= MOST_FAILURES:
                return batch, None, []
            began = time.monotonic()
            recorded, found = batch.finish()
            return batch, None if recorded else time.monotonic() - began, found

        for future in concurrent.futures.as_completed([pool.submit(finish, b) for b in work]):
            batch, seconds, found = future.result()
            for message, rows in found:
                print(f"{batch.module}: {message}\n  reproduce: {batch.reproduce(rows)}", flush=True)
                failed.setdefault(batch.module, []).append(rows)
            done += len(batch.rows)
            if seconds is None:
                known += len(batch.rows)
            else:
                what = f"{len(found)} FAILED" if found else "passed"
                print(f"{done}/{total} {batch.module}: {len(batch.rows)} corners {what}, {seconds:.1f} s",
                      flush=True)
    failures = sum(len(f) for f in failed.values())
    print(f"sweep of {len({b.module for b in work})} modules, seed {arguments.seed}: {total} corners, "
          f"{known} of them recorded before, {failures} failed; {time.monotonic() - start:.1f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
