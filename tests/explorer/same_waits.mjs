// SPDX-License-Identifier: MIT
// same_waits.mjs: the engine in WebAssembly gives the same waits, explanations, crowds and pictures as the native one,
// bit by bit:
//   node tests/explorer/same_waits.mjs explorer.wasm tenax_explain
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
const [wasm, program] = process.argv.slice(2);
const wasi = new Proxy({}, { get: () => () => 0 });
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { wasi_snapshot_preview1: wasi });
const e = instance.exports;
e._initialize();
const native = (...options) => execFileSync(program, options, { encoding: 'utf8', maxBuffer: 1 << 26 });
const ask = (what, text, ...numbers) => {
  const bytes = new TextEncoder().encode(text);
  const at = e.room(bytes.length);
  new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
  const out = e[what](...numbers);
  return new TextDecoder().decode(new Uint8Array(e.memory.buffer, out, e.size()));
};
const same = (what, here, there) => {
  if (here === there && !here.startsWith('!')) return;
  console.error(`${what}: the engines differ`);
  process.exit(1);
};
const grows = ['exponential(100ms..5s)', 'exponential(10ms..1h,factor=1.7)', 'linear(1s..1min,step=700ms)', 'fibonacci(1s..1h)', 'polynomial(100ms..1h,exponent=3)',
  'sequence(1s,5s,30s)', 'constant(3s)'];
const jitters = ['', '.full', '.equal', '.proportional(20%)', '.additive(100ms)'];
const kinds = ['none', 'uniform(1ms..7s)', 'decorrelated(100ms..30s)', 'max(exponential(1s..1min).full,constant(5s))', 'constant(1s)+uniform(0s..1s)',
  ...grows.flatMap((g) => jitters.map((j) => g + j))];
const each = Math.ceil(100000 / kinds.length);
let compared = 0;
for (const kind of kinds) {
  const text = `attempts=5 wait=${kind}`;
  same(kind, ask('waits', text, 2026, each), native('--waits', '2026', String(each), text));
  compared += each;
}
console.log(`${compared} waits of ${kinds.length} kinds are equal`);

// Every preset, with gates of each kind, a fixed and a sliding window, and the formats of numbers.
const folder = mkdtempSync(join(tmpdir(), 'tenax-'));
const file = join(folder, 'picture.svg');
let crowds = 0;
const world = 'clients=200 every=3s for=2min limit=sliding(40/s) retry_after=exact errors=3% latency=1ms..90ms seed=7';
const more = [
  ['attempts=4 wait=exponential(100ms..5s,factor=1.75).proportional(12.5%) gate=circuit(5,10s) gate=bulkhead(4)', world],
  ['elapsed=1min wait=decorrelated(100ms..30s) gate=throttle gate=adaptive(5/s)', `${world} gates=shared`],
  ['deadline=30s.clip wait=sequence(1s,5s).additive(77ms) attempt_timeout=80ms when=no_answer,429', `${world} gates=off`],
];
try {
  for (const line of native('--presets').trim().split('\n')) {
    const [name, , policy, other, text] = line.split('\t');
    more.push([policy, text], ...(other === '' ? [] : [[other, text]]));
  }
  for (const [policy, text] of more) {
    same(policy, ask('explain', policy), native('--svg', file, policy));
    same(`the waits of ${policy}`, ask('picture', policy), readFileSync(file, 'utf8'));
    same(`the crowd of ${policy}`, ask('crowds', `${text}\n${policy}`), native('--svg', file, '--crowd', text, policy));
    same(`the picture of ${policy}`, ask('crowds_picture', ''), readFileSync(file, 'utf8'));
    ++crowds;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${crowds} explanations, crowds and pictures are equal`);
