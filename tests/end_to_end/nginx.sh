#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# nginx.sh: the demo fetches everything from a real nginx that limits the rate of requests, and asks it politely.
#
# Twice: nginx says 429 and nothing else; then 429 with `Retry-After: 1`. What happened is read from nginx's own log.
set -euo pipefail

fail() {
  printf 'nginx.sh: %s\n' "$*" >&2
  for file in error.log access.log demo.log; do
    [ ! -s "$file" ] || { printf -- '--- %s\n' "$file"; tail -n 40 "$file"; } >&2
  done
  exit 1
}

demo=$EXAMPLES/demo
[ -x "$demo" ] || { echo "nginx.sh: the demo was not built" >&2; exit 77; }
nginx=$(PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin command -v nginx) ||
  fail 'nginx was not found; install it (Debian, Ubuntu: apt-get install nginx-light)'

count=10
rm -rf nginx
mkdir -p nginx/temp nginx/files/items
cd nginx
for ((i = 1; i <= count; ++i)); do echo "item $i" >"files/items/$i"; done
cp -r files/items files/patient

# As root, nginx would hand its work to a user who may not look into this folder.
user=
[ "$(id -u)" -ne 0 ] || user="user root;"

write_config() {
  cat >nginx.conf <<END
$user
daemon off;
worker_processes 1;
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events { worker_connections 64; }
http {
  client_body_temp_path $PWD/temp/body;
  proxy_temp_path $PWD/temp/proxy;
  fastcgi_temp_path $PWD/temp/fastcgi;
  uwsgi_temp_path $PWD/temp/uwsgi;
  scgi_temp_path $PWD/temp/scgi;
  log_format seen '\$status \$request_uri \$msec';
  access_log $PWD/access.log seen;
  root $PWD/files;
  default_type text/plain;
  limit_req_zone \$server_name zone=all:64k rate=4r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:$1;
    server_name localhost;
    location /items/ { limit_req zone=all burst=2 nodelay; }
    location /patient/ {
      limit_req zone=all burst=2 nodelay;
      error_page 429 @patience;
    }
    location @patience {
      add_header Retry-After 1 always;
      return 429;
    }
  }
}
END
}

server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  server=
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

# Whether a port is free is known when nginx listens on it.
port=
for ((try = 0; try < 20 && ${#port} == 0; ++try)); do
  candidate=$((20000 + RANDOM % 12000))
  write_config "$candidate"
  : >error.log
  "$nginx" -e "$PWD/error.log" -p "$PWD" -c "$PWD/nginx.conf" 2>>nginx.log &
  server=$!
  for ((i = 0; i < 50; ++i)); do
    kill -0 "$server" 2>/dev/null || break
    if [ -s nginx.pid ] && (: <"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then
      port=$candidate
      break
    fi
    sleep 0.05
  done
  [ -n "$port" ] && break
  stop
  grep -q 'Address already in use' error.log nginx.log || { cat nginx.log >&2; fail 'nginx did not start'; }
done
[ -n "$port" ] || fail 'no free port was found'

fetch_all() {
  sleep 1     # lets the limit recover
  : >access.log
  timeout 20 "$demo" --url "http://127.0.0.1:$port/$1/" --count "$count" >demo.log 2>&1 || fail "the demo ended with $?"
  cat demo.log
  for ((i = 1; i <= count; ++i)); do
    [ "$(grep -c "^200 /$1/$i " access.log)" -eq 1 ] || fail "/$1/$i was not fetched exactly once"
  done
  grep -q '^429 ' access.log || fail 'nginx never said 429: the test tests nothing'
}

fetch_all items

fetch_all patient
# After each 429 the same path comes again, not earlier than nginx asked.
awk '{
  if ($2 in refused && $3 - refused[$2] < 0.999) { print $2 " came again after " $3 - refused[$2] " s"; early = 1 }
  delete refused[$2]
  if ($1 == 429) refused[$2] = $3
} END { exit early }' access.log || fail 'nginx asked to wait for a second'
grep -q 'the server asks for 1s' demo.log || fail 'the demo does not say that the server asked it to wait'

echo 'everything was fetched'
