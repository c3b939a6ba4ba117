#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# vsthrottle 0.20 in Varnish 7.1.1 (Debian 12): with the two examples of its manual, the answers that succeed carry a
# Retry-After, and the ones that are refused carry a wrong one.
#
# vsthrottle's manual page refuses a client with `return (synth(429, ...))` in vcl_recv, and tells it how long it is
# blocked with a Retry-After that vcl_deliver sets from `blocked()`. But Varnish does not run vcl_deliver for a
# synthetic answer, only vcl_synth, and its built-in vcl_synth says "Retry-After: 5" whatever the block is. A client
# that obeys is refused again and again. The clients that are not blocked get what was meant for the others:
# "Retry-After: 0.000" with each 200. And three decimals are not what RFC 9110, section 10.2.3, allows, which is a
# number of digits.
#
# Seen, with a block of 30 s: a 200 with "Retry-After: 0.000"; a 429 with "Retry-After: 5"; after these five seconds,
# 429 again.
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
cat >items.mjs <<'JS'
import http from 'node:http'
http.createServer((request, response) => response.end('an item')).listen(Number(process.argv[2]), '127.0.0.1')
JS
node items.mjs $((port + 1)) &
cat >limits.vcl <<VCL
vcl 4.1;
import vsthrottle;
backend items { .host = "127.0.0.1"; .port = "$((port + 1))"; }
sub vcl_recv {
  if (vsthrottle.is_denied(client.identity, 1, 10s, 30s)) { return (synth(429)); }
}
sub vcl_deliver {
  set resp.http.Retry-After = vsthrottle.blocked(client.identity, 1, 10s, 30s);
}
VCL
"$dir/usr/sbin/varnishd" -F -j none -n "$dir/work" -a "127.0.0.1:$port" -s default,1m -f "$dir/limits.vcl" \
  -p vmod_path="$lib/varnish/vmods" -p vcl_path="$dir" >varnish.log 2>&1 &
for at in $port $((port + 1)); do
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null && break || sleep 0.1; done
done

# The status and the Retry-After of a request.
ask() {
  exec 4<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&4
  tr -d '\r' <&4 | awk 'NR == 1 { status = $2 } tolower($1) == "retry-after:" { wait = $2 } END { print status, wait }'
  exec 4<&-
}
allowed=$(ask)
refused=$(ask)
sleep 5.1
obeyed=$(ask)
printf '%s\n' "status and Retry-After of the first request: $allowed" "of the second one: $refused" "5 s later: $obeyed"
if [ "$allowed / $refused / $obeyed" = '200 0.000 / 429 5 / 429 5' ]; then
  echo "as described"
else
  echo "CHANGED"
  exit 1
fi
