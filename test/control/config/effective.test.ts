import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildConfiguration, type BuildParts } from '../../../src/control/config/effective.ts';
import { LiveGuard } from '../../../src/control/config/live-guard.ts';
import { PolicyCompiler } from '../../../src/control/config/policy-compiler.ts';
import type { EffectiveConfiguration, FileSide } from '../../../src/control/config/types.ts';
import type { GrantConfig, ServerConfig } from '../../../src/gateway/config-types.ts';
import { callOf } from '../../../src/policy/call-of.ts';
import { loadPolicy } from '../../../src/policy/load.ts';
import { combine } from '../../../src/policy/policy-set.ts';
import type { GrantDefinition, Kind, Kinds, PolicyStage, RegistrySnapshot, ServerDefinition, Stored } from '../../../src/state/registry/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { grant, policy, server, sha } from '../../state/registry-builders.ts';

const ALLOW = 'version: "1"\ndefault: deny\ntools:\n  send: allow\n';
const DENY = 'version: "1"\ndefault: deny\n';
const NOW = Date.parse('2026-11-22T12:00:00Z');

function stored<K extends Kind>(kind: K, name: string, value: Kinds[K]): Stored<K> {
  return { kind, name, version: 1, createdAt: '', updatedAt: '', value };
}

interface Registered {
  readonly servers?: Readonly<Record<string, ServerDefinition>>;
  /** By name: text, or null for one that is not published. */
  readonly policies?: Readonly<Record<string, string | null>>;
  readonly stage?: PolicyStage;
  /** The server that all of them are for. */
  readonly policyServer?: string | null;
  readonly grants?: Readonly<Record<string, Partial<GrantDefinition>>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

function snapshot({ servers = {}, policies = {}, stage = 'enforce', policyServer = null, grants = {}, settings = {} }: Registered): RegistrySnapshot {
  return {
    revision: 1,
    servers: Object.entries(servers).map(([name, value]) => stored('server', name, value)),
    policies: Object.entries(policies).map(([name, text]) => ({ ...stored('policy', name, policy({ server: policyServer, published: text === null ? null : { number: 1, stage } })), text })),
    grants: Object.entries(grants).map(([name, value]) => stored('grant', name, grant({ tokenSha256: sha(name), ...value }))),
    settings: Object.entries(settings).map(([name, value]) => stored('setting', name, value)),
    secrets: [],
  };
}

const fileServer: ServerConfig = { name: 'filed', upstream: { kind: 'command', spec: { command: ['node'], env: {}, cwd: null, inheritEnv: false } }, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', edge: null };
async function file(grants: readonly string[] = [], servers: readonly ServerConfig[] = [fileServer]): Promise<FileSide> {
  const own = await loadPolicy(ALLOW, { name: 'own' });
  if (!own.ok) throw new Error('the policy of the test is broken');
  const config = {
    listen: { host: '127.0.0.1', port: 0 }, dataDir: '/nowhere', allowHosts: [], allowOrigins: [], servers: new Map(servers.map((one) => [one.name, one])),
    grants: grants.map((label): GrantConfig => ({ label, server: 'filed', tags: [], policyNames: ['own'], policies: combine([own.policy]), tokenSha256: createHash('sha256').update(label).digest() })),
    approvals: { publicUrl: null, webhook: null, approvers: [] }, journal: { arguments: 'keys' as const, retainDays: 30 },
    limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 1, bodyTimeoutMs: 1 },
  };
  return { config, policies: new Map([['own', { policy: own.policy, text: ALLOW }]]) };
}

async function build(registered: Registered, own?: FileSide): Promise<EffectiveConfiguration> {
  const parts: BuildParts = {
    box: { newest: 1, seal: () => { throw new Error('not here'); }, open: () => { throw new Error('the key is not there'); } },
    guard: new LiveGuard(), authorizerOf: () => null, compiler: new PolicyCompiler(), now: NOW,
  };
  return buildConfiguration(own ?? (await file()), snapshot(registered), parts);
}

const problems = ({ problems: all }: EffectiveConfiguration) => all.map(({ kind, name, text }) => `${kind} ${name}: ${text}`);
const effect = (config: EffectiveConfiguration, label: string) => config.config.grants.find((one) => one.label === label)?.policies.decide(callOf({ tool: 'send' })).effect ?? null;

test('what gateway.yaml names is the file\'s; a record of the same name is told and not used', async () => {
  const built = await build({ servers: { filed: server({ command: ['evil'] }) }, policies: { own: DENY }, grants: { agent: { server: 'filed', policies: ['own'] }, other: { server: 'filed', policies: ['own'] } } }, await file(['agent']));
  expect(built.config.servers.get('filed')).toBe(fileServer);
  expect(built.config.grants.map(({ label }) => label)).toEqual(['agent', 'other']);
  expect(effect(built, 'agent')).toBe('allow');
  expect(effect(built, 'other')).toBe('allow');
  expect(problems(built)).toEqual([
    'server filed: gateway.yaml has a server of this name, which is used instead', 'policy own: gateway.yaml has a policy of this name, which is used instead', 'grant agent: gateway.yaml has a grant of this label, which is used instead',
  ]);
});

test('a grant with the token of a grant of gateway.yaml lets nobody in twice', async () => {
  const built = await build({ grants: { twin: { server: 'filed', policies: ['own'], tokenSha256: sha('agent') }, rotated: { server: 'filed', policies: ['own'], previous: { tokenSha256: sha('agent'), until: '2027-01-01T00:00:00.000Z' } } } }, await file(['agent']));
  expect(built.config.grants.map(({ label, previous }) => [label, previous ?? null])).toEqual([['agent', null], ['rotated', null]]);
  expect(problems(built)).toEqual(['grant twin: a grant of gateway.yaml has the same token']);
});

test.each([
  ['is not there', {}, ['missing'], 'it can call nothing: there is no policy missing'],
  ['is not published', { draft: null }, ['draft'], 'it can call nothing: policy draft is not published'],
  ['is broken', { bad: 'version: "1"\ndefault: maybe\n' }, ['bad'], 'it can call nothing: policy bad is broken'],
  ['is one of several', { good: ALLOW, draft: null }, ['good', 'draft'], 'it can call nothing: policy draft is not published'],
  ['is named by nobody', {}, [], 'it has no policy, so it can call nothing'],
] as const)('a grant whose policy %s is known, and can call nothing', async (_title, policies, names, text) => {
  const built = await build({ policies, grants: { g: { server: 'filed', policies: names } } });
  expect(effect(built, 'g')).not.toBeNull();
  expect(effect(built, 'g')).not.toBe('allow');
  expect(problems(built)).toContain(`grant g: ${text}`);
});

test('one record that cannot be used stops no other', async () => {
  const http = (url: string): ServerDefinition => ({ kind: 'http', description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true, url, headers: {}, auth: 'none' });
  const built = await build({
    servers: { good: server(), empty: server({ command: [] }), sealed: server({ env: { KEY: { kind: 'secret' } } }), inside: http('http://169.254.169.254/'), ftp: http('ftp://x'), off: server({ enabled: false }), 'Bad Name': server(), waiting: { ...http('https://api.example.com/'), auth: 'oauth' } as ServerDefinition },
    policies: { p: ALLOW, bad: ':' },
    grants: { good: { server: 'good', policies: ['p'] }, 'of empty': { server: 'empty', policies: ['p'] }, 'of off': { server: 'off', policies: ['p'] }, 'of none': { server: 'none', policies: ['p'] }, 'two policies': { server: 'good', policies: ['p', 'bad'] } },
  });
  expect([...built.config.servers.keys()]).toEqual(['filed', 'good']);
  expect(built.config.grants.map(({ label }) => label)).toEqual(['good', 'two policies']);
  expect([effect(built, 'good'), effect(built, 'two policies')]).toEqual(['allow', 'deny']);
  const told = new Set(problems(built).map((line) => line.split(':')[0]));
  for (const one of ['server empty', 'server sealed', 'server inside', 'server ftp', 'server Bad Name', 'server waiting', 'policy bad', 'grant of none', 'grant two policies']) expect(told).toContain(one);
  expect(told).not.toContain('server off');
});

test('observe stands above the mode of the text, and enforce leaves it as it is', async () => {
  const registered: Registered = { policies: { p: DENY, soft: `${DENY}mode: observe\n` }, grants: { g: { server: 'filed', policies: ['p'] }, s: { server: 'filed', policies: ['soft'] } } };
  const observing = await build({ ...registered, stage: 'observe' });
  const enforcing = await build({ ...registered, stage: 'enforce' });
  expect([effect(observing, 'g'), effect(observing, 's')]).toEqual(['allow', 'allow']);
  expect([effect(enforcing, 'g'), effect(enforcing, 's')]).toEqual(['deny', 'allow']);
  expect(observing.policies.get('p')?.id).not.toBe(enforcing.policies.get('p')?.id);
});

test.each([
  ['has expired', { expiresAt: '2026-11-22T12:00:00.000Z' }, false], ['will expire', { expiresAt: '2026-11-22T12:00:00.001Z' }, true], ['was revoked', { revokedAt: '2026-11-01T00:00:00.000Z' }, false],
  ['has an expiry that is no time', { expiresAt: 'soon' }, false], ['has neither token nor callers', { tokenSha256: null }, false],
] as const)('a grant that %s: in force %s', async (_title, value, inForce) => {
  const built = await build({ grants: { g: { server: 'filed', policies: ['own'], ...value } } });
  expect(built.config.grants.some(({ label }) => label === 'g')).toBe(inForce);
});

test('the public address of the settings holds where gateway.yaml says none, and is a name of ours then', async () => {
  const built = await build({ settings: { publicUrl: 'https://gateway.example.com/' } });
  expect(built.config.approvals.publicUrl).toBe('https://gateway.example.com');
  expect([built.config.allowHosts, built.config.allowOrigins]).toEqual([['gateway.example.com'], ['https://gateway.example.com']]);
  for (const wrong of ['javascript:alert(1)', 'nothing', 7, null]) expect((await build({ settings: { publicUrl: wrong } })).config.approvals.publicUrl).toBeNull();
});

test('a text is compiled once for each stage, whoever asks', async () => {
  const compiler = new PolicyCompiler();
  const first = await compiler.compile('p', ALLOW, 'enforce');
  expect(await compiler.compile('p', ALLOW, 'enforce')).toBe(first);
  expect(await compiler.compile('p', ALLOW, 'observe')).not.toBe(first);
  expect(await compiler.compile('q', ALLOW, 'enforce')).not.toBe(first);
});

test.each<[string | null, 'allow' | 'deny']>([[null, 'allow'], ['tickets', 'allow'], ['payroll', 'deny']])('a policy for %s in a grant for tickets: %s, however the grant came to name it', async (policyServer, expected) => {
  const built = await build({ servers: { tickets: server(), payroll: server() }, policies: { rules: ALLOW }, policyServer, grants: { agent: { server: 'tickets', policies: ['rules'] } } });
  expect(effect(built, 'agent')).toBe(expected);
  expect(problems(built)).toEqual(expected === 'allow' ? [] : ['grant agent: it can call nothing: policy rules is for another server']);
});
