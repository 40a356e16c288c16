import { expect, test } from 'vitest';
import type { JournalCount, Outcome } from '../../src/state/types.ts';
import { forEachEngine, one } from './contract/engine.ts';
import { entry, request, scope } from './support.ts';

const sum = (counts: readonly JournalCount[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { outcome, rows } of counts) sums[outcome] = (sums[outcome] ?? 0) + rows;
  return sums;
};

forEachEngine('figures', (engine) => {
  test('counts say what the rows say, in steps as in one, and without second rows about limits under observation', async () => {
    const { state } = await one(engine);
    const outcomes: readonly Outcome[] = ['ok', 'refused', 'rejected', 'upstream_failed'];
    for (let n = 0; n < 40; n += 1) await state.append(entry({ id: `row-${n}`, outcome: outcomes[n % 4] ?? 'ok', code: n % 4 === 1 ? 'denied' : null, name: `tool${n % 3}`, server: n % 2 === 0 ? 'a' : 'b' }));
    await state.append(entry({ id: 'observed', outcome: 'forwarded', observed: 'would_rate_limit' }));
    const whole = await state.figures.counts(0, 1_000);
    expect(sum(whole)).toEqual({ ok: 10, refused: 10, rejected: 10, upstream_failed: 10 });
    const steps: JournalCount[] = [];
    for (let after = 0; after < 41; after += 7) steps.push(...(await state.figures.counts(after, after + 7)));
    expect(sum(steps)).toEqual(sum(whole));
    expect(whole.filter(({ code }) => code === 'denied').every(({ outcome }) => outcome === 'refused')).toBe(true);
    expect(await state.figures.counts(41, 1_000)).toEqual([]);
    await state.close();
  });

  test('a span says where the rows since then begin, and rows are read by their numbers', async () => {
    const { state, clock } = await one(engine);
    expect(await state.figures.span(new Date(0))).toEqual({ after: 0, last: 0 });
    for (let n = 0; n < 5; n += 1) await state.append(entry({ id: `row-${n}` }));
    expect(await state.figures.span(new Date(0))).toEqual({ after: 0, last: 5 });
    expect((await state.figures.span(new Date(clock.wallMs() + 3_600_000))).last).toBe(5);
    expect((await state.figures.bySeq([4, 2, 99])).map(({ id }) => id)).toEqual(['row-1', 'row-3']);
    expect(await state.figures.bySeq([])).toEqual([]);
    await state.close();
  });

  test('requests for approval are counted by server, read in pages, and left without their texts on demand', async () => {
    const { state } = await one(engine);
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const answer = await state.requestApproval(request(`call ${n}`, { server: n < 3 ? 'a' : 'b', name: n % 2 === 0 ? 'pay' : 'refund', argumentsText: '{"n":1}', alsoSent: '{"x":1}' }));
      if (!('record' in answer)) throw new Error(answer.status);
      ids.unshift(answer.record.id);
    }
    expect(Object.fromEntries(await state.approvalsWaiting())).toEqual({ a: 3, b: 2 });
    expect((await state.approvals({ limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await state.approvals({ limit: 2, before: ids[1] ?? '' })).map(({ id }) => id)).toEqual(ids.slice(2, 4));
    expect(await state.approvals({ before: 'no such id' })).toEqual([]);
    expect((await state.approvals({ name: 'refund' })).map(({ id }) => id)).toEqual([ids[1], ids[3]]);
    const [short] = await state.approvals({ texts: false, limit: 1 });
    const [whole] = await state.approvals({ limit: 1 });
    expect(whole).toMatchObject({ argumentsText: '{"n":1}', alsoSent: '{"x":1}' });
    expect(short).toEqual({ ...whole, argumentsText: null, alsoSent: null });
    await state.vote(ids[0] ?? '', { approver: 'anna', way: 'cli', decision: 'deny', comment: null });
    expect(Object.fromEntries(await state.approvalsWaiting())).toEqual({ a: 3, b: 1 });
    await state.close();
  });

  test('a call that was let through is counted once, as it ended', async () => {
    const { state } = await one(engine);
    await state.admit([], scope(), entry({ id: 'one', outcome: 'forwarded' }));
    expect(sum(await state.figures.counts(0, 10))).toEqual({ forwarded: 1 });
    state.settle('one', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    await state.flush();
    expect(sum(await state.figures.counts(0, 10))).toEqual({ ok: 1 });
    await state.close();
  });
});
