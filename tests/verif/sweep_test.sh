#!/usr/bin/env bash
# Checks the random sweep and the coverage with xb_skid: a bug of one width only, and a hole.
# SPDX-License-Identifier: Apache-2.0
#
#   tests/verif/sweep_test.sh OUT_DIR
#
# Exit 77: Verilator was not found.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
"$root/verif/find_tool.sh" verilator > /dev/null || exit 77
rm -rf "$1"
mkdir -p "$1"
cd "$1"
cp -r "$root/verif" "$root/rtl_templates" "$root/hwgen" "$root/compress" .
skid=rtl_templates/stream/xb_skid.sv
failures=0
expect() {  # expect TEXT: the last output has a line like this one
  grep -q -- "$1" log || { echo "FAILED: no '$1' in:"; cat log; failures=$((failures + 1)); }
}
run() {  # run EXIT_CODE COMMAND...
  local want=$1 code=0
  shift
  "$@" > log 2>&1 || code=$?
  ((code == want)) || { echo "FAILED: exit $code of $*"; cat log; failures=$((failures + 1)); }
}
sweep=(verif/sweep.py out --module xb_skid --seed 1 --count 20)

# Of 20 widths one is broken: it is found, and its command finds it again, alone.
run 0 "${sweep[@]}"
expect '20 corners, 0 of them recorded before, 0 failed'
run 0 "${sweep[@]}"
expect '20 corners, 20 of them recorded before, 0 failed'
run 0 verif/coverage.py --module xb_skid --complete out
width=$(sed -n 's/.*"row": "\([0-9]*\)".*/\1/p' out/xb_skid/*/*.json | sort -n | tail -1)
cp "$skid" good.sv
sed -i "s/if (in_ready_o) spare_q <= in_data_i;/if (in_ready_o) spare_q <= in_data_i ^ Width'(Width == $width);/" "$skid"
if cmp -s "$skid" good.sv; then echo "FAILED: the bug changes nothing"; exit 1; fi
run 1 "${sweep[@]}"
expect '20 corners, 0 of them recorded before, 1 failed'
expect "FAILED case 0 ($width;"
command=$(sed -n 's/^  reproduce: //p' log)
run 1 bash -c "$command"
expect "1 corners, 0 of them recorded before, 1 failed"
cp good.sv "$skid"
run 0 bash -c "$command"

# A class of cases is left out: its bin is named, and nothing else.
run 0 verif/sweep.py few --module xb_skid --corner 2 --corner 8 --corner 40
run 1 verif/coverage.py --module xb_skid --complete few
expect '^hole: xb_skid: Width=1$'
[[ $(grep -c '^hole:' log) == 1 ]] || { echo "FAILED: other holes"; cat log; failures=$((failures + 1)); }

# Records that do not fit the description.
record=$(ls few/xb_skid/*/*.json)
cp "$record" record
sed 's/"seen": {}/"seen": {"typo": 1}/' record > "$record"
run 1 verif/coverage.py --module xb_skid few
expect "'event=typo' (.*) is not declared"
sed 's/"none"/"none", "in"/' record > "$record"
run 1 verif/coverage.py --module xb_skid few
expect "'seam=in' was seen, but is declared impossible"
sed 's/"passed": true/"passed": false/' record > "$record"
run 1 verif/coverage.py --module xb_skid few
expect 'FAILED xb_skid: no record'
run 1 verif/sweep.py few --module xb_skid --corner 65
expect 'Width = 65 is out of its range'

echo "$failures failures"
((failures == 0))
