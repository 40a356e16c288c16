// A process of its own for kills.test.ts: node chain-child.mjs MODE DRIVER FILE...
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { DriverName } from '../../src/state/driver.ts';
import { openState } from '../../src/state/open.ts';
import { entry, scope } from './builders.ts';

const [mode, driver, ...files] = process.argv.slice(2);

if (mode === 'seal') {
  // Admits, ends, seals, signs and changes its key, and tells each call after it was admitted; runs until it is killed.
  const state = await openState({ path: files[0] ?? '', driver: driver as DriverName, busyTimeoutMs: 20_000, logArguments: true });
  const open: string[] = [];
  for (let i = 0; ; i += 1) {
    const row = entry({ id: `${process.pid}-${i}`, argKeys: ['a'], argHash: 'ab'.repeat(32), argValues: '{"a":1}' });
    state.admit([], scope(), row);
    writeSync(1, `${row.id}\n`);
    open.push(row.id);
    if (i % 2 === 1) state.settle(open.splice(Math.floor(Math.random() * open.length), 1)[0] ?? '', { outcome: 'ok', upstreamStatus: '200', latencyMs: 1, undo: 'nothing' });
    if (i % 7 === 0) state.flush();
    if (i % 50 === 49) state.chain.rotateKey();
    if (i % 30 === 29) await state.chain.redact({ seqs: [1 + Math.floor(Math.random() * (i + 1))] }, 'kill', 'test');
    await turn();
  }
} else if (mode === 'migrate') {
  // Brings one file after the other up to date, and tells when the first is done.
  for (const [index, path] of files.entries()) {
    (await openState({ path, driver: driver as DriverName })).close();
    if (index === 0) writeSync(1, 'ready\n');
  }
  writeSync(1, 'done\n');
} else {
  // Opens one file, and says why it could not.
  try {
    (await openState({ path: files[0] ?? '', driver: driver as DriverName, busyTimeoutMs: 100, onError: (error) => writeSync(2, `${error.message}\n`) })).close();
    writeSync(1, 'opened\n');
  } catch (error) {
    writeSync(1, `${error instanceof Error ? `${error.name}: ${error.message}` : 'no error'}\n`);
  }
  process.exit(0);
}
