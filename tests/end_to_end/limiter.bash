# SPDX-License-Identifier: MIT
# limiter.bash: measures in real time an adaptive_rate_limiter that does not know the server's limit. Run by hand:
#
#   bash tests/end_to_end/limiter.bash [burst] [measured seconds, 120 by default]
#
# An nginx admits 2, 10 and 100 requests a second and answers 429 to all others. Without a burst, it requires the
# interval of that rate between two requests; with a burst, it admits that number of requests immediately after a pause.
# Programs with 1, 4 and 32 threads send requests as fast as their limiter admits them, each with its own limit, all at
# the same time. In the first 20 seconds only stale requests are counted: sent by a schedule that is older than a known
# refusal. There must be none.
. "$(dirname "$0")/servers.bash"
. "$(dirname "$0")/limits.bash"
need "$CLIENTS/fetch_adaptive"
nginx=$(find_server nginx nginx-light)
burst=${1:-0}
seconds=${2:-120}
begin "$(mktemp -d)/limiter"

limits=()
for rate in 2 10 100; do
  for threads in 1 4 32; do limits+=("$rate:$threads"); done
done
start_nginx nginx configure_limits
printf 'load of the machine: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >&2
ask_all 20 "$seconds"
printf 'load of the machine: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >&2

printf '%8s %8s %8s %9s %7s %8s %5s %6s\n' rate threads share requests 429s refused run stale
for limit in "${limits[@]}"; do
  awk -v limit="$limit" '{
    split(limit, l, ":")
    printf "%5d /s %8d %6.1f %% %9d %7d %6.2f %% %5d %6d\n", l[1], l[2], 100 * $2, $4, $6, 100 * $6 / ($4 ? $4 : 1), $8, $12
  }' "client_$limit.log"
done
