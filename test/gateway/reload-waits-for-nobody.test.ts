import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { GatewayConfig, GrantConfig, ServerConfig } from '../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../src/gateway/serve.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { policySet } from './run-harness.ts';

/** Speaks MCP, writes down its process id, and ends by nothing but SIGKILL. */
const STUBBORN = `
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
appendFileSync(process.argv[2], process.pid + '\\n');
process.on('SIGTERM', () => undefined);
setInterval(() => undefined, 1e6);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = method === 'initialize' ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } : { tools: [] };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
});
`;

const directory = mkdtempSync(join(tmpdir(), 'policylayer-reload-'));
let state: State;
let gateway: RunningGateway;
afterEach(async () => {
  await gateway.close(0);
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a revocation does not wait for the end of a server that was replaced before, and the end of the gateway does', async () => {
  const policies = await policySet('version: "1"\ndefault: allow\n');
  const script = join(directory, 'stubborn.mjs');
  const pids = join(directory, 'pids');
  writeFileSync(script, STUBBORN);
  const server = (edition: string): ServerConfig => ({
    name: 'stubborn', isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', edge: null,
    upstream: { kind: 'command', spec: { command: [process.execPath, script, pids], env: { EDITION: edition }, cwd: null, inheritEnv: false } },
  });
  const grant = (label: string): GrantConfig => ({ label, server: 'stubborn', tags: [], policyNames: ['p'], policies, tokenSha256: createHash('sha256').update(label).digest() });
  const config = (edition: string, grants: readonly string[]): GatewayConfig => ({
    listen: { host: '127.0.0.1', port: 0 }, dataDir: directory, allowHosts: [], allowOrigins: [], servers: new Map([['stubborn', server(edition)]]), grants: grants.map(grant),
    approvals: { publicUrl: null, webhook: null, approvers: [] }, journal: { arguments: 'keys', retainDays: null },
    limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 10, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
  });
  state = await openState({ path: databasePath(directory) });
  gateway = await startGateway(config('1', ['kept', 'revoked']), { state, log: () => undefined });
  const initialize = (label: string): Promise<Response> => fetch(`http://127.0.0.1:${gateway.address.port}/mcp/stubborn`, {
    method: 'POST', headers: { authorization: `Bearer ${label}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } }),
  });
  expect((await initialize('kept')).status).toBe(200);
  const pid = Number(readFileSync(pids, 'utf8').trim());
  await gateway.reload(config('2', ['kept', 'revoked']));
  await gateway.reload(config('2', ['kept']));
  expect((await initialize('revoked')).status).toBe(401);
  expect(isAlive(pid)).toBe(true);
  await gateway.close(0);
  expect(isAlive(pid)).toBe(false);
});
