#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cpp17.sh: compiling a header as C++17 gives an error that says so, first and in a few lines.
set -euo pipefail
export LC_ALL=C
: "${CXX:=g++}" "${INCLUDE:=$(cd "$(dirname "$0")/../../include" && pwd)}"
output=$(mktemp)
trap 'rm -f "$output"' EXIT

failed=0
while IFS= read -r header; do
  # Dependencies need not be installed: if a header of another library is missing, the compiler stops there.
  if echo "#include <$header>" | "$CXX" -std=c++17 -fsyntax-only -I "$INCLUDE" -x c++ - 2>"$output"; then
    echo "<$header> compiles as C++17"
    failed=1
  elif grep -q 'fatal error: .*\(curl\|httplib\|asio\|boost\|fmt\)' "$output"; then
    continue
  elif ! grep -m1 'error: ' "$output" | grep -q 'tenax needs C++20: compile with -std=c++20' || [ "$(wc -l <"$output")" -gt 25 ]; then
    echo "<$header>:"
    head -n 30 "$output"
    failed=1
  fi
done < <(cd "$INCLUDE" && find tenax -name '*.hpp' ! -path '*/detail/*' | sort)
exit $failed
