#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# import_time.sh: what `import tenax;` costs the compiler beside `#include <tenax/tenax.hpp>`: instructions of clang 19
# (valgrind counts them) for an empty program, with --all for that of README.md as well, and the seconds and bytes of
# the compiled modules. Fails if the import costs an empty program more than a tenth of what the include costs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need clang++-19 valgrind
cd "$here/../.."
source tests/module/clang.bash

instructions() {  # file: in millions
  local line
  line=$("$clang" "${flags[@]}" "${modules[@]}" -c "$1" -o "$work/out.o" '-###' 2>&1 | grep -m1 -e '"-cc1"')
  eval "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null $line" 2>&1 |
    awk '/I *refs/ { gsub(",", "", $NF); printf "%d", $NF / 1000000 }'
}

TIMEFORMAT='both modules are compiled in %U s'
time build_modules
for module in tenax tenax.http; do printf '%s: %d KB\n' $module $(($(wc -c <"$work/$module.pcm") / 1000)); done

printf 'int main() {}\n' >"$work/empty.cpp"
cp tests/docs/program/readme.cpp "$work/readme.cpp"
for program in empty readme; do
  grep -v '<tenax/tenax.hpp>' "$work/$program.cpp" >"$work/without.cpp"
  { echo '#include <tenax/tenax.hpp>'; cat "$work/without.cpp"; } >"$work/$program.include.cpp"
  { cat "$work/without.cpp"; } | sed -e '0,/^using namespace std::chrono/s//import tenax;\n&/' -e '0,/^int main() {}$/s//import tenax;\n&/' \
    >"$work/$program.import.cpp"
done
nothing=$(instructions "$work/empty.cpp")
printf '%-28s %10s %10s   millions of instructions; %d without either\n' '' include import "$nothing"
for program in empty $([ "${1-}" != --all ] || echo readme); do
  include=$(instructions "$work/$program.include.cpp")
  import=$(instructions "$work/$program.import.cpp")
  printf '%-28s %10d %10d\n' "$program" "$include" "$import"
  if [ $program = empty ] && [ $(((import - nothing) * 10)) -gt $((include - nothing)) ]; then
    echo 'the import costs more than a tenth of the include'
    exit 1
  fi
done
