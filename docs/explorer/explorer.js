// SPDX-License-Identifier: MIT
// explorer.js: the page of the explorer. Texts go to the engine, its answers to the page. The same file is the worker
// that simulates crowds, so that the page stays quick.
'use strict';

async function load(answer) {
  const nothing = () => 0;
  const wasi = new Proxy({}, { get: () => nothing });
  const { instance } = await WebAssembly.instantiate(answer, { wasi_snapshot_preview1: wasi });
  const e = instance.exports;
  e._initialize();
  return (what, text = '', ...numbers) => {
    const bytes = new TextEncoder().encode(text);
    const at = e.room(bytes.length);
    new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
    const out = e[what](...numbers);
    return new TextDecoder().decode(new Uint8Array(e.memory.buffer, out, e.size()));
  };
}

if (typeof document === 'undefined') {
  // The worker. The first message is the module, the others are texts of crowds.
  let ask;
  onmessage = async ({ data }) => {
    if (data.module) {
      ask = load(data.module);
      return;
    }
    const engine = await ask;
    const begin = performance.now();
    const counts = engine('crowds', data.text);
    const took = performance.now() - begin;
    postMessage({ counts, picture: counts.startsWith('!') ? '' : engine('crowds_picture'), took });
  };
} else {
  start().catch((error) => { console.warn('the engine does not run:', error); });
}

// The settings of the forms. `kind`: how the value of a setting is divided into controls.
function forms() {
  // Strategies and gates, and what may stand beside each.
  const waits = {
    none: '', constant: '5s', linear: '1s..1min,step=2s', exponential: '100ms..5s', fibonacci: '1s..1min', polynomial: '1s..1h,exponent=3',
    sequence: '1s,5s,30s', uniform: '0s..500ms', decorrelated: '100ms..30s',
  };
  const gates = { rate: '10/s,burst=5', budget: '10,10%', quota: 'aws_2026', circuit: '5,5s', throttle: '2', bulkhead: '8', adaptive: '10/s' };
  const gate = (n) => ({ name: 'gate', label: `Gate ${n}`, kind: 'call', options: Object.keys(gates), hints: gates, hint: 'options' });
  return {
    policy: [
      { name: 'attempts', label: 'Attempts, or unlimited', hint: '3' },
      { name: 'wait', label: 'Waits', kind: 'wait', options: Object.keys(waits), hints: waits, hint: '100ms..5s' },
      { name: 'deadline', label: 'Deadline', kind: 'suffix', options: ['clip'], what: 'last wait', hint: '30s' },
      { name: 'elapsed', label: 'Stop after an attempt that ends later than', hint: '1min' },
      { name: 'attempt_timeout', label: 'Time limit of an attempt', hint: '2s' },
      { name: 'when', label: 'Statuses to retry', hint: '429,503,no_answer' },
      { name: 'server_wait', label: 'Longest server wait', kind: 'suffix', options: ['give_up', 'clamp', 'ignore', 'lengthen'], what: 'above that', hint: '5min' },
      gate(1), gate(2), gate(3),
      { name: 'throttled_wait', label: 'Waits after a throttled attempt', kind: 'wait', options: Object.keys(waits), hints: waits, hint: '1s..20s' },
    ],
    world: [
      { name: 'clients', label: 'Clients, 1 to 10000', hint: '100' },
      { name: 'every', label: 'Each calls every', hint: '10s' },
      { name: 'calls', label: 'Calls of each client, if limited', hint: '1' },
      { name: 'for', label: 'Simulated time', hint: '10min' },
      { name: 'start', label: 'First calls', kind: 'choice', options: ['spread', 'together'] },
      { name: 'gates', label: 'Gates', kind: 'choice', options: ['each', 'shared', 'off'] },
      { name: 'latency', label: 'Latency', hint: '20ms..80ms' },
      { name: 'outage', label: 'Outage, from..to', hint: '2min..4min' },
      { name: 'errors', label: 'Share of failing requests', hint: '1%' },
      { name: 'status', label: 'Status of failures, or no_answer', hint: '503' },
      { name: 'limit', label: 'Limit, answered by 429', kind: 'call', options: ['bucket', 'fixed', 'sliding'], hint: '100/s' },
      { name: 'retry_after', label: 'Retry-After: exact, none, or a time', hint: 'none' },
      { name: 'capacity', label: 'Capacity', hint: '500/s' },
      { name: 'queue', label: 'Longest queue', hint: '1s' },
      { name: 'seed', label: 'Seed', hint: '1' },
    ],
  };
}

// `a=1 b=f(2, 3)` as pairs. Blanks within parentheses do not divide.
function settingsOf(text) {
  const words = [];
  let depth = 0, word = '';
  for (const c of text + ' ') {
    if (c === '(') ++depth;
    if (c === ')' && depth > 0) --depth;
    if (/\s/.test(c) && depth === 0) {
      if (word) words.push(word);
      word = '';
    } else {
      word += c;
    }
  }
  return words.map((w) => (w.includes('=') ? [w.slice(0, w.indexOf('=')), w.slice(w.indexOf('=') + 1)] : [w, w]));
}

// A value as the texts of its controls, and back.
const divide = {
  plain: (v) => [v],
  choice: (v) => [v],
  call: (v) => { const m = /^(\w*)(?:\((.*)\))?$/s.exec(v); return m ? [m[1], m[2] || ''] : ['', v]; },
  suffix: (v) => { const m = /^(.*?)(?:\.([a-z_]+))?$/s.exec(v); return [m[1], m[2] || '']; },
  wait: (v) => {
    const m = /^(\w+)(?:\(([^()]*)\))?(?:\.(\w+)(?:\(([^()]*)\))?)?$/s.exec(v);
    return m ? [m[1], m[2] || '', m[3] || '', m[4] || ''] : ['', v, '', ''];
  },
};
const called = (name, args) => (args === '' ? name : `${name}(${args})`);
const unite = {
  plain: ([v]) => v,
  choice: ([v]) => v,
  call: ([name, args]) => (name === '' ? args : called(name, args)),
  suffix: ([v, more]) => (more === '' || v === '' ? v : `${v}.${more}`),
  wait: ([name, args, jitter, amount]) =>
    (name === '' ? args : called(name, args) + (jitter === '' || name === 'none' ? '' : '.' + called(jitter, amount))),
};

// A form beside a text. `check` gives the sentence about a text, or nothing; `changed` is called after a change.
function bind(text, mistake, form, fields, prefix, check, changed) {
  const controls = fields.map((field, i) => {
    const kind = field.kind || 'plain';
    const id = `${form.id}-${i}`;
    const box = document.createElement('div');
    box.className = 'setting';
    const label = document.createElement('label');
    label.htmlFor = id;
    label.textContent = field.label;
    const parts = document.createElement('div');
    parts.className = 'parts';
    const wrong = document.createElement('p');
    wrong.className = 'mistake';
    wrong.id = `${id}-mistake`;
    wrong.setAttribute('role', 'status');
    box.append(label, parts, wrong);
    form.append(box);
    const all = [];
    const add = (control, name) => {
      if (all.length === 0) control.id = id;
      else control.setAttribute('aria-label', `${field.label}: ${name}`);
      control.setAttribute('aria-describedby', wrong.id);
      parts.append(control);
      all.push(control);
      control.addEventListener('input', fromForm);
    };
    const input = (hint) => {
      const control = document.createElement('input');
      control.type = 'text';
      control.spellcheck = false;
      control.autocapitalize = 'off';
      control.placeholder = hint || '';
      return control;
    };
    const select = (first, options) => {
      const control = document.createElement('select');
      if (first !== null) control.add(new Option(first, ''));
      for (const o of options) control.add(new Option(o, o));
      return control;
    };
    if (kind === 'choice') add(select(`default: ${field.options[0]}`, field.options));
    if (kind === 'plain' || kind === 'suffix') add(input(field.hint));
    if (kind === 'suffix') add(select(field.options.length === 1 ? 'not shortened' : `default: ${field.options[0]}`, field.options), field.what);
    if (kind === 'call') add(select('none', field.options)), add(input(field.hint), 'options');
    if (kind === 'wait') {
      add(select('default', field.options)), add(input(field.hint), 'times');
      add(select('no jitter', ['full', 'equal', 'proportional', 'additive']), 'jitter'), add(input('20%'), 'amount of jitter');
    }
    return { field, kind, all, wrong };
  });

  // What the text has and the form does not: it stays when the form writes the text.
  let unknown = [];
  function fill() {
    const left = settingsOf(text.value);
    for (const c of controls) {
      const at = left.findIndex(([name]) => name === c.field.name);
      const value = at < 0 ? '' : left.splice(at, 1)[0][1];
      divide[c.kind](value).forEach((v, i) => {
        const control = c.all[i];
        if (control === document.activeElement) return;
        if (control.tagName === 'SELECT' && ![...control.options].some((o) => o.value === v)) control.add(new Option(v, v));
        control.value = v;
      });
    }
    unknown = left.map(([name, value]) => (value === name ? name : `${name}=${value}`));
  }
  function fromForm() {
    const words = [];
    for (const c of controls) {
      const value = unite[c.kind](c.all.map((control) => control.value.trim()));
      if (value !== '') words.push(`${c.field.name}=${value}`);
    }
    text.value = words.concat(unknown).join(' ');
    update();
  }
  // The sentence stands beside the text, and beside the first setting that has it alone.
  function update() {
    const sentence = check(text.value);
    mistake.textContent = sentence;
    text.setAttribute('aria-invalid', String(sentence !== ''));
    let found = false;
    for (const c of controls) {
      const value = unite[c.kind](c.all.map((control) => control.value.trim()));
      const own = sentence === '' || value === '' || found ? '' : check(`${prefix}${c.field.name}=${value}`);
      found = found || own !== '';
      c.wrong.textContent = own;
      if (c.field.hints) c.all[1].placeholder = c.field.hints[c.all[0].value] ?? c.field.hint;
      for (const control of c.all) control.setAttribute('aria-invalid', String(own !== ''));
    }
    if (sentence === '') changed();
    return sentence === '';
  }
  text.addEventListener('input', () => { fill(); update(); });
  return { set: (value) => { text.value = value; fill(); return update(); } };
}

async function start() {
  const byId = (id) => document.getElementById(id);
  const answer = await fetch('explorer.wasm');
  if (!answer.ok) throw new Error(`explorer.wasm: status ${answer.status}`);
  const module = await answer.arrayBuffer();
  const engine = await load(module);

  const presets = engine('presets').trim().split('\n').map((line) => {
    const [name, title, policy, other, world] = line.split('\t');
    return { name, title, policy, other, world };
  });
  for (const p of presets) byId('preset').add(new Option(p.title, p.name));

  const cpp = byId('cpp'), policy = byId('policy'), other = byId('other'), world = byId('world'), headers = byId('headers');
  const usual = headers.value;
  let ready = false;
  const store = () => {
    const parts = [['p', policy.value], ['q', other.value], ['w', world.value], ['h', headers.value === usual ? '' : headers.value]];
    const text = parts.filter(([, v]) => v !== '').map(([k, v]) => `${k}=${encodeURIComponent(v.replace(/[\ud800-\udfff]/gu, '?'))}`).join('&');
    history.replaceState(null, '', '#' + text);
  };

  // Crowds: one run at a time, and the newest texts after it.
  let asked = '', running = false, timer = 0;
  const worker = new Worker('explorer.js');
  worker.postMessage({ module });
  const busy = (is) => byId('crowds').setAttribute('aria-busy', String(is));
  const run = () => {
    if (running) return;
    const text = [world.value, policy.value, ...(other.value.trim() === '' ? [] : [other.value])].map((t) => t.replace(/\s+/g, ' ')).join('\n');
    if (text === asked) return busy(false);
    asked = text;
    running = true;
    worker.postMessage({ text });
  };
  worker.onmessage = ({ data }) => {
    running = false;
    if (data.picture) {
      byId('crowds').innerHTML = data.picture;
      byId('took').textContent = `Simulated in ${data.took < 10 ? data.took.toFixed(1) : Math.round(data.took)} ms.`;
      byId('took').dataset.ms = String(data.took);
    }
    run();
  };
  worker.onerror = (event) => { busy(false), byId('took').textContent = 'The simulation does not run in this browser: ' + event.message; };
  const later = () => { busy(true); clearTimeout(timer); timer = setTimeout(run, 200); };
  const valid = () => ['policy', 'world', 'other'].every((name) => byId(name).getAttribute('aria-invalid') !== 'true');

  const changed = () => {
    if (!ready) return;
    store();
    const parts = engine('explain', policy.value).split('\n\n');
    if (!parts[0].startsWith('! ')) {
      byId('words').textContent = parts[0];
      byId('table').textContent = parts[1];
      if (document.activeElement !== cpp) {
        cpp.value = parts.slice(2).join('\n\n').trim();
        cpp.rows = Math.max(7, cpp.value.split('\n').length + 1);
        byId('cpp-mistake').textContent = '';
        cpp.setAttribute('aria-invalid', 'false');
      }
      byId('waits').innerHTML = engine('picture', policy.value);
    }
    if (valid()) later();
  };
  const { policy: policyFields, world: worldFields } = forms();
  const first = bind(policy, byId('policy-mistake'), byId('policy-form'), policyFields, 'attempts=1 ', (t) => engine('check_policy', t), changed);
  const second = bind(world, byId('world-mistake'), byId('world-form'), worldFields, '', (t) => engine('check_world', t), changed);
  cpp.addEventListener('input', () => {
    const text = engine('from_cpp', cpp.value);
    const wrong = text.startsWith('! ');
    byId('cpp-mistake').textContent = wrong ? text.slice(2) : '';
    cpp.setAttribute('aria-invalid', String(wrong));
    if (!wrong) first.set(text);
  });
  const showOther = () => {
    const sentence = other.value.trim() === '' ? '' : engine('check_policy', other.value);
    byId('other-mistake').textContent = sentence;
    other.setAttribute('aria-invalid', String(sentence !== ''));
    if (sentence === '') changed();
    return sentence === '';
  };
  other.addEventListener('input', showOther);
  const showHeaders = () => {
    byId('asked').textContent = engine('headers', headers.value, Math.floor(Date.now() / 1000));
    if (ready) store();
  };
  headers.addEventListener('input', showHeaders);

  const show = (p) => {
    ready = false;
    other.value = p.other || '';
    const good = [first.set(p.policy), second.set(p.world), showOther()].every(Boolean);
    ready = true;
    return good;
  };
  byId('preset').addEventListener('change', () => {
    const p = presets.find(({ name }) => name === byId('preset').value);
    byId('notice').textContent = '';
    if (p && show(p)) changed();
  });

  // An address has parts, or is a policy alone.
  const read = () => {
    byId('notice').textContent = '';
    let good = true;
    const given = { ...presets[0] };
    try {
      const hash = location.hash.slice(1);
      if (/^[pqwh]=/.test(hash)) {
        given.other = '';
        for (const part of hash.split('&')) {
          const value = decodeURIComponent(part.slice(2));
          if (!/^[pqwh]=/.test(part)) throw new Error(part);
          if (part[0] === 'h') headers.value = value;
          else given[{ p: 'policy', q: 'other', w: 'world' }[part[0]]] = value;
        }
      } else if (hash !== '') {
        given.policy = decodeURIComponent(hash);
      }
      good = show(given);
    } catch (error) {
      good = false;
    }
    if (!good) {
      show(presets[0]);
      headers.value = usual;
      byId('notice').textContent = 'The address is damaged; this is the default policy.';
    }
    changed();
    showHeaders();
  };
  addEventListener('hashchange', read);
  read();
  byId('fallback').hidden = true;
}
