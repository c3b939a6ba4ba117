#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# async.sh: the cost, at -O2, of 100 000 calls that wait on one thread for their retry, and of calls that succeed at the
# first attempt: with the library, with a hand-written function that retries any operation, and with a loop around the
# operation (for the first attempt: with nothing). Shows allocations and bytes of a call, instructions (valgrind counts
# them, so the figures repeat), and nanoseconds for information. Fails if the library makes more than one allocation
# beyond the loop's, if it takes more than 1.10 times the instructions of the function, and above the recorded ceilings.
#
#   COMPILERS="g++-12 clang++-19" bash tests/benchmarks/async.sh      by default g++ 12 alone, because it takes a while
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
read -ra compilers <<<"${COMPILERS-g++-12}"
need "${compilers[@]}" valgrind
need_header "${compilers[0]}" asio/awaitable.hpp libasio-dev
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A define=([loop]=-DLOOP [function]=-DFUNCTION [library]=-DLIBRARY)

# Allowed beyond the loop's: allocations, and bytes. In Asio a waiting call can be cancelled, and then ends with the
# last exception, which is kept for that.
declare -A more_allocations=([throws]=2)
declare -A more_bytes=([values]=350 [throws]=480 [initiates]=260 [task]=400 [task_throws]=400 [values_once]=350
  [throws_once]=350 [initiates_once]=480 [task_once]=400 [task_throws_once]=400)
# Allowed instructions for a hundred of the function's. The cases `task...` do little except make coroutine frames, and
# the library's frame is larger. The cases `initiates...` are composed operations of Asio in full: they keep work on the
# executors of the handler and of the operation, use the handler's allocator and can be cancelled through its slot. The
# function does none of it.
declare -A most=([task]=112 [task_once]=120 [task_throws_once]=125 [initiates]=119 [initiates_once]=115)
# Allowed instructions for a hundred of a plain `co_await`, if the first attempt succeeds. The aim is 105. A coroutine
# around the operation takes 110 already, because Asio allocates its frame.
most_beside_plain=121

instructions() {  # program, case: one call is made before the 300
  valgrind --tool=callgrind --callgrind-out-file=/dev/null '--toggle-collect=measured_*' "$1" "$2" 300 2>&1 |
    awk '/Collected/ { printf "%.0f", $NF / 301 }'
}

failed=0
complain() {
  echo "  above the ceiling: $*"
  failed=1
}

row='%-11s %-16s %-9s %12s %7s %13s %7s %7s\n'
# shellcheck disable=SC2059
printf "$row" compiler case by allocations bytes instructions ratio ns
for compiler in "${compilers[@]}"; do
  flags=(-std=c++20 -O2 -pthread "-I$include" -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1)
  for by in loop function library; do
    "$compiler" "${flags[@]}" "${define[$by]}" "$here/cases/async.cpp" -o "$work/$by"
    "$compiler" "${flags[@]}" "${define[$by]}" -DCOUNTS -DASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=0 \
      "$here/cases/async.cpp" -o "$work/$by.counts"
  done
  for case in {values,throws,initiates,task,task_throws}{,_once}; do
    declare -A allocations=() bytes=() count=() ns=()
    for by in loop function library; do
      read -r allocations[$by] bytes[$by] _ <<<"$("$work/$by.counts" "$case" 100000)"
      ns[$by]=-
      [ -n "$by_ctest" ] || read -r _ _ ns[$by] <<<"$("$work/$by" "$case" 100000)"
      count[$by]=$(instructions "$work/$by" "$case")
    done
    for by in loop function library; do
      # shellcheck disable=SC2059
      printf "$row" "$compiler" "$case" "$by" "${allocations[$by]}" "${bytes[$by]}" "${count[$by]}" \
        "$(awk -v a="${count[$by]}" -v b="${count[function]}" 'BEGIN { printf "%.2f", a / b }')" "${ns[$by]}"
    done
    awk -v a="${allocations[library]}" -v b="${allocations[loop]}" -v more="${more_allocations[$case]-1}" \
      'BEGIN { exit !(a > b + more + 0.01) }' && complain 'allocations'
    [ "${bytes[library]}" -le $((bytes[loop] + ${more_bytes[$case]})) ] || complain 'bytes'
    [ $((count[library] * 100)) -le $((count[function] * ${most[$case]-110})) ] || complain 'instructions'
    [ "$case" = values_once ] || continue
    "$compiler" "${flags[@]}" -DLOOP -DFORWARD "$here/cases/async.cpp" -o "$work/forward"
    forward=$(instructions "$work/forward" "$case")
    echo "  a plain co_await: ${count[loop]}; in a coroutine that passes the result on:" \
      "$((forward * 100 / count[loop])) %; with the library: $((count[library] * 100 / count[loop])) %"
    [ $((count[library] * 100)) -le $((count[loop] * most_beside_plain)) ] || complain 'instructions beside co_await'
  done
done
exit $failed
