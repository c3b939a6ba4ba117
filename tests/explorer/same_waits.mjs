// SPDX-License-Identifier: MIT
// same_waits.mjs: the engine in WebAssembly gives the same waits as the native one, bit by bit:
//   node tests/explorer/same_waits.mjs explorer.wasm tenax_explain
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
const [wasm, program] = process.argv.slice(2);
const wasi = new Proxy({}, { get: () => () => 0 });
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { wasi_snapshot_preview1: wasi });
const e = instance.exports;
e._initialize();
const grows = ['exponential(100ms..5s)', 'exponential(10ms..1h,factor=1.7)', 'linear(1s..1min,step=700ms)', 'fibonacci(1s..1h)', 'polynomial(100ms..1h,exponent=3)',
  'sequence(1s,5s,30s)', 'constant(3s)'];
const jitters = ['', '.full', '.equal', '.proportional(20%)', '.additive(100ms)'];
const kinds = ['none', 'uniform(1ms..7s)', 'decorrelated(100ms..30s)', 'max(exponential(1s..1min).full,constant(5s))', 'constant(1s)+uniform(0s..1s)',
  ...grows.flatMap((g) => jitters.map((j) => g + j))];
const each = Math.ceil(100000 / kinds.length);
let compared = 0;
for (const kind of kinds) {
  const text = `attempts=5 wait=${kind}`;
  const native = execFileSync(program, ['--waits', '2026', String(each), text], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const bytes = new TextEncoder().encode(text);
  const at = e.room(bytes.length);
  new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
  const out = e.waits(2026, each);
  const here = new TextDecoder().decode(new Uint8Array(e.memory.buffer, out, e.size()));
  if (here !== native || here.startsWith('!')) {
    console.error(`${kind}: the waits differ`);
    process.exit(1);
  }
  compared += each;
}
console.log(`${compared} waits of ${kinds.length} kinds are equal`);
