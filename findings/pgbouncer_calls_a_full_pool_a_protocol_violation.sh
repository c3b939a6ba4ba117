#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# PgBouncer 1.18.0 before PostgreSQL 15 (Debian 12): a pool that is full answers with the SQLSTATE of a protocol violation.
#
# A program that decides by SQLSTATE repeats what passes (53300, too many connections; 57P03, cannot connect now) and not what
# is a bug of its own, as 08P01 is: protocol_violation. PgBouncer sends 08P01 when no server connection became free within
# `query_wait_timeout`, and closes the connection with it, although a moment later all is well. Without PgBouncer, the
# same load is 53300. And 08 is the class of lost connections, after which a COMMIT is in doubt; but the statement that gets
# this error has not left PgBouncer.
#
# Seen: a pool of one connection, busy for three seconds; a second client gets "FATAL: 08P01: query_wait_timeout" after one.
# PostgreSQL itself with all its connections in use: "FATAL: 53300" in its log.
set -euo pipefail
dir=$(mktemp -d)
(cd "$dir" && apt-get download -q pgbouncer=1.18.0-1+deb12u1 postgresql-15 postgresql-client-15 libpq5 libc-ares2 libevent-2.1-7 \
  libllvm14 >/dev/null 2>&1 && for package in *.deb; do dpkg -x "$package" .; done)
port=$((20000 + RANDOM % 10000))
bin=$dir/usr/lib/postgresql/15/bin
export LD_LIBRARY_PATH=$dir/usr/lib/$(uname -m)-linux-gnu
# Neither server runs as root.
run() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
stop() {
  [ ! -f "$dir/pooler.pid" ] || kill "$(cat "$dir/pooler.pid")" 2>/dev/null || true
  run "$bin/pg_ctl" -D "$dir/db" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
cat >pooler.ini <<INI
[databases]
bank = host=127.0.0.1 port=$port dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $((port + 1))
unix_socket_dir =
auth_type = trust
auth_file = $dir/users
default_pool_size = 1
query_wait_timeout = 1
pidfile = $dir/pooler.pid
logfile = $dir/pooler.log
INI
echo '"teller" ""' >users
[ "$(id -u)" -ne 0 ] || chown -R postgres "$dir"
run "$bin/initdb" -A trust -U teller -D "$dir/db" >/dev/null
run "$bin/pg_ctl" -D "$dir/db" -w -l "$dir/log" start \
  -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=5 -c log_error_verbosity=verbose" >/dev/null
run "$dir/usr/sbin/pgbouncer" -q -d pooler.ini
for _ in $(seq 100); do [ -s pooler.pid ] && break || sleep 0.05; done

query() { "$bin/psql" -X -v VERBOSITY=verbose "host=127.0.0.1 port=$1 user=teller dbname=$2" -c "$3" 2>&1; }
query $((port + 1)) bank 'select pg_sleep(3)' >/dev/null &
busy=$!
sleep 0.5
through_pooler=$(query $((port + 1)) bank 'select 1' || true)
wait "$busy"
for _ in $(seq 8); do query $port postgres 'select pg_sleep(1)' >/dev/null & done
wait
echo "PgBouncer:  $(grep -o 'FATAL:.*' <<<"$through_pooler")"
echo "PostgreSQL: $(grep -o 'FATAL:  53300.*' log | head -n 1)"
if grep -q 'FATAL:  08P01: query_wait_timeout' <<<"$through_pooler" && grep -q 'FATAL:  53300' log; then
  echo "as described"
else
  echo "CHANGED"
  exit 1
fi
