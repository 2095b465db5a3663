#!/usr/bin/env bash
# Tests the ECP5 models: netlists of cells.sv on them equal the RTL, on broken copies they do not.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/netlist/cells.sh OUT_DIR [SEED]
#
# bugs.txt: name | model | sed expression. Exit 77: a tool was not found.
set -euo pipefail
mkdir -p "$1"
out=$(cd "$1" && pwd)
seed=${2:-1}
here=$(cd "$(dirname "$0")" && pwd)
verilator=$("$here/../find_tool.sh" verilator) || exit 77
cd "$out"

# Random memory images, as many words as the memories have.
sed -n 's/.*`MEMORY([0-9]*, "\(.*\)", \([0-9]*\), \([0-9]*\), .*/\1 \2 \3/p' "$here/cells.sv" |
  while read -r image width depth; do
    awk -v w="$width" -v n="$depth" -v seed="$seed$width$depth" 'BEGIN {
      srand(seed)
      for (i = 0; i < n; i++) {
        text = ""
        for (bits = w; bits > 0; bits -= 4) {
          text = sprintf("%x", int(rand() * (bits >= 4 ? 16 : 2 ^ bits))) text
        }
        print text
      }
    }' > "$image"
  done
"$here/synth.sh" ecp5 cells cells_netlist . "$here/cells.sv"
for want in 'DATA_WIDTH_A(32.d1)' 'DATA_WIDTH_A(32.d2)' 'DATA_WIDTH_A(32.d4)' 'DATA_WIDTH_A(32.d9)' \
  'DATA_WIDTH_A(32.d18)' 'DATA_WIDTH_A(32.d36)' 'DATA_WIDTH_B(32.d36)' 'WRITEMODE_A("NORMAL")' \
  'WRITEMODE_A("WRITETHROUGH")' 'WRITEMODE_A("READBEFOREWRITE")' 'RESETMODE("SYNC")' \
  'RESETMODE("ASYNC")' MULT18X18D; do
  grep -q "$want" netlist.v || {
    echo "FAILED: Yosys no longer emits $want for cells.sv: the model's test has a hole"
    exit 1
  }
done

names=()
bugs=()
echo '`NETLIST(0, cells_netlist)' > netlists.svh
while IFS='|' read -r name model expression; do
  sed "$expression" "$here/$model.sv" > mutant
  if cmp -s mutant "$here/$model.sv"; then
    echo "FAILED: seeded bug $name changes nothing in $model"
    exit 1
  fi
  names+=("$name")
  sed "s/\b$model\b/${model}_$name/g" mutant > "bug_$name.sv"
  sed "s/\b$model\b/${model}_$name/g; s/^module cells_netlist/module cells_$name/" netlist.v \
    >> "bug_$name.sv"
  echo "\`NETLIST(${#names[@]}, cells_$name)" >> netlists.svh
  bugs+=("bug_$name.sv")
done < <(sed 's/ *| */|/g' "$here/bugs.txt" | grep -v '^#')
mapfile -t models < models.f
cache=()
if command -v ccache > /dev/null; then cache=(env OBJCACHE=ccache CCACHE_BASEDIR="$out"); fi
"${cache[@]}" "$verilator" --cc --exe --build -j 2 --x-initial unique --output-split 20000 \
  -Wno-fatal -Wno-lint -Wno-MODDUP -Wno-PINMISSING -Wno-UNOPTFLAT -Wno-INITIALDLY -Wno-TIMESCALEMOD \
  -MAKEFLAGS "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0" --top-module cells_tb -Mdir obj -I. \
  -CFLAGS "-std=c++20 -I$here/../.." "${models[@]}" netlist.v "${bugs[@]}" \
  "$here/cells.sv" "$here/cells_tb.sv" "$here/cells.cpp" -o cells > build.log 2>&1 || {
  tail -30 build.log
  exit 1
}
exec obj/cells "$seed" "${names[@]}"
