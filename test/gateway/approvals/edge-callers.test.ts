import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LOCAL_DESK } from '../../../src/gateway/approvals/desk.ts';
import type { GatewayConfig } from '../../../src/gateway/config-types.ts';
import { EdgeListener } from '../../../src/gateway/http/edge.ts';
import { Principal } from '../../../src/gateway/principal.ts';
import { ToolClassifier } from '../../../src/gateway/tool-classifier.ts';
import { ToolPins } from '../../../src/gateway/pins/tool-pins.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { policySet } from '../run-harness.ts';
import { answerJson, ScriptedUpstream } from '../scripted-upstream.ts';
import { Approver } from './approver.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const MODERN = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'danger', arguments: { n: 1 }, _meta: MODERN } });

type Post = (user: string, message: object) => Promise<{ readonly status: number; readonly text: string }>;

/** An edge listener whose tool needs an approval; users differ by their tokens only. */
async function edge(wait: string): Promise<{ post: Post; approver: Approver; ran: () => number }> {
  const upstream = await ScriptedUpstream.start((seen, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(seen.message?.id)},"result":{"resultType":"complete","content":[]}}`));
  closing.push(() => upstream.close());
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-edge-'));
  closing.push(async () => rmSync(directory, { recursive: true, force: true }));
  const state = await openState({ path: databasePath(directory) });
  closing.push(async () => state.close());
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const spec = { url: new URL(upstream.url), headers: {} };
  const listen = { host: '127.0.0.1', port: 0 };
  const context = {
    server: { name: 's', upstream: { kind: 'http' as const, spec }, isolation: 'session' as const, bridge: false, trustedAnnotations: false, drift: 'hold' as const, edge: { listen } },
    services: { state, ready: () => null, approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log },
    limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 10, sessionIdleMs: 60_000, bodyTimeoutMs: 2_000 },
    log,
  };
  const policies = await policySet(`version: "1"\ndefault: allow\ntools: { danger: { action: require_approval, approval: { wait: ${wait} } } }\n`);
  const listener = await EdgeListener.open(context, spec, listen, new Principal('edge', 's', policies), { allowHosts: [], allowOrigins: [] } as unknown as GatewayConfig);
  closing.push(() => listener.close());
  const approver = new Approver(directory);
  closing.push(() => approver.close());
  const port = Number(/:(\d+)$/.exec(lines[0] ?? '')?.[1]);
  const post: Post = (user, message) => new Promise((resolve, reject) => {
    const { method, params } = message as { method: string; params?: { name?: string } };
    const headers = {
      host: new URL(upstream.url).host, 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${user}`,
      'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(params?.name === undefined ? {} : { 'mcp-name': params.name }),
    };
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: '/mcp', agent: false, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(message));
  });
  return { post, approver, ran: () => upstream.of('tools/call').length };
}

test('[O5, #33] an approval for a call of one user of an edge listener is none for another user', async () => {
  const { post, approver, ran } = await edge('0s');
  expect((await post('alice', call(1))).text).toContain('approval_pending');
  await approver.decide('approve');
  expect((await post('bob', call(2))).text).toContain('approval_pending');
  expect(ran()).toBe(0);
  expect((await post('alice', call(3))).text).toContain('"content"');
  expect(ran()).toBe(1);
});

test.each([['another user', 'bob', 1], ['his own', 'alice', 0]])('[O5, N1] a user of an edge listener who cancels a held call: %s', async (_whose, by, runs) => {
  const { post, approver, ran } = await edge('20s');
  const held = post('alice', call(7));
  await approver.pending();
  expect((await post(by, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7, _meta: MODERN } })).status).toBe(202);
  await approver.decide('approve');
  expect((await held).text.includes('"content"')).toBe(runs === 1);
  expect(ran()).toBe(runs);
});
