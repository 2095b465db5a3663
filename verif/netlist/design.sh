#!/usr/bin/env bash
# Makes of a generated design one whose sources are its netlist: `crosstwin verify` then simulates it.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/netlist/design.sh FAMILY DESIGN_DIR OUT_DIR      FAMILY: ice40, up5k or ecp5
#
# OUT_DIR is DESIGN_DIR with the sources replaced by netlist and cell models; manifest, plan and
# memory images stay (the netlist has the images inside). To verify it, let it take the place of the
# folder `rtl` of a run. Its inner values have lost their names, so outputs alone can be compared.
# Exit 77: Yosys was not found.
set -euo pipefail
family=$1
design=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$3"
mkdir -p "$3"
out=$(cd "$3" && pwd)
read -r top < <(sed -n 's/^--top-module //p' "$design/design.f")
mapfile -t sources < <(grep '\.sv$' "$design/design.f")
cp -r "$design"/{mem,manifest.json,plan.json} "$out"
(cd "$design" && "$here/synth.sh" "$family" "$top" "$top" "$out/synth" "${sources[@]}")

# One file of models that needs no arguments.
mkdir -p "$out/rtl"
include=()
: > "$out/rtl/models.v"
while read -r argument; do
  case $argument in
    -D*) echo "\`define ${argument#-D}" >> "$out/rtl/models.v" ;;
    -I*) include+=("${argument#-I}") ;;
    *) cat "$argument" >> "$out/rtl/models.v" ;;
  esac
done < "$out/synth/models.f"
for folder in "${include[@]}"; do cp "$folder"/*.vh "$out/rtl"; done
mv "$out/synth/netlist.v" "$out/rtl/netlist.v"
python3 - "$out" <<'PY'
import json
import pathlib
import sys

out = pathlib.Path(sys.argv[1])
manifest = json.loads((out / "manifest.json").read_text())
manifest["sources"] = ["rtl/models.v", "rtl/netlist.v"]
manifest["include_dirs"] = ["rtl"]
manifest["netlist"] = True
manifest["headers"] = sorted(f"rtl/{path.name}" for path in (out / "rtl").glob("*.vh"))
(out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
PY
tail -n +2 "$out/synth/stat.txt"
