import { PassThrough, Writable } from 'node:stream';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { logs, type LogsArguments } from '../../src/cli/commands/logs.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { openState } from '../../src/state/open.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import type { JournalEntry, JournalRow } from '../../src/state/types.ts';
import { entry, FakeMachine, scratch } from './support.ts';

const path = scratch();

/** A stream that keeps what was written, as a terminal of some width or a pipe. */
class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  constructor(columns?: number) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

const ROWS: Partial<JournalEntry>[] = [
  { outcome: 'ok', latencyMs: 12.4, code: null },
  { outcome: 'refused', code: 'rate_limited', rule: '/tools/send/rate_limit', name: 'send', retryAfterMs: 1500 },
  { outcome: 'ok', observed: 'would_deny', latencyMs: 1234.5, server: 'tickets' },
  { outcome: 'rejected', code: 'duplicate_key', grant: null, name: null, method: null, rule: null },
  { outcome: 'tool_error', name: 'a_tool_with_a_very_long_name_indeed_'.repeat(4), latencyMs: 45_678, grant: 'a-rather-long-label-of-a-grant', server: 'a-rather-long-name-of-a-server', rule: '/tools/a_tool_with_a_very_long_name_indeed/rate_limit/0' },
  { outcome: 'refused', code: 'denied', name: 'x\u001b[2J\r\nfake  ok', rule: '/tools/x' },
  { outcome: 'upstream_failed', name: '削除する', latencyMs: 0.25 },
  { outcome: 'forwarded', name: 'slow' },
];

async function journal(rows: readonly Partial<JournalEntry>[] = ROWS): Promise<{ state: SqliteState; file: string; clock: FakeMachine }> {
  const file = path();
  const clock = new FakeMachine();
  const state = await openState({ path: file, clock });
  for (const [index, over] of rows.entries()) {
    state.append(entry({ id: `id-${index}`, ...over }));
    clock.pass(1_000_000);
  }
  return { state, file, clock };
}

async function run(file: string, over: Partial<LogsArguments> = {}): Promise<{ status: number; out: Screen; err: Screen }> {
  const out = new Screen();
  const err = new Screen();
  const status = await logs({ data: file, follow: false, json: false, stdout: out, stderr: err, signal: new AbortController().signal, env: {}, ...over });
  return { status, out: over.stdout instanceof Screen ? over.stdout : out, err };
}

test('the table shows who did what and why, oldest first, within 100 columns, with control characters made visible', async () => {
  const { state, file } = await journal();
  const { status, out } = await run(file);
  expect(status).toBe(0);
  expect(`\n${out.text}`).toMatchInlineSnapshot(`
    "
    TIME (UTC)      OUTCOME          SERVER    GRANT    NAME          CODE           RULE           TOOK
    11-20 12:00:00  ok               amazon-…  support  send          -              /tools/se…    12 ms
    11-20 12:00:01  refused          amazon-…  support  send          rate_limited   /tools/se…        -
    11-20 12:00:02  ok               tickets   support  send          would_deny     /tools/se…  1235 ms
    11-20 12:00:03  rejected         amazon-…  -        -             duplicate_key  -                 -
    11-20 12:00:04  tool_error       a-rathe…  a-rath…  a_tool_with…  -              /tools/a_…   45.7 s
    11-20 12:00:05  refused          amazon-…  support  x\\u{1b}[2J\\…  denied         /tools/x          -
    11-20 12:00:06  upstream_failed  amazon-…  support  削除する      -              /tools/se…   0.3 ms
    11-20 12:00:07  forwarded        amazon-…  support  slow          -              /tools/se…        -
    "
  `);
  for (const line of out.lines) expect([...line].length).toBeLessThanOrEqual(100);
  state.close();
});

test.each([60, 80, 120])('a terminal of %i columns is not overrun', async (columns) => {
  const { state, file } = await journal();
  const { out } = await run(file, { stdout: new Screen(columns), env: { NO_COLOR: '1' } });
  expect(out.lines).toHaveLength(9);
  expect(out.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  for (const line of out.lines) expect([...line, ...line.replaceAll(/[^削除する]/g, '')].length).toBeLessThanOrEqual(columns);
  state.close();
});

test('colour is for a terminal, and NO_COLOR takes it away', async () => {
  const { state, file } = await journal([{ outcome: 'refused', code: 'denied' }]);
  const red = '\u001b[31mrefused';
  expect((await run(file, { stdout: new Screen(100), env: {} })).out.text).toContain(red);
  expect((await run(file, { stdout: new Screen(100), env: { NO_COLOR: '1' } })).out.text).not.toContain('\u001b');
  expect((await run(file)).out.text).not.toContain('\u001b');
  state.close();
});

test('json is one object per line with every field, and safe to show on a terminal', async () => {
  const { state, file } = await journal([{ name: 'a\u001b[2J\u009b\u202e\u{e0041}\nb', outcome: 'ok' }, { outcome: 'refused', code: 'denied' }]);
  const { out } = await run(file, { json: true });
  const rows = out.lines.map((line) => JSON.parse(line) as JournalRow);
  expect(rows).toEqual(state.query({}));
  expect(out.text).not.toMatch(/[\p{Cf}\u007f-\u009f\u001b]/u);
  state.close();
});

test.each<[string, Partial<LogsArguments>, number[]]>([
  ['newest rows, oldest first', { limit: 3 }, [6, 7, 8]],
  ['limit as text', { limit: '1' }, [8]],
  ['server', { server: 'tickets' }, [3]],
  ['grant', { grant: 'a-rather-long-label-of-a-grant' }, [5]],
  ['name', { name: 'slow' }, [8]],
  ['one outcome', { outcome: 'refused' }, [2, 6]],
  ['outcomes', { outcome: 'rejected, tool_error' }, [4, 5]],
  ['codes', { code: 'denied,rate_limited' }, [2, 6]],
  ['since a time', { since: '2026-11-20T12:00:05Z' }, [6, 7, 8]],
  ['since a day', { since: '2026-11-20' }, [1, 2, 3, 4, 5, 6, 7, 8]],
])('filter: %s', async (_name, over, expected) => {
  const { state, file } = await journal();
  const { out } = await run(file, { json: true, ...over });
  expect(out.lines.map((line) => (JSON.parse(line) as JournalRow).seq)).toEqual(expected);
  state.close();
});

test('since an age counts from now', async () => {
  const file = path();
  const clock = new FakeMachine();
  const state = await openState({ path: file, clock });
  for (const minutes of [180, 90, 5]) {
    clock.wall = Date.now() - minutes * 60_000;
    state.append(entry({ outcome: 'ok', name: `${minutes}` }));
  }
  for (const [since, count] of [['10m', 1], ['2h', 2], ['1d', 3], ['30s', 0]] as const) {
    expect((await run(file, { json: true, since })).out.lines, since).toHaveLength(count);
  }
  state.close();
});

test.each<[Partial<LogsArguments>, RegExp]>([
  [{ outcome: 'fine' }, /--outcome fine is not an outcome/],
  [{ outcome: '__proto__' }, /is not an outcome/],
  [{ since: 'yesterday' }, /--since yesterday is not a time/],
  [{ since: '10' }, /is not a time/],
  [{ since: '2026-13-45' }, /is not a time/],
  [{ limit: 0 }, /--limit 0 is not a number of rows/],
  [{ limit: '1e9' }, /is not a number of rows/],
])('a filter that makes no sense is a usage error: %o', async (over, message) => {
  const { state, file } = await journal([]);
  await expect(run(file, over)).rejects.toBeInstanceOf(UsageError);
  await expect(run(file, over)).rejects.toThrow(message);
  state.close();
});

test('nothing recorded yet is said, with status 2 when there is no database', async () => {
  const { state, file } = await journal([]);
  expect(await run(file)).toMatchObject({ status: 0, out: { text: '' }, err: { text: 'policylayer: no rows match\n' } });
  state.close();
  const missing = await run(dirname(file));
  expect(missing.status).toBe(2);
  expect(missing.err.text).toMatch(/does not exist; nothing has been recorded there yet\n$/);
});

test('following shows new rows of other connections, and the end of calls that were running', async () => {
  const { state, file } = await journal([{ outcome: 'ok', name: 'old' }, { outcome: 'forwarded', name: 'running', id: 'r' }]);
  const controller = new AbortController();
  const out = new Screen();
  const done = run(file, { follow: true, json: true, stdout: out, signal: controller.signal });
  const seen = (): string[] => out.lines.map((line) => JSON.parse(line) as JournalRow).map(({ name, outcome }) => `${name} ${outcome}`);
  await expect.poll(seen).toEqual(['old ok', 'running forwarded']);
  state.append(entry({ name: 'new', outcome: 'refused', code: 'denied' }));
  state.append(entry({ name: 'quick', id: 'q' }));
  state.settle('q', { outcome: 'tool_error', upstreamStatus: null, latencyMs: 2, undo: 'nothing' });
  state.settle('r', { outcome: 'ok', upstreamStatus: null, latencyMs: 2000, undo: 'nothing' });
  state.flush();
  await expect.poll(() => seen().slice(2).toSorted(), { timeout: 5000 }).toEqual(['new refused', 'quick tool_error', 'running ok']);
  state.append(entry({ name: 'slow' }));
  await expect.poll(() => seen().at(-1), { timeout: 5000 }).toBe('slow forwarded');
  controller.abort();
  expect((await done).status).toBe(0);
  state.close();
});

test('following with a filter shows what the filter names, also when a call gets there later', async () => {
  const { state, file } = await journal([]);
  const controller = new AbortController();
  const out = new Screen();
  const done = run(file, { follow: true, json: true, outcome: 'ok', server: 'tickets', stdout: out, signal: controller.signal });
  await expect.poll(() => state.query({}).length).toBe(0);
  state.append(entry({ server: 'tickets', outcome: 'refused' }));
  state.append(entry({ server: 'other', outcome: 'ok' }));
  state.append(entry({ server: 'tickets', id: 'later', name: 'later' }));
  state.settle('later', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
  await expect.poll(() => out.lines.map((line) => (JSON.parse(line) as JournalRow).name), { timeout: 5000 }).toEqual(['later']);
  controller.abort();
  await done;
  state.close();
});

test('a reader that goes away ends the command quietly', async () => {
  const { state, file } = await journal(Array.from({ length: 50 }, () => ({ outcome: 'ok' as const })));
  const stdout = new PassThrough({ highWaterMark: 100 });
  const done = run(file, { json: true, follow: true, stdout: stdout as unknown as LogsArguments['stdout'] });
  stdout.once('data', () => {
    stdout.pause();
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  });
  expect((await done).status).toBe(0);
  state.close();
});
