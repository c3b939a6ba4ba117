#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# nginx.sh: the examples fetch everything from a real nginx with a rate limit, and obey its delays.
#
# Runs the demo twice: nginx answers with 429 alone, then with 429 and `Retry-After: 1`. Then runs the catalogue client.
# The results are read from nginx's own log.
. "$(dirname "$0")/servers.bash"
demo=$EXAMPLES/demo catalogue=$EXAMPLES/12_catalogue_client
need "$demo"
need "$catalogue"
nginx=$(find_server nginx nginx-light)
begin nginx

count=10
mkdir -p files/items files/v1/artists/1 files/v1/albums/{a,b} files/v1/tracks
for ((i = 1; i <= count; ++i)); do echo "item $i" >"files/items/$i"; done
cp -r files/items files/patient
printf '%s\n' a b >files/v1/artists/1/albums
for album in a b; do
  for ((i = 1; i <= 4; ++i)); do
    echo "$album$i" >>"files/v1/albums/$album/tracks"
    echo "song $album$i" >"files/v1/tracks/$album$i"
  done
done

configure() {
  nginx_start nginx
  cat <<CONF
  access_log $PWD/access.log seen;
  root $PWD/files;
  limit_req_zone \$server_name zone=all:64k rate=4r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:$1;
    server_name localhost;
    location /items/ { limit_req zone=all burst=2 nodelay; }
    location ~ ^/(patient|v1)/ {
      limit_req zone=all burst=2 nodelay;
      error_page 429 @patience;
    }
    location @patience {
      add_header Retry-After 1 always;
      return 429;
    }
  }
}
CONF
}
start_nginx nginx configure

# run COMMAND...: waits until the limit has recovered, and runs the command; its output goes to example.log
run() {
  sleep 1
  : >access.log
  timeout 20 "$@" >example.log 2>&1 || fail "$1 ended with $?"
  cat example.log
  settle
  grep -q '^429 ' access.log || fail 'nginx never said 429: the test tests nothing'
}
fetched_once() {
  local path
  for path; do
    [ "$(grep -c "^200 $path " access.log)" -eq 1 ] || fail "$path was not fetched exactly once"
  done
}

run "$demo" --url "http://127.0.0.1:$port/items/" --count $count
fetched_once /items/{1..10}

run "$demo" --url "http://127.0.0.1:$port/patient/" --count $count
fetched_once /patient/{1..10}
nobody_early access.log 0
grep -q 'the server asks for 1s' example.log || fail 'the demo does not say that the server asked it to wait'

run "$catalogue" --url "http://127.0.0.1:$port"
fetched_once /v1/artists/1/albums /v1/albums/{a,b}/tracks /v1/tracks/{a,b}{1..4}
nobody_early access.log 0
[ "$(count_connections access.log)" -eq 1 ] || fail 'the catalogue did not keep its connection'
grep -q '8 tracks fetched: 11 calls' example.log || fail 'the catalogue does not say that it fetched everything'

echo 'everything was fetched'
