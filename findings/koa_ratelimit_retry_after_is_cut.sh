#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# koa-ratelimit 6.0.0 (npm) with koa 3.3.0: a client that obeys Retry-After is refused again.
#
# The package computes Retry-After by cutting off the fraction of the seconds that are left in the window, so the value is
# up to one second short. A client that waits for exactly that long asks within the same window, and meets a second 429,
# whose Retry-After is 0. X-RateLimit-Reset of the same response is right: a Unix time with a fraction.
#
# Seen: a window of 2.9 s; the 429 says "Retry-After: 2"; 2.1 s later the answer is 429 with "Retry-After: 0".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts koa@3.3.0 koa-ratelimit@6.0.0 >/dev/null
cat >client.cjs <<'JS'
const http = require('node:http')
const Koa = require('koa')
const app = new Koa()
app.use(require('koa-ratelimit')({ driver: 'memory', db: new Map(), duration: 2900, max: 1, id: () => 'all' }))
app.use((context) => { context.body = 'an item' })
const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address()
  const get = () => new Promise((resolve) => http.get({ host: '127.0.0.1', port, agent: false }, (response) => {
    response.resume().on('end', () => resolve(response))
  }))
  await get()
  const refused = await get()
  const wait = Number(refused.headers['retry-after'])
  const reset = Number(refused.headers['x-ratelimit-reset'])
  console.log(`refused: ${refused.statusCode}, Retry-After: ${wait}, X-RateLimit-Reset - now: ${(reset - Date.now() / 1000).toFixed(2)} s`)
  await new Promise((resolve) => setTimeout(resolve, wait * 1000 + 100))
  const again = await get()
  console.log(`after ${wait}.1 s: ${again.statusCode}, Retry-After: ${again.headers['retry-after']}`)
  const cut = refused.statusCode === 429 && wait === 2 && again.statusCode === 429 && again.headers['retry-after'] === '0'
  const fraction = !Number.isInteger(reset)
  console.log(cut && fraction ? 'as described' : 'CHANGED')
  process.exit(cut && fraction ? 0 : 1)
})
JS
node client.cjs
