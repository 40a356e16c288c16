import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../src/cli/gitops/read-document.ts';
import { gitopsDocument } from '../../src/control/gitops/document.ts';
import { databasePath, visitState } from '../../src/state/open.ts';
import { Output, demoServer, policylayer, repository, start, temporary } from './support.ts';

const TOKEN = `pla_${'T'.repeat(43)}`;
const DOCUMENT = `version: "1"
servers:
  demo:
    kind: command
    command: ["${process.execPath}", "${demoServer}"]
    env:
      KEY: { secret: "\${DEMO_KEY}" }
      LITERAL: { plain: "$\${NOT_A_VARIABLE}" }
policies:
  from-file: { file: policies/demo.yaml, stage: observe }
grants:
  agent: { server: demo, policies: [from-file], token: "\${AGENT_TOKEN}" }
`;
const POLICY = 'version: "1"\ndefault: deny # keeps ${ANYTHING} as it is\n';
const ENV = { POLICYLAYER_API_TOKEN: TOKEN, DEMO_KEY: 'correct horse battery', AGENT_TOKEN: 'plg_token-of-the-agent' };

/** A gateway without gateway.yaml, with one admin who has an API token. */
async function gateway() {
  const directory = temporary({ 'registry.yaml': DOCUMENT, 'api-token': `${TOKEN}\n` });
  const policies = join(directory, 'policies');
  mkdirSync(policies);
  writeFileSync(join(policies, 'demo.yaml'), POLICY);
  chmodSync(join(directory, 'api-token'), 0o600);
  const child = start(['serve', '--json', '--data', 'data', '--listen', '127.0.0.1:0'], { cwd: directory });
  const line = await new Output(child.stdout).match(/^(.+)\n/);
  const started = JSON.parse(line[1] ?? '') as { readonly url: string; readonly dataDir: string; readonly signIn: string | null; readonly config: string | null };
  const state = await visitState({ path: databasePath(started.dataDir) });
  state.registry.apply([
    { op: 'put', kind: 'member', name: 'm1', value: { name: 'Ada', email: 'ada@example.com', role: 'admin', serverRoles: {}, passwordHash: null, oidc: null, disabled: false, lastSignInAt: null } },
    { op: 'put', kind: 'token', name: 't1', value: { label: 'ci', member: 'm1', role: null, tokenSha256: createHash('sha256').update(TOKEN).digest('hex'), tokenHint: 'TTTT', expiresAt: null, revokedAt: null, lastUsedAt: null } },
  ], []);
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = ENV) => policylayer([...args, '--data', 'data'], { cwd: directory, env });
  return { directory, started, state, run };
}

describe('apply, diff and export', () => {
  it('make the registry as the document says, once, and say what differs by their status', async () => {
    const { directory, started, state, run } = await gateway();
    expect(started.config).toBeNull();
    const before = await run(['diff', 'registry.yaml']);
    expect([before.stderr, before.status]).toEqual(['', 1]);
    expect(before.stdout).toContain('+ server demo\n+ policy from-file\n+ grant agent');
    expect(state.registry.list('server')).toEqual([]);

    const applied = await run(['apply', 'registry.yaml']);
    expect([applied.status, applied.stderr]).toEqual([0, '']);
    expect(applied.stdout).toContain('3 changes: 3 new, 0 changed, 0 removed.');
    expect(state.registry.get('server', 'demo')?.value).toMatchObject({ env: { LITERAL: { kind: 'plain', value: '${NOT_A_VARIABLE}' } } });
    expect(state.registry.policyVersions('from-file')[0]?.text).toBe(POLICY);
    expect(state.registry.audit().map(({ action, actorName, via }) => `${action} ${actorName} ${via}`)).toContain('server.apply Ada token');

    const same = await run(['diff', 'registry.yaml', '--json']);
    expect([same.status, JSON.parse(same.stdout)]).toEqual([0, { changes: [], applied: false, tokens: {} }]);
    expect((await run(['apply', 'registry.yaml'])).stdout).toBe('Nothing differs.\n');

    // Another environment: only the secret differs, and neither value is told.
    const rotated = await run(['diff', 'registry.yaml'], { ...ENV, DEMO_KEY: 'another secret' });
    expect([rotated.status, rotated.stdout]).toEqual([1, '~ server demo: env/KEY\n\n1 change: 0 new, 1 changed, 0 removed, nothing of it done.\n']);

    const exported = await run(['export']);
    expect([exported.stderr, exported.status]).toEqual(['', 0]);
    for (const secret of [ENV.DEMO_KEY, ENV.AGENT_TOKEN]) expect(exported.stdout).not.toContain(secret);
    writeFileSync(join(directory, 'exported.yaml'), exported.stdout);
    const roundTrip = await run(['diff', 'exported.yaml', '--prune'], { POLICYLAYER_API_TOKEN: TOKEN });
    expect([roundTrip.stderr, roundTrip.stdout, roundTrip.status]).toEqual(['', 'Nothing differs.\n', 0]);
    const json = await run(['export', '--json', '--out', 'exported.json']);
    expect(json.status).toBe(0);
    expect((await run(['diff', 'exported.json', '--prune'])).status).toBe(0);
    expect(JSON.parse(readFileSync(join(directory, 'exported.json'), 'utf8'))).toMatchObject({ version: '1', grants: { agent: { server: 'demo' } } });

    writeFileSync(join(directory, 'empty.yaml'), 'version: "1"\n');
    expect((await run(['apply', 'empty.yaml'])).stdout).toBe('Nothing differs.\n');
    const pruned = await run(['apply', 'empty.yaml', '--prune', '--dry-run']);
    expect(pruned.stdout).toContain('- grant agent');
    expect(state.registry.get('grant', 'agent')).not.toBeNull();
    expect((await run(['apply', 'empty.yaml', '--prune'])).status).toBe(0);
    expect(state.registry.get('grant', 'agent')).toBeNull();
    state.close();
  });

  it('a token comes from a file as well, and mistakes are told with their line and change nothing', async () => {
    const { directory, started, state, run } = await gateway();
    writeFileSync(join(directory, 'wrong.yaml'), `${DOCUMENT}  other: { server: nowhere, policies: [missing], colour: red }\n`);
    const shape = await run(['apply', 'wrong.yaml', '--token-file', 'api-token'], { DEMO_KEY: 'x', AGENT_TOKEN: ENV.AGENT_TOKEN });
    expect([shape.stderr, shape.status]).toEqual([expect.any(String), 1]);
    expect(shape.stderr).toMatch(/^policylayer: the gateway refused the document \(invalid_request\): .*\nwrong\.yaml:13:\d+: error: /);
    writeFileSync(join(directory, 'wrong.yaml'), `${DOCUMENT}  other: { server: nowhere, policies: [missing] }\n`);
    const names = await run(['apply', 'wrong.yaml', '--json']);
    expect(names.status).toBe(1);
    expect(JSON.parse(names.stdout).error.problems).toMatchObject([{ line: 13, message: expect.stringContaining('nowhere') }, { line: 13, message: expect.stringContaining('missing') }]);
    expect((await run(['diff', 'wrong.yaml'])).status).toBe(2);
    expect(state.registry.list('server')).toEqual([]);

    const missing = await run(['apply', 'registry.yaml'], { POLICYLAYER_API_TOKEN: TOKEN });
    expect(missing.status).toBe(2);
    expect(missing.stderr).toMatch(/registry\.yaml:7:\d+: error: the environment variable DEMO_KEY is not set or empty/);
    const stranger = await run(['apply', 'registry.yaml'], { ...ENV, POLICYLAYER_API_TOKEN: `pla_${'X'.repeat(43)}` });
    expect([stranger.status, stranger.stderr]).toEqual([2, expect.stringContaining('does not know this API token')]);
    for (const { stdout, stderr } of [shape, names, missing, stranger]) for (const secret of [TOKEN, ENV.AGENT_TOKEN, ENV.DEMO_KEY]) expect(stdout + stderr).not.toContain(secret);
    expect(started.signIn).toMatch(/\/sign-in#link=/);
    state.close();
  });
});

describe('docs/gitops.md', () => {
  it('shows a document that the gateway takes', async () => {
    const page = readFileSync(join(repository, 'docs/gitops.md'), 'utf8');
    const block = /```yml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const directory = temporary({ 'registry.yaml': block });
    mkdirSync(join(directory, 'policies'));
    writeFileSync(join(directory, 'policies', 'support.policy.yaml'), POLICY);
    const read = await readDocument(join(directory, 'registry.yaml'), { TICKETS_TOKEN: 'abc', SUPPORT_BOT_TOKEN: 'plg_token-of-the-bot' });
    expect(read.ok && gitopsDocument.safeParse(read.document).error).toBeUndefined();
    expect(read.ok && gitopsDocument.parse(read.document)).toMatchObject({ servers: { tickets: { headers: { Authorization: { secret: 'Bearer abc' } } } }, policies: { support: { text: POLICY } } });
  });
});

describe('apply without a gateway', () => {
  const cases: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, RegExp])[] = [
    ['nobody named a gateway', ['apply', 'r.yaml'], ENV, /no gateway was named, and none runs here\n {2}help: add --url/],
    ['there is no token', ['apply', 'r.yaml', '--url', 'http://127.0.0.1:9'], {}, /there is no API token\n {2}help: .*POLICYLAYER_API_TOKEN/],
    ['the token would travel in the clear', ['apply', 'r.yaml', '--url', 'http://gateway.example.com'], ENV, /in the clear to another machine\n {2}help: use https/],
    ['nobody answers', ['apply', 'r.yaml', '--url', 'http://127.0.0.1:9'], ENV, /does not answer: ECONNREFUSED/],
    ['the address is none', ['export', '--url', 'gateway'], ENV, /is not a URL/],
    ['the document is not there', ['diff', 'missing.yaml', '--url', 'http://127.0.0.1:9'], ENV, /missing\.yaml cannot be read \(ENOENT\)/],
    ['the document is not YAML', ['diff', 'bad.yaml', '--url', 'http://127.0.0.1:9'], ENV, /bad\.yaml:1:\d+: error/],
  ];
  it.each(cases)('%s: status 2, a message and a way on', async (_title, args, env, message) => {
    const directory = temporary({ 'r.yaml': 'version: "1"\n', 'bad.yaml': '{' });
    const { status, stdout, stderr } = await policylayer(args, { cwd: directory, env });
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain(TOKEN);
  });
});
