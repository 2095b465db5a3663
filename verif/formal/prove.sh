#!/usr/bin/env bash
# Proves one property set of proofs.txt, and that it fails on every broken copy of bugs.txt.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/formal/prove.sh NAME OUT_DIR
#
# proofs.txt: name | wrapper module | parameters | engine | depth | label | memory | property
#   engine   pdr: any number of cycles (property directed reachability, depth 0);
#            bmc: all runs of `depth` cycles from reset
#   label    rtl: part of the quick tests, slow: not
#   memory   a signal of the wrapper that is the contents of the memory instance named before `=`:
#            the design's xb_prim_rom are then those of free_rom.sv, and an instance u_noise
#            there makes xb_noise that of free_noise.sv. xb_prim_ram is always free_ram.sv.
# bugs.txt: name | proof | file of rtl_templates | sed expression
#
# Yosys flattens the wrapper to an and-inverter graph, its ABC does the proof. The row of the table
# of ./dev formal goes to OUT_DIR/NAME/row. A failure leaves cex.vcd there if z3 is installed.
# Exit 77: a tool was not found.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../../rtl_templates
name=$1
mkdir -p "$2/$name"
out=$(cd "$2/$name" && pwd)
rm -rf "${out:?}"/*
yosys=$("$here/../find_tool.sh" yosys) || exit 77
abc=$("$here/../find_tool.sh" yosys-abc) || exit 77

# Fields of the line of a table that has `key` in column `column`, without the blanks around them.
lines() { # table column key
  # The last field of bugs.txt may hold bars of its own.
  local trim="s/^ *//; s/ *\$//; s/ *| */|/; s/ *| */|/2; s/ *| */|/3"
  [ "$1" = proofs.txt ] && trim+="; s/ *| */|/g"
  sed "$trim" "$here/$1" | awk -F'|' -v c="$2" -v k="$3" '$c == k && !/^#/'
}
IFS='|' read -r _ top parameters engine depth _ memory property < <(lines proofs.txt 1 "$name") || {
  echo "FAILED: proofs.txt has no proof $name"
  exit 1
}

# The wrapper with its parameters in place of the defaults.
set=()
for parameter in $parameters; do
  set+=(-e "s/\(parameter .*\b${parameter%%=*} = \)[^,]*/\1${parameter#*=}/")
done
sed "${set[@]}" -e '' "$here/$top.sv" > "$out/$top.sv"

# Writes $out/$1.aig of the design whose templates lie in the folder $2.
model() {
  local files=() file connect="" parameter
  while read -r file; do
    [ "$file" = prim/xb_prim_ram.sv ] && file=$here/free_ram.sv
    [ "$file" = crossbar/xb_noise.sv ] && [[ $memory == *u_noise=* ]] && file=$here/free_noise.sv
    [ "$file" = prim/xb_prim_rom.sv ] && [ -n "$memory" ] && file=$here/free_rom.sv
    files+=("$file")
  done < "$rtl/sources.txt"
  for file in "$here"/formal_*.sv "$out/$top.sv"; do files+=("$file"); done
  for parameter in $memory; do
    connect+="connect -set ${parameter%%=*}.content ${parameter#*=}; "
  done
  cat > "$out/$1.ys" <<TEXT
read_verilog -formal -sv -Ipkg ${files[*]}
hierarchy -check -top $top
proc
flatten
$connect
setundef -undriven -anyseq
memory -nomap
opt -full
write_rtlil $out/$1.il
techmap
memory_map
opt -fast
simplemap
dffunmap
abc -g AND -fast
opt_clean
write_aiger -I -B -zinit -map $out/$1.aim $out/$1.aig
TEXT
  (cd "$2" && "$yosys" -q -s "$out/$1.ys" > "$out/$1.log" 2>&1) || {
    tail -20 "$out/$1.log"
    echo "FAILED: $name: no model of $1"
    exit 1
  }
}

# Prints `proved`, `fails in cycle N`, or what ABC said; limit in seconds.
check() { # model command limit
  "$abc" -c "read_aiger $out/$1.aig; fold; strash; $2 -T $3" > "$out/$1.abc" 2>&1 || true
  local frame
  frame=$(sed -n 's/.*asserted in frame \([0-9]*\).*/\1/p' "$out/$1.abc")
  if [ -n "$frame" ]; then
    echo "fails in cycle $frame"
  elif grep -qE "Property proved|No output asserted in $depth frames" "$out/$1.abc"; then
    echo proved
  else
    tail -1 "$out/$1.abc"
  fi
}

model good "$rtl"
case $engine in
  pdr) result=$(check good "scorr; pdr" 3000) ;;
  bmc) result=$(check good "bmc3 -F $depth" 3000) ;;
  *)
    echo "FAILED: $name: unknown engine $engine"
    exit 1
    ;;
esac
failed=0
if [ "$result" != proved ]; then
  failed=1
  if [[ $result == fails* ]] && command -v z3 > /dev/null; then
    "$yosys" -q -p "read_rtlil $out/good.il; async2sync; dffunmap; write_smt2 -wires $out/good.smt2"
    yosys-smtbmc -s z3 -t $((${result##* } + 2)) --dump-vcd "$out/cex.vcd" "$out/good.smt2" \
      > "$out/cex.log" || true
    [ ! -f "$out/cex.vcd" ] || result+=" (cex.vcd)"
  fi
fi

bugs=0
caught=0
while IFS='|' read -r bug _ file expression; do
  bugs=$((bugs + 1))
  rm -rf "$out/broken"
  cp -r "$rtl" "$out/broken"
  sed "$expression" "$rtl/$file" > "$out/broken/$file"
  if cmp -s "$rtl/$file" "$out/broken/$file"; then
    echo "FAILED: $name: the broken copy $bug changes nothing in $file"
    exit 1
  fi
  model "$bug" "$out/broken"
  # Within the cycles that the proof looks at, where it looks at so many only.
  verdict=$(check "$bug" "bmc3 -F $((depth > 0 ? depth : 200))" 600)
  if [[ $verdict == fails* ]]; then
    caught=$((caught + 1))
  else
    failed=1
    echo "FAILED: $name: the broken copy $bug is not caught: $verdict"
  fi
  rm -rf "$out/broken"
done < <(lines bugs.txt 2 "$name")
if [ "$bugs" -eq 0 ]; then
  echo "FAILED: $name: bugs.txt has no broken copy of it"
  failed=1
fi
case $engine in
  pdr) reach="any" ;;
  *) reach=$depth ;;
esac
# Seconds of CPU, so that what else runs does not count.
times > "$out/times"
seconds=$(awk -F'[ms ]+' 'NR == 2 { printf "%.0f", 60 * ($1 + $3) + $2 + $4 }' "$out/times")
printf '%s|%s|%s|%s|%s|%s/%s|%s\n' "$name" "$property" "$engine" "$reach" "$result" "$caught" "$bugs" \
  "$seconds" | tee "$out/row"
[ "$failed" -eq 0 ]
