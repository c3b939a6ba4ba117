#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# @nats-io/transport-node 3.4.0 (npm, Node.js 20) with nats-server 2.9.10 (Debian 12): an exponential backoff goes
# straight to its maximum, and the jitter is not even.
#
# The README says that the client waits as long as `reconnectDelayHandler` returns. But after it has waited, the client
# asks for the wait again, and compares the time since the last attempt with the new answer. A handler that doubles its
# wait at each call has always just doubled it: when 100 ms are over, it takes 200, and then 400; no attempt is made
# until the maximum of the handler is reached. Without a maximum, the client makes one attempt at once and no other one.
# The built-in jitter, which the README describes as a number between 0 and `reconnectJitter`, is drawn again in the
# same way, and the client dials only when it has waited for longer than a new draw: the waits crowd at the upper end,
# where even ones would be spread out.
#
# Seen, after the server was killed. A handler of 400, 800 ... 6400 ms: one attempt at once and the next one after 6.4
# s; by the handler, three others would come in between. 200 clients with a wait of 500 ms and a jitter of 1000 ms:
# about 165 come back in the upper half of that second, where an even jitter has 100.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q nats-server=2.9.10-1+b3 >/dev/null 2>&1
dpkg -x nats-server_*.deb .
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts @nats-io/transport-node@3.4.0 >/dev/null 2>&1
cat >client.mjs <<'JS'
import { spawn } from 'node:child_process'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@nats-io/transport-node'
const port = Number(process.argv[2])

const start = async () => {
  const server = spawn('./usr/sbin/nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const answers = () => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false)).on('connect', () => { socket.destroy(); resolve(true) })
  })
  while (!await answers()) await sleep(50)
  return server
}
const clients = []
// The times at which a client tries to reconnect.
const attempts = async (options) => {
  const times = []
  const client = await connect({ servers: `127.0.0.1:${port}`, maxReconnectAttempts: -1, ...options })
  clients.push(client)
  ;(async () => {
    for await (const status of client.status()) if (status.type === 'reconnecting') times.push(performance.now())
  })()
  return times
}
const gap = (times) => times[1] - times[0]

let wait = 400
const doubling = () => {
  const now = wait
  wait = Math.min(wait * 2, 6400)
  return now
}
let server = await start()
process.on('exit', () => server.kill('SIGKILL'))
const doubled = await attempts({ reconnectDelayHandler: doubling })
await sleep(1000)
wait = 400
server.kill('SIGKILL')
await sleep(8000)
await clients.pop().close()

server = await start()
const jittered = []
for (let i = 0; i < 200; ++i) jittered.push(await attempts({ reconnectTimeWait: 500, reconnectJitter: 1000 }))
await sleep(1600)  // longer than any wait of them
server.kill('SIGKILL')
await sleep(4000)

const upper = jittered.filter((times) => gap(times) >= 1000).length
console.log(`doubling: the second attempt comes ${(gap(doubled) / 1000).toFixed(1)} s after the first one`)
console.log(`jitter: ${upper} of ${jittered.length} waits are in the upper half`)
const same = gap(doubled) >= 6390 && gap(doubled) < 7400 && upper >= 135
console.log(same ? 'as described' : 'CHANGED')
process.exit(same ? 0 : 1)
JS
timeout 50 node client.mjs $((20000 + RANDOM % 10000))
