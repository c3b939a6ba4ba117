#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# undici 7.16.0 (npm): RetryAgent comes back before the time that Retry-After names.
#
# `maxTimeout` reads like the cap of the client's own backoff. It also caps the server's wait: of a Retry-After that is longer
# the client waits for `maxTimeout` only, and asks again although the server said when not to. With the default of 30 s,
# every "Retry-After: 60" is halved, silently; a server that counts refused requests then never admits the client.
#
# Seen: maxTimeout 500 ms, "Retry-After: 2" in a 429; the second request arrives after half a second.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts undici@7.16.0 >/dev/null
cat >client.mjs <<'JS'
import http from 'node:http'
import { Agent, RetryAgent, request } from 'undici'
const arrivals = []
const server = http.createServer((incoming, response) => {
  arrivals.push(Date.now())
  if (arrivals.length > 1) return response.end('an item')
  response.writeHead(429, { 'Retry-After': '2' }).end('slow down')
})
server.listen(0, '127.0.0.1', async () => {
  const dispatcher = new RetryAgent(new Agent(), { maxTimeout: 500 })
  const { statusCode, body } = await request(`http://127.0.0.1:${server.address().port}/`, { dispatcher })
  await body.text()
  const after = arrivals[1] - arrivals[0]
  console.log(`Retry-After: 2, maxTimeout: 500 ms: status ${statusCode}, the next request came after ${after} ms`)
  const same = statusCode === 200 && after >= 400 && after < 1500
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
})
JS
node client.mjs
