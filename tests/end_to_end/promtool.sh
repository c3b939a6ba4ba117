#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# promtool.sh: Prometheus' own tool reads the page of metrics and finds nothing to criticize in its names.
. "$(dirname "$0")/servers.bash"
promtool=$(command -v promtool) || {
  echo 'promtool was not found; install it (Debian, Ubuntu: apt-get install prometheus)' >&2
  exit 77
}
need "$CLIENTS/metrics_page"
begin promtool
"$CLIENTS/metrics_page" >page.txt
timeout 20 "$promtool" check metrics <page.txt >promtool.log 2>&1 || fail "promtool check metrics rejects the page"
[ ! -s promtool.log ] || fail "promtool check metrics has something to say"

# The values are those of the calls: for each round of six calls with 0 to 5 failures and 4 attempts.
grep -qx 'tenax_client_attempts_total{call="catalogue"} 36' page.txt || fail 'attempts'
grep -qx 'tenax_client_calls_total{call="catalogue",reason="succeeded"} 8' page.txt || fail 'calls that succeeded'
grep -qx 'tenax_client_calls_total{call="catalogue",reason="attempts"} 4' page.txt || fail 'calls that gave up'
grep -qx 'tenax_client_call_retries_bucket{call="catalogue",le="2"} 4' page.txt || fail 'calls with at most two retries'
grep -qx 'tenax_client_call_retries_count{call="catalogue"} 10' page.txt || fail 'calls with retries'
grep -qF 'call="a \"strange\\name\""' page.txt || fail 'a name with quotation marks'
grep -qx 'tenax_gate_circuit{gate="catalogue",state="open"} 1' page.txt || fail 'the state of a circuit'
grep -qx 'tenax_gate_rate_per_second{gate="adaptive"} 8' page.txt || fail 'a rate'
grep -qx 'tenax_gate_refusal_probability_ratio{gate="throttle"} 0' page.txt || fail 'a probability'

# The check would notice a page that is wrong.
sed 's/^# TYPE tenax_client_attempts_total counter/# TYPE tenax_client_attempts_total gauge/' page.txt >wrong.txt
! timeout 20 "$promtool" check metrics <wrong.txt >/dev/null 2>&1 || fail "promtool accepts a wrong page"
