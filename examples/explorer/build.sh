#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh: compiles the explorer to WebAssembly: bash examples/explorer/build.sh OUTPUT.wasm
# Needs clang-19, lld-19, wasi-libc, libc++-19-dev-wasm32 and libclang-rt-19-dev-wasm32 of Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."
output=${1:?the name of the file to write}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=(--target=wasm32-wasi -std=c++20 -flto -fno-exceptions -fno-rtti '-DTENAX_PLATFORM="platform.hpp"'
  -Iexamples/explorer/small -Iinclude)
# The simulation has to be fast, everything else small.
clang++-19 "${options[@]}" -O2 -c examples/explorer/wasm_crowd.cpp -o "$work/crowd.o" &
clang++-19 "${options[@]}" -Oz -c examples/explorer/wasm.cpp -o "$work/wasm.o"
wait $!
clang++-19 --target=wasm32-wasi -mexec-model=reactor -Oz -flto "$work/wasm.o" "$work/crowd.o" -o "$output" -Wl,--strip-all
size=$(stat -c %s "$output")
[ "$size" -lt 307200 ] || { echo "$output has $size bytes; at most 307200 are allowed" >&2; exit 1; }
