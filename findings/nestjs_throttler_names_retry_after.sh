#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# @nestjs/throttler 6.7.1 (npm) with @nestjs/core 12.5.1: with named limits, a 429 has no Retry-After.
#
# As soon as limits have names (the documented way to have more than one), the package appends the name to every header:
# Retry-After-short, X-RateLimit-Limit-long, X-RateLimit-Remaining-short. The 429 then has no field of RFC 9110 that says
# when to come back, so clients that read Retry-After (curl --retry, browsers, most retry libraries) use their own wait.
# Only the limit that refused has a Retry-After-*; and it counts in whole seconds, as the standard field does.
#
# Seen: limits "short" (1 in 2 s) and "long" (5 in 60 s); the second request gets 429 with "retry-after-short: 2" and without
# "retry-after".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts @nestjs/common@12.5.1 @nestjs/core@12.5.1 \
  @nestjs/platform-express@12.5.1 @nestjs/throttler@6.7.1 reflect-metadata@0.2.2 rxjs@7.8.2 >/dev/null
cat >client.cjs <<'JS'
require('reflect-metadata')
const http = require('node:http')
async function main () {
  const { Module, Controller, Get } = await import('@nestjs/common')
  const { NestFactory, APP_GUARD } = await import('@nestjs/core')
  const { ThrottlerModule, ThrottlerGuard } = require('@nestjs/throttler')
  class Items { get () { return 'an item' } }
  Get('item')(Items.prototype, 'get', Object.getOwnPropertyDescriptor(Items.prototype, 'get'))
  Controller()(Items)
  class App {}
  Module({
    imports: [ThrottlerModule.forRoot([{ name: 'short', ttl: 2000, limit: 1 }, { name: 'long', ttl: 60000, limit: 5 }])],
    controllers: [Items],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }]
  })(App)
  const app = await NestFactory.create(App, { logger: ['error'] })
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address()
  const get = () => new Promise((resolve) => http.get({ host: '127.0.0.1', port, path: '/item', agent: false }, (response) => {
    response.resume().on('end', () => resolve(response))
  }))
  await get()
  const refused = await get()
  const names = Object.keys(refused.headers).filter((name) => name.includes('retry-after'))
  console.log(`status ${refused.statusCode}: ${names.map((name) => `${name}: ${refused.headers[name]}`).join(', ')}`)
  const same = refused.statusCode === 429 && names.join() === 'retry-after-short'
  console.log(same ? 'as described' : 'CHANGED')
  process.exit(same ? 0 : 1)
}
main().catch((error) => { console.error(error); process.exit(1) })
JS
node client.cjs
