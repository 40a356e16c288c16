import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { ApprovalStore } from '../../src/state/approval-store.ts';
import { ApprovalTidy } from '../../src/state/approval-tidy.ts';
import { IdleBudgets } from '../../src/state/idle-budgets.ts';
import { IdleCounters } from '../../src/state/idle-counters.ts';
import { JournalStore } from '../../src/state/journal-store.ts';
import { openState, openStateReader, visitState } from '../../src/state/open.ts';
import { JournalRetention } from '../../src/state/retention.ts';
import { StoreClock } from '../../src/state/store-clock.ts';
import { budget, claim, entry, FakeMachine, forEachDriver, request, scope, scratch } from './support.ts';

const DAY_US = 24 * 3600 * 1e6;

forEachDriver('housekeeping', (driver) => {
  const path = scratch();

  function count(database: SqlDatabase, table: string): number {
    return Number(database.prepare(`SELECT count(*) AS value FROM ${table}`).get()?.['value']);
  }

  /** One step of the clean-up of approvals, on a connection of its own. */
  function tidyOf(database: SqlDatabase, machine: FakeMachine, days: number): () => boolean {
    const clock = new StoreClock(database, machine);
    const journal = new JournalStore(database, false);
    const store = new ApprovalStore(database, clock, (row) => journal.insert(row, machine.wallMs(), clock.now(0)));
    const tidy = new ApprovalTidy(database, store, days);
    return () => {
      database.exec('BEGIN IMMEDIATE');
      const more = tidy.step(clock.now(0));
      database.exec('COMMIT');
      return more;
    };
  }

  test('a client that reconnects for ever does not grow the budgets for ever, and nothing is given back to a budget that is gone', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const first = entry();
    expect(state.admit([budget({ amount: '3' })], scope({ session: 's-0' }), first).ok).toBe(true);
    for (let i = 1; i < 1500; i += 1) {
      state.reserve([budget({ amount: '3' })], scope({ session: `s-${i}` }));
      clock.pass(DAY_US / 100);
    }
    expect(count(database, 'budgets')).toBeLessThan(250);
    expect(count(database, 'spends')).toBe(count(database, 'budgets'));
    state.settle(first.id, { outcome: 'tool_error', upstreamStatus: null, latencyMs: 1, undo: 'budgets' });
    state.flush();
    expect(state.reserve([budget({ amount: '0.1' })], scope({ session: 's-1499' })).ok).toBe(true);
    database.close();
    state.close();
  });

  test('a large idle budget is removed in bounded steps, and a call meanwhile finds a new one', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    for (let i = 0; i < 3000; i += 1) state.reserve([budget({ amount: '0.001' })], scope());
    clock.pass(3 * DAY_US);
    const idle = new IdleBudgets(database);
    const now = Date.parse('2027-03-01') * 1000;
    idle.collect(now, 512);
    expect(count(database, 'spends')).toBe(3000 - 1024);
    expect(state.reserve([budget({ amount: '3' })], scope()).ok).toBe(true);
    expect(state.reserve([budget({ amount: '0.1' })], scope()).ok).toBe(false);
    for (let i = 0; i < 6; i += 1) idle.collect(now, 512);
    expect([count(database, 'budgets'), count(database, 'spends'), count(database, 'spend_blocks')]).toEqual([0, 0, 0]);
    database.close();
    state.close();
  });

  test('arguments are erased a day after the decision, and an approval is removed with the journal of its time', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const tidy = tidyOf(database, clock, 30);
    const ids = ['denied', 'expired', 'used', 'waiting'].map((call) => {
      const answer = state.requestApproval(request(call, { alsoSent: '{"task":{"ttl":1}}', timeoutMs: call === 'waiting' ? 40 * 24 * 3_600_000 : 3_600_000 }));
      return answer.status === 'too_many' ? '' : answer.record.id;
    });
    const [denied = '', expired = '', used = '', waiting = ''] = ids;
    state.vote(denied, { approver: 'alice', way: 'cli', decision: 'deny', comment: null });
    state.vote(used, { approver: 'alice', way: 'cli', decision: 'approve', comment: null });
    state.mintApprovalLink(waiting, 'bob');
    expect(state.admit([], scope(), entry(), { id: used, digest: request('used').digest }).ok).toBe(true);
    const texts = (): (string | null | undefined)[] => ids.map((id) => {
      const record = state.approval(id);
      expect(record?.alsoSent).toBe(record?.argumentsText === null ? null : '{"task":{"ttl":1}}');
      return record?.argumentsText;
    });
    clock.pass(DAY_US - 1);
    tidy();
    expect(state.approval(expired)?.status).toBe('expired');
    expect(state.query({ code: ['approval_expired'] })).toHaveLength(1);
    expect(texts()).toEqual(ids.map((_, index) => request(['denied', 'expired', 'used', 'waiting'][index] ?? '').argumentsText));
    clock.pass(1);
    tidy();
    expect(texts()).toEqual([null, request('expired').argumentsText, null, request('waiting').argumentsText]);
    clock.pass(DAY_US);
    tidy();
    expect(texts()).toEqual([null, null, null, request('waiting').argumentsText]);
    expect(state.approval(denied)?.votes).toHaveLength(1);
    clock.pass(29 * DAY_US);
    tidy();
    expect(state.approvals({}).map(({ id }) => id)).toEqual([waiting]);
    expect([count(database, 'approval_votes'), count(database, 'approval_links')]).toEqual([0, 1]);
    clock.pass(9 * DAY_US);
    tidy();
    expect(state.approval(waiting)?.status).toBe('expired');
    clock.pass(30 * DAY_US);
    tidy();
    expect([count(database, 'approvals'), count(database, 'approval_links')]).toEqual([0, 0]);
    database.close();
    state.close();
  });

  test('a denial outlives a short retention, and texts that nobody read are kept of the newest thousand only', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const tidy = tidyOf(database, clock, 0.001);
    const answer = state.requestApproval(request('a', { timeoutMs: 7 * 24 * 3_600_000 }));
    if (answer.status !== 'too_many') state.vote(answer.record.id, { approver: 'alice', way: 'cli', decision: 'deny', comment: null });
    clock.pass(6 * DAY_US);
    while (tidy());
    expect(state.requestApproval(request('a'))).toMatchObject({ status: 'denied' });
    for (let round = 0; round < 12; round += 1) {
      for (let i = 0; i < 95; i += 1) state.requestApproval(request(`${round}-${i}`, { timeoutMs: 1000 }));
      clock.pass(1_000_000);
    }
    const keep = tidyOf(database, clock, 90);
    while (keep());
    expect(Number(database.prepare('SELECT count(arguments) AS value FROM approvals').get()?.['value'])).toBe(1000);
    database.close();
    state.close();
  });

  test('a visitor reads and decides beside a running gateway, and removes nothing', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock, retainDays: 365 });
    for (let i = 0; i < 3; i += 1) state.append(entry({ outcome: 'ok' }));
    const answer = state.requestApproval(request('a', { timeoutMs: 300 * 24 * 3_600_000 }));
    const id = answer.status === 'too_many' ? '' : answer.record.id;
    clock.pass(200 * DAY_US);
    const visitor = await visitState({ path: file, driver, clock });
    expect(visitor.approvals({ status: ['pending'] })).toHaveLength(1);
    // Its clean-up, had it one, would have begun by now.
    await new Promise((resolve) => {
      setTimeout(resolve, 1200);
    });
    const log = statSync(`${file}-wal`).size;
    expect(visitor.vote(id, { approver: 'alice', way: 'cli', decision: 'approve', comment: null }).ok).toBe(true);
    visitor.close();
    expect(statSync(`${file}-wal`).size).toBeGreaterThanOrEqual(log);
    expect(state.requestApproval(request('a'))).toMatchObject({ status: 'approved' });
    expect(state.query({}).map(({ code }) => code)).toEqual([null, null, null, 'approval_given']);
    state.close();
  });

  test('a client that reconnects for ever does not grow the counters for ever', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    for (let i = 0; i < 2000; i += 1) {
      state.reserve([claim()], scope({ session: `s-${i}` }));
      clock.pass(DAY_US / 100);
    }
    // A counter is needed for a second and kept for a day: 100 sessions a day, and what one round of looking has not reached yet.
    expect(count(database, 'counters')).toBeLessThan(250);
    expect(count(database, 'admissions')).toBe(count(database, 'counters'));
    database.close();
    state.close();
  });

  test('a counter is kept as long as its longest window can still see it', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const week = claim({ max: 1, windowMs: 7 * 24 * 3600 * 1000, per: ['grant'] });
    expect(state.reserve([week], scope()).ok).toBe(true);
    const idle = new IdleCounters(database);
    clock.pass(7 * DAY_US);
    for (let i = 0; i < 500; i += 1) state.reserve([claim()], scope({ session: `s-${i}` }));
    expect(state.reserve([week], scope()).ok).toBe(false);
    clock.pass(9 * DAY_US);
    for (let i = 0; i < 10; i += 1) idle.collect(Date.parse('2027-03-01') * 1000, 512);
    expect(count(database, 'counters')).toBe(0);
    expect(count(database, 'admissions')).toBe(0);
    expect(state.reserve([week], scope()).ok).toBe(true);
    database.close();
    state.close();
  });

  test('a large idle counter is removed in bounded steps and blocks rightly in between', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const big = claim({ max: 5000, windowMs: 1000 });
    for (let i = 0; i < 5000; i += 1) state.reserve([big], scope());
    const idle = new IdleCounters(database);
    const sizes: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      idle.collect(Date.parse('2027-03-01') * 1000, 512);
      sizes.push(count(database, 'admissions'));
    }
    for (const [index, size] of sizes.entries()) expect((sizes[index - 1] ?? 5000) - size).toBeLessThanOrEqual(5000 - 1024);
    expect(sizes.at(-1)).toBe(0);
    database.close();
    state.close();
  });

  test('the log of a busy counter stays bounded', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const limit = claim({ max: 10, windowMs: 1 });
    for (let i = 0; i < 40_000; i += 1) {
      clock.pass(200);
      expect(state.reserve([limit], scope()).ok).toBe(true);
    }
    expect(count(database, 'admissions')).toBeLessThan(512 + 1024 + 64);
    database.close();
    state.close();
  }, 120_000);

  test('the journal is cut by age and by rows, oldest first, in bounded steps, and its newest row stays', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const start = clock.wall * 1000;
    for (let i = 0; i < 3000; i += 1) {
      state.append(entry({ outcome: 'ok' }));
      clock.pass(DAY_US / 100);
    }
    state.flush();
    const byAge = new JournalRetention(database, { rows: 1e9, days: 10 });
    let steps = 1;
    while (byAge.step(start + 30 * DAY_US, clock.wall)) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(2);
    expect(state.query({})[0]?.seq).toBe(2001);
    const byRows = new JournalRetention(database, { rows: 300, days: 90 });
    while (byRows.step(start + 30 * DAY_US, clock.wall));
    expect(state.query({}).map(({ seq }) => seq)).toEqual(Array.from({ length: 300 }, (_, i) => 2701 + i));
    while (byAge.step(start + 1000 * DAY_US, clock.wall));
    expect(state.query({}).map(({ seq }) => seq)).toEqual([3000]);
    state.append(entry({ outcome: 'ok' }));
    expect(state.query({}).map(({ seq }) => seq)).toEqual([3000, 3001]);
    database.close();
    state.close();
  });

  test('rows with long arguments are removed a few at a time', async () => {
    const file = path();
    const state = await openState({ path: file, driver, logArguments: true });
    const argValues = JSON.stringify('x'.repeat(60_000));
    for (let i = 0; i < 300; i += 1) state.append(entry({ outcome: 'ok', argKeys: [], argValues: i < 200 ? argValues : '{}' }));
    state.flush();
    const database = await openDriver(file, driver);
    const retention = new JournalRetention(database, { rows: 10, days: 90 });
    const text = (): number => Number(database.prepare('SELECT coalesce(sum(length(arg_values)), 0) AS value FROM journal').get()?.['value']);
    const sizes: number[] = [];
    for (let more = true; more;) {
      const before = text();
      more = retention.step(0, 0);
      sizes.push(before - text());
    }
    expect(Math.max(...sizes)).toBeLessThan(5 * 1024 * 1024);
    expect(count(database, 'journal')).toBe(10);
    database.close();
    state.close();
  });

  test('the write-ahead log is moved into the database as it grows, also while somebody reads', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    const reader = await openStateReader({ path: file, driver });
    let largest = 0;
    for (let round = 0; round < 60; round += 1) {
      for (let i = 0; i < 200; i += 1) state.append(entry({ outcome: 'ok', reason: 'x'.repeat(500) }));
      expect(reader.query({ order: 'desc', limit: 1 })[0]?.seq).toBe((round + 1) * 200);
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
      largest = Math.max(largest, statSync(`${file}-wal`).size);
    }
    // 12000 rows write more than 40 MB of log; a round writes about 1 MB after the bound of 4 MB is reached.
    expect(largest).toBeGreaterThan(4 * 1024 * 1024);
    expect(largest).toBeLessThan(8 * 1024 * 1024);
    reader.close();
    state.close();
  });

  test('an old reader stops the log from being emptied for a while and loses nothing', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    state.append(entry({ outcome: 'ok' }));
    const reader = await openDriver(file, driver);
    reader.exec('BEGIN');
    expect(count(reader, 'journal')).toBe(1);
    for (let i = 0; i < 4000; i += 1) {
      state.append(entry({ outcome: 'ok', reason: 'x'.repeat(500) }));
      if (i % 200 === 0) await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    expect(count(reader, 'journal')).toBe(1);
    reader.exec('COMMIT');
    expect(count(reader, 'journal')).toBe(4001);
    reader.close();
    state.close();
  });
});
