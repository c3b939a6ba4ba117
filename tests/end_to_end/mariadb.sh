#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mariadb.sh: transfers are made exactly once in a MariaDB, through deadlocks, lock timeouts and killed connections.
. "$(dirname "$0")/servers.bash"
client=$CLIENTS/transfers_mariadb
need "$client"
server=$(find_server mariadbd mariadb-server)
begin mariadb

data=$(mktemp -d)
trap 'stop_all; rm -rf "$data"' EXIT
as=()
if [ "$(id -u)" -eq 0 ]; then
  user=mysql
  id -u mysql >/dev/null 2>&1 || user=nobody
  chown "$user" "$data"
  as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
fi
# No system tables are needed, because grants are skipped.
mkdir -p "$data/db/bank" && [ ${#as[@]} -eq 0 ] || chown -R "$user" "$data"
run_server() {
  launch mariadb "$port" env -C "$data" "${as[@]}" "$server" --no-defaults --datadir="$data/db" --port="$port" \
    --bind-address=127.0.0.1 --socket="$data/socket" --pid-file="$data/pid" --skip-grant-tables --skip-networking=0 \
    --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M --innodb-log-file-size=8M
}
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 10000))
  ! listens "$port" && run_server && break
  port=
done
[ -n "$port" ] || fail 'the server did not start'
timeout 60 "$client" "$port" >client.log 2>&1 || fail 'wrong sums, or no conflicts'
cat client.log
