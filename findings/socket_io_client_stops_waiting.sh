#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# socket.io-client 4.8.4 (npm, Node.js 20): after 85 minutes without a server, every second reconnect comes without any
# wait.
#
# The wait before reconnect n is 1 s times 2^n, plus or minus a random part of it, and at most 5 s: the cap comes last.
# The power is never capped itself, and reconnects have no end by default. With n = 1015, a double has no number for it:
# it is Infinity, and so is the random part. Plus is cut to 5 s, as always; minus is Infinity - Infinity, which is NaN,
# and `| 0` makes 0 ms of it. The package's types call reconnectionDelay the time between attempts, and say that it
# is 1000. So the clients of a server that was away for more than 85 minutes knock twice as often as before, half of the
# time at once; and only a connection that succeeds resets n.
#
# Seen, with default options and a port where nobody listens: 5000 ms from the fifth wait on to wait 1015, which is 84.5
# minutes; of the 300 waits after that, about half are 0 ms. (The script notes the waits and does not sit them out.)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts socket.io-client@4.8.4 >/dev/null 2>&1
cat >client.mjs <<'JS'
import net from 'node:net'
import { io } from 'socket.io-client'

// A port where nobody listens.
const probe = net.createServer()
await new Promise((ready) => probe.listen(0, '127.0.0.1', ready))
const { port } = probe.address()
await new Promise((closed) => probe.close(closed))

const waits = []
const later = globalThis.setTimeout
globalThis.setTimeout = (f, ms, ...rest) => {
  if (ms === 20000) return later(f, ms, ...rest)  // the limit of one attempt to connect
  waits.push(ms)
  return later(f, 0, ...rest)
}
const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
socket.io.on('reconnect_attempt', (number) => {
  if (number !== 1315) return
  socket.close()
  const before = waits.slice(0, 1015)
  const after = waits.slice(1015, 1315)
  const minutes = before.reduce((sum, ms) => sum + ms, 0) / 60000
  const none = after.filter((ms) => ms === 0).length
  const steady = before.slice(4).every((ms) => ms === 5000)
  console.log(`waits 5 to 1015: ${steady ? 'all 5000 ms' : 'different'}; ${minutes.toFixed(1)} minutes until then`)
  const others = [...new Set(after.filter((ms) => ms > 0))].join()
  console.log(`waits 1016 to 1315: ${none} of ${after.length} are 0 ms, the others ${others} ms`)
  const same = steady && after.length === 300 && none >= 75 && none <= 225
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
})
JS
timeout 50 node client.mjs
