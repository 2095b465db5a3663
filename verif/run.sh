#!/usr/bin/env bash
# Builds and runs the Verilator driver of one module, seeded bugs included.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/run.sh MODULE OUT_DIR [SEED [CASES]]
#
# verif/MODULE holds driver.cpp, tb.sv, cases.inc (one parameter set a line, read by both) and
# bugs.txt (name, file, sed expression; a mutated copy of the RTL is compiled beside the good one
# under the module name <module>_<name>). CASES is read instead of cases.inc; of the bugs only those
# that the cases name are compiled. OUT_DIR/MODULE/run/record.json says what was run and seen.
# CROSSTWIN_JOBS: compilers at a time, 2 unless set. Exit 77: Verilator was not found.
set -euo pipefail
module=$1
mkdir -p "$2/$1"
out=$(cd "$2/$1" && pwd)
seed=${3:-1}
cases=${4:-$(dirname "$0")/$1/cases.inc}
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../rtl_templates
verilator=$("$here/find_tool.sh" verilator) || exit 77

# Nothing of an earlier run: not its record, nor an image that this one forgets to write.
rm -rf "$out/src" "$out/run"
mkdir -p "$out/src" "$out/run"
cp "$cases" "$out/src/cases.inc"
# Beside the cases, or it would include those of its own folder.
cp "$here/$module/driver.cpp" "$out/src/driver.cpp"
# CASE(index, ...) and BUG(index, name, ...) become `DUT(index, module, ...) for tb.sv.
sed "s/^CASE(\([0-9]*\),/\`DUT(\1, $module,/; s/^BUG(\([0-9]*\), */\`DUT(\1, ${module}_/; s,^//.*,," \
  "$out/src/cases.inc" > "$out/src/cases.svh"
{
  echo "inline constexpr const char* kModule = \"$module\";"
  echo "inline constexpr const char* kRows[] = {"
  sed -n 's/^CASE([0-9]*, *\(.*\)) *$/    "\1",/p; s/^BUG([0-9]*, *[^,]*, *\(.*\)) *$/    "\1",/p' \
    "$out/src/cases.inc"
  echo "};"
} > "$out/src/case_rows.inc"

sources=()
renames=()
while read -r file; do
  sources+=("$rtl/$file")
  case $file in
    pkg/*) ;;
    *) renames+=("$(basename "$file" .sv)") ;;
  esac
done < "$rtl/sources.txt"
bugs=()
while IFS='|' read -r name file expression; do
  [ -n "$name" ] || continue
  if ! grep -q "^BUG([0-9]*, *$name," "$out/src/cases.inc"; then
    [ $# -lt 4 ] || continue
    echo "FAILED: no case for the seeded bug $name"
    exit 1
  fi
  target=$out/src/${name}.sv
  : > "$target"
  script=
  for m in "${renames[@]}"; do script+="s/\\b$m\\b/${m}_$name/g;"; done
  for m in "${renames[@]}"; do
    original=$(grep "/$m.sv$" "$rtl/sources.txt")
    if [ "$original" = "$file" ]; then
      sed "$expression" "$rtl/$original" > "$out/src/mutant"
      if cmp -s "$out/src/mutant" "$rtl/$original"; then
        echo "FAILED: seeded bug $name changes nothing in $file"
        exit 1
      fi
      sed "$script" "$out/src/mutant" >> "$target"
    else
      sed "$script" "$rtl/$original" >> "$target"
    fi
  done
  bugs+=("$target")
done < "$here/$module/bugs.txt"

# What never comes twice, the model, is not preprocessed to look for it.
export CCACHE_BASEDIR=$out CCACHE_DEPEND=1
cache=()
if command -v ccache > /dev/null; then cache=(OBJCACHE=ccache); fi
(
  cd "$out"
  env "${cache[@]}" "$verilator" --cc --exe --build -j "${CROSSTWIN_JOBS:-2}" --assert -O3 --x-assign unique --x-initial unique \
    --output-split 0 -MAKEFLAGS "VM_PARALLEL_BUILDS=0 OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0" -Wno-fatal -Werror-IMPLICIT -Wno-WIDTH -Wno-WIDTHCONCAT -Wno-MODDUP -Wno-DECLFILENAME -Wno-UNUSED \
    --top-module tb -Mdir obj -I"$rtl/pkg" -Isrc -I"$here/common" -I"$here/$module" \
    -CFLAGS "-std=c++20 -I$here/.. -I$out/src" \
    "${sources[@]}" "${bugs[@]}" "$here/$module/tb.sv" "$out/src/driver.cpp" \
    "$here/../hwgen/plan/"{cycles,pipeline,requant_part,stream_parts,tile_part,window_part}.cpp \
    "$here/../compress/ir/error.cpp" \
    -o driver > build.log 2>&1 || { tail -40 build.log; exit 1; }
)
cd "$out/run"
exec "$out/obj/driver" "$seed"
