import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { LimitClaim } from '../../src/policy/types.ts';
import { BatchedAdmissions, batched, type BatchState } from '../../src/state/batched-admissions.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import { StateUnavailable, type JournalEntry } from '../../src/state/types.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const claim = (max: number): LimitClaim => ({ type: 'rate', counter: '', policy: 'p', policyId: 'p@1', rule: '/r', kind: 'tool', selector: 't', spansTools: false, max, windowMs: 60_000, per: ['grant'], reason: null, enforce: true, onStateError: 'deny' });
const scope = { server: 's', grant: 'g', session: null, name: 't' };
const entry = (id: string): JournalEntry => ({
  id, server: 's', grant: 'g', session: null, transport: 'stdio', protocol: null, method: 'tools/call', name: 't', requestId: null, outcome: 'forwarded', code: null, rule: null, policy: null,
  reason: null, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
});

async function open(): Promise<BatchState> {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-batch-'));
  directories.push(directory);
  return openState({ path: databasePath(directory) });
}

describe('admissions of one turn in one transaction', () => {
  test('a limit admits exactly its maximum, however calls are spread over turns, and every admitted call has its row', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), async (max, turns) => {
      const state = new BatchedAdmissions(await open());
      let ids = 0;
      const admitted: string[] = [];
      for (const size of turns) {
        await Promise.all(Array.from({ length: size }, async () => {
          const id = `id-${ids++}`;
          if ((await state.admit([claim(max)], scope, entry(id))).ok) admitted.push(id);
        }));
      }
      const total = turns.reduce((sum, size) => sum + size, 0);
      expect(admitted).toHaveLength(Math.min(max, total));
      expect((await state.query({})).map((row) => row.id)).toEqual(admitted);
      await state.close();
    }), { numRuns: 15 });
  });

  test('when the transaction fails, every call in it is refused and none has a row', async () => {
    const state = new BatchedAdmissions(await open());
    const good = state.admit([claim(5)], scope, entry('a'));
    const bad = state.admit([{ ...claim(5), windowMs: Number.NaN }], scope, entry('b'));
    await expect(bad).rejects.toThrow(StateUnavailable);
    await expect(good).rejects.toThrow(StateUnavailable);
    expect(await state.query({})).toEqual([]);
    await state.close();
  });

  test('what waits when the state is closed is still written', async () => {
    const state = new BatchedAdmissions(await open());
    const waiting = state.admit([claim(1)], scope, entry('last'));
    await state.close();
    expect(await waiting).toMatchObject({ ok: true });
  });

  test('an engine without batches is used as it is', async () => {
    const engine = await open();
    expect(batched(engine)).toBeInstanceOf(BatchedAdmissions);
    const { admitAll: _, ...plain } = { admitAll: 1 };
    expect(batched(plain as never)).toBe(plain);
    await engine.close();
  });
});
