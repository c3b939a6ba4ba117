#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# one.sh: compiles one file of tests with Catch2 alone and runs it: the loop while one writes a header and its test.
#
#   bash tests/one.sh tests/wait/linear.cpp [names of tests, options of Catch2]...
#
# It takes the commands from build/test, which `cmake --preset test` makes; $BUILD names another folder.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build/test}
file=$(realpath "${1:?name a file, such as tests/wait/linear.cpp}")
shift

if [ ! -e "$build/build.ninja" ]; then
  echo "one.sh: $build is not configured; run: cmake --preset test" >&2
  exit 1
fi
cd "$build"
ninja tenax_catch_main | grep -vE 'no work to do|Re-checking' || true
command=$(sed -nE 's/^ *"command": "(.*)",?$/\1/p' compile_commands.json | grep -F -- " -c $file" | head -1 | sed 's/\\"/"/g; s/\\\\/\\/g' || true)
if [ -z "$command" ]; then
  echo "one.sh: no test program has $file; run: cmake --preset test" >&2
  exit 1
fi
target=$(sed -nE 's|.* -o tests/([a-z_/]*)CMakeFiles/([a-z_]+)\.dir/.*|\2|p' <<<"$command")
libraries=$(ninja -t commands "$target" | tail -1 | sed -E "s/.* -o [^ ]*$target //; s/ && :$//")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eval "$(sed -E "s| -o [^ ]*\.o | -o $work/test.o |" <<<"$command")"
eval "${command%% *} $work/test.o -o $work/test $libraries"
"$work/test" "$@"
