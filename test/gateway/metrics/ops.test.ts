import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { readiness } from '../../../src/gateway/metrics/readiness.ts';
import { GatewayMetrics } from '../../../src/gateway/metrics/gateway-metrics.ts';
import { batched } from '../../../src/state/batched-admissions.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import { StateUnavailable, type State } from '../../../src/state/types.ts';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { parse } from './exposition.ts';

const POLICY = 'version: "1"\ndefault: deny\ntools:\n  safe: { action: allow, rate_limit: 2/hour }\n  fail: allow\n  secret: deny\n';
const open: HttpHarness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close();
});

async function start(policy = POLICY): Promise<HttpHarness> {
  const harness = await HttpHarness.start(await policySet(policy));
  open.push(harness);
  return harness;
}

const get = (harness: HttpHarness, path: string, headers: Record<string, string> = {}) => harness.send({ method: 'GET', path, headers });

describe('/metrics', () => {
  test('counts every row that the journal has, by server, outcome and code, and each call that was let through once', async () => {
    const harness = await start();
    for (let round = 0; round < 3; round += 1) await harness.modern('http', 'tools/call', { name: 'safe', arguments: {} });
    await harness.modern('http', 'tools/call', { name: 'secret', arguments: {} });
    await harness.post('http', '{"not json', {});
    await harness.send({ path: '/mcp/http', headers: { authorization: 'Bearer wrong-token-of-nobody' }, body: '{}' });
    const rows = await harness.rows();
    const values = parse((await get(harness, '/metrics')).text);
    const counted = new Map<string, number>();
    for (const { server, outcome, code, name } of rows) {
      const key = `policylayer_calls_total{server="${server}",outcome="${outcome}",code="${code ?? ''}",category="${name === null ? '' : 'unknown'}"}`;
      counted.set(key, (counted.get(key) ?? 0) + 1);
    }
    expect(rows.length).toBeGreaterThanOrEqual(6);
    expect(new Map([...values].filter(([key]) => key.startsWith('policylayer_calls_total')))).toEqual(counted);
    expect(values.get('policylayer_tool_calls_total{server="http",tool="safe",outcome="ok"}')).toBe(2);
    expect(values.get('policylayer_reservations_refused_total{server="http",type="rate"}')).toBe(1);
    expect(values.get('policylayer_call_duration_seconds_count{server="http"}')).toBe(2);
    expect(values.get('policylayer_journal_rows_total')).toBe(rows.length);
    expect(values.get('policylayer_journal_last_seq')).toBe(rows.at(-1)?.seq);
    expect(values.get('policylayer_state_errors_total')).toBe(0);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  test('a name that a client made up is no label', async () => {
    const harness = await start();
    await harness.modern('http', 'tools/call', { name: 'made-up-by-the-client', arguments: {} });
    await harness.modern('http', 'made/up-method', {});
    await harness.modern('http', 'tools/call', { name: 'secret', arguments: {} });
    expect((await get(harness, '/metrics')).text).not.toMatch(/made-up|made\/up|tool="secret"/);
  });

  test('is for this machine, but not for what a proxy on it relays', async () => {
    const harness = await start();
    expect((await get(harness, '/metrics')).status).toBe(200);
    for (const header of ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip']) expect((await get(harness, '/metrics', { [header]: '203.0.113.9' })).status).toBe(401);
    expect((await get(harness, '/metrics', { authorization: 'Bearer guessed' })).status).toBe(401);
    expect((await harness.send({ method: 'POST', path: '/metrics' })).status).toBe(405);
  });

  test('with a configured token it is for its holder only, wherever he asks from', async () => {
    const harness = await start();
    const token = 'metrics-token-of-the-scraper';
    await harness.reconfigure((config) => ({ ...config, metrics: { tokenSha256: createHash('sha256').update(token).digest() } }));
    expect((await get(harness, '/metrics')).status).toBe(401);
    expect((await get(harness, '/metrics', { authorization: `Bearer ${token}x` })).status).toBe(401);
    expect((await get(harness, '/metrics', { authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.9' })).status).toBe(200);
    expect((await get(harness, '/metrics', { authorization: `Bearer ${harness.token('http')}` })).status).toBe(401);
  });
});

describe('/readyz', () => {
  test('is 200 while calls are taken, and says which checks were made', async () => {
    const harness = await start();
    const answer = await get(harness, '/readyz');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { status: 'ready', checks: { configuration: 'ok', state: 'ok', disk: 'ok' } }]);
  });

  test('is 503 while the gateway drains, before its listener is closed', async () => {
    const harness = await start('version: "1"\ndefault: allow\n');
    const running = harness.modern('stdio', 'tools/call', { name: 'slow', arguments: {} }).catch(() => null);
    await expect.poll(() => harness.gateway.stats().inFlight).toBe(1);
    const closing = harness.gateway.close(2_000);
    const answer = await get(harness, '/readyz');
    expect([answer.status, (JSON.parse(answer.text) as { status: string }).status]).toEqual([503, 'draining']);
    expect((await harness.modern('http', 'tools/call', { name: 'safe' })).status).toBe(503);
    await closing;
    await running;
  });

  test('is not ready when the store is closed or locked by a failure, and when nothing is loaded', async () => {
    const harness = await start();
    const state = await openState({ path: databasePath(`${harness.directory}-ready`) });
    const ask = (over: Partial<Parameters<typeof readiness>[0]>) => readiness({ state, dataDir: harness.directory, loaded: true, draining: false, store: { failedAt: -Infinity, wroteAt: -Infinity }, ...over });
    expect((await ask({})).ready).toBe(true);
    expect(await ask({ loaded: false })).toMatchObject({ ready: false, checks: { configuration: 'missing' } });
    expect(await ask({ store: { failedAt: performance.now(), wroteAt: 0 } })).toMatchObject({ ready: false, checks: { state: 'unavailable' } });
    state.close();
    expect(await ask({})).toMatchObject({ ready: false, status: 'not_ready', checks: { state: 'unavailable' } });
  });
});

test('what the store could not write is counted, and told to whoever asks', async () => {
  const metrics = new GatewayMetrics(() => null);
  const broken = { admitAll: () => { throw new StateUnavailable('gone'); }, append: () => { throw new StateUnavailable('gone'); } } as unknown as State;
  const state = batched(broken, metrics);
  const entry = { server: 's', outcome: 'refused' } as never;
  await expect(Promise.resolve(state.admit([], {} as never, entry))).rejects.toThrow('gone');
  expect(() => state.append(entry)).toThrow('gone');
  expect(parse(metrics.text()).get('policylayer_state_errors_total')).toBe(2);
  expect(metrics.store.failedAt).toBeGreaterThan(metrics.store.wroteAt);
});
