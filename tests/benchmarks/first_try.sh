#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# first_try.sh: instructions of calls as people write them, with the library and with the same loop written by hand, at
# -O2 (valgrind counts them, so the figures repeat): calls that succeed in the first attempt, and calls that succeed in
# the fourth one without waits. Also the bytes of the calling function that a success runs through, and the number of
# copies that three call sites make of the path of a retry.
#
# Fails if the library takes more instructions than the loop (a report may take ten more, three throws 1.02 times as
# many), except for the rows that are listed below with their reasons.
#
#   bash tests/benchmarks/first_try.sh             measures
#   bash tests/benchmarks/first_try.sh --update    also writes the table into docs/design.md
#   CALLS=1000 bash tests/benchmarks/first_try.sh  is faster
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
calls=${CALLS-100000}
include=$here/../../include
page=$here/../../docs/design.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compilers=(g++-12 clang++-19)

# case, failures before the success, what it is
rows='value_local 0 result predicate, exponential, 5 attempts: a `constexpr` local of the function
value_const 0 the same, `auto const`
value_static 0 the same, `static constexpr`
value_lambda 0 the same, `static constexpr`, called with a lambda
value_wrap 0 the same, `.wrap()`
value_attempts 0 the same, `.attempts()`
value_report 0 the same, `.try_call()`, by hand with both clock reads
value_token 0 the same, `.cancel_with()` a `std::stop_token`
exception_local 0 exception predicate, exponential, 5 attempts: a `constexpr` local
exception 0 the same, `static constexpr`
exception_lambda 0 the same, called with a lambda
exception_wrap 0 the same, `.wrap()`
exception_attempts 0 the same, `.attempts()`
exception_report 0 the same, `.try_call()`, by hand with both clock reads
exception_token 0 the same, `.cancel_with()` a `std::stop_token`
logged 0 the same, `.before_sleep()` and `.on_give_up()` with `log_to(stderr)`, an `auto const` local
observed 0 the same, both with a lambda that may look at the time, by hand with one clock read
default 0 `retrying{}`
jitter 0 exception predicate, exponential with full jitter, 5 attempts
deadline_jitter 0 the same, or `deadline(30s)`, by hand with one clock read
deadline_jitter_local 0 the same, a `constexpr` local
deadline 0 exception predicate, exponential, `deadline(30s)`, by hand with one clock read
deadline_report 0 the same and 5 attempts, `.try_call()`, by hand with both clock reads
value_no_wait 0 result predicate, no waits
exception_no_wait 0 exception predicate, no waits
value_no_wait 3 result predicate, no waits: three failures, then success
value_report_no_wait 3 the same, `.try_call()`, by hand with both clock reads
exception_no_wait 3 exception predicate, no waits: three throws, then success
exception_report_no_wait 3 the same, `.try_call()`, by hand with both clock reads'

# What a row may cost more than the loop, in instructions, and why:
# - A token or a deadline is registered for `current_attempt()`, so that an adapter of a client obeys it: ten
#   instructions, which a loop around a call that knows neither does not have.
# - The state of `.attempts()` is in memory, because the body of the loop is the user's.
# - g++ stores the numbers of a policy that a function makes anew, with a value that it reads at run time (`stderr`).
declare -A more=([g++-12.exception_token.0]=8 [clang++-19.value_token.0]=1 [g++-12.deadline.0]=5 [g++-12.logged.0]=4
  [g++-12.value_attempts.0]=1 [g++-12.exception_attempts.0]=8 [clang++-19.value_attempts.0]=13
  [clang++-19.exception_attempts.0]=17)

for compiler in "${compilers[@]}"; do
  flags=(-std=c++20 -O2 -pthread "-I$include")
  "$compiler" "${flags[@]}" -c "$here/cases/operation.cpp" -o "$work/operation.o"
  "$compiler" "${flags[@]}" "$here/cases/first_try.cpp" "$work/operation.o" -o "$work/hand.$compiler"
  "$compiler" "${flags[@]}" -DLIBRARY "$here/cases/first_try.cpp" "$work/operation.o" -o "$work/library.$compiler"
  "$compiler" "${flags[@]}" -c "$here/cases/shared_retries.cpp" -o "$work/shared.$compiler.o"
done

# All cases in one run, because valgrind takes longer to start than to count. What main() calls is counted with all
# that it calls, and nothing is collected by its name: g++ puts the handlers of exceptions into functions of like names.
declare -A counted=()
count() {  # by, compiler, failures, calls: the instructions of a call of each case with so many failures
  local case instructions failures cases=,
  while read -r case failures _; do
    [ "$failures" != "$3" ] || cases+=$case,
  done <<<"$rows"
  valgrind --tool=callgrind "--callgrind-out-file=$work/counts" --compress-strings=no --compress-pos=no \
    "$work/$1.$2" "$cases" "$3" "$4" 2>/dev/null
  while read -r case instructions; do counted[$1.$2.$case.$3]=$instructions; done < <(awk '
    sub(/^cfn=measured_/, "") { name = $0 }
    name != "" && sub(/^calls=/, "") { calls = $1; getline; printf "%s %.0f\n", name, $2 / calls; name = "" }' "$work/counts")
}
for compiler in "${compilers[@]}"; do
  for by in hand library; do
    count $by "$compiler" 0 "$calls"
    count $by "$compiler" 3 1000
  done
done

# The bytes of a function, without the part that g++ puts elsewhere because it is cold.
size() { # program, case
  nm -S "$1" | awk -v name="measured_$2" '$4 == name { print "0x" $2 }' | xargs printf '%d'
}

failed=0
table='| | by hand, g++ 12 | tenax | by hand, clang 19 | tenax |
|---|---|---|---|---|'
printf '%-11s %-25s %8s %9s %9s %6s   %9s %9s\n' compiler case failures 'by hand' library ratio 'bytes' 'library'
declare -A cells=()
for compiler in "${compilers[@]}"; do
  while read -r case failures what; do
    hand=${counted[hand.$compiler.$case.$failures]}
    library=${counted[library.$compiler.$case.$failures]}
    cells[$case.$failures]+=" $hand | $library |"
    printf '%-11s %-25s %8s %9s %9s %6s   %9s %9s\n' "$compiler" "$case" "$failures" "$hand" "$library" \
      "$(awk -v a="$library" -v b="$hand" 'BEGIN { printf "%.3f", a / b }')" \
      "$(size "$work/hand.$compiler" "$case")" "$(size "$work/library.$compiler" "$case")"
    most=$hand
    case $case.$failures in
      exception*3) most=$((hand + hand / 50)) ;;
      *report*) most=$((hand + 10)) ;;
    esac
    most=$((most + ${more[$compiler.$case.$failures]-0}))
    if [ "$library" -gt "$most" ]; then
      echo "  above the bar of $most"
      failed=1
    fi
  done <<<"$rows"
done
while read -r case failures what; do
  table+=$'\n'"| $what |${cells[$case.$failures]}"
done <<<"$rows"

for compiler in "${compilers[@]}"; do
  copies=$(nm -C "$work/shared.$compiler.o" | grep -cE ' [TtWw] .*tenax::detail::retry_call<' || true)
  echo "$compiler: three call sites of one policy type make $copies copy of the path of a retry"
  [ "$copies" = 1 ] || failed=1
done

if [ "${1-}" = --update ]; then
  awk -v table="$table" '/<!-- table: first_try -->/ { print; print table; skip = 1; next }
    /<!-- end of table -->/ { skip = 0 } !skip' "$page" >"$work/page"
  cp "$work/page" "$page"
fi
exit $failed
