#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sqlite.sh: two processes make each transfer exactly once in one SQLite database.
. "$(dirname "$0")/servers.bash"
client=$CLIENTS/transfers_sqlite
need "$client"
begin sqlite
"$client" "$PWD/bank.db" >out.log || fail 'wrong sums'
grep -q ' [1-9][0-9]* snapshots' out.log || fail 'the processes did not get into conflicts'
