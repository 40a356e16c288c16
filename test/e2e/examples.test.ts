import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalRow } from '../../src/state/types.ts';
import { CLIENT_LINES, connect, type Address, type Answer, type ClientLine, type Session } from './sdk-client.ts';
import { executed, fixture, journal, policyFile, program, until, World, type Gateway } from './world.ts';

const LEGS = ['run-command', 'run-url', 'serve-stdio', 'serve-http'] as const;
type Leg = (typeof LEGS)[number];
const POLICIES = ['limited', 'denied', 'hidden'] as const;
type PolicyName = (typeof POLICIES)[number];
const WAYS: [Leg, ClientLine][] = LEGS.flatMap((leg) => CLIENT_LINES.map((line): [Leg, ClientLine] => [leg, line]));

const CLONE = 'CloneContainerToECR';
const world = new World();
const data = world.path('data');
const log = world.path('executed.log');
const cloneServer = fixture('clone-server.mjs');
let upstreamUrl = '';
let gateway: Gateway;

const labelOf = (leg: Leg, line: ClientLine, policy: PolicyName): string => `${leg}.${line}.${policy}`;
const tokenOf = (label: string): string => `plg_token-of-${label}`;

function gatewayConfig(grants: readonly { readonly label: string; readonly server: string; readonly policy: string }[]): string {
  return JSON.stringify({
    listen: '127.0.0.1:0',
    servers: { stdio: { command: [process.execPath, cloneServer, '--stdio', '--log', log] }, http: { url: upstreamUrl } },
    policies: Object.fromEntries([...POLICIES, 'per-grant'].map((name) => [name, policyFile(name)])),
    grants: grants.map(({ label, server, policy }) => ({ label, server, policies: [policy], token: tokenOf(label) })),
  });
}

function runAddress(leg: 'run-command' | 'run-url', label: string, policy: string, dataDir = data): Address {
  const upstream = leg === 'run-command' ? ['--', process.execPath, cloneServer, '--stdio', '--log', log] : ['--upstream', upstreamUrl];
  const command = [process.execPath, program, 'run', '--policy', policyFile(policy), '--data', dataDir, '--label', label, '--server', 'registry', ...upstream];
  return { command, env: world.env, cwd: world.directory };
}

function addressOf(leg: Leg, line: ClientLine, policy: PolicyName): Address {
  const label = labelOf(leg, line, policy);
  if (leg === 'run-command' || leg === 'run-url') return runAddress(leg, label, policy);
  return { url: `${gateway.url}/mcp/${leg === 'serve-stdio' ? 'stdio' : 'http'}`, token: tokenOf(label) };
}

interface Exhausted {
  readonly session: Session;
  readonly tools: readonly string[];
  readonly admitted: readonly Answer[];
  readonly eleventh: Answer;
  /** Settles after `retryAfterMs` with the answer to one more call. */
  readonly later: Promise<Answer>;
}

const image = (leg: Leg, line: ClientLine, n: number): { source: string; target: string } => ({ source: `${leg}/${line}:${n}`, target: 'prod' });

/** Uses up the limit of the first example, and waits in the background until it says that a call will be admitted. */
async function exhaust(leg: Leg, line: ClientLine): Promise<Exhausted> {
  const session = await connect(line, addressOf(leg, line, 'limited'));
  const tools = (await session.list()).map(({ name }) => name);
  const admitted: Answer[] = [];
  for (let n = 1; n <= 10; n += 1) admitted.push(await session.call(CLONE, image(leg, line, n)));
  const eleventh = await session.call(CLONE, image(leg, line, 11));
  const wait = eleventh.decision?.retryAfterMs ?? 0;
  return { session, tools, admitted, eleventh, later: sleep(wait).then(() => session.call(CLONE, image(leg, line, 12))) };
}

const exhausted = new Map<string, Exhausted>();
const exhaustedOf = (leg: Leg, line: ClientLine): Exhausted => {
  const found = exhausted.get(`${leg} ${line}`);
  if (found === undefined) throw new Error('this way was not opened');
  return found;
};

beforeAll(async () => {
  upstreamUrl = await world.httpServer(cloneServer, ['--http', '0', '--log', log]);
  const grants = (['serve-stdio', 'serve-http'] as const).flatMap((leg) => CLIENT_LINES.flatMap((line) => POLICIES.map((policy) => ({ label: labelOf(leg, line, policy), server: leg === 'serve-stdio' ? 'stdio' : 'http', policy }))));
  gateway = await world.serve(gatewayConfig(grants), data);
  await Promise.all(LEGS.map(async (leg) => {
    for (const line of CLIENT_LINES) exhausted.set(`${leg} ${line}`, await exhaust(leg, line));
  }));
}, 60_000);

afterAll(async () => {
  await Promise.all([...exhausted.values()].map(({ session }) => session.close()));
  expect(await world.close()).toEqual([]);
}, 60_000);

const rowsOf = (leg: Leg, line: ClientLine, policy: PolicyName): Promise<JournalRow[]> => world.logs(data, '--grant', labelOf(leg, line, policy));

it('the policies of this file are the examples of the design, word for word', () => {
  expect(readFileSync(policyFile('limited'), 'utf8')).toBe(`version: "1"
default: deny                       # what happens to a tool that no rule names
tools:
  CloneContainerToECR:
    rate_limit: { max: 10, window: 60 }        # 10 calls per 60 seconds, counted per agent session
`);
  expect(readFileSync(policyFile('denied'), 'utf8')).toBe(`version: "1"
default: allow
tools:
  CloneContainerToECR:
    action: deny
    reason: Images reach the production registry through CI only
`);
});

describe.each(WAYS)('first example, %s, %s', (leg, line) => {
  it('admits ten calls in a minute and refuses the eleventh, saying when to come back', () => {
    const { tools, admitted, eleventh } = exhaustedOf(leg, line);
    expect(tools).toEqual([CLONE, 'describe_image', 'delete_image']);
    expect(admitted.map(({ isError, text, error }) => [isError, text, error])).toEqual(
      Array.from({ length: 10 }, (_, index) => [false, `${leg}/${line}:${index + 1} was copied to prod`, null]));
    const retryAfterMs = eleventh.decision?.retryAfterMs ?? 0;
    expect(eleventh).toMatchObject({ isError: true, error: null, decision: { code: 'rate_limited', rule: `/tools/${CLONE}/rate_limit`, approval: null } });
    expect(eleventh.text).toBe(`[POLICY DENIED] limit of 10 calls per 60 s reached; retry after ${Math.ceil(retryAfterMs / 1000)} s (rule /tools/${CLONE}/rate_limit)`);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('refuses what no rule names, by the default', async () => {
    const answer = await exhaustedOf(leg, line).session.call('describe_image', { image: 'x' });
    expect(answer).toMatchObject({ isError: true, text: '[POLICY DENIED] no rule allows `describe_image` (rule /default)', decision: { code: 'default_denied', rule: '/default', retryAfterMs: null } });
  });
});

describe.each(WAYS)('second example, %s, %s', (leg, line) => {
  it('refuses with the reason of the policy, lets everything else pass, and the journal knows both', async () => {
    const session = await connect(line, addressOf(leg, line, 'denied'));
    expect((await session.list()).map(({ name }) => name)).toEqual([CLONE, 'describe_image', 'delete_image']);
    const denied = await session.call(CLONE, { source: `denied ${leg}/${line}`, target: 'prod' });
    const allowed = await session.call('describe_image', { image: `${leg}/${line}` });
    await session.close();
    expect(denied).toMatchObject({ isError: true, error: null, text: `[POLICY DENIED] Images reach the production registry through CI only (rule /tools/${CLONE})` });
    expect(denied.decision).toEqual({ code: 'denied', rule: `/tools/${CLONE}`, policy: expect.stringMatching(/^denied@/), decisionId: expect.any(String), retryAfterMs: null, approval: null });
    expect(allowed).toEqual({ isError: false, text: `${leg}/${line}: 182 MB`, decision: null, error: null });
    const calls = (await rowsOf(leg, line, 'denied')).filter(({ method }) => method === 'tools/call');
    expect(calls.map(({ name, outcome, code, rule }) => [name, outcome, code, rule])).toEqual([
      [CLONE, 'refused', 'denied', `/tools/${CLONE}`],
      ['describe_image', 'ok', null, '/default'],
    ]);
    expect(calls[0]).toMatchObject({ id: denied.decision?.decisionId, policy: denied.decision?.policy, reason: 'Images reach the production registry through CI only', argKeys: ['source', 'target'], argValues: null });
  });
});

describe.each(WAYS)('a hidden tool, %s, %s', (leg, line) => {
  it('is absent from the list and answers exactly like a tool that does not exist', async () => {
    const session = await connect(line, addressOf(leg, line, 'hidden'));
    const tools = (await session.list()).map(({ name }) => name);
    const hidden = await session.call('delete_image', { image: `${leg}/${line}` });
    const unknown = await session.call('no_such_tool', { image: `${leg}/${line}` });
    const allowed = await session.call(CLONE, { source: `hidden ${leg}/${line}`, target: 'prod' });
    await session.close();
    expect(tools).toEqual([CLONE, 'describe_image']);
    expect(hidden.error).toMatchObject({ code: -32602, message: expect.stringContaining('Unknown tool: delete_image') });
    expect(JSON.stringify(hidden)).toBe(JSON.stringify(unknown).replaceAll('no_such_tool', 'delete_image'));
    expect(allowed.isError).toBe(false);
    const calls = (await rowsOf(leg, line, 'hidden')).filter(({ method }) => method === 'tools/call');
    expect(calls.map(({ name, outcome, code }) => [name, outcome, code])).toEqual([
      ['delete_image', 'refused', 'hidden'],
      ['no_such_tool', 'refused', 'unknown_tool'],
      [CLONE, 'ok', null],
    ]);
  });
});

describe('a limit per grant', () => {
  it.each(['run-command', 'run-url'] as const)('survives the end and the kill of %s', async (leg) => {
    const own = world.path(`restarts-${leg}`);
    const open = (): Promise<Session> => connect('sdk1', runAddress(leg, 'restarted', 'per-grant', own));
    const first = await open();
    expect([(await first.call(CLONE)).isError, (await first.call(CLONE)).isError]).toEqual([false, false]);
    await first.close();
    const second = await open();
    expect((await second.call(CLONE)).isError).toBe(false);
    process.kill(second.pid ?? 0, 'SIGKILL');
    const third = await open();
    expect((await third.call(CLONE)).isError).toBe(false);
    const refused = await third.call(CLONE);
    expect(refused.decision).toMatchObject({ code: 'rate_limited', rule: `/tools/${CLONE}/rate_limit` });
    await third.close();
  });

  it('survives the end and the kill of serve, and every session counts', async () => {
    const own = world.path('restarts-serve');
    const config = gatewayConfig([{ label: 'over-stdio', server: 'stdio', policy: 'per-grant' }, { label: 'over-http', server: 'http', policy: 'per-grant' }]);
    const servers = [['over-stdio', 'stdio'], ['over-http', 'http']] as const;
    /** One call per server, each in a session of its own, through a gateway that is then ended by the signal. */
    const round = async (calls: number, signal: NodeJS.Signals): Promise<(string | null)[]> => {
      const serve = await world.serve(config, own);
      const codes: (string | null)[] = [];
      for (const [label, server] of servers) {
        for (let n = 0; n < calls; n += 1) {
          const session = await connect(n % 2 === 0 ? 'sdk2-modern' : 'sdk1', { url: `${serve.url}/mcp/${server}`, token: tokenOf(label) });
          codes.push((await session.call(CLONE)).decision?.code ?? null);
          await session.close();
        }
      }
      await serve.end(signal);
      return codes;
    };
    expect(await round(2, 'SIGTERM')).toEqual([null, null, null, null]);
    expect(await round(1, 'SIGKILL')).toEqual([null, null]);
    expect(await round(2, 'SIGTERM')).toEqual([null, 'rate_limited', null, 'rate_limited']);
  });
});

/** All rows about the limited tool, read once, after the last call of each way has been settled. */
let limited: Promise<JournalRow[]> | null = null;
const limitedRows = (): Promise<JournalRow[]> => (limited ??= (async () => {
  await Promise.all([...exhausted.values()].map(({ later }) => later));
  await until('all calls are settled', () => journal(data), (rows) => rows.every(({ outcome }) => outcome !== 'forwarded'));
  return world.logs(data, '--name', CLONE);
})());

describe.each(WAYS)('first example, a minute later, %s, %s', (leg, line) => {
  it('admits a call again after exactly the time that the refusal named', async () => {
    expect(await exhaustedOf(leg, line).later).toEqual({ isError: false, text: `${leg}/${line}:12 was copied to prod`, decision: null, error: null });
  }, 70_000);

  it('has a journal row for every call, and the refusal carries the id of its row', async () => {
    const { eleventh } = exhaustedOf(leg, line);
    const calls = (await limitedRows()).filter(({ grant, name }) => grant === labelOf(leg, line, 'limited') && name === CLONE);
    expect(calls.map(({ outcome }) => outcome)).toEqual([...Array<string>(10).fill('ok'), 'refused', 'ok']);
    expect(calls[10]).toMatchObject({
      id: eleventh.decision?.decisionId, code: 'rate_limited', rule: eleventh.decision?.rule, policy: eleventh.decision?.policy, retryAfterMs: eleventh.decision?.retryAfterMs,
      server: leg === 'serve-stdio' ? 'stdio' : leg === 'serve-http' ? 'http' : 'registry', transport: leg.startsWith('run') ? 'stdio' : 'http',
    });
  });

  it('only let the admitted calls reach the server', () => {
    const reached = executed(log).filter(({ args }) => args['source']?.startsWith(`${leg}/${line}:`));
    expect(reached.map(({ args }) => args['source'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12].map((n) => `${leg}/${line}:${n}`));
    expect(executed(log).filter(({ tool, args }) => tool === 'delete_image' || args['source']?.startsWith('denied'))).toEqual([]);
  });
});
