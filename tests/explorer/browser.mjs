// SPDX-License-Identifier: MIT
// browser.mjs: a headless Chromium, by the WebDriver protocol of Debian's chromium-driver; and a server of files.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const kinds = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.json': 'application/json' };

/** Serves a folder on a free port of this machine. */
export function serve(folder) {
  const server = createServer((request, response) => {
    let path = normalize(decodeURIComponent(request.url.split(/[?#]/)[0]));
    if (path.endsWith('/')) path += 'index.html';
    try {
      const body = readFileSync(join(folder, path));
      response.writeHead(200, { 'Content-Type': kinds[extname(path)] || 'text/plain' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() })));
}

const element = 'element-6066-11e4-a52e-4f735466cecf';
export const keys = { tab: '\uE004', enter: '\uE007', space: ' ', down: '\uE015', up: '\uE013', backspace: '\uE003', control: '\uE009', end: '\uE010', escape: '\uE00C' };

/** Starts a browser. */
export async function open() {
  const profile = mkdtempSync(join(tmpdir(), 'tenax-browser-'));
  const driver = spawn('chromedriver', ['--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise((done, fail) => {
    let text = '';
    driver.stdout.on('data', (data) => {
      text += data;
      const found = /started successfully on port (\d+)/.exec(text);
      if (found) done(found[1]);
    });
    driver.on('error', fail);
    driver.on('exit', () => fail(new Error('chromedriver ended')));
  });
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(60000) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message.split('\n')[0]}`);
    return value;
  };
  const { sessionId } = await call('POST', '/session', {
    capabilities: { alwaysMatch: {
      browserName: 'chrome',
      'goog:loggingPrefs': { browser: 'ALL' },
      'goog:chromeOptions': { args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--window-size=1000,1400', `--user-data-dir=${profile}`] },
    } },
  });
  const at = `/session/${sessionId}`;
  const find = async (css) => (await call('POST', `${at}/element`, { using: 'css selector', value: css }))[element];
  const browser = {
    go: (url) => call('POST', `${at}/url`, { url }),
    run: (script, ...args) => call('POST', `${at}/execute/sync`, { script, args }),
    find,
    clear: async (css) => call('POST', `${at}/element/${await find(css)}/clear`, {}),
    type: async (css, text) => call('POST', `${at}/element/${await find(css)}/value`, { text }),
    role: (id) => call('GET', `${at}/element/${id}/computedrole`),
    label: (id) => call('GET', `${at}/element/${id}/computedlabel`),
    /** Presses keys, wherever the focus is; the ones after `control` together with it. */
    press: (...list) => call('POST', `${at}/actions`, {
      actions: [{ type: 'key', id: 'keys', actions: list.flatMap((k) => [{ type: 'keyDown', value: k }, ...(k === keys.control ? [] : [{ type: 'keyUp', value: k }])]) }],
    }).then(() => call('DELETE', `${at}/actions`)),
    protocol: (cmd, params) => call('POST', `${at}/goog/cdp/execute`, { cmd, params }),
    log: () => call('POST', `${at}/se/log`, { type: 'browser' }),
    picture: async () => Buffer.from(await call('GET', `${at}/screenshot`), 'base64'),
    /** Waits until `script` returns something that is true. */
    until: async (script, ...args) => {
      for (let i = 0; i < 600; ++i) {
        const value = await browser.run(script, ...args);
        if (value) return value;
        await new Promise((done) => setTimeout(done, 50));
      }
      throw new Error(`after 30 seconds, this is still false: ${script}`);
    },
    close: async () => {
      try {
        await call('DELETE', at);
      } finally {
        driver.kill();
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
  return browser;
}
