// SPDX-License-Identifier: MIT
// server.cjs: `node server.cjs NAME PORT` runs one rate-limiting server on loopback, with the headers of its package. Prints
// a line for each answer: status, path, and the window that refused.
'use strict'
const http = require('node:http')
const [name, port] = [process.argv[2], Number(process.argv[3])]
const host = '127.0.0.1'

/// A fixed window of 4 requests per 2 s: whether another request is admitted, and when the next window begins.
function fixedWindow () {
  let end = 0
  let used = 0
  return () => {
    const now = Date.now()
    if (now >= end) [end, used] = [now + 2000, 0]
    return { pass: ++used <= 4, end }
  }
}

/// Node's own server, with a `Date` where a text is expected.
function plain (text) {
  const take = fixedWindow()
  const server = http.createServer((request, response) => {
    const { pass, end } = take()
    // The text has no fraction, so the next full second is after the window.
    if (!pass) response.writeHead(429, { 'Retry-After': text(new Date(Math.ceil(end / 1000) * 1000)) })
    response.end('an item')
  })
  server.listen(port, host)
}

const servers = {
  node_date: () => plain(String),
  node_utc: () => plain((date) => date.toUTCString()),

  express_date () {
    const take = fixedWindow()
    const app = require('express')()
    app.use((request, response) => {
      const { pass, end } = take()
      if (!pass) response.status(429).set('Retry-After', String(new Date(Math.ceil(end / 1000) * 1000)))
      response.send('an item')
    })
    app.listen(port, host)
  },

  express_draft_8: () => express('draft-8'),
  express_draft_7: () => express('draft-7'),
  express_draft_6: () => express('draft-6'),

  koa () {
    const Koa = require('koa')
    const app = new Koa()
    app.use(require('koa-ratelimit')({ driver: 'memory', db: new Map(), duration: 2000, max: 4, id: () => 'all' }))
    app.use((context) => { context.body = 'an item' })
    app.listen(port, host)
  },

  async hapi () {
    const server = require('@hapi/hapi').server({ host, port })
    await server.register({
      plugin: require('hapi-rate-limit'),
      options: {
        enabled: true, userLimit: 4, pathLimit: false,
        userCache: { expiresIn: 2000 }
      }
    })
    server.route({ method: 'GET', path: '/{any*}', handler: () => 'an item' })
    await server.start()
  },

  restify () {
    const restify = require('restify')
    const app = restify.createServer()
    app.use(restify.plugins.throttle({ burst: 2, rate: 2, ip: true, setHeaders: true }))
    const answer = (request, response, next) => { response.send(200, 'an item'); next() }
    app.get('/*', answer)
    app.listen(port, host)
  },

  async nest () {
    require('reflect-metadata')
    const { Module, Controller, Get, RequestMapping } = await import('@nestjs/common')
    const { NestFactory, APP_GUARD } = await import('@nestjs/core')
    const { ThrottlerModule, ThrottlerGuard } = require('@nestjs/throttler')
    class Items { get () { return 'an item' } }
    Get('items/:thread/:number')(Items.prototype, 'get', Object.getOwnPropertyDescriptor(Items.prototype, 'get'))
    Controller()(Items)
    class App {}
    Module({
      imports: [ThrottlerModule.forRoot([{ name: 'short', ttl: 1000, limit: 3 }, { name: 'long', ttl: 4000, limit: 8 }])],
      controllers: [Items],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }]
    })(App)
    const app = await NestFactory.create(App, { logger: ['error'] })
    await app.listen(port, host)
  }
}

function express (standardHeaders) {
  const { rateLimit } = require('express-rate-limit')
  const app = require('express')()
  app.use(rateLimit({ windowMs: 2000, limit: 4, standardHeaders, legacyHeaders: false, keyGenerator: () => 'all' }))
  app.use((request, response) => { response.send('an item') })
  app.listen(port, host)
}

// Every package's server answers through this function.
const emit = http.Server.prototype.emit
http.Server.prototype.emit = function (event, request, response) {
  if (event === 'request') {
    response.on('finish', () => {
      const names = response.getHeaderNames().filter((n) => n.startsWith('retry-after-'))
      const said = response.getHeaderNames().filter((n) => /limit|retry/.test(n)).map((n) => `${n}=${response.getHeader(n)}`)
      console.log([response.statusCode, request.url, names[0] || 'all', said.join('|')].join(' '))
    })
  }
  return emit.apply(this, arguments)
}

Promise.resolve(servers[name]()).catch((error) => { console.error(error); process.exit(1) })
