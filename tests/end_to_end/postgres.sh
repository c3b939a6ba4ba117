#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# postgres.sh: transfers are made exactly once in a PostgreSQL that restarts and crashes, while a proxy loses every 40th
# answer to a COMMIT; and the default policy makes no payment twice.
. "$(dirname "$0")/servers.bash"
client=$CLIENTS/transfers_pqxx
need "$client"
bin=$({ find /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /usr/bin -name initdb 2>/dev/null || true; } | sort -V | tail -1)
[ -n "$bin" ] || fail 'initdb was not found; install it (Debian, Ubuntu: apt-get install postgresql)'
bin=${bin%/initdb}
begin postgres

# PostgreSQL refuses to run as root, and another user may not be able to enter this folder.
data=$(mktemp -d)
trap 'stop_all; rm -rf "$data"' EXIT
as=()
if [ "$(id -u)" -eq 0 ]; then
  user=postgres
  id -u postgres >/dev/null 2>&1 || user=nobody
  chown "$user" "$data"
  as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
fi
(cd "$data" && "${as[@]}" "$bin/initdb" -D "$data/db" -U tenax -A trust -E UTF8 --locale=C -N >"$OLDPWD/initdb.log" 2>&1) || fail 'initdb failed'

run_server() {
  launch postgres "$port" env -C "$data" "${as[@]}" "$bin/postgres" -D "$data/db" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c fsync=off -c max_connections=30 -c log_min_messages=fatal -c deadlock_timeout=20ms
}
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 10000))
  ! listens "$port" && run_server && break
  port=
done
[ -n "$port" ] || fail 'the server did not start'

# The server restarts, and then one of its processes is killed, which it takes for a crash.
disturb() {
  local pid=
  sleep 0.25
  kill -INT "${running[postgres]}"
  wait "${running[postgres]}" || true
  run_server || fail 'the server did not start again'
  for _ in {1..200}; do
    pid=$(ps --ppid "${running[postgres]}" -o pid=,args= | awk '/127\.0\.0\.1\(/ { print $1; exit }')
    [ -z "$pid" ] || break
    sleep 0.02
  done
  [ -n "$pid" ] || fail "the client of mode $1 did not come back"
  sleep 0.25
  kill -9 "$pid" 2>/dev/null || kill -9 "$(ps --ppid "${running[postgres]}" -o pid=,args= | awk '/127\.0\.0\.1\(/ { print $1; exit }')"
  sleep 0.25
}

for mode in find_out committed none; do
  "$client" "$port" "$mode" >"$mode.txt" 2>"$mode.log" &
  client_pid=$!
  running[client]=$client_pid
  disturb "$mode"
  kill "$client_pid"
  if wait "$client_pid"; then status=0; else status=$?; fi
  unset "running[client]"
  cat "$mode.txt"
  [ "$status" -eq 0 ] || fail "mode $mode: wrong sums"
done
"$client" "$port" default 2>default.log || fail 'a payment was made twice'
