#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cpp17.sh: compiling a header as C++17 gives an error that says so, first and in a few lines.
set -euo pipefail
export LC_ALL=C
: "${CXX:=g++}" "${INCLUDE:=$(cd "$(dirname "$0")/../../include" && pwd)}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
output=$work/output

# After a fatal error clang reads on in silence, and standard headers are most of what it reads.
precompiled=()
if "$CXX" -dM -E -x c++ /dev/null | grep '#define __clang__ ' >/dev/null; then
  grep -rhoE '^#include <[a-z_]+>' "$INCLUDE/tenax" | grep -v coroutine | sort -u >"$work/standard.hpp"
  "$CXX" -std=c++17 -x c++-header "$work/standard.hpp" -o "$work/standard.pch"
  precompiled=(-include-pch "$work/standard.pch")
fi

failed=0
while IFS= read -r header; do
  # Dependencies need not be installed: if a header of another library is missing, the compiler stops there.
  if echo "#include <$header>" | "$CXX" -std=c++17 "${precompiled[@]}" -fsyntax-only -I "$INCLUDE" -x c++ - 2>"$output"; then
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
