#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm_servers.sh: http::retrying_client with the standard policy and rate-limiting servers from npm, each with its own
# headers. No call fails, and no request comes before the window that refused it has ended. The servers are installed
# into the build folder, in the versions of npm_servers/package.json.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/servers.bash"
for program in node npm; do
  command -v $program >/dev/null || { echo "$test_name: skipped, because $program is missing"; exit 77; }
done
need "$CLIENTS/fetch_npm"
begin npm_servers
cp "$here"/npm_servers/* .

# Installed once for all runs: the folder's name contains a checksum of the versions.
modules=$PWD/../npm_modules_$(cksum <package.json | cut -d' ' -f1)
if [ ! -d "$modules/node_modules" ]; then
  mkdir -p "$modules.new"
  cp package.json "$modules.new"
  (cd "$modules.new" && timeout 240 npm install --no-audit --no-fund --no-package-lock --loglevel=error) >install.log 2>&1 ||
    fail 'npm could not install the servers'
  rm -rf "$modules"
  mv "$modules.new" "$modules"
fi
ln -s "$modules/node_modules" node_modules

count=10
fetch() {  # name: starts the server on a free port, and loads it
  local name=$1
  (
    running=()
    configure() { :; }
    for ((try = 0; try < 10; ++try)); do
      port=$((20000 + RANDOM % 12000))
      listens "$port" && continue
      node server.cjs "$name" "$port" >"$name.seen" 2>"$name.log" &
      running[$name]=$!
      for ((i = 0; i < 200; ++i)); do
        kill -0 "${running[$name]}" 2>/dev/null || break
        ! listens "$port" || break 2
        sleep 0.05
      done
      stop_server "$name"
      grep -q EADDRINUSE "$name.log" || break
    done
    timeout 40 "$CLIENTS/fetch_npm" --url "http://127.0.0.1:$port" --count $count >"$name.told" 2>&1 &&
      echo good >"$name.result"
    settle
    stop_server "$name"
  ) &
}

servers='node_date node_utc express_date express_draft_8 express_draft_7 express_draft_6 koa hapi restify nest'
for name in $servers; do fetch $name; done
wait
for name in $servers; do
  mv "$name.told" "$name.told.log"
  sed 's/^/  /' "$name.seen" >"$name.seen.log"
  [ -e "$name.result" ] || fail "$name: a call failed"
  grep -q '^429 ' "$name.seen" || fail "$name never said 429: the test tests nothing"
  [ "$(grep -c '^200 ' "$name.seen")" -eq $count ] || fail "$name: something was not fetched, or twice"
  # One client, one request at a time: a second refusal by the same window means that the request came too early.
  early=$(awk '$1 == 429 && last == $3 { ++n } { last = $1 == 429 ? $3 : "" } END { print n + 0 }' "$name.seen")
  [ "$early" -eq 0 ] || fail "$name: $early requests came before the window had ended"
  printf '%-16s %s\n' "$name" "$(tr '\n' ' ' <"$name.told.log")"
done
