#!/usr/bin/env bash
# check.sh RULE: checks one rule over the git tree in the current folder; 77 = its tool is missing.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

# The tree's files of these names; approved output of the generator in tests/golden is not ours to
# format.
files() {
  git ls-files -co --exclude-standard -- "$@" ':!tests/golden' |
    while read -r f; do [[ ! -f $f ]] || echo "$f"; done
}

# CROSSTWIN_TOOLS, then the .venv of `./dev setup`, then PATH.
tool() {
  local here
  for here in "${CROSSTWIN_TOOLS:-}" .venv/bin; do
    if [[ -n $here && -x $here/$1 ]]; then echo "$here/$1"; return; fi
  done
  command -v "$1" || { echo "SKIPPED: $1 is missing; ./dev setup installs it" >&2; exit 77; }
}

failed=0
fault() { echo "$*"; failed=1; }

case "${1:-}" in
  cxx-format)
    formatter="$(tool clang-format-14)"
    mapfile -t sources < <(files '*.cpp' '*.hpp')
    ((${#sources[@]} == 0)) || "$formatter" --dry-run --Werror "${sources[@]}" ||
      fault "mend with: ./dev format"
    ;;
  sv-format)
    formatter="$(tool verible-verilog-format)"
    while read -r f; do
      # Its --verify rewrites nothing but accepts a file it cannot parse; the comparison does not.
      "$formatter" --failsafe_success=false "$f" | cmp -s - "$f" ||
        fault "$f: not formatted (./dev format)"
    done < <(files '*.sv')
    ;;
  headers)
    while read -r f; do
      # The purpose and the licence tag come first, after a #! line where there is one.
      top="$(head -n 4 "$f")"
      grep -qE '^(//|#) SPDX-License-Identifier: Apache-2\.0$' <<<"$top" ||
        fault "$f: no SPDX tag on a line of its own in its header"
      lines="$(wc -l <"$f")"
      ((lines <= 500)) || fault "$f: $lines lines; split it (500 at most)"
      ! LC_ALL=C grep -nP '[^\x00-\x7F]|\r|\t' "$f" || fault "$f: not plain ASCII, or tabs or CRs"
      [[ -z "$(tail -c 1 "$f")" ]] || fault "$f: no newline at its end"
    done < <(files '*.cpp' '*.hpp' '*.sv' '*.svh' '*.sh' '*.cmake' '*CMakeLists.txt' dev)
    ;;
  *)
    echo "usage: check.sh cxx-format | sv-format | headers" >&2
    exit 2
    ;;
esac
exit "$failed"
