#!/usr/bin/env bash
# Seeds one fault per rule into a small git tree; check.sh must catch each, and pass a clean tree.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
check="$(cd "$(dirname "$0")" && pwd)/check.sh"
venv="$PWD/.venv/bin"
[[ -z "${CROSSTWIN_TOOLS:-}" ]] && export CROSSTWIN_TOOLS="$venv"
format="$PWD/.clang-format"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
git init -q .
cp "$format" .clang-format
tag='// SPDX-License-Identifier: Apache-2.0'

clean() {
  printf '// Purpose.\n%s\nint f();\n' "$tag" >a.cpp
  printf '// Purpose.\n%s\nmodule a;\nendmodule\n' "$tag" >a.sv
}
expect() {  # expect RULE STATUS WHY
  local status=0
  "$check" "$1" >out 2>&1 || status=$?
  if ((status == 77)); then cat out >&2; exit 77; fi
  ((status == $2)) || { echo "$3: status $status, expected $2"; cat out; exit 1; }
  rm -f out
}

clean
for rule in cxx-format sv-format headers; do expect "$rule" 0 "clean tree, $rule"; done
clean; printf 'int   g( );\n' >>a.cpp
expect cxx-format 1 "badly spaced C++"
clean; printf 'module   b;endmodule\n' >>a.sv
expect sv-format 1 "badly spaced SystemVerilog"
clean; printf 'module module;\n' >>a.sv
expect sv-format 1 "SystemVerilog that does not parse"
clean; printf 'int f();\n' >a.cpp
expect headers 1 "no SPDX tag"
clean; printf '// Purpose. SPDX-License-Identifier: Apache-2.0\nint f();\n' >a.cpp
expect headers 1 "an SPDX tag behind a sentence"
clean; printf '\tint g();\n' >>a.cpp
expect headers 1 "a tab"
clean; printf '// caf\303\251\n' >>a.cpp
expect headers 1 "not ASCII"
clean; printf '// x%.0s\n' {1..500} >>a.cpp
expect headers 1 "503 lines"
clean; printf 'int g();' >>a.cpp
expect headers 1 "no newline at the end"
echo "every seeded fault was caught"
