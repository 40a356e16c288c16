// A process of its own for processes.test.ts: node child.mjs MODE PATH DRIVER [N] [MAX]
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { DriverName } from '../../src/state/driver.ts';
import { openState } from '../../src/state/open.ts';
import { batched } from '../../src/state/batched-admissions.ts';
import { budget, claim, entry, scope } from './builders.ts';

const [mode, path = '', driver, count = '0', max = '1'] = process.argv.slice(2);
const state = await openState({ path, driver: driver as DriverName, busyTimeoutMs: 20_000 });
const limits = [claim({ max: Number(max), windowMs: 3_600_000, per: ['grant'] }), claim({ max: 1e9, windowMs: 3_600_000, per: ['server'], selector: '*', spansTools: true })];

function admit(): string | null {
  const row = entry({ id: `${process.pid}-${performance.now()}-${Math.random()}` });
  return state.admit(limits, scope(), row).ok ? row.id : null;
}

if (mode === 'hammer') {
  let admitted = 0;
  for (let i = 0; i < Number(count); i += 1) {
    const id = admit();
    if (id === null) continue;
    admitted += 1;
    state.settle(id, { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
  }
  state.close();
  process.stdout.write(JSON.stringify({ admitted }));
} else if (mode === 'storm') {
  // Tells each admitted call only after it was admitted, as a gateway forwards it; runs until it is killed.
  for (;;) {
    const id = admit();
    if (id !== null) writeSync(1, `${id}\n`);
  }
} else if (mode === 'fill') {
  // Runs into the limit on file size that the parent set.
  let admitted = 0;
  const failures = new Set<string>();
  for (let i = 0; i < Number(count); i += 1) {
    try {
      if (admit() !== null) admitted += 1;
    } catch (error) {
      failures.add(error instanceof Error ? error.name : 'not an error');
    }
  }
  process.stdout.write(JSON.stringify({ admitted, failures: [...failures] }));
  process.exit(0);
} else if (mode === 'spend') {
  // Spends tenths until nothing fits; every third call fails upstream and gives its amount back.
  const money = budget({ max, amount: '0.1', windowMs: 3_600_000, per: ['grant'] });
  let admitted = 0;
  let given = 0;
  for (let i = 0; i < Number(count); i += 1) {
    const row = entry({ id: `${process.pid}-${i}` });
    if (!state.admit([money], scope(), row).ok) continue;
    admitted += 1;
    const undo = i % 3 === 0 ? 'budgets' : 'nothing';
    if (undo === 'budgets') given += 1;
    state.settle(row.id, { outcome: undo === 'budgets' ? 'tool_error' : 'ok', upstreamStatus: null, latencyMs: 1, undo });
  }
  state.close();
  process.stdout.write(JSON.stringify({ admitted, given }));
} else if (mode === 'spend-storm') {
  // Tells each spend only after it was admitted; runs until it is killed. What it settles gives nothing back.
  const money = budget({ max, amount: '0.1', windowMs: 3_600_000, per: ['grant'] });
  for (let i = 0; ; i += 1) {
    const row = entry({ id: `${process.pid}-${i}` });
    if (!state.admit([money], scope(), row).ok) continue;
    writeSync(1, `${row.id}\n`);
    if (i % 5 === 0) {
      state.settle(row.id, { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
      state.flush();
    }
  }
} else if (mode === 'use') {
  // Many calls at once, every one of which wants the same approval (`count` is its id, `max` its digest).
  const gateway = batched(state);
  const results = await Promise.all(Array.from({ length: 50 }, async () => gateway.admit([], scope(), entry({ id: `${process.pid}-${Math.random()}` }), { id: count, digest: max })));
  await gateway.close();
  process.stdout.write(JSON.stringify({ admitted: results.filter(({ ok }) => ok).length }));
} else if (mode === 'pin') {
  // Meets definitions of its own of the same tools, and then asks what is pinned.
  const mine = (n: number) => createHash('sha256').update(`${process.pid} ${n}`).digest('hex');
  for (let n = 0; n < Number(count); n += 1) {
    const { outdated } = state.pins.learn('mq', [{ name: `t${n}`, hash: mine(n), text: '{}', standing: 'pinned', why: [] }], []);
    if (outdated) state.pins.learn('mq', [{ name: `t${n}`, hash: mine(n), text: '{}', standing: 'held', why: ['another'] }], []);
  }
  const pinned = [...state.pins.read('mq').tools.values()].flatMap((definitions) => definitions.filter(({ standing }) => standing === 'pinned').map(({ hash }) => hash));
  state.close();
  process.stdout.write(JSON.stringify({ pinned }));
} else if (mode === 'pin-storm') {
  // Tells each pin only after it was written; runs until it is killed.
  for (let n = 0; ; n += 1) {
    const name = `${process.pid}-${n % 4_000}`;
    const { outdated } = state.pins.learn('mq', [{ name, hash: 'aa'.repeat(32), text: 'x'.repeat(2_000), standing: 'pinned', why: [] }], []);
    if (!outdated) writeSync(1, `${name}\n`);
    if (n % 7 === 0) state.pins.forget('mq', `${process.pid}-none`, 'alice');
  }
} else {
  // Opens the state, uses it and leaves: whatever stderr shows comes from loading the driver.
  process.emitWarning('still here', 'ExperimentalWarning');
  admit();
  state.close();
}
