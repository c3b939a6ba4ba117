#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# vsthrottle 0.20 in Varnish 7.1.1 (Debian 12): a client that asks a little more often than the limit gets half of it.
#
# A token bucket of 10 a second lets a steady client that asks 11 times a second have ten of them. vsthrottle adds whole
# permits only: those of the time since it last allowed a request, rounded down, and the rest of that time is lost when
# it allows the next one. At a request every 90 ms, the first one after an allowed one finds 0.9 permits, which is none;
# the next one finds 1.8, which is one. So every second request is denied, for ever: 5.6 a second. A client that asks 15
# times a second gets 7.5, and one that asks 9 times a second all nine.
#
# Seen: a request every 90 ms for 4.5 s: 30 of 50 are allowed (all, by the arithmetic of a bucket), 20 of the last 40.
# One every 111 ms: 36 of 36.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q varnish=7.1.1-2+deb12u1 varnish-modules=0.20.0-2 libvarnishapi3=7.1.1-2+deb12u1 libjemalloc2 \
  libpcre2-8-0 >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done
lib=$dir/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$lib:$lib/varnish
port=$((20000 + RANDOM % 10000))
cat >limits.vcl <<'VCL'
vcl 4.1;
import vsthrottle;
backend unused none;
sub vcl_recv {
  if (vsthrottle.is_denied(req.url, 10, 1s)) { return (synth(429)); }
  return (synth(200));
}
VCL
"$dir/usr/sbin/varnishd" -F -j none -n "$dir/work" -a "127.0.0.1:$port" -s default,1m -f "$dir/limits.vcl" \
  -p vmod_path="$lib/varnish/vmods" -p vcl_path="$dir" >varnish.log 2>&1 &
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break || sleep 0.1; done

# ask PATH EVERY_MS TIMES: a question at each multiple of the pause; prints the statuses
ask() {
  local i status start now
  start=$(date +%s%N)
  for ((i = 0; i < $3; ++i)); do
    now=$(date +%s%N)
    sleep "$(awk -v d=$(((start + i * $2 * 1000000 - now) / 1000)) 'BEGIN { printf "%.4f", (d > 0 ? d / 1e6 : 0) }')"
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&4
    read -r _ status _ <&4
    exec 4<&-
    echo "$status"
  done
}
ask /above 90 50 >above &
above=$!
ask /below 111 36 >below
wait $above
allowed=$(grep -c 200 above) late=$(tail -n 40 above | grep -c 200 || true) below=$(grep -c 200 below)
echo "every 90 ms, for 4.5 s: $allowed of 50 allowed, $late of the last 40"
echo "every 111 ms, for 4 s:  $below of 36 allowed"
if [ "$allowed" -le 36 ] && [ "$late" -le 26 ] && [ "$below" -ge 35 ]; then
  echo "as described"
else
  echo "CHANGED"
  exit 1
fi
