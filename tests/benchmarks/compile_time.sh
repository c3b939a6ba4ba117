#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compile_time.sh: the compile-time cost of one use of the library, compared with a file with the hand-written loop:
# instructions of g++ 12 (valgrind counts them, so the figures repeat) and preprocessed lines; and the cost of a further
# call: class and function templates that clang 19 instantiates. Fails above the recorded ceilings.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
most_classes=100
most_functions=25

instructions() {  # file, flags...: in millions
  local file=$1 line
  shift
  line=$(g++-12 -std=c++20 "$@" "-I$include" -c "$file" -o "$work/out.o" '-###' 2>&1 | grep -m1 cc1plus)
  eval "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null ${line% -o *} -o $work/out.s" 2>&1 |
    awk '/I *refs/ { gsub(",", "", $NF); printf "%d", $NF / 1000000 }'
}

lines() {
  g++-12 -std=c++20 "$@" "-I$include" -E | awk '!/^#/ && NF { n++ } END { print n }'
}

failed=0
printf '%-28s %10s %10s %10s\n' '' 'by hand' 'one use' 'bar'
for level in -O0 -O2; do
  hand=$(instructions "$here/cases/by_hand.cpp" $level)
  use=$(instructions "$here/cases/uses.cpp" $level -DUSES=1)
  printf '%-28s %10s %10s %10s\n' "instructions, $level (millions)" "$hand" "$use" "<= $hand"
  [ "$use" -le "$hand" ] || failed=1
done
printf '%-28s %10s %10s\n' 'preprocessed lines' "$(lines "$here/cases/by_hand.cpp")" \
  "$(lines -DUSES=1 "$here/cases/uses.cpp")"

instantiations() {  # kind, uses
  clang++-19 -std=c++20 "-I$include" "-DUSES=$2" -c "$here/cases/uses.cpp" -o "$work/out.o" \
    "-ftime-trace=$work/trace.json" -ftime-trace-granularity=0
  grep -o "\"name\":\"Instantiate$1\"" "$work/trace.json" | wc -l
}
classes=$(($(instantiations Class 2) - $(instantiations Class 1)))
functions=$(($(instantiations Function 2) - $(instantiations Function 1)))
printf '%-28s %10s %10s %10s\n' 'classes, a further call' '' "$classes" "<= $most_classes"
printf '%-28s %10s %10s %10s\n' 'functions, a further call' '' "$functions" "<= $most_functions"
[ "$classes" -le "$most_classes" ] && [ "$functions" -le "$most_functions" ] || failed=1
[ $failed -eq 0 ] || echo 'above the bar'
exit $failed
