#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compile_time.sh: what the library costs the compiler, beside what a user would compile without it: millions of
# instructions of g++ 12 (valgrind counts them, so the figures repeat); and the cost of a further call: class and
# function templates that clang 19 instantiates. Each row has its aim; where the library does not reach it, the row also
# has a ceiling. Fails if a row is above its aim, or its ceiling if it has one.
#
#   bash tests/benchmarks/compile_time.sh            prints the rows of the core and of two gates
#   bash tests/benchmarks/compile_time.sh --all      prints the table
#   bash tests/benchmarks/compile_time.sh --update   also writes it into docs/design.md
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
need_header g++-12 fmt/format.h libfmt-dev
need_header g++-12 httplib.h libcpp-httplib-dev
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

instructions() {  # file, flags...: in millions
  local file=$1 line
  shift
  line=$(g++-12 -std=c++20 "$@" "-I$include" -c "$file" -o "$work/out.o" '-###' 2>&1 | grep -m1 cc1plus)
  eval "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null ${line% -o *} -o $work/out.s" 2>&1 |
    awk '/I *refs/ { gsub(",", "", $NF); printf "%d", $NF / 1000000 }'
}

including() {  # headers...
  local header
  for header in "$@"; do echo "#include <$header>"; done >"$work/including.cpp"
  instructions "$work/including.cpp" -O0
}

instantiations() {  # kind, uses
  clang++-19 -std=c++20 "-I$include" "-DUSES=$2" -c "$here/cases/uses.cpp" -o "$work/out.o" \
    "-ftime-trace=$work/trace.json" -ftime-trace-granularity=0
  grep -o "\"name\":\"Instantiate$1\"" "$work/trace.json" | wc -l
}

failed=0
table=$work/table.md
row() {  # what, cost, compared with, its cost, aim, ceiling
  local ratio='' limit=${6:-$5} value=$2
  if [ -n "$4" ]; then
    ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.2f", a / b }')
    value=$ratio
  fi
  printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "${3:+$3: $4}" "$ratio" "$5" "${6-}" | tee -a "$table"
  awk -v v="$value" -v most="$limit" 'BEGIN { exit !(v > most) }' || return 0
  echo '  above the limit'
  failed=1
}

{
  echo '| | costs | beside | ratio | aim | ceiling |'
  echo '|---|---|---|---|---|---|'
} | tee "$table"
row 'one use of the core, `-O0`' "$(instructions "$here/cases/uses.cpp" -O0 -DUSES=1)" 'the loop by hand' \
  "$(instructions "$here/cases/by_hand.cpp" -O0)" 0.75 0.99
row 'one use of the core, `-O2`' "$(instructions "$here/cases/uses.cpp" -O2 -DUSES=1)" 'the loop by hand' \
  "$(instructions "$here/cases/by_hand.cpp" -O2)" 0.75 1.04
row 'a further call: classes' $(($(instantiations Class 2) - $(instantiations Class 1))) '' '' 30
row 'a further call: functions' $(($(instantiations Function 2) - $(instantiations Function 1))) '' '' 20
if [ $# -gt 0 ]; then
  row '`<tenax/fmt.hpp>`' "$(including tenax/fmt.hpp)" '`<fmt/format.h>`' "$(including fmt/format.h)" 1.25
  row 'one `retrying_client`' "$(instructions "$here/cases/client.cpp" -O0)" '`<httplib.h>`' \
    "$(including httplib.h)" 1.30 1.99
fi
mutex=$(including tenax/tenax.hpp mutex)
gates=(bulkhead rate_limiter)
if [ $# -eq 0 ]; then
  # What both together do not exceed, neither does alone.
  both=$(including tenax/tenax.hpp tenax/gate/bulkhead.hpp tenax/gate/rate_limiter.hpp)
  if ((both * 100 <= mutex * 115)); then
    row 'the core and both gates' "$both" 'the core and `<mutex>`' "$mutex" 1.15
    gates=()
  fi
fi
[ $# -eq 0 ] || gates=(adaptive_rate_limiter adaptive_throttle bulkhead circuit_breaker concurrency_limiter keyed
  rate_limiter retry_budget windowed_retry_budget)
for gate in "${gates[@]}"; do
  ceiling=
  [ "$gate" != keyed ] || ceiling=1.20
  row "the core and \`$gate\`" "$(including tenax/tenax.hpp tenax/gate/$gate.hpp)" 'the core and `<mutex>`' "$mutex" 1.15 \
    $ceiling
done

if [ "${1-}" = --update ]; then
  docs=$here/../../docs/design.md
  awk -v table="$table" '
    /<!-- compile_time.sh -->/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skip = 1; next }
    /<!-- end of the table -->/ { skip = 0 }
    !skip { print }' "$docs" >"$work/docs.md"
  cp "$work/docs.md" "$docs"
fi
exit $failed
