import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { JournalRow } from '../../src/state/types.ts';
import { codeOf, RawClient } from './raw-client.ts';
import { executed, fixture, journal, program, World } from './world.ts';

const CLONE = 'CloneContainerToECR';
const world = new World();

afterAll(async () => expect(await world.close()).toEqual([]), 30_000);

interface Storm {
  readonly data: string;
  readonly log: string;
  start(): Promise<RawClient>;
}

/** Several clients of one label and one data directory, in front of servers that share a log. */
function storm(name: string, limit: string): Storm {
  const policy = world.write(`${name}.yaml`, `version: "1"\ndefault: deny\ntools:\n  ${CLONE}:\n    rate_limit: { ${limit}, per: grant }\n`);
  const data = world.path(`${name}.data`);
  const log = world.path(`${name}.log`);
  return {
    data, log,
    start: async () => {
      const client = new RawClient(world.start([program, 'run', '--policy', policy, '--data', data, '--label', 'shared', '--server', 'registry', '--', process.execPath, fixture('clone-server.mjs'), '--stdio', '--log', log]));
      await client.initialize();
      return client;
    },
  };
}

/** Nanoseconds of the clock that clone-server writes into its log. */
const now = (): number => Number(process.hrtime.bigint());

interface Sent {
  readonly source: string;
  readonly at: number;
}

/**
 * Calls as fast as answers come, `lanes` at a time, until `more` says no.
 * @returns how many were admitted, how many refused by the limit, and how many never answered because the program was killed
 */
async function hammer(client: RawClient, name: string, lanes: number, sent: Sent[], more: (calls: number) => boolean): Promise<{ admitted: number; refused: number; lost: number }> {
  const counts = { admitted: 0, refused: 0, lost: 0 };
  let calls = 0;
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (more(calls)) {
      calls += 1;
      const source = `${name}:${calls}`;
      sent.push({ source, at: now() });
      const answer = await client.call(CLONE, { source, target: 'prod' });
      if (answer === null) {
        counts.lost += 1;
        return;
      }
      const code = codeOf(answer);
      if (code === null && answer.result?.['isError'] !== true && answer.error === undefined) counts.admitted += 1;
      else if (code === 'rate_limited') counts.refused += 1;
      else throw new Error(`neither admitted nor refused by the limit: ${JSON.stringify(answer)}`);
    }
  }));
  return counts;
}

const admittedRows = (rows: readonly JournalRow[]): JournalRow[] => rows.filter(({ name, outcome }) => name === CLONE && outcome !== 'refused');

/** Most calls that certainly lay within one window: sent after it began, and at the server before it ended. */
function mostInOneWindow(log: string, sent: readonly Sent[], windowMs: number): number {
  const sentAt = new Map(sent.map(({ source, at }) => [source, at]));
  const calls = executed(log).map(({ args, at }) => ({ from: sentAt.get(args['source'] ?? '') ?? Number.NaN, until: at }));
  return Math.max(0, ...calls.map(({ from: start }) => calls.filter(({ from, until }) => from >= start && until < start + windowMs * 1e6).length));
}

describe('four run processes on one limit', () => {
  it('admit exactly its maximum in a burst', async () => {
    const { start, log, data } = storm('burst', 'max: 25, window: 1h');
    const clients = await Promise.all([start(), start(), start(), start()]);
    const sent: Sent[] = [];
    const counts = await Promise.all(clients.map((client, index) => hammer(client, `burst-${index}`, 4, sent, (calls) => calls < 20)));
    await Promise.all(clients.map((client) => client.end()));
    expect(counts.reduce((sum, { admitted }) => sum + admitted, 0)).toBe(25);
    expect(counts.reduce((sum, { refused }) => sum + refused, 0)).toBe(55);
    expect(executed(log)).toHaveLength(25);
    expect(admittedRows(await journal(data))).toHaveLength(25);
  }, 60_000);

  it('hold it while two of them are killed in the middle and come back', async () => {
    const { start, log, data } = storm('killed', 'max: 40, window: 1h');
    const clients = await Promise.all([start(), start(), start(), start()]);
    const sent: Sent[] = [];
    const killed = clients.slice(0, 2);
    const storming = clients.map((client, index) => hammer(client, `first-${index}`, 3, sent, (calls) => calls < 15));
    // Their own calls have begun when the first of them has been executed.
    while (executed(log).length < 5) await sleep(5);
    for (const { child } of killed) child.kill('SIGKILL');
    const back = await Promise.all(killed.map(() => start()));
    const again = await Promise.all(back.map((client, index) => hammer(client, `again-${index}`, 3, sent, (calls) => calls < 30)));
    const counts = [...(await Promise.all(storming)), ...again];
    await Promise.all([...clients.slice(2), ...back].map((client) => client.end()));
    const reached = executed(log).length;
    const lost = counts.reduce((sum, one) => sum + one.lost, 0);
    expect(counts.reduce((sum, { refused }) => sum + refused, 0)).toBeGreaterThan(0);
    // A call that was admitted by a process that died before it passed it on has been counted, and never reached the server.
    expect(admittedRows(await journal(data))).toHaveLength(40);
    expect(reached).toBeLessThanOrEqual(40);
    expect(reached).toBeGreaterThanOrEqual(40 - lost);
  }, 60_000);

  it('never admit more in any interval of its length, over several windows and a kill', async () => {
    const windowMs = 2_000;
    const { start, log, data } = storm('sliding', 'max: 6, window: 2');
    const clients = await Promise.all([start(), start(), start(), start()]);
    const sent: Sent[] = [];
    const stop = performance.now() + 3.5 * windowMs;
    const lane = (client: RawClient, name: string): Promise<unknown> => hammer(client, name, 1, sent, () => performance.now() < stop);
    const storming = clients.map((client, index) => lane(client, `sliding-${index}`));
    await sleep(1.5 * windowMs);
    for (const { child } of clients.slice(0, 2)) child.kill('SIGKILL');
    const back = await Promise.all([start(), start()]);
    await Promise.all([...storming, ...back.map((client, index) => lane(client, `back-${index}`))]);
    await Promise.all([...clients.slice(2), ...back].map((client) => client.end()));
    expect(mostInOneWindow(log, sent, windowMs)).toBeLessThanOrEqual(6);
    const admitted = admittedRows(await journal(data)).length;
    const lasted = Math.max(...executed(log).map(({ at }) => at)) - Math.min(...sent.map(({ at }) => at));
    expect(admitted).toBeLessThanOrEqual(6 * (Math.floor(lasted / (windowMs * 1e6)) + 1));
    // Resets by itself: several windows were used up.
    expect(admitted).toBeGreaterThanOrEqual(12);
  }, 60_000);
});
