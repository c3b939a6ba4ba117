// SPDX-License-Identifier: MIT
// explorer.js: the page of the explorer. Text goes to the module, and its answer to the page.
'use strict';
const presets = {
  'The defaults': 'attempts=3 wait=exponential(100ms..5s).full',
  '500 tasks: constant': 'attempts=unlimited wait=constant(5s)',
  '500 tasks: fibonacci': 'attempts=unlimited wait=fibonacci(1s..1min)',
  '500 tasks: exponential': 'attempts=unlimited wait=exponential(1s..1min).full',
  '1800 requests an hour': 'attempts=5 wait=exponential(1s..1min).equal deadline=5min gate=rate(1800/h,burst=10)',
  'A strict limit for all threads': 'attempts=5 wait=exponential(100ms..5s).full gate=rate(10/s)',
};
const byId = (id) => document.getElementById(id);

async function load() {
  const nothing = () => 0;
  const wasi = new Proxy({}, { get: () => nothing });
  const answer = await fetch('explorer.wasm');
  const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), { wasi_snapshot_preview1: wasi });
  const e = instance.exports;
  e._initialize();
  return (text, what = 'explain', ...numbers) => {
    const bytes = new TextEncoder().encode(text);
    const at = e.room(bytes.length);
    new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
    const out = e[what](...numbers);
    return new TextDecoder().decode(new Uint8Array(e.memory.buffer, out, e.size()));
  };
}

async function start() {
  for (const name of Object.keys(presets)) byId('preset').add(new Option(name, presets[name]));
  const explain = await load();
  const field = byId('policy');
  const show = () => {
    const text = explain(field.value);
    const wrong = text.startsWith('! ');
    byId('mistake').textContent = wrong ? text.slice(2) : '';
    field.setAttribute('aria-invalid', String(wrong));
    if (wrong) return false;  // the last good answer stays
    byId('answer').textContent = text;
    history.replaceState(null, '', '#' + encodeURIComponent(field.value));
    return true;
  };
  field.addEventListener('input', show);
  byId('preset').addEventListener('change', () => { field.value = byId('preset').value; show(); });
  const ask = () => { byId('asked').textContent = explain(byId('headers').value, 'headers', Math.floor(Date.now() / 1000)); };
  byId('headers').addEventListener('input', ask);
  ask();
  const given = location.hash.slice(1);
  field.value = presets['The defaults'];
  show();
  try {
    if (given !== '') field.value = decodeURIComponent(given);
    if (!show()) throw new Error(byId('mistake').textContent);
  } catch (error) {
    field.value = presets['The defaults'];
    show();
    byId('mistake').textContent = 'The address is damaged; this is the default policy.';
  }
}
start().catch(() => { byId('fallback').hidden = false; });
