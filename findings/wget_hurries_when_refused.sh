#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wget 1.21.3 (Debian 12): with --wait, a server that refuses is asked sooner than one that answers.
#
# The manual says that --wait is a pause between the retrievals which lightens the load of a server, and that a long one
# helps when the network or the host is down, so that it has time to come back before the retry. But no retry waits for
# it: --waitretry takes its place, which is 10 unless the user says otherwise; 1 s after the first failure, 2 s after
# the second one, and so on. Whoever asks for a pause of half a minute sends one request every 30 s while the server is
# well, and 8 within that time as soon as it breaks down, or says "too many requests" (--retry-on-http-error=429).
# Retry-After is not read.
#
# Seen, with --wait=4: 4 s between two files; after a 429 with "Retry-After: 60" the next request comes after 1 s and
# then 2 s, and after a connection that was closed without an answer as well.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q wget=1.21.3-1+deb12u1 >/dev/null 2>&1
dpkg -x wget_*.deb .
cat >server.mjs <<'JS'
import { spawn } from 'node:child_process'
import http from 'node:http'
const arrivals = []
const server = http.createServer((request, response) => {
  const number = arrivals.push(performance.now())
  if (number === 2 || number === 3) response.writeHead(429, { 'Retry-After': '60' }).end('slow down')
  else if (number === 5 || number === 6) request.socket.destroy()
  else response.end('an item')
})
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  const files = [`${url}/well`, `${url}/refused`, `${url}/closed`]
  const wget = ['--no-config', '--no-proxy', '-q', '-O', 'files', '--wait=4', '--retry-on-http-error=429', ...files]
  spawn('./usr/bin/wget', wget, { stdio: 'inherit' }).on('close', (status) => {
    const gaps = arrivals.slice(1).map((ms, i) => (ms - arrivals[i]) / 1000)
    console.log(`wget ends with ${status}; seconds between the requests: ${gaps.map((s) => s.toFixed(1)).join(', ')}`)
    const wanted = [4, 1, 2, 4, 1, 2]
    const same = status === 0 && gaps.length === 6 && gaps.every((s, i) => s > wanted[i] - 0.1 && s < wanted[i] + 0.9)
    console.log(same ? 'as described' : 'CHANGED')
    process.exit(same ? 0 : 1)
  })
})
JS
timeout 50 node server.mjs
