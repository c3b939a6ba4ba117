#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo_options.sh: the demo prints its options, and refuses invalid ones in one line.
. "$(dirname "$0")/servers.bash"
demo=$EXAMPLES/demo
need "$demo"
begin demo_options

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}

"$demo" --help >out 2>err || fail "--help ends with $?"
grep -q -- '--count' out || fail '--help does not say --count on stdout'
[ ! -s err ] || fail '--help writes to stderr'

refused() {  # what it says, arguments...
  local says=$1 status=0
  shift
  timeout 20 "$demo" "$@" >out 2>err || status=$?
  [ "$status" -eq 2 ] || fail "demo $*: ended with $status"
  grep -qF -- "$says" err || fail "demo $*: says $(cat err)"
  [ ! -s out ] || fail "demo $*: writes to stdout"
}
refused 'usage: ' --what
refused 'usage: ' --count 0
refused 'usage: ' --url
refused 'speaks no https://' --url https://example.org/
refused 'begins with http://' --url ftp://example.org/
refused 'port must be a number from 1 to 65535' --url http://127.0.0.1:99999/
refused 'port must be a number from 1 to 65535' --url http://127.0.0.1:0/
refused 'port must be a number from 1 to 65535' --url http://127.0.0.1:http/
refused 'port must be a number from 1 to 65535' --url 'http://[::1]:x/'
refused 'no host' --url http:///items/
refused 'no host' --url http://:80/items/
exit $failed
