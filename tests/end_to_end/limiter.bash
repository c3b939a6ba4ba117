# SPDX-License-Identifier: MIT
# limiter.bash: how an adaptive_rate_limiter that knows nothing of the limit does in real time; run by hand:
#
#   bash tests/end_to_end/limiter.bash [burst] [seconds that are counted, 120 if not said]
#
# An nginx admits 2, 10 and 100 requests a second and answers 429 to all others: it wants at least the interval between
# two of them, or with a burst of some, admits so many at once after a pause. Programs of 1, 4 and 32 threads ask as
# fast as their limiter lets them, each for a limit of its own, and all at the same time. Of the first 20 seconds only
# stale requests are counted: those sent on a schedule made before a refusal that was known, which must be none.
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
