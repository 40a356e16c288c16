import { openDriver, type DriverName, type SqlDatabase } from '../../src/state/driver.ts';
import type { VerifyOptions, VerifyReport } from '../../src/state/chain/types.ts';
import { verifyChain } from '../../src/state/chain/verify.ts';
import { openState, type OpenOptions } from '../../src/state/open.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import { entry } from './support.ts';

/** Checks a database to the end. */
export async function verified(path: string, driver: DriverName, options: VerifyOptions = {}): Promise<VerifyReport> {
  const database = await openDriver(path, driver);
  try {
    return walked(database, options);
  } finally {
    database.close();
  }
}

export function walked(database: SqlDatabase, options: VerifyOptions = {}): VerifyReport {
  const walk = verifyChain(database, options);
  for (;;) {
    const { done, value } = walk.next();
    if (done === true) return value;
  }
}

/** A journal with everything in it: calls that ended before and after they were sealed, one that never did, floods, redactions, removed rows, two keys. */
export async function richJournal(path: string, driver: DriverName, options: Partial<OpenOptions> = {}): Promise<void> {
  const state = await openState({ path, driver, logArguments: true, flood: { refused: 2 }, ...options });
  const values = { argKeys: ['to', 'text'], argHash: 'ab'.repeat(32), argValues: '{"to":"bob","text":"hi"}' };
  for (let i = 0; i < 4; i += 1) state.append(entry({ id: `done-${i}`, outcome: 'ok', ...values, latencyMs: i + 0.5 }));
  for (const id of ['slow-1', 'slow-2', 'never']) state.append(entry({ id, ...values }));
  for (let i = 0; i < 5; i += 1) state.append(entry({ id: `flood-${i}`, outcome: 'refused', code: 'denied' }));
  state.flush();
  state.settle('slow-1', { outcome: 'ok', upstreamStatus: '200', latencyMs: 5000, undo: 'nothing' });
  for (let i = 0; i < 3; i += 1) state.append(entry({ id: `flood2-${i}`, outcome: 'refused', code: 'denied' }));
  state.flush();
  state.chain.rotateKey();
  state.settle('slow-2', { outcome: 'tool_error', upstreamStatus: null, latencyMs: 9000, undo: 'nothing' });
  for (let i = 0; i < 6; i += 1) state.append(entry({ id: `late-${i}`, outcome: 'ok', ...values }));
  state.flush();
  await state.chain.redact({ seqs: [2, 6, 12] }, 'alice', 'asked by the customer');
  state.close();
  const again = await openState({ path, driver, logArguments: true });
  again.append(entry({ id: 'last', outcome: 'ok', ...values }));
  again.close();
}

export function all(database: SqlDatabase, sql: string): Record<string, unknown>[] {
  return database.prepare(sql).all().map((row) => ({ ...row }));
}

export async function withState<Result>(path: string, driver: DriverName, work: (state: SqliteState) => Promise<Result> | Result, options: Partial<OpenOptions> = {}): Promise<Result> {
  const state = await openState({ path, driver, ...options });
  try {
    return await work(state);
  } finally {
    state.close();
  }
}
