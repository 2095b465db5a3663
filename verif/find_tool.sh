#!/usr/bin/env bash
# Prints the path of a tool: $CROSSTWIN_TOOLS, then .venv/bin of the repository, then PATH.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
for dir in ${CROSSTWIN_TOOLS:+"$CROSSTWIN_TOOLS"} "$root/.venv/bin"; do
  if [ -x "$dir/$1" ]; then
    echo "$dir/$1"
    exit 0
  fi
done
command -v "$1" || {
  echo "skipped: $1 was not found in CROSSTWIN_TOOLS, $root/.venv/bin or PATH" >&2
  exit 1
}
