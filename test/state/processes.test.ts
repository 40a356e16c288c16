import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDriver } from '../../src/state/driver.ts';
import { nodeSqlite } from '../../src/state/driver-node.ts';
import { openState, openStateReader, visitState } from '../../src/state/open.ts';
import { budget, claim, entry, forEachDriver, request, scope, scratch } from './support.ts';

const run = promisify(execFile);

/** The child is bundled where Node finds libsql: below node_modules, out of the sources. */
const cache = join(dirname(createRequire(import.meta.url).resolve('libsql')), '..', '.cache');
let directory = '';
let child = '';
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  directory = mkdtempSync(join(cache, 'state-child-'));
  child = join(directory, 'child.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'child.ts')], outfile: child, bundle: true, platform: 'node', format: 'esm', external: ['libsql'],
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shared = scratch();
const HOUR = { windowMs: 3_600_000, per: ['grant' as const] };

forEachDriver('processes', (driver) => {
  const path = scratch();

  test('four processes on one database admit exactly max, and every admitted call has its row', async () => {
    const file = path();
    const results = await Promise.all(
      Array.from({ length: 4 }, () => run(process.execPath, [child, 'hammer', file, driver, '500', '1234'])),
    );
    const admitted = results.map(({ stdout }) => (JSON.parse(stdout) as { admitted: number }).admitted);
    expect(admitted.reduce((sum, one) => sum + one, 0)).toBe(1234);
    const state = await openState({ path: file, driver });
    const rows = state.query({});
    expect(rows).toHaveLength(1234);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(1234);
    expect(rows.every(({ outcome }) => outcome === 'ok')).toBe(true);
    expect(state.reserve([claim({ max: 1234, ...HOUR })], scope()).ok).toBe(false);
    expect(state.reserve([claim({ max: 1235, ...HOUR })], scope()).ok).toBe(true);
    state.close();
  });

  test('[#47] four processes that meet different definitions at once agree on one of each tool', async () => {
    const file = path();
    const results = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [child, 'pin', file, driver, '50'])));
    const state = await openState({ path: file, driver });
    const tools = [...state.pins.read('mq').tools.values()];
    expect(tools).toHaveLength(50);
    for (const definitions of tools) expect(definitions.filter(({ standing }) => standing === 'pinned')).toHaveLength(1);
    const pinned = new Set(tools.flatMap((definitions) => definitions.filter(({ standing }) => standing === 'pinned').map(({ hash }) => hash)));
    for (const { stdout } of results) for (const hash of (JSON.parse(stdout) as { pinned: string[] }).pinned) expect(pinned.has(hash)).toBe(true);
    expect(state.pins.version('mq')).toBe(50);
    state.close();
  });

  test('processes killed while they pin leave every pin that they told of, whole, and counts that are right', async () => {
    const file = path();
    const told: string[] = [];
    await Promise.all([1, 2].map(async () => {
      const storm = spawn(process.execPath, [child, 'pin-storm', file, driver], { stdio: ['ignore', 'pipe', 'ignore'] });
      let text = '';
      const ended = new Promise((resolve) => storm.once('close', resolve));
      storm.stdout.setEncoding('utf8').on('data', (data: string) => {
        text += data;
        if (text.split('\n').length > 150) storm.kill('SIGKILL');
      });
      await ended;
      told.push(...text.split('\n').slice(0, -1));
    }));
    const state = await openState({ path: file, driver });
    const { tools } = state.pins.read('mq');
    for (const name of told) expect(tools.get(name)).toEqual([{ hash: 'aa'.repeat(32), standing: 'pinned' }]);
    const database = await openDriver(file, driver);
    const row = database.prepare("SELECT pins, bytes, (SELECT count(*) FROM pins) AS counted, (SELECT sum(bytes) FROM pin_definitions) AS summed FROM pin_servers WHERE server = 'mq'").get();
    expect([row?.['pins'], row?.['bytes']]).toEqual([row?.['counted'], row?.['summed']]);
    database.close();
    state.close();
  });

  test('processes killed in a storm leave a database that opens, holds every admitted call, and keeps the promise', async () => {
    const file = path();
    const told: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const storm = [1, 2].map(() => spawn(process.execPath, [child, 'storm', file, driver, '0', '100000'], { stdio: ['ignore', 'pipe', 'ignore'] }));
      await Promise.all(
        storm.map(async (one) => {
          let text = '';
          let lines = 0;
          const ended = new Promise((resolve) => one.once('close', resolve));
          one.stdout.setEncoding('utf8').on('data', (data: string) => {
            text += data;
            lines += data.split('\n').length - 1;
            if (lines > 150 + round * 37) one.kill('SIGKILL');
          });
          await ended;
          told.push(...text.split('\n').slice(0, -1));
        }),
      );
    }
    expect(told.length).toBeGreaterThan(900);
    const database = await openDriver(file, driver);
    expect(database.prepare('PRAGMA integrity_check').all().map((row) => row['integrity_check'])).toEqual(['ok']);
    database.close();
    const state = await openState({ path: file, driver });
    const recorded = state.query({}).map(({ id }) => id);
    const known = new Set(recorded);
    expect(told.filter((id) => !known.has(id))).toEqual([]);
    // As many admissions as rows: neither a counted call without a row nor a row without a count.
    expect(state.reserve([claim({ max: recorded.length, ...HOUR })], scope()).ok).toBe(false);
    expect(state.reserve([claim({ max: recorded.length + 1, ...HOUR })], scope()).ok).toBe(true);
    state.close();
  });

  test('four processes on one budget spend exactly its maximum, and what they give back can be spent again', async () => {
    const file = path();
    const results = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [child, 'spend', file, driver, '400', '30'])));
    const [admitted, given] = results.map(({ stdout }) => JSON.parse(stdout) as { admitted: number; given: number })
      .reduce(([all, back], one) => [all + one.admitted, back + one.given], [0, 0]);
    expect(admitted - given).toBeLessThanOrEqual(300);
    expect(given).toBeGreaterThan(0);
    const state = await openState({ path: file, driver });
    const money = { max: '30', windowMs: 3_600_000, per: ['grant' as const] };
    // Exactly what is left fits, to the last decimal.
    const left = 300 - admitted + given;
    const rest = left === 0 ? '0' : left % 10 === 0 ? `${left / 10}` : `${Math.floor(left / 10)}.${left % 10}`;
    expect(state.reserve([budget({ ...money, amount: `${rest.includes('.') ? rest : `${rest}.0`}01` })], scope()).ok).toBe(false);
    expect(state.reserve([budget({ ...money, amount: rest })], scope()).ok).toBe(true);
    expect(state.reserve([budget({ ...money, amount: '0.000000000001' })], scope()).ok).toBe(false);
    state.close();
  });

  test('processes killed while spending leave every spend that they told of, and no more than one untold each', async () => {
    const file = path();
    const told: string[] = [];
    const storm = [1, 2, 3].map(() => spawn(process.execPath, [child, 'spend-storm', file, driver, '0', '100000'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    await Promise.all(storm.map(async (one) => {
      let text = '';
      const ended = new Promise((resolve) => one.once('close', resolve));
      one.stdout.setEncoding('utf8').on('data', (data: string) => {
        text += data;
        if (text.length > 5000) one.kill('SIGKILL');
      });
      await ended;
      told.push(...text.split('\n').slice(0, -1));
    }));
    expect(told.length).toBeGreaterThan(500);
    const state = await openState({ path: file, driver });
    const recorded = state.query({}).map(({ id }) => id);
    expect(told.filter((id) => !new Set(recorded).has(id))).toEqual([]);
    const tenths = recorded.length;
    const spent = `${Math.floor(tenths / 10)}${tenths % 10 === 0 ? '' : `.${tenths % 10}`}`;
    const money = { windowMs: 3_600_000, per: ['grant' as const] };
    // The sum of the rows is the sum of the budget: neither a spend without a row nor a row without a spend.
    expect(state.reserve([budget({ ...money, max: spent, amount: '0.000001' })], scope()).ok).toBe(false);
    expect(state.reserve([budget({ ...money, max: `${Math.floor((tenths + 1) / 10)}${(tenths + 1) % 10 === 0 ? '' : `.${(tenths + 1) % 10}`}`, amount: '0.1' })], scope()).ok).toBe(true);
    state.close();
  });

  test('[#33] of two hundred calls in four processes exactly one uses an approval', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    const asked = request('pay 10');
    const answer = state.requestApproval(asked);
    const id = answer.status === 'too_many' ? '' : answer.record.id;
    const visitor = await visitState({ path: file, driver });
    expect(visitor.vote(id, { approver: 'alice', way: 'cli', decision: 'approve', comment: null }).ok).toBe(true);
    visitor.close();
    const results = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [child, 'use', file, driver, id, asked.digest])));
    const admitted = results.map(({ stdout }) => (JSON.parse(stdout) as { admitted: number }).admitted);
    expect(admitted.reduce((sum, one) => sum + one, 0)).toBe(1);
    const rows = state.query({ method: 'tools/call' });
    expect(rows).toHaveLength(1);
    expect(state.approval(id)).toMatchObject({ status: 'used', usedBy: rows[0]?.id });
    state.close();
  });

  test('opening the database twice in one process does not give its locks away', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    state.append(entry({ id: 'before' }));
    (await openState({ path: file, driver })).close();
    (await openStateReader({ path: file, driver })).close();
    // A process that believes to be the last one moves the log into the database and deletes it.
    await run(process.execPath, [child, 'hammer', file, driver, '5', '100']);
    state.append(entry({ id: 'after' }));
    await run(process.execPath, [child, 'hammer', file, driver, '5', '100']);
    const fresh = await openState({ path: file, driver });
    const ids = fresh.query({}).map(({ id }) => id);
    expect(ids).toHaveLength(12);
    expect(ids).toContain('after');
    fresh.close();
    state.close();
  });

  test.skipIf(process.platform === 'win32')('a file that may not grow refuses calls and loses none that were admitted', async () => {
    const file = path();
    const { stdout } = await run('/bin/sh', ['-c', 'ulimit -f 800; exec "$@"', 'sh', process.execPath, child, 'fill', file, driver, '3000', '1000000']);
    const { admitted, failures } = JSON.parse(stdout) as { admitted: number; failures: string[] };
    expect(failures).toEqual(['StateUnavailable']);
    expect(admitted).toBeGreaterThan(0);
    const state = await openState({ path: file, driver });
    expect(state.query({})).toHaveLength(admitted);
    state.close();
  });

  test('opening prints nothing of its own on stderr, and hides no warning of others', async () => {
    const { stdout, stderr } = await run(process.execPath, [child, 'quiet', path(), driver]);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/SQLite/);
    expect(stderr).toMatch(/ExperimentalWarning: still here/);
  });
});

test.skipIf(nodeSqlite() === null)('processes with different drivers share one database', async () => {
  const file = shared();
  const drivers = ['node', 'libsql', 'node', 'libsql'];
  const results = await Promise.all(drivers.map((driver) => run(process.execPath, [child, 'hammer', file, driver, '400', '777'])));
  const admitted = results.map(({ stdout }) => (JSON.parse(stdout) as { admitted: number }).admitted);
  expect(admitted.reduce((sum, one) => sum + one, 0)).toBe(777);
  const state = await openState({ path: file });
  expect(state.query({})).toHaveLength(777);
  state.close();
});
