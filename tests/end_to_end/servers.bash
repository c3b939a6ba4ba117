# SPDX-License-Identifier: MIT
# servers.bash: common functions of the end-to-end tests: servers on free ports, and checks of their logs. To be
# sourced.
set -euo pipefail
test_name=$(basename "$0")
# CTest says where the programs are; a script that is run by hand takes those of the preset `test`, and works in its
# folder.
if [ -z "${EXAMPLES-}" ]; then
  by_hand=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/test
  EXAMPLES=$by_hand/examples
  : "${CLIENTS:=$by_hand/end_to_end/clients}"
fi

fail() {
  local file
  printf '%s: %s\n' "$test_name" "$*" >&2
  for file in ./*.log; do
    [ ! -s "$file" ] || { printf -- '--- %s\n' "$file"; tail -n 40 "$file"; } >&2
  done
  exit 1
}

# need PROGRAM: a program that the build makes, if it can
need() {
  [ -x "$1" ] && return
  printf '%s needs %s, which was not built; run: cmake --preset test && cmake --build build/test\n' "$test_name" "$1" >&2
  exit 77
}

# find_server NAME PACKAGE: prints the server's path
find_server() {
  PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin command -v "$1" ||
    fail "$1 was not found; install it (Debian, Ubuntu: apt-get install $2)"
}

# begin FOLDER: starts the test in an empty folder
begin() {
  [ -z "${by_hand-}" ] || { mkdir -p "$by_hand/end_to_end/by_hand" && cd "$by_hand/end_to_end/by_hand"; }
  rm -rf "$1"
  mkdir -p "$1"
  cd "$1"
}

declare -A running=()   # names of servers, and their processes
stop_server() {
  local pid=${running[$1]:-}
  unset "running[$1]"
  [ -n "$pid" ] || return 0
  kill -CONT "$pid" 2>/dev/null || true
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
stop_all() {
  local name
  for name in "${!running[@]}"; do stop_server "$name"; done
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# launch NAME PORT COMMAND...: runs a server; false if it ends before it listens on the port
launch() {
  local name=$1 port=$2 i
  shift 2
  "$@" >>"$name.log" 2>&1 &
  running[$name]=$!
  for ((i = 0; i < 600; ++i)); do
    kill -0 "${running[$name]}" 2>/dev/null || break
    if listens "$port"; then
      sleep 0.05   # the one that listens might be another's
      kill -0 "${running[$name]}" 2>/dev/null && return 0
    fi
    sleep 0.05
  done
  stop_server "$name"
  return 1
}

# start NAME CONFIGURE COMMAND...: calls `CONFIGURE PORT`, which writes NAME.conf, and runs the command, with other
# ports until one is free: that is known when a server listens on it. Sets `port`.
start() {
  local name=$1 configure=$2 try
  shift 2
  for ((try = 0; try < 20; ++try)); do
    port=$((20000 + RANDOM % 12000))
    listens "$port" && continue
    "$configure" "$port" >"$name.conf"
    if launch "$name" "$port" "$@"; then return 0; fi
    grep -qi 'address already in use\|cannot bind' "$name.log" error.log 2>/dev/null || fail "$name did not start"
  done
  fail 'no free port was found'
}

# The beginning of every nginx.conf; $1 is the server's name. A single process can be stopped and continued. It is also
# needed for root: nginx would give its work to a process of a user who cannot read this folder.
nginx_start() {
  mkdir -p "temp"
  cat <<CONF
daemon off;
master_process off;
pid $PWD/$1.pid;
error_log $PWD/error.log;
events { worker_connections 256; }
http {
  client_body_temp_path $PWD/temp/body;
  proxy_temp_path $PWD/temp/proxy;
  fastcgi_temp_path $PWD/temp/fastcgi;
  uwsgi_temp_path $PWD/temp/uwsgi;
  scgi_temp_path $PWD/temp/scgi;
  default_type text/plain;
  keepalive_requests 100000;
  log_format seen '\$status \$request_uri \$msec \$request_time \$connection \$sent_http_retry_after';
CONF
}

# start_nginx NAME CONFIGURE
start_nginx() {
  : >error.log
  start "$1" "$2" "$nginx" -e "$PWD/error.log" -p "$PWD" -c "$PWD/$1.conf"
}

# A line of the logs: status, path, time of the answer in seconds, duration in seconds, connection, seconds to wait.

# count_early LOG [PART]: prints the number of requests that came more than 5 ms earlier than their client was asked to
# wait. PART is the part of the path that names the client: by default the second, as in /items/CLIENT/NUMBER; 0: one
# client.
count_early() {
  awk -v part="$((${2:-2} == 0 ? 0 : ${2:-2} + 1))" '{
    split($2, parts, "/")
    client = parts[part]
    if (client in free && $3 - $4 < free[client] - 0.005) {
      ++early
      printf "%s came %.3f s too early\n", $2, free[client] - ($3 - $4) >"/dev/stderr"
    }
    delete free[client]
    if ($1 == 429) free[client] = $3 + $6
  } END { print early + 0 }' "$1"
}
nobody_early() { [ "$(count_early "$@")" -eq 0 ] || fail 'somebody came earlier than was asked'; }

# The server may write its log after its answer.
settle() { sleep 0.1; }

# each_fetched_once LOG THREADS COUNT
each_fetched_once() {
  [ "$(awk '$1 == 200 && !seen[$2]++' "$1" | wc -l)" -eq $(($2 * $3)) ] || fail 'something was not fetched'
  [ "$(grep -c '^200 ' "$1")" -eq $(($2 * $3)) ] || fail 'something was fetched twice'
}
count_status() { grep -c "^$2 " "$1" || true; }
count_connections() { awk '!seen[$5]++' "$1" | wc -l; }
