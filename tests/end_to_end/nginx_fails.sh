#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# nginx_fails.sh: everything is fetched through an nginx that sometimes closes connections, and whose server is killed,
# restarted, paused and continued meanwhile.
. "$(dirname "$0")/servers.bash"
nginx=$(find_server nginx nginx-light)
begin nginx_fails
mkdir files
echo 'an item' >files/item

configure_behind() {
  nginx_start behind
  cat <<CONF
  access_log off;
  root $PWD/files;
  server {
    listen 127.0.0.1:$1;
    location / { try_files /item =404; }
  }
}
CONF
}
configure_front() {
  nginx_start front
  cat <<CONF
  access_log $PWD/access.log seen;
  map \$connection_requests \$drops { 7 1; default 0; }
  server {
    listen 127.0.0.1:$1;
    location /items/ {
      proxy_pass http://127.0.0.1:$behind;
      proxy_connect_timeout 200ms;
      proxy_read_timeout 200ms;
    }
    location /hangs_up/ {
      if (\$drops) { return 444; }
      proxy_pass http://127.0.0.1:$behind;
    }
  }
}
CONF
}
behind_again() { launch behind "$behind" "$nginx" -e "$PWD/error.log" -p "$PWD" -c "$PWD/behind.conf"; }

start_nginx behind configure_behind
behind=$port
start_nginx front configure_front

threads=2 count=60 tested=0
for client in fetch_httplib fetch_curl; do
  [ -x "$CLIENTS/$client" ] || continue
  tested=1

  : >access.log
  timeout 10 "$CLIENTS/$client" --url "http://127.0.0.1:$port" --path /hangs_up --threads $threads --count $count \
    >"$client.log" 2>&1 || fail "$client ended with $?"
  settle
  each_fetched_once access.log $threads $count
  [ "$(count_status access.log 444)" -gt 4 ] || fail 'nginx did not hang up: the test tests nothing'
  printf '%s: %s\n' "$client" "$(cat "$client.log")"

  : >access.log
  timeout 30 "$CLIENTS/$client" --url "http://127.0.0.1:$port" --threads $threads --count $count --pause-ms 30 \
    >"$client.log" 2>&1 &
  job=$!
  sleep 0.3
  stop_server behind
  sleep 0.4
  behind_again || fail 'the server behind did not come back'
  sleep 0.3
  kill -STOP "${running[behind]}"
  sleep 0.7
  kill -CONT "${running[behind]}"
  wait "$job" || fail "$client ended with $?"
  settle
  each_fetched_once access.log $threads $count
  [ "$(count_status access.log 502)" -gt 0 ] || fail 'nginx never said 502: the test tests nothing'
  [ "$(count_status access.log 504)" -gt 0 ] || fail 'nginx never said 504: the test tests nothing'
  printf '%s: %s; %s times 502, %s times 504\n' "$client" "$(cat "$client.log")" \
    "$(count_status access.log 502)" "$(count_status access.log 504)"
done
[ $tested = 1 ] || need "$CLIENTS/fetch_httplib"
