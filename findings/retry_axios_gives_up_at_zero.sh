#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# retry-axios 4.0.3 with axios 1.21.1 (npm, Node.js 20): "Retry-After: 0" ends the retries.
#
# A server that says "come back at once" is not asked again, and one that says nothing is: retry-axios takes a wait of 0
# for one that is not allowed, and throws the error. Its types say that only a wait above `maxRetryAfter` is rejected,
# and RFC 9110, section 10.2.3, has any number of seconds that is not negative. A date that has just passed, by the
# clock of the client, ends the retries as well. Servers do send 0: koa-ratelimit cuts off the fraction of the seconds
# that are left, so its 429 says 0 in the last second of each window, also to a client that has just waited as long as
# it was told.
#
# Seen, with koa-ratelimit 6.0.0 and koa 3.3.0, and three retries allowed. A window of 0.9 s: one request, error 429;
# without the header (`checkRetryAfter: false`) three requests, success. A window of 2.9 s: two requests, the second one
# after the two seconds that the server asked for, error 429.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts axios@1.21.1 retry-axios@4.0.3 koa@3.3.0 \
  koa-ratelimit@6.0.0 >/dev/null 2>&1
cat >client.mjs <<'JS'
import axios from 'axios'
import Koa from 'koa'
import limit from 'koa-ratelimit'
import * as rax from 'retry-axios'

// Uses up the window of a fresh server, and gets once more: what is said, and how it ends.
const run = async (duration, options) => {
  const answers = []
  const app = new Koa()
  app.use(async (context, next) => {
    await next()
    answers.push(context.status === 429 ? context.response.get('retry-after') : 'ok')
  })
  app.use(limit({ driver: 'memory', db: new Map(), duration, max: 1, id: () => 'all', throw: false }))
  app.use((context) => { context.body = 'an item' })
  const server = await new Promise((ready) => { const s = app.listen(0, '127.0.0.1', () => ready(s)) })
  const url = `http://127.0.0.1:${server.address().port}/`
  await axios.get(url)
  answers.length = 0

  const client = axios.create()
  client.defaults.raxConfig = { retry: 3, retryDelay: 500, ...options }
  rax.attach(client)
  const end = await client.get(url).then((response) => response.status, (error) => error.response?.status)
  server.closeAllConnections()
  server.close()
  const seen = `${answers.map((a) => a === 'ok' ? a : `Retry-After: ${a}`).join(', ')}; ends with ${end}`
  console.log(`window ${duration} ms${options ? ', checkRetryAfter: false' : ''}: ${seen}`)
  return seen
}
const short = await run(900)
const unread = await run(900, { checkRetryAfter: false })
const long = await run(2900)
const same = short === 'Retry-After: 0; ends with 429' && unread.endsWith(' ok; ends with 200') &&
  long === 'Retry-After: 2, Retry-After: 0; ends with 429'
console.log(same ? 'as described' : 'CHANGED')
process.exit(same ? 0 : 1)
JS
timeout 50 node client.mjs
