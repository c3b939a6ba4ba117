#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bare.sh: the core on a board without an operating system, exceptions, RTTI and heap: compiled for a Cortex-M4,
# measured, and run on an emulated Cortex-A9.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
most_code=1024

for tool in arm-none-eabi-g++ qemu-arm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib and qemu-user" >&2; exit 77; }
done

flags=(-std=c++20 -Os -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  "-I$here/../../include" "-I$here/bare" '-DTENAX_PLATFORM=<board.hpp>')
arm-none-eabi-g++ "${flags[@]}" -mcpu=cortex-m4 -mthumb -c "$here/bare/call.cpp" -o call.o

if arm-none-eabi-nm -u call.o | grep -E '_Zn[wa]|_Zd[la]|malloc|emutls|__cxa|_Unwind|personality|guard'; then
  echo 'the loop uses the heap, exceptions, or threads' >&2
  exit 1
fi
# Every function of the file but the one that is there to be compiled.
code=$(arm-none-eabi-size -A call.o | awk '/^\.text/ && !/formulas/ { n += $2 } END { print n }')
echo "a loop with exponential waits and full jitter: $code bytes of code on a Cortex-M4, at most $most_code"
[ "$code" -le "$most_code" ]

# The emulator runs programs for the larger cores.
arm-none-eabi-g++ "${flags[@]}" -mcpu=cortex-a9 "$here"/bare/*.cpp --specs=rdimon.specs -Wl,--gc-sections -o board
echo "the program: $(arm-none-eabi-size board | awk 'NR == 2 { print $1 }') bytes"
qemu-arm board

# Without a platform header, one sentence says what to do; a header that needs threads says so.
expect() {  # sentence, flags...
  local sentence=$1
  shift
  if arm-none-eabi-g++ -std=c++20 -fsyntax-only "-I$here/../../include" "-I$here/bare" "$@" 2>message; then
    echo "compiled, but was expected to say: $sentence" >&2
    exit 1
  fi
  [ "$(grep -c 'error:' message)" -le 2 ] && grep -q "$sentence" message || { cat message >&2; exit 1; }
}
printf '#include <tenax/tenax.hpp>\n' >core.cpp
expect 'put now(), sleep() and random_bytes() into a header of your own' core.cpp
printf '#include <tenax/gate/bulkhead.hpp>\n' >gate.cpp
expect 'this standard library has no threads' '-DTENAX_PLATFORM=<board.hpp>' gate.cpp
