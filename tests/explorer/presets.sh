#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# presets.sh: the C++ that the explorer writes compiles and is read back as the same policy, for every preset and for
# every kind of setting; the pictures of the documentation are those that the explorer draws:
#   bash tests/explorer/presets.sh TENAX_EXPLAIN
set -euo pipefail
program=$(realpath "${1:?the program tenax_explain}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  "$program" --presets | cut -f3,4 | tr '\t' '\n' | sed '/^$/d'
  sed -nE 's/^constexpr std::string_view in_explorer = "(.*)";$/\1/p' examples/demo.cpp
  echo 'elapsed=1min wait=max(linear(1s..1min,step=700ms).equal,constant(2s)) when=429,503 server_wait=1min.clamp'
  echo 'deadline=30s.clip wait=sequence(1s,5s).proportional(20%)+uniform(0s..500ms) attempt_timeout=2s when=no_answer'
  echo 'attempts=4 wait=decorrelated(100ms..5s) gate=budget(10,10%) gate=circuit(5,10s) gate=bulkhead(4)'
  echo 'attempts=4 wait=exponential(1ns..8760h,factor=1.000001).proportional(0.0001%) gate=budget(1,0.0001%)'
  echo 'attempts=4 wait=polynomial(1s..1min,exponent=3).additive(10ms) gate=throttle gate=adaptive(5/s) gate=quota(mongodb)'
} >"$work/policies"
[ "$(wc -l <"$work/policies")" -ge 24 ] || { echo "there are too few policies" >&2; exit 1; }
{
  printf '#include <functional>\n#include <tenax/%s.hpp>\n' tenax http gate/rate_limiter gate/adaptive_rate_limiter gate/adaptive_throttle \
    gate/bulkhead gate/circuit_breaker gate/retry_budget gate/retry_quota | grep -v '^#include <functional>$'
  printf '#include <functional>\nusing namespace std::chrono_literals;\n'
  n=0
  while IFS= read -r policy; do
    "$program" "$policy" >"$work/answer" || { echo "$policy: $(cat "$work/answer")" >&2; exit 1; }
    printf 'void policy_%d() {\n' $((++n))
    sed -n '/^\(tenax::[a-z_<>]* gate_1\|namespace wait\)/,$p' "$work/answer" | tee "$work/cpp"
    again=$("$program" --from-cpp "$(cat "$work/cpp")") || { echo "$policy: $again" >&2; exit 1; }
    "$program" "$again" | diff - "$work/answer" >&2 || { echo "$policy is read back as $again" >&2; exit 1; }
    printf 'static_cast<void>(policy);\n}\n'
  done <"$work/policies"
} >"$work/all.cpp"
"${CXX:-g++}" -std=c++20 -fsyntax-only -Iinclude "$work/all.cpp"

# Draws the pictures of docs/pictures again with: bash tests/explorer/presets.sh TENAX_EXPLAIN --update
IFS=$'\t' read -r _ _ policy other world < <("$program" --presets | grep '^budget	')
mkdir "$work/pictures"
"$program" --svg "$work/pictures/explorer.svg" --crowd "$world" "$policy" "$other" >/dev/null
"$program" --svg "$work/pictures/explorer_waits.svg" 'attempts=6 wait=exponential(100ms..5s).equal deadline=3s' >/dev/null
for picture in "$work"/pictures/*.svg; do
  [ "${2-}" != --update ] || cp "$picture" docs/pictures/
  cmp "$picture" "docs/pictures/${picture##*/}"
done
