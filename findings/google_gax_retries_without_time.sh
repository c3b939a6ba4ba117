#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# google-gax 5.0.8 (npm; Google's client libraries for Node.js are built on it) with @grpc/grpc-js 1.14.7: with its own
# createDefaultBackoffSettings(), the first retry has no time, and fails although the server is well again.
#
# The time of a retry is the smallest of three numbers: the one before times rpcTimeoutMultiplier, maxRpcTimeoutMillis, and
# what is left of totalTimeoutMillis. The types allow null for them, and the default settings have null for all of them;
# but null counts as 0 for the first two, not as no limit. The first attempt has the time of the call's `timeout`, so
# nothing is wrong until a retry is needed. Then its deadline is the present moment.
#
# Seen: `timeout` 5000 ms; the server answers the first request with UNAVAILABLE and would answer the second one at once;
# the call ends with DEADLINE_EXCEEDED (4) in a few ms. With a multiplier and a maximum, the same call succeeds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts google-gax@5.0.8 @grpc/grpc-js@1.14.7 >/dev/null 2>&1
cat >client.cjs <<'JS'
const grpc = require('@grpc/grpc-js')
const gax = require('google-gax')
const json = { serialize: (value) => Buffer.from(JSON.stringify(value)), deserialize: (bytes) => JSON.parse(bytes) }
const methods = {
  get: {
    path: '/catalogue.Items/Get', requestStream: false, responseStream: false,
    requestSerialize: json.serialize, requestDeserialize: json.deserialize,
    responseSerialize: json.serialize, responseDeserialize: json.deserialize
  }
}
const seen = new Set()
const server = new grpc.Server()
server.addService(methods, {
  get: (call, answer) => {
    const first = !seen.has(call.request.id)
    seen.add(call.request.id)
    if (first) answer({ code: grpc.status.UNAVAILABLE, details: 'restarting' })
    else answer(null, { item: 1 })
  }
})
const ask = async (client, name, backoff) => {
  const times = []
  const get = (request, metadata, options, done) => {
    times.push(options.deadline - Date.now())
    return client.get(request, new grpc.Metadata(), options, done)
  }
  const settings = new gax.CallSettings({ timeout: 5000, retry: new gax.RetryOptions([grpc.status.UNAVAILABLE], backoff) })
  let end = 'success'
  try {
    await gax.createApiCall(Promise.resolve(get), settings)({ id: name }, {})
  } catch (error) {
    end = `code ${error.code}`
  }
  const shown = times.map((ms) => ms <= 0 ? 'none' : ms > 4000 ? 'about 5 s' : `${ms} ms`).join(', ')
  console.log(`${name}: time of each attempt: ${shown}; ${end}`)
  return end
}
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error) throw error
  const client = new (grpc.makeGenericClientConstructor(methods, 'Items'))(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  const byDefault = await ask(client, 'createDefaultBackoffSettings()', gax.createDefaultBackoffSettings())
  const complete = await ask(client, 'createBackoffSettings(100, 1.3, 60000, 5000, 1, 5000, 20000)',
    gax.createBackoffSettings(100, 1.3, 60000, 5000, 1, 5000, 20000))
  const same = byDefault === `code ${grpc.status.DEADLINE_EXCEEDED}` && complete === 'success'
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
})
JS
node client.cjs
