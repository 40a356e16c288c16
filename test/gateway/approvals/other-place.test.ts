import { afterEach, expect, test } from 'vitest';
import { upstreamTarget } from '../../../src/gateway/upstream-target.ts';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { answerJson, ScriptedUpstream } from '../scripted-upstream.ts';
import { Approver } from './approver.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function upstream(): Promise<ScriptedUpstream> {
  const started = await ScriptedUpstream.start((seen, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(seen.message?.id)},"result":{"content":[]}}`));
  closing.push(() => started.close());
  return started;
}

test('[#33] an approval given before the server got another address is not used at the new one', async () => {
  const [before, after] = [await upstream(), await upstream()];
  const gateway = await HttpHarness.start(await policySet('version: "1"\ndefault: allow\ntools:\n  danger: { action: require_approval, approval: { wait: 0s } }\n'), { url: before.url });
  closing.push(() => gateway.close());
  const approver = new Approver(gateway.directory);
  closing.push(() => approver.close());
  const call = async (): Promise<string> => JSON.stringify(await gateway.request('http', await gateway.open('http'), 'tools/call', { name: 'danger', arguments: { n: 1 } }));
  const move = (url: string): Promise<void> => gateway.reconfigure((config) => {
    const servers = new Map(config.servers);
    const server = servers.get('http');
    if (server !== undefined) servers.set('http', { ...server, upstream: { kind: 'http', spec: { url: new URL(url), headers: {} } } });
    return { ...config, servers };
  });
  await move(before.url);
  expect(await call()).toContain('approval_pending');
  await approver.decide('approve');
  await move(after.url);
  expect(await call()).toContain('approval_pending');
  expect(after.of('tools/call')).toHaveLength(0);
  await move(before.url);
  expect(await call()).toContain('"content"');
  expect(before.of('tools/call')).toHaveLength(1);
});

test('a place is its address or its command line, folder and the names around it, not a credential', () => {
  const http = (url: string, headers: Record<string, string>): string => upstreamTarget({ kind: 'http', spec: { url: new URL(url), headers } });
  expect(http('https://a.example/mcp', { Authorization: 'one' })).toBe(http('https://a.example/mcp', { authorization: 'two' }));
  expect(http('https://a.example/mcp', {})).not.toBe(http('https://a.example/mcp', { Authorization: 'one' }));
  expect(http('https://a.example/mcp', {})).not.toBe(http('https://b.example/mcp', {}));
  const command = (args: string[], cwd: string | null, env: Record<string, string>): string => upstreamTarget({ kind: 'command', spec: { command: ['server', ...args], cwd, env, inheritEnv: true } });
  expect(command(['x'], '/srv', { KEY: '1' })).toBe(command(['x'], '/srv', { KEY: '2' }));
  expect(command(['x'], null, {})).toBe(command(['x'], process.cwd(), {}));
  expect(new Set([command(['x'], '/srv', {}), command(['y'], '/srv', {}), command(['x'], '/srv/production', {}), command(['x'], '/srv', { KEY: '1' })]).size).toBe(4);
});
