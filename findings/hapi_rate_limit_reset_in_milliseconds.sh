#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hapi-rate-limit 8.0.0 (npm) with @hapi/hapi 21.4.10: the reset is a Unix time in milliseconds, the remaining quota is
# negative, and a 429 has no Retry-After.
#
# Three surprises in one response. X-RateLimit-UserReset has 13 digits: a client that takes it for seconds waits for more than
# 50,000 years, and one that takes large numbers for a delay overflows. X-RateLimit-UserRemaining becomes -1: a client that
# reads unsigned numbers sees a huge quota left. And no Retry-After says what to do instead.
#
# Seen: one request per 2 s; the second request gets 429, "x-ratelimit-userremaining: -1" and a reset that is 2 s ahead only
# if it is read as milliseconds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts @hapi/hapi@21.4.10 hapi-rate-limit@8.0.0 >/dev/null
cat >client.cjs <<'JS'
const http = require('node:http')
async function main () {
  const server = require('@hapi/hapi').server({ host: '127.0.0.1', port: 0 })
  await server.register({
    plugin: require('hapi-rate-limit'),
    options: { enabled: true, userLimit: 1, pathLimit: false, userCache: { expiresIn: 2000 } }
  })
  server.route({ method: 'GET', path: '/', handler: () => 'an item' })
  await server.start()
  const get = () => new Promise((resolve) => http.get({ host: '127.0.0.1', port: server.info.port, agent: false }, (response) => {
    response.resume().on('end', () => resolve(response))
  }))
  await get()
  const refused = await get()
  const { headers } = refused
  const ahead = Number(headers['x-ratelimit-userreset']) - Date.now()
  console.log(`status ${refused.statusCode}, retry-after: ${headers['retry-after']}, remaining: ${headers['x-ratelimit-userremaining']}, ` +
    `reset: ${headers['x-ratelimit-userreset']} (${ahead} ms ahead)`)
  const same = refused.statusCode === 429 && headers['retry-after'] === undefined &&
    headers['x-ratelimit-userremaining'] === '-1' && ahead > 0 && ahead <= 2000
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
}
main().catch((error) => { console.error(error); process.exit(1) })
JS
node client.cjs
