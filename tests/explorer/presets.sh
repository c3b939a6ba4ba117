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
  echo 'attempts=3 throttled_wait=constant(2s)+uniform(0s..1s) wait=exponential(50ms..20s).full'
  echo 'attempts=3 deadline=1d elapsed=none attempt_timeout=none server_wait=unlimited wait=sequence(1s, 1.5s, 2d)'
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
    sed -n '/^\(tenax::[a-z_<>]* gate_1\|auto const policy\)/,$p' "$work/answer" | tee "$work/cpp"
    again=$("$program" --from-cpp "$(cat "$work/cpp")") || { echo "$policy: $again" >&2; exit 1; }
    "$program" "$again" | diff - "$work/answer" >&2 || { echo "$policy is read back as $again" >&2; exit 1; }
    printf 'static_cast<void>(policy);\n}\n'
  done <"$work/policies"
} >"$work/all.cpp"
"${CXX:-g++}" -std=c++20 -fsyntax-only -Iinclude "$work/all.cpp"

# A text of tenax::settings_from_text means the same here. Compares the policies in words, without what is retried.
cat >"$work/settings.cpp" <<'CPP'
#include <cstdio>
#include <tenax/fmt.hpp>
#include <tenax/settings.hpp>
int main(int, char** argv) {
  auto const settings = tenax::settings_from_text(argv[1]);
  std::puts(fmt::format("{}", settings.timed_policy()).c_str());
  std::puts(tenax::to_text(settings).c_str());
}
CPP
"${CXX:-g++}" -std=c++20 -O0 -Iinclude -DFMT_HEADER_ONLY -o "$work/settings" "$work/settings.cpp"
# What a random wait is in words differs, and its range is compared by the worst case.
words() { sed -nE '/^(waits|stops|server wait|time limit|worst case): /{s/(a random wait[^:]*): .*/\1/;p}'; }
while IFS= read -r text; do
  "$work/settings" "$text" >"$work/library"
  for same in "$text" "$(tail -1 "$work/library")"; do
    "$program" "$same" >"$work/answer" || { echo "$same: $(cat "$work/answer")" >&2; exit 1; }
    diff <(words <"$work/answer") <(words <"$work/library") >&2 || { echo "$same means something else to the explorer" >&2; exit 1; }
  done
done <<'TEXTS'
attempts=5 wait=exponential(100ms..5s).full deadline=30s
attempts=unlimited wait=linear(1s..10s, step=2s).equal elapsed=1d server_wait=unlimited
attempts=4 wait=linear(2s..10s) deadline=none elapsed=none attempt_timeout=2s server_wait=1min.clamp
attempts=4 wait=exponential(100ms..5s, factor=1.5).proportional(20%) server_wait=5s.lengthen
attempts=4 wait=polynomial(100ms..10s, exponent=3).additive(100ms) server_wait=0s.ignore
attempts=9 wait=sequence(1s, 1.5s, 0.5d) deadline=7d attempt_timeout=none
attempts=4 wait=fibonacci(1s..30s)
attempts=4 wait=uniform(0s..500ms)
attempts=4 wait=decorrelated(100ms..30s)
attempts=4 wait=constant(1s).full
attempts=4 wait=none
TEXTS

# What gates add to the worst case.
while IFS='|' read -r gates worst; do
  said=$("$program" "attempts=4 wait=constant(1s) server_wait=0s $gates" | sed -n 's/^worst case:  //p')
  [ "$said" = "$worst" ] || { echo "$gates: the worst case is \"$said\", not \"$worst\"" >&2; exit 1; }
done <<'GATES'
gate=budget gate=circuit gate=quota|4 attempts, 3s of waiting
gate=throttle gate=bulkhead(4)|4 attempts, 7s of waiting
gate=budget gate=rate(10/s)|4 attempts, waiting without limit at the gates
deadline=10s gate=adaptive|4 attempts, 10s of waiting
GATES

# Draws the pictures of docs/pictures again with: bash tests/explorer/presets.sh TENAX_EXPLAIN --update
IFS=$'\t' read -r _ _ policy other world < <("$program" --presets | grep '^budget	')
mkdir "$work/pictures"
"$program" --svg "$work/pictures/explorer.svg" --crowd "$world" "$policy" "$other" >/dev/null
"$program" --svg "$work/pictures/explorer_waits.svg" 'attempts=6 wait=exponential(100ms..5s).equal deadline=3s' >/dev/null
for picture in "$work"/pictures/*.svg; do
  [ "${2-}" != --update ] || cp "$picture" docs/pictures/
  cmp "$picture" "docs/pictures/${picture##*/}"
done
