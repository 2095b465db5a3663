#!/usr/bin/env python3
# Merges what drivers have seen and names what none has.
# SPDX-License-Identifier: Apache-2.0
"""verif/coverage.py [--module M]... [--complete] PATH...

Reads every record of a run (record.json of verif/run.sh, those that verif/sweep.py keeps) under the
paths and prints a table with a line a module and the names of its holes: bins of verif/M/sweep.py
that no passing case filled. Seeded bugs and failed runs count for nothing. --complete: holes are an
error (exit 1), as is always a record that does not fit its description, a bin declared impossible
that was seen, and a module without any record. Exit 77: there is no record at all, because a driver
leaves none where Verilator is missing.
"""
import argparse
import json
import pathlib
import sys

from space import Space, described


def records(paths):
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob("*.json"))
        for file in files:
            record = json.loads(file.read_text())
            if isinstance(record, dict) and {"module", "cases", "passed"} <= record.keys():
                yield file, record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    parser.add_argument("--module", action="append", choices=described(), metavar="M")
    parser.add_argument("--complete", action="store_true")
    arguments = parser.parse_args()
    modules = arguments.module or described()
    spaces = {m: Space(m) for m in modules}
    counts = {m: dict.fromkeys(spaces[m].bins, 0) for m in modules}
    cases = dict.fromkeys(modules, 0)
    faults = []
    found = list(records(arguments.paths))
    if not found:
        print("SKIPPED: no driver has left a record")
        sys.exit(77)
    for file, record in found:
        module = record["module"]
        if module not in spaces or not record["passed"]:
            continue
        for case in record["cases"]:
            if case["bug"]:
                continue
            cases[module] += 1
            for name in spaces[module].hits(case):
                if name not in counts[module]:
                    faults.append(f"{file}: {module}: '{name}' ({case['row']}) is not declared")
                    continue
                counts[module][name] += 1
    width = max(len(m) for m in modules)
    print(f"{'module':{width}}  cases   bins   seen  share")
    holes = []
    for m in modules:
        possible = [b for b in spaces[m].bins if b not in spaces[m].impossible]
        faults += [f"{m}: '{b}' was seen, but is declared impossible: {why}"
                   for b, why in spaces[m].impossible.items() if counts[m][b]]
        seen = sum(counts[m][b] > 0 for b in possible)
        if cases[m] == 0:
            faults.append(f"{m}: no record")
        else:
            holes += [(m, b) for b in possible if counts[m][b] == 0]
        print(f"{m:{width}}  {cases[m]:5}  {len(possible):5}  {seen:5}  {100 * seen // len(possible):4}%")
    for m, b in holes:
        print(f"hole: {m}: {b}")
    for fault in sorted(set(faults)):
        print(f"FAILED {fault}")
    if arguments.complete and holes:
        print(f"FAILED {len(holes)} holes")
    sys.exit(1 if faults or (arguments.complete and holes) else 0)


if __name__ == "__main__":
    main()
