#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# page.sh: the explorer's page in Chromium: the default, an address with a policy, and damaged addresses:
#   bash tests/explorer/page.sh SITE
set -euo pipefail
site=${1:?the folder of the site}
work=$(mktemp -d)
touch "$work/log"  # the server may open it only after it has been read
python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$site" >"$work/log" 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
port=
for _ in {1..100}; do
  port=$(sed -nE 's/.* port ([0-9]+) .*/\1/p' "$work/log")
  [ -z "$port" ] || break
  sleep 0.1
done
failed=0
# expect <what follows the address> <text that the page must have>
expect() {
  timeout 40 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --enable-logging=stderr --disable-component-update --disable-sync --user-data-dir="$work/profile" --virtual-time-budget=5000 --dump-dom \
    "http://127.0.0.1:$port/explorer/index.html$1" >"$work/dom" 2>"$work/errors" || true
  if ! grep -qF -- "$2" "$work/dom" || grep -q 'CONSOLE.*Uncaught' "$work/errors"; then
    echo "explorer/index.html$1 does not show: $2" >&2
    failed=1
  fi
}
expect '' 'status 429: wait for 2min, by Retry-After'
expect '' 'worst case:  3 attempts, 300ms of waiting'
expect '#attempts%3D2%20wait%3Dconstant(7s)' 'wait::constant(7s)'
expect '#attempts%3Dmany' 'The address is damaged; this is the default policy.'
expect '#%E0%A4%A' 'The address is damaged; this is the default policy.'
exit $failed
