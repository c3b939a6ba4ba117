#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# @grpc/grpc-js 1.14.7 (npm): hedged calls do not wait as long as the server asks, and a pushback that is not a number, which
# means "do not retry", is a retry without any wait.
#
# gRPC's proposal A6 lets a server answer with `grpc-retry-pushback-ms`. Hedged calls shall send the next request when that
# time is over. The client starts a timer for it, but the timer of `hedgingDelay` goes on as well, and is the one that counts:
# a server that asks for two seconds gets the next request after 200 ms. (Retried calls do wait, and hedged calls do stop when
# the server says -1.) A value that is not a number shall end the retries, as -1 does. The client makes a number of it, which
# is NaN, and a timer of NaN ms is over at once: the backoff of the policy, three seconds here, is skipped as well.
#
# Seen: hedging 200 ms, pushback 2000: the second request comes after about 200 ms. Retries with a backoff of 3 s, pushback
# "never": three attempts within half a second.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.7 >/dev/null 2>&1
cat >client.cjs <<'JS'
const grpc = require('@grpc/grpc-js')
const json = { serialize: (value) => Buffer.from(JSON.stringify(value)), deserialize: (bytes) => JSON.parse(bytes) }
const methods = {
  get: {
    path: '/catalogue.Items/Get', requestStream: false, responseStream: false,
    requestSerialize: json.serialize, requestDeserialize: json.deserialize,
    responseSerialize: json.serialize, responseDeserialize: json.deserialize
  }
}
const hedged = { hedgingPolicy: { maxAttempts: 4, hedgingDelay: '0.2s', nonFatalStatusCodes: ['UNAVAILABLE'] } }
const retried = {
  retryPolicy: { maxAttempts: 4, initialBackoff: '3s', maxBackoff: '3s', backoffMultiplier: 1, retryableStatusCodes: ['UNAVAILABLE'] }
}
const arrivals = new Map()
const server = new grpc.Server()
server.addService(methods, {
  get: (call, answer) => {
    const times = arrivals.get(call.request.id) ?? []
    arrivals.set(call.request.id, times)
    times.push(Date.now())
    if (times.length > 2) return answer(null, { item: 1 })
    const metadata = new grpc.Metadata()
    metadata.set('grpc-retry-pushback-ms', call.request.pushback)
    answer({ code: grpc.status.UNAVAILABLE, metadata })
  }
})
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error) throw error
  const ask = async (id, policy, pushback) => {
    const config = { loadBalancingConfig: [], methodConfig: [{ name: [{}], ...policy }] }
    const client = new (grpc.makeGenericClientConstructor(methods, 'Items'))(`127.0.0.1:${port}`,
      grpc.credentials.createInsecure(), { 'grpc.service_config': JSON.stringify(config) })
    const code = await new Promise((resolve) => client.get({ id, pushback }, (failure) => resolve(failure ? failure.code : 0)))
    const times = arrivals.get(id)
    const gaps = times.slice(1).map((t, i) => t - times[i])
    console.log(`${id}, pushback ${pushback}: ${times.length} requests, ms between them: ${gaps.join(', ') || 'none'}; code ${code}`)
    return gaps
  }
  const early = await ask('hedged', hedged, '2000')
  const stopped = await ask('hedged and stopped', hedged, '-1')
  const waited = await ask('retried', retried, '500')
  const never = await ask('retried and stopped', retried, 'never')
  const same = early[0] < 1000 && stopped.length === 0 && waited[0] >= 450 && never.length === 2 && never[0] < 450 && never[1] < 450
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
})
JS
node client.cjs
