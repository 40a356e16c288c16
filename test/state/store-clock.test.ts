import { expect, test } from 'vitest';
import { openDriver } from '../../src/state/driver.ts';
import { openState } from '../../src/state/open.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import { claim, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

const HOUR_MS = 3_600_000;
const MINUTE = claim({ max: 1, windowMs: 60_000 });

forEachDriver('the clock of the store', (driver) => {
  const path = scratch();
  const open = (file: string, clock: FakeMachine): Promise<SqliteState> => openState({ path: file, driver, clock });
  const admits = (state: SqliteState): boolean => state.reserve([MINUTE], scope()).ok;

  test.each([1, -1, 24 * 365, -24 * 365])('the wall clock stepped by %i h neither resets nor freezes a window', async (hours) => {
    const clock = new FakeMachine();
    const file = path();
    const state = await open(file, clock);
    expect(admits(state)).toBe(true);
    clock.wall += hours * HOUR_MS;
    clock.pass(59_000_000);
    expect(admits(state)).toBe(false);
    const late = await open(file, clock);
    expect(admits(late)).toBe(false);
    clock.pass(1_000_001);
    expect(admits(late)).toBe(true);
    expect(admits(state)).toBe(false);
    late.close();
    state.close();
  });

  test('a reboot goes on from the wall clock', async () => {
    const clock = new FakeMachine();
    const file = path();
    const before = await open(file, clock);
    expect(admits(before)).toBe(true);
    before.close();
    Object.assign(clock, { boot: 'boot-2', monotonic: 5, wall: clock.wall + 59_000 });
    const after = await open(file, clock);
    expect(admits(after)).toBe(false);
    clock.pass(1_000_001);
    expect(admits(after)).toBe(true);
    after.close();
  });

  test('a reboot with the wall clock set back goes on from the last stored time', async () => {
    const clock = new FakeMachine();
    const file = path();
    const before = await open(file, clock);
    clock.pass(30_000_000);
    expect(admits(before)).toBe(true);
    before.close();
    Object.assign(clock, { boot: 'boot-2', monotonic: 5, wall: clock.wall - 10 * HOUR_MS });
    const after = await open(file, clock);
    clock.pass(60_000_000);
    expect(admits(after)).toBe(false);
    clock.pass(1);
    expect(admits(after)).toBe(true);
    after.close();
  });

  test('time that passed before a reboot counts, although nothing was admitted in it', async () => {
    const clock = new FakeMachine();
    const file = path();
    const before = await open(file, clock);
    expect(admits(before)).toBe(true);
    clock.pass(50_000_000);
    before.close();
    Object.assign(clock, { boot: 'boot-2', monotonic: 5, wall: clock.wall - 10 * HOUR_MS });
    const after = await open(file, clock);
    expect(after.reserve([MINUTE], scope())).toMatchObject({ ok: false, refusal: { retryAfterMs: 10_001 } });
    after.close();
  });

  test('a process that was killed before the reboot leaves no gap either', async () => {
    const clock = new FakeMachine();
    const file = path();
    const killed = await open(file, clock);
    clock.pass(30_000_000);
    expect(admits(killed)).toBe(true);
    Object.assign(clock, { boot: 'boot-2', monotonic: 5, wall: clock.wall - 10 * HOUR_MS });
    const after = await open(file, clock);
    clock.pass(60_000_000);
    expect(admits(after)).toBe(false);
    clock.pass(1);
    expect(admits(after)).toBe(true);
    after.close();
    killed.close();
  });

  test('without a boot id a reboot is seen by the monotonic clock, and a new process by nothing', async () => {
    const clock = new FakeMachine();
    clock.boot = '';
    const file = path();
    const first = await open(file, clock);
    expect(admits(first)).toBe(true);
    clock.wall -= HOUR_MS;
    clock.pass(59_000_000);
    const second = await open(file, clock);
    expect(admits(second)).toBe(false);
    first.close();
    second.close();
    Object.assign(clock, { monotonic: 5, wall: clock.wall + HOUR_MS + 1000 });
    const third = await open(file, clock);
    expect(admits(third)).toBe(false);
    clock.pass(2_000_000);
    expect(admits(third)).toBe(true);
    third.close();
  });

  test('time asleep counts, once, for every process', async () => {
    const clock = new FakeMachine();
    const file = path();
    const [one, two] = [await open(file, clock), await open(file, clock)];
    const hour = claim({ max: 1, windowMs: HOUR_MS });
    expect(one.reserve([hour], scope()).ok).toBe(true);
    clock.sleep(50 * 60 * 1e6);
    expect(two.reserve([hour], scope())).toMatchObject({ ok: false, refusal: { retryAfterMs: 600_001 } });
    expect(one.reserve([hour], scope())).toMatchObject({ ok: false, refusal: { retryAfterMs: 600_001 } });
    clock.pass(600_000_001);
    expect(one.reserve([hour], scope()).ok).toBe(true);
    one.close();
    two.close();
  });

  test.each([-20_000, 20_000])('two machines that share the file (wall clocks %i ms apart) never see time go back', async (apart) => {
    const [here, there] = [new FakeMachine(), new FakeMachine()];
    Object.assign(there, { boot: 'other', monotonic: 7e9, wall: here.wall + apart });
    const file = path();
    const [one, two] = [await open(file, here), await open(file, there)];
    const wide = claim({ max: 10_000, windowMs: HOUR_MS, per: ['server'] });
    let admitted = 0;
    for (let i = 0; i < 600; i += 1) {
      for (const [machine, state] of [[here, one], [there, two]] as const) {
        machine.pass(1_000_000);
        if (admits(state)) admitted += 1;
        state.reserve([wide], scope());
      }
    }
    // 600 s of real time hold at most 10 whole windows and one more call.
    expect(admitted).toBeLessThanOrEqual(11);
    expect(admitted).toBeGreaterThanOrEqual(9);
    const database = await openDriver(file, driver);
    const log = database.prepare('SELECT at FROM admissions WHERE counter = (SELECT max(counter) FROM admissions) ORDER BY seq').all();
    const times = log.map((row) => Number(row['at']));
    expect(times).toHaveLength(1200);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    database.close();
    one.close();
    two.close();
  });
});
