#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# house.sh: every header is in the room that docs/contributing.md draws: includes run downwards, private parts are in
# the namespace of their folder, the ground is small, and no header is long.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}/include/tenax"

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}

# The floor of a header; the drawing in docs/contributing.md has the same order.
awk -v most_upwards=2 '
  function floor_of(h) {
    if (h ~ /^platform\//) return 0
    if (h ~ /^detail\//) return 1
    if (h ~ /^(version|duration|random|errors|exception_hint|caught_exception|outcome|result_traits|attempt|capture|report|concepts|environment|suspend_aware_time|cancel)\.hpp$/) return 1
    if (h ~ /^(when|wait|stop|gate|observe)\//) return 2
    if (h ~ /^(policy|default_policy|retry_loop|worst_case)\.hpp$/) return 3
    if (h ~ /^driver\//) return 4
    if (h ~ /^(retrying|attempt_range|current_attempt|tenax)\.hpp$/) return 5
    if (h ~ /^(http|grpc|sql|async|fmt|testing|shared|settings|telemetry|reconnect|any)\//) return 6
    if (h ~ /^redis\//) return 7
    if (h ~ /^(http|grpc|pqxx|fmt|asio|boost_asio|coroutine|hedging|settings|telemetry|reconnect|any_retrying)\.hpp$/) return 7
    print h " has no floor in tests/docs/house.sh"; bad = 1
    return 7
  }
  /^#include <tenax\// {
    to = $2; gsub(/[<>]|tenax\//, "", to)
    from = FILENAME; sub(/^\.\//, "", from)
    if (from == "tenax.hpp") next
    # The ground knows attempt.hpp and what that includes, and nothing else.
    if (from ~ /^detail\// && to !~ /^(detail|platform)\// && to !~ /^(duration|random|errors|caught_exception|outcome|result_traits|attempt)\.hpp$/) {
      print from " is in detail/ and includes <tenax/" to ">"; bad = 1
    }
    if (floor_of(to) > floor_of(from)) { upwards = upwards "\n  " from " -> " to; ++count }
  }
  END {
    printf "include arrows that run upwards: %d of at most %d%s\n", count, most_upwards, upwards
    exit bad || count > most_upwards
  }' $(find . -name '*.hpp' | sort) >&2 || failed=1

ground=$(find detail -name '*.hpp' | wc -l)
[ "$ground" -le 8 ] || fail "detail/ has $ground headers; at most 8 are allowed: private parts live in the folder of their role"

while IFS= read -r header; do
  lines=$(wc -l <"$header")
  [ "$lines" -le 300 ] || fail "$header has $lines lines; at most 300 are allowed"
done < <(find . -name '*.hpp')

# Private parts of gate/, observe/, driver/ and async/ are in tenax::detail, because users say tenax::rate_limiter.
! grep -rn '^namespace tenax::detail' http >&2 || fail 'http/ keeps its private parts in tenax::http::detail'
exit $failed
