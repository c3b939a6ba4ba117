#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# axios-retry 4.5.0 (with axios 1.21.1) and got 14.6.6 (npm, Node.js 20): a server that asks for a wait of a month gets all
# retries within a moment.
#
# A quota by the month, used up, is a 429 with "Retry-After: 2592000". Both clients turn the seconds into milliseconds and hand
# them to setTimeout(), which holds up to 24.8 days: a longer wait becomes 1 ms, with a warning on standard error and no error.
# So the wait that should be the longest of all is the shortest. A server that counts refused requests never gets quiet.
# got caps the server's wait with `maxRetryAfter`; its default is the time limit of the request, of which there is none unless
# the program sets one.
#
# Seen: axios-retry sends 4 requests and got 3 within two seconds of a 429 with "Retry-After: 2592000"; with "Retry-After:
# 86400" (a day), each sends one and waits.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts axios@1.21.1 axios-retry@4.5.0 got@14.6.6 >/dev/null 2>&1
cat >client.mjs <<'JS'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import got from 'got'

let seconds, requests
const server = http.createServer((request, response) => {
  ++requests
  response.writeHead(429, { 'retry-after': String(seconds) }).end()
})
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const url = `http://127.0.0.1:${server.address().port}/`

const client = axios.create()
axiosRetry(client, { retries: 3, retryCondition: (error) => error.response?.status === 429 })
const clients = { 'axios-retry': () => client.get(url), got: () => got(url, { retry: { limit: 2 } }) }

const counted = {}
for (seconds of [86400, 2592000]) {
  for (const [name, get] of Object.entries(clients)) {
    requests = 0
    await Promise.race([get().catch(() => {}), sleep(2000)])
    counted[`${name} ${seconds}`] = requests
    console.log(`${name}, Retry-After: ${seconds}: ${requests} requests within two seconds`)
  }
}
const same = counted['axios-retry 86400'] === 1 && counted['got 86400'] === 1 &&
  counted['axios-retry 2592000'] === 4 && counted['got 2592000'] === 3
console.log(same ? 'as described' : 'CHANGED')
process.exit(same ? 0 : 1)
JS
node client.mjs
