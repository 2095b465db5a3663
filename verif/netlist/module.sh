#!/usr/bin/env bash
# Runs a module's driver on the netlist of some of its parameter sets, after the same on the RTL.
# SPDX-License-Identifier: Apache-2.0
#
#   verif/netlist/module.sh FAMILY MODULE CASES OUT_DIR [SEED]      CASES: e.g. 1,4,8
#
# The cases of verif/MODULE/cases.inc are renumbered from 0, seeded bugs are left out. The RTL run
# writes the memory images; then the whole testbench, flattened to vectors, is synthesised, and the
# same driver runs on it. Exit 77: a tool was not found.
set -euo pipefail
family=$1 module=$2 cases=$3 seed=${5:-1}
mkdir -p "$4"
out=$(cd "$4" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../../rtl_templates
verilator=$("$here/../find_tool.sh" verilator) || exit 77
rm -rf "$out"/*
mkdir -p "$out/src" "$out/run"

# A copy, whose neighbour is the cases.inc made here.
cp "$here/../$module/driver.cpp" "$out/src"
number=0
for pick in ${cases//,/ }; do
  sed -n "s/^CASE($pick,/CASE($number,/p" "$here/../$module/cases.inc"
  number=$((number + 1))
done > "$out/src/cases.inc"
if [ "$(wc -l < "$out/src/cases.inc")" -ne "$number" ]; then
  echo "FAILED: verif/$module/cases.inc lacks one of the cases $cases"
  exit 1
fi
sed "s/^CASE(\([0-9]*\),/\`DUT(\1, $module,/" "$out/src/cases.inc" > "$out/src/cases.svh"
{
  echo "inline constexpr const char* kModule = \"$module\";"
  echo "inline constexpr const char* kRows[] = {"
  sed -n 's/^CASE([0-9]*, *\(.*\)) *$/    "\1",/p; s/^BUG([0-9]*, *[^,]*, *\(.*\)) *$/    "\1",/p' \
    "$out/src/cases.inc"
  echo "};"
} > "$out/src/case_rows.inc"
# What the testbench has besides tb.sv is synthesised with it.
mapfile -t extra < <(find "$here/../$module" "$here/../common" -name '*.sv' ! -name tb.sv | sort)
mapfile -t files < <(sed "s,^,$rtl/," "$rtl/sources.txt")
cache=()
if command -v ccache > /dev/null; then cache=(env OBJCACHE=ccache CCACHE_BASEDIR="$out"); fi

driver() { # folder sources...
  local folder=$1
  shift
  (cd "$out" && "${cache[@]}" "$verilator" --cc --exe --build -j 2 -O3 --x-assign unique \
    --x-initial unique --output-split 20000 \
    -MAKEFLAGS "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0" -Wno-fatal -Wno-lint -Wno-MODDUP \
    -Wno-PINMISSING -Wno-UNOPTFLAT -Wno-INITIALDLY -Wno-TIMESCALEMOD --top-module tb -Mdir "$folder" \
    -I"$rtl/pkg" -Isrc -I"$here/../common" -I"$here/../$module" \
    -CFLAGS "-std=c++20 -I$here/../.. -I$out/src" "$@" "$out/src/driver.cpp" \
    "$here/../../hwgen/plan/"{cycles,pipeline,requant_part,stream_parts,tile_part,window_part}.cpp \
    "$here/../../compress/ir/error.cpp" \
    -o driver > "$folder.log" 2>&1) || {
    tail -30 "$out/$folder.log"
    exit 1
  }
}

driver rtl "${files[@]}" "$here/../$module/tb.sv"
cd "$out/run"
echo "RTL:"
"$out/rtl/driver" "$seed"

# Verilator's preprocessor spells out the testbench; its arrays become vectors for Yosys.
"$verilator" -E -P -I"$rtl/pkg" -I"$out/src" -I"$here/../common" "$here/../$module/tb.sv" |
  sed -e 's/logic \[63:0\] *in_data_i *\[0:63\]/logic [64*64-1:0] in_data_i/' \
    -e 's/logic \[63:0\] *out_data_o *\[0:63\]/logic [64*64-1:0] out_data_o/' \
    -e 's/in_data_i\[\([0-9]*\)\]\[\(.*\)-1:0\]/in_data_i[64*\1+:\2]/g' \
    -e 's/out_data_o\[\([0-9]*\)\]/out_data_o[64*\1+:64]/g' > "$out/src/tb_flat.sv"
"$here/synth.sh" "$family" tb tb_netlist "$out/synth" "${files[@]}" "${extra[@]}" "$out/src/tb_flat.sv"
cat > "$out/src/tb_netlist.sv" <<'TEXT'
// The netlist behind the ports of the testbench.
module tb (
    `include "tb_ports.svh"
);
  logic [64*64-1:0] in_data, out_data;
  for (genvar i = 0; i < 64; i++) begin : gen_word
    assign in_data[64*i+:64] = in_data_i[i];
    assign out_data_o[i] = out_data[64*i+:64];
  end
  tb_netlist u_netlist (
      .clk_i(clk_i), .rst_ni(rst_ni), .in_valid_i(in_valid_i), .in_ready_o(in_ready_o),
      .in_data_i(in_data), .in_last_i(in_last_i), .out_valid_o(out_valid_o),
      .out_ready_i(out_ready_i), .out_data_o(out_data), .out_last_o(out_last_o)
  );
endmodule
TEXT
mapfile -t models < "$out/synth/models.f"
driver netlist "${models[@]}" "$out/synth/netlist.v" "$out/src/tb_netlist.sv"
echo "netlist for $family:"
"$out/netlist/driver" "$seed"
