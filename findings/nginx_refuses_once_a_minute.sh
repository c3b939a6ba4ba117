#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# nginx 1.22.1 (Debian 12): a limit of one request a minute refuses a client that sends one request a minute.
#
# limit_req_zone accepts "rate=1r/m" for limits below one a second. nginx keeps the rate as a whole number of
# thousandths of a request per second, rounded down: 1r/m becomes 0.016 a second, and a permit comes back after 62.5 s.
# A client with a steady pace between 60 and 62.5 s, which is within the limit, is refused every second time, so that it
# gets half of its limit: a refusal changes nothing, and the request after it finds more than enough. Of the rates below
# 1r/s, only the multiples of 3r/m are exact: 2r/m is one in 30.304 s, 4r/m one in 15.152 s. A `burst` only puts it off,
# as each request adds a bit to the excess.
#
# Seen, with rate=2r/m: five clients that ask a second time after 30.05 s are refused, and half a second later they are
# allowed.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q nginx=1.22.1-9+deb12u11 libpcre2-8-0 libssl3 >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$dir/usr/lib/$(uname -m)-linux-gnu
port=$((20000 + RANDOM % 10000))
mkdir temp
echo 'an item' >item
cat >limit.conf <<CONF
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { }
http {
  access_log off;
  client_body_temp_path temp/1; proxy_temp_path temp/2; fastcgi_temp_path temp/3; uwsgi_temp_path temp/4;
  scgi_temp_path temp/5;
  limit_req_zone \$uri zone=each:1m rate=2r/m;
  limit_req_status 429;
  server {
    listen 127.0.0.1:$port;
    root $dir;
    limit_req zone=each;
    location / { try_files /item =404; }
  }
}
CONF
"$dir/usr/sbin/nginx" -e error.log -p "$dir" -c limit.conf &
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break || sleep 0.1; done

clients=(ada bob cyd dan eve)
# Each client asks; prints the statuses.
ask() {
  local client status
  for client in "${clients[@]}"; do
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$client" >&4
    read -r _ status _ <&4
    exec 4<&-
    printf '%s ' "$status"
  done
}
first=$(ask)
sleep 30.05
second=$(ask)
sleep 0.5
third=$(ask)
echo "first:             $first"
echo "30.05 s later:     $second"
echo "half a second on:  $third"
all='200 200 200 200 200 '
# One refusal is enough: none has come earlier than the limit says. (A slow machine may come too late for the others.)
if [ "$first" = "$all" ] && [[ $second == *429* ]] && [ "$third" = "$all" ]; then
  echo "as described"
else
  echo "CHANGED"
  exit 1
fi
