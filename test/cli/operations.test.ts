import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { Collector } from '../gateway/tracing/collector.ts';
import { Output, policylayer, start, temporary } from './support.ts';

const TOKEN = 'plg_test-token-of-the-operations-tests';
const POLICY = 'version: "1"\ndefault: deny\ntools:\n  slow: allow\n  quick: allow\n';
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } };

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** An upstream whose tool `slow` answers when it is told to. */
async function upstream(): Promise<{ url: string; calls: () => number; release: () => void }> {
  let calls = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as { id?: number; method: string; params?: { name?: string } };
      const answer = (result: object): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
      if (method === 'tools/list') return answer({ tools: ['slow', 'quick'].map((name) => ({ name, inputSchema: { type: 'object' } })), ttlMs: 0, cacheScope: 'private' });
      calls += 1;
      if (params?.name === 'slow') waiting.push(() => answer({ content: [] }));
      else answer({ content: [] });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, calls: () => calls, release: () => waiting.splice(0).forEach((one) => one()) };
}

async function serve(url: string, more = '', args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const directory = temporary({ 'gateway.yaml': `listen: 127.0.0.1:0\nservers:\n  up: { url: "${url}" }\npolicies: { p: p.yaml }\ngrants:\n  - { label: agent, server: up, policies: [p], token: "\${TEST_TOKEN}" }\n${more}`, 'p.yaml': POLICY });
  const child = start(['serve', '--json', ...args], { cwd: directory, env: { TEST_TOKEN: TOKEN, ...env } });
  const stderr = new Output(child.stderr);
  const line = await new Output(child.stdout).match(/^(.+)\n/);
  const started = JSON.parse(line[1] ?? '') as { url: string; signIn: string };
  const ended = new Promise<number | string | null>((done) => child.once('close', (code, signal) => done(code ?? signal)));
  return { child, directory, stderr, started, ended };
}

async function call(base: string, name: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${base}/mcp/up`, {
    method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { secret: 'hunter2-value' }, _meta: META } }),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${TOKEN}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
  });
  return { status: response.status, text: await response.text() };
}

describe('the end of a gateway', () => {
  it('turns not ready first, lets open calls end, tells the dashboard, and ends with 0', async () => {
    const up = await upstream();
    const gateway = await serve(up.url);
    const { url, signIn } = gateway.started;
    const secret = new URL(signIn).hash.replace('#link=', '');
    const session = await fetch(`${url}/api/v1/session/link`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ secret, name: 'A', email: 'a@example.com', password: 'a-password-of-the-tests-9' }) });
    expect(session.status).toBe(200);
    const cookie = session.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
    const events = await fetch(`${url}/api/v1/events`, { headers: { cookie } });
    const stream = events.text();

    const running = call(url, 'slow');
    await expect.poll(up.calls, { timeout: 10_000 }).toBe(1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    gateway.child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect((await call(url, 'quick')).status).toBe(503);
    expect(await stream).toMatch(/event: end\ndata: \{"reason"/);
    up.release();
    const answer = await running;
    expect([answer.status, up.calls()]).toEqual([200, 1]);
    expect(await gateway.ended).toBe(0);
  });

  it('takes calls for the delay of gateway.yaml after it has turned not ready', async () => {
    const up = await upstream();
    const gateway = await serve(up.url, 'drain: { delay: 2s, grace: 5s }\n');
    const { url } = gateway.started;
    gateway.child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 1_500, interval: 20 }).toBe(503);
    expect((await call(url, 'quick')).status).toBe(200);
    expect(await gateway.ended).toBe(0);
  });

  it('comes at once with the second signal, whatever is open', async () => {
    const up = await upstream();
    const gateway = await serve(up.url);
    void call(gateway.started.url, 'slow').catch(() => undefined);
    await expect.poll(up.calls, { timeout: 10_000 }).toBe(1);
    gateway.child.kill('SIGTERM');
    await gateway.stderr.match(/SIGTERM received/);
    gateway.child.kill('SIGTERM');
    expect(await gateway.ended).toBe(143);
  });
});

describe('the log of serve', () => {
  it('is one JSON object a line on demand, with the ids of the journal, and without tokens and arguments', async () => {
    const up = await upstream();
    const gateway = await serve(up.url, 'log: { level: debug }\n', ['--log-format', 'json']);
    expect((await call(gateway.started.url, 'quick')).status).toBe(200);
    await call(gateway.started.url, 'made-up');
    gateway.child.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
    const lines = gateway.stderr.text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const logs = await policylayer(['logs', '--json'], { cwd: gateway.directory });
    const rows = logs.stdout.trim().split('\n').map((line) => JSON.parse(line) as { id: string; outcome: string; code: string | null });
    for (const row of rows) expect(lines).toContainEqual(expect.objectContaining({ level: 'debug', event: 'call', journal: row.id, service: 'policylayer' }));
    expect(lines).toContainEqual(expect.objectContaining({ event: 'call.end', outcome: 'ok', journal: rows.find(({ outcome }) => outcome === 'ok')?.id }));
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: expect.stringContaining('SIGTERM') });
    for (const hidden of [TOKEN, 'hunter2-value', new URL(gateway.started.signIn).hash.slice(6)]) expect(gateway.stderr.text).not.toContain(hidden);
  });

  it('keeps tokens that are shown once out of JSON', async () => {
    const up = await upstream();
    const gateway = await serve(up.url, '', ['--log-format', 'json']);
    const { writeFileSync, readFileSync } = await import('node:fs');
    const path = `${gateway.directory}/gateway.yaml`;
    writeFileSync(path, readFileSync(path, 'utf8').replace('  - { label: agent', '  - { label: more, server: up, policies: [p] }\n  - { label: agent'));
    const said = await gateway.stderr.match(/new token of grant more, shown once: ([^"]+)/);
    expect(said[1]).toBe('[not written to structured logs]');
  });

  it('knows text and json, and nothing else', async () => {
    const answer = await policylayer(['serve', '--log-format', 'xml']);
    expect([answer.status, answer.stderr]).toEqual([2, expect.stringContaining('--log-format')]);
  });
});

it('serve sends traces where the standard variables say', async () => {
  const up = await upstream();
  const collector = await Collector.start();
  const gateway = await serve(up.url, '', [], { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  expect((await call(gateway.started.url, 'quick')).status).toBe(200);
  gateway.child.kill('SIGTERM');
  expect(await gateway.ended).toBe(0);
  expect(collector.spans.map(({ name }) => name)).toContain('tools/call quick');
  expect(collector.bodies.join('')).not.toContain('hunter2-value');
  await collector.close();
});

describe('operations in gateway.yaml', () => {
  const read = async (text: string) => readGatewayFile(`servers: { s: { command: [node] } }\n${text}`, '/tmp', { SECRET: 'a-secret-of-the-collector' });

  it('are read with their defaults', async () => {
    expect((await read('')).file?.operations).toEqual({ tracing: null, log: { format: 'text', level: 'info' }, drain: { graceMs: 10_000, delayMs: 0 } });
    const { file } = await read('tracing: { endpoint: "http://127.0.0.1:4318/", headers: { x-key: "${SECRET}" }, sample: 0.1 }\nlog: { format: json, level: warn }\ndrain: { grace: 30s, delay: 5s }\nmetrics: { token_sha256: 28c2745579e1e25033415dff7b1a4454bccbb40346bfdf30ad2c6e437a5932a1 }\n');
    expect(file?.operations).toEqual({ tracing: { endpoint: 'http://127.0.0.1:4318', headers: { 'x-key': 'a-secret-of-the-collector' }, sample: 0.1 }, log: { format: 'json', level: 'warn' }, drain: { graceMs: 30_000, delayMs: 5_000 } });
    expect(file?.metrics?.tokenSha256).toHaveLength(32);
  });

  it('that are wrong are told together, and nothing of a secret', async () => {
    const { file, problems } = await read('tracing: { endpoint: "ftp://x", headers: { "a b": "${SECRET}" }, sample: 2 }\nlog: { format: xml, level: loud, colour: yes }\ndrain: { grace: 1y, delay: -1 }\nmetrics: {}\n');
    expect(file).toBeNull();
    expect(problems.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([
      '`endpoint` is not the address of an OTLP/HTTP collector', 'this is no HTTP header', '`sample` is no part of the traces', '`format` has no such value', '`level` has no such value', 'unknown key `colour` in `log`',
      '`grace` is not a duration', '`delay` is not a duration', '`metrics` has no token',
    ]);
    expect(JSON.stringify(problems)).not.toContain('a-secret-of-the-collector');
  });
});
