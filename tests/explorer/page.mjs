// SPDX-License-Identifier: MIT
// page.mjs: the explorer's page as people use it, in headless Chromium:
//   node tests/explorer/page.mjs SITE [FOLDER]     writes screenshots into the folder
import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { keys, open, serve } from './browser.mjs';

const [site, folder] = process.argv.slice(2);
const files = await serve(site);
const browser = await open();
const page = `${files.url}/explorer/index.html`;
let passed = 0, failed = 0;
const stop = async (why) => {
  console.error(why);
  await browser.close().catch(() => {});
  process.exit(1);
};
process.on('SIGTERM', () => stop('terminated'));
setTimeout(() => stop('the tests take longer than five minutes'), 300000).unref();

const value = (id) => browser.run('return document.getElementById(arguments[0]).value', id);
const text = (id) => browser.run('return document.getElementById(arguments[0]).textContent', id);
const picture = (id) => browser.run('return document.getElementById(arguments[0]).innerHTML', id);
const fill = async (id, what) => {
  await browser.clear(`#${id}`);
  await browser.type(`#${id}`, what);
};
// A control of a form, by the name of its setting and the number of its part.
const control = (form, name, part = 0) => browser.run(
  `const box = [...document.querySelectorAll('#' + arguments[0] + ' .setting')].find((b) => b.querySelector('label').textContent.startsWith(arguments[1]));
   return '#' + [...box.querySelectorAll('input, select')][arguments[2]].id || null`, form, name, part);
// A control without an id is found by its label.
const named = (label) => `[aria-label="${label}"]`;
const settled = () => browser.until(`return document.querySelector('#crowds[aria-busy="false"] svg') !== null`);
const visit = async (hash = '') => {
  await browser.go('about:blank');
  await browser.go(page + hash);
  await browser.until(`return document.getElementById('fallback').hidden`);
};
const shot = async (name) => { if (folder) writeFileSync(`${folder}/${name}.png`, await browser.picture()); };

async function test(name, run) {
  const begin = performance.now();
  try {
    await run();
    // Console errors, uncaught exceptions, and requests that failed.
    const log = (await browser.log()).filter(({ level }) => level === 'SEVERE' || level === 'WARNING');
    assert.deepEqual(log.map(({ message }) => message), [], 'the console has messages');
    ++passed;
    if (process.env.TIMES) console.log(`${Math.round(performance.now() - begin)} ms: ${name}`);
  } catch (error) {
    ++failed;
    console.error(`FAILED: ${name}\n${error.message}`);
    for (const { message } of await browser.log()) console.error(`  console: ${message}`);
  }
}

try {
  await test('the default policy is explained and drawn', async () => {
    await visit();
    await settled();
    assert.match(await text('words'), /worst case: {2}3 attempts, 300ms of waiting/);
    assert.match(await text('asked'), /^status 429: wait for 2min, by Retry-After/);
    assert.match(await value('cpp'), /\.stop\(tenax::stop::after_attempts\(3\)\);/);
    assert.match(await text('waits'), /A call whose attempts all fail ends after 3 attempts/);
    assert.match(await text('crowds'), /60321 calls/);
    assert.equal(await text('notice'), '');
    await shot('default');
    await browser.run(`document.getElementById('world-form').scrollIntoView()`);
    await shot('crowd');
  });

  await test('every text on the way to a policy has a sentence or a picture', async () => {
    await browser.clear('#policy');
    let drawn = await picture('waits');
    for (const c of 'attempts=4 wait=constant(7s).equal deadline=1min') {
      await browser.type('#policy', c);
      const [mistake, now, invalid] = await browser.run(`const id = (name) => document.getElementById(name);
        return [id('policy-mistake').textContent, id('waits').innerHTML, id('policy').getAttribute('aria-invalid')]`);
      if (mistake !== '') assert.equal(now, drawn, `the picture changed although: ${mistake}`);
      assert.equal(invalid, String(mistake !== ''));
      drawn = now;
    }
    assert.match(await text('words'), /stops: {7}after 4 attempts or before a wait that would end after 1min/);
    assert.equal(await value('policy-form-0'), '4');
    assert.equal(await value('policy-form-1'), 'constant');
    assert.equal(await value('policy-form-2'), '1min');
  });

  await test('the form writes the text, and its mistakes stand beside the setting', async () => {
    await fill('policy', 'attempts=4 wait=constant(7s) deadline=1min');
    await fill('policy-form-0', '9');
    assert.equal(await value('policy'), 'attempts=9 wait=constant(7s) deadline=1min');
    await browser.type(named('Waits: jitter'), 'full');
    assert.equal(await value('policy'), 'attempts=9 wait=constant(7s).full deadline=1min');
    await browser.type(named('Deadline: last wait'), 'clip');
    await browser.type('#policy-form-7', 'rate');
    const hint = () => browser.run('return document.querySelector(arguments[0]).placeholder', named('Gate 1: options'));
    assert.equal(await hint(), '10/s,burst=5');  // what may stand there
    await browser.type(named('Gate 1: options'), '5/s,burst=2');
    assert.equal(await value('policy'), 'attempts=9 wait=constant(7s).full deadline=1min.clip gate=rate(5/s,burst=2)');
    assert.match(await text('words'), /gates: {7}a rate limiter/);
    assert.match(await text('words'), /worst case:  9 attempts, 1min of waiting/);
    const drawn = await picture('waits');
    await fill('policy-form-2', '1 minute');
    assert.match(await text('policy-form-2-mistake'), /deadline needs a unit/);
    assert.equal(await text('policy-form-0-mistake'), '');
    assert.equal(await picture('waits'), drawn);
    await fill('policy-form-2', '2min');
    assert.equal(await text('policy-form-2-mistake'), '');
    await browser.type('#policy-form-10', 'constant');
    await browser.type(named('Waits after a throttled attempt: times'), '3s');
    assert.match(await value('policy'), / throttled_wait=constant\(3s\)$/);
    assert.match(await value('cpp'), /tenax::wait::only_if\(tenax::when::throttled, tenax::wait::constant\(3s\)\)/);
    await fill('world-form-0', '50');
    await browser.type('#world-form-10', 'fixed');
    await browser.type(named('Limit, answered by 429: options'), '10/s');
    assert.match(await value('world'), /^clients=50 .*limit=fixed\(10\/s\)/);
    await settled();
  });

  await test('C++ that is typed becomes text and form, and a mistake in it has a sentence', async () => {
    await visit();
    await fill('cpp', 'auto const p = tenax::retrying{}.wait(tenax::wait::linear({.first = 2s})).sto');
    assert.match(await text('cpp-mistake'), /\.sto\(\) is not known here|"\(" is expected/);
    assert.match(await text('waits'), /attempts=3 wait=linear\(2s,step=1s\)/);  // the last good one
    await browser.type('#cpp', 'p(tenax::stop::deadline(9s));');
    assert.equal(await text('cpp-mistake'), '');
    assert.equal(await value('policy'), 'wait=linear(2s,step=1s) deadline=9s');
    assert.equal(await value('policy-form-1'), 'linear');
    await fill('policy', 'attempts=2');
    assert.match(await value('cpp'), /after_attempts\(2\)/);
    await fill('policy', 'attempts=2 wait=constant(1s) server_wait=0s gate=budget gate=circuit');
    assert.match(await text('words'), /worst case:  2 attempts, 1s of waiting$/);
  });

  await test('every preset is drawn, goes through the form unchanged, and comes back from its address', async () => {
    await visit();
    const count = await browser.run(`return document.getElementById('preset').options.length`);
    assert.ok(count >= 10);
    for (let i = 1; i < count; ++i) {
      await browser.run(`const s = document.getElementById('preset'); s.selectedIndex = arguments[0]; s.dispatchEvent(new Event('change'))`, i);
      await settled();
      const name = await value('preset');
      for (const part of ['policy', 'world', 'other']) assert.equal(await text(`${part}-mistake`), '', name);
      const texts = [await value('policy'), await value('world'), await value('other')];
      await browser.run(`for (const id of ['policy-form-0', 'world-form-0']) document.getElementById(id).dispatchEvent(new Event('input'))`);
      const sorted = (t) => t.split(' ').sort().join(' ');
      assert.equal(sorted(await value('policy')), sorted(texts[0]));
      assert.equal(sorted(await value('world')), sorted(texts[1]));
      await settled();  // the form may write the settings in another order
      const drawn = await picture('crowds');
      const address = await browser.run('return location.hash');
      await browser.run(`location.hash = ''`);
      await browser.until(`return document.getElementById('policy').value === 'attempts=3 wait=exponential(100ms..5s).full'`);
      await browser.run('location.hash = arguments[0]', address);
      await settled();
      assert.ok(await picture('crowds') === drawn, name);
      assert.deepEqual([sorted(await value('policy')), sorted(await value('world')), await value('other')], [sorted(texts[0]), sorted(texts[1]), texts[2]]);
      if (name === 'budget') await shot('budget');
    }
  });

  await test('the address holds the headers, and a policy alone is an address', async () => {
    await visit();
    await fill('headers', '503\nRetry-After: 7');
    assert.match(await text('asked'), /wait for 7s/);
    const address = await browser.run('return location.href');
    await visit(address.slice(address.indexOf('#')));
    assert.equal(await value('headers'), '503\nRetry-After: 7');
    await visit('#attempts%3D2%20wait%3Dconstant(7s)');
    assert.match(await value('cpp'), /wait::constant\(7s\)/);
  });

  await test('a damaged address shows the default with a word', async () => {
    for (const hash of ['#attempts%3Dmany', '#%E0%A4%A', '#p=attempts%3D2&w=clients%3D0', '#p=attempts%3D2&x', '#p=%', '#q=wait%3D', '#' + 'a'.repeat(20000)]) {
      await visit(hash);
      assert.equal(await text('notice'), 'The address is damaged; this is the default policy.', hash.slice(0, 40));
      assert.match(await text('words'), /worst case: {2}3 attempts/);
      assert.equal(await value('policy'), 'attempts=3 wait=exponential(100ms..5s).full');
    }
  });

  await test('any text in any field is answered by a sentence, and the last good picture stays', async () => {
    await visit();
    await settled();
    const ids = await browser.run(`return [...document.querySelectorAll('textarea, input')].map((e, i) => e.dataset.number = String(i))`);
    const bad = ['<img src=x onerror=alert(1)>', '((((((((', '))))', '-1', '1e999', '99999999999999999999', 'NaN', '😀', '%', '"\'&', '\\', ' = = ', '\n\n', 'wait=max('.repeat(200), '1.5.5.5', 'x'.repeat(5000), '\u0001'];
    for (const id of ids) {
      const results = await browser.run(`
        const e = document.querySelector('[data-number="' + arguments[0] + '"]'), old = e.value, out = [];
        const mistakes = () => [...document.querySelectorAll('.mistake')].map((m) => m.textContent).join('');
        for (const t of [...arguments[1], String.fromCharCode(0xd800), String.fromCharCode(0)]) {
          e.value = t;
          e.dispatchEvent(new Event('input'));
          out.push([t, e.getAttribute('aria-invalid'), mistakes() !== '', document.querySelector('#waits svg text').textContent.length > 0, document.querySelectorAll('img[src=x]').length]);
          out[out.length - 1][0] = JSON.stringify(t.slice(0, 40));
        }
        e.value = old;
        e.dispatchEvent(new Event('input'));
        return [...out, ['back', 'false', mistakes() !== '', true, 0]];`, id, bad);
      for (const [what, invalid, sentence, there, images] of results) {
        assert.ok(there && images === 0, `${id}: ${what}`);
        if (invalid === 'true') assert.ok(sentence, `${id}: no sentence for ${what}`);
        if (what === 'back') assert.ok(!sentence, `field ${id} stays wrong`);
      }
    }
    assert.match(await text('crowds'), /calls/);
  });

  await test('everything can be reached and used by the keyboard alone, in the order of the page', async () => {
    await visit();
    const order = await browser.run(`return [...document.querySelectorAll('a, textarea, input, select, pre[tabindex], summary')]
      .filter((e) => e.offsetParent !== null && (e.tagName !== 'PRE' || e.closest('details') === null)).map((e, i) => { e.dataset.order = String(i); return i; })`);
    for (const i of order) {
      await browser.press(keys.tab);
      const seen = await browser.run(`const e = document.activeElement; return [e.dataset.order, getComputedStyle(e).outlineStyle, e.tagName]`);
      assert.equal(seen[0], String(i), `the focus is at ${seen[2]} instead of number ${i}`);
      assert.notEqual(seen[1], 'none', `no ring around number ${i}`);
    }
    await browser.run(`document.getElementById('preset').focus()`);
    await browser.press('G', 'R', 'P');
    await settled();
    assert.equal(await value('preset'), 'grpc');
    await browser.run(`document.querySelector('summary').focus()`);
    await browser.press(keys.enter);
    assert.ok(await browser.run(`return document.querySelector('details').open`));
    await browser.run(`document.getElementById('policy').focus()`);
    await browser.press(keys.control, 'a');
    await browser.press(...'attempts=2');
    assert.equal(await value('policy'), 'attempts=2');
    assert.match(await text('words'), /after 2 attempts/);
  });

  await test('every control has a role and a name of its own, and a picture has a title', async () => {
    await visit();
    await settled();
    const number = await browser.run(`return [...document.querySelectorAll('textarea, input, select, pre[tabindex]')].filter((e) => e.closest('details') === null).map((e, i) => e.dataset.name = String(i)).length`);
    const names = new Set();
    for (let i = 0; i < number; ++i) {
      const id = await browser.find(`[data-name="${i}"]`);
      const name = await browser.label(id), role = await browser.role(id);
      assert.ok(name.trim().length > 2, `number ${i} has no name`);
      assert.ok(!names.has(name) || /^As text$/.test(name), `"${name}" is the name of two controls`);
      assert.ok(['textbox', 'combobox', 'generic', 'group', 'none'].includes(role), `${name}: role ${role}`);
      names.add(name);
    }
    for (const css of ['#waits svg', '#crowds svg']) {
      const id = await browser.find(css);
      assert.match(await browser.role(id), /^(img|image)$/);
      assert.ok((await browser.label(id)).length > 10, css);
    }
    for (const css of ['#policy-form', '#world-form']) assert.equal(await browser.role(await browser.find(css)), 'group');
    assert.equal(await browser.run('return document.documentElement.lang'), 'en');
    assert.deepEqual(await browser.run(`return [...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)`), ['H1', 'H2', 'H3', 'H3', 'H2', 'H2']);
  });

  await test('ten thousand clients in ten minutes are simulated in less than a second', async () => {
    let best = Infinity;
    for (let seed = 1; seed <= 5 && best >= 1000; ++seed) {
      await browser.run(`const w = document.getElementById('world'); w.value = arguments[0]; w.dispatchEvent(new Event('input'));
        const o = document.getElementById('other'); o.value = ''; o.dispatchEvent(new Event('input'))`,
        `clients=10000 every=10s for=10min outage=2min..3min capacity=1500/s seed=${seed}`);
      await settled();
      best = Math.min(best, Number(await browser.run(`return document.getElementById('took').dataset.ms`)));
    }
    // Other programs on the machine take their share.
    const share = Math.max(1, loadavg()[0] / cpus().length);
    console.log(`10000 clients, 10 minutes: ${Math.round(best)} ms in Chromium` + (share > 1 ? `, on a machine with ${share.toFixed(1)} times its load` : ''));
    assert.ok(best < 1000 * share, `it took ${best} ms`);
  });

  await test('a narrow screen needs no sideways scrolling, and dark colours are readable', async () => {
    await browser.protocol('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 1, mobile: true });
    await browser.protocol('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
    await visit();
    await settled();
    const [page, screen] = await browser.run('return [document.documentElement.scrollWidth, window.innerWidth]');
    assert.ok(page <= screen && screen <= 400, `the page is ${page} wide on a screen of ${screen}`);
    await shot('narrow');
    await browser.run(`document.getElementById('waits').scrollIntoView()`);
    await shot('narrow_waits');
    await browser.protocol('Emulation.setEmulatedMedia', { features: [] });
    await browser.protocol('Emulation.clearDeviceMetricsOverride', {});
  });

  await test('the page asks no other server', async () => {
    await visit();
    await settled();
    const names = await browser.run(`return performance.getEntriesByType('resource').map((e) => e.name)`);
    assert.deepEqual(names.filter((n) => !n.startsWith(files.url) && !n.startsWith('data:')), []);
  });

  await test('the other pages of the site ask no other server and fit a narrow screen, and the search finds a gate', async () => {
    for (const path of ['/', '/vocabulary/', '/what-the-compiler-says/waits/', '/reference/explorer/']) {
      await browser.go(files.url + path);
      const [title, names] = await browser.run(`return [document.querySelector('h1').textContent, performance.getEntriesByType('resource').map((e) => e.name)]`);
      assert.ok(title.length > 2, path);
      assert.deepEqual(names.filter((n) => !n.startsWith(files.url) && !n.startsWith('data:')), [], path);
    }
    await browser.protocol('Emulation.setDeviceMetricsOverride', { width: 400, height: 740, deviceScaleFactor: 1, mobile: false });
    for (const path of ['/', '/reference/gates/shared_adaptive_rate_limiter/', '/reference/http/make_idempotency_key/', '/reference/settings/']) {
      await browser.go(files.url + path);
      const [wide, screen] = await browser.run('return [document.documentElement.scrollWidth, window.innerWidth]');
      assert.ok(wide <= screen, `${path} is ${wide} wide on a screen of ${screen}`);
    }
    await browser.protocol('Emulation.clearDeviceMetricsOverride', {});
    await browser.go(`${files.url}/?q=circuit_breaker`);
    await browser.until(`return [...document.querySelectorAll('.md-search-result__link')].some((a) => a.href.includes('circuit_breaker'))`);
  });

  await test('without the engine there are pictures', async () => {
    await browser.protocol('Network.enable', {});
    await browser.protocol('Network.setBlockedURLs', { urls: ['*explorer.wasm*'] });
    await browser.go('about:blank');
    await browser.go(page);
    await browser.until(`return [...document.querySelectorAll('#fallback img')].every((i) => i.complete && i.naturalWidth > 0)`);
    assert.equal(await browser.run(`return document.getElementById('fallback').hidden`), false);
    await browser.log();  // it has the request that was blocked
    await browser.protocol('Network.setBlockedURLs', { urls: [] });
  });
} finally {
  await browser.close();
  files.close();
}
console.log(`${passed} browser tests passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
