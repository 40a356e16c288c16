import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_LINES, connect, type Address, type ClientLine } from './sdk-client.ts';
import { executed, fixture, policyFile, program, until, World, type Gateway } from './world.ts';

const LEGS = ['run-command', 'run-url', 'serve-stdio', 'serve-http'] as const;
type Leg = (typeof LEGS)[number];
const WAYS: [Leg, ClientLine][] = LEGS.flatMap((leg) => CLIENT_LINES.map((line): [Leg, ClientLine] => [leg, line]));

const CLONE = 'CloneContainerToECR';
const RULE = `/tools/${CLONE}`;
const world = new World();
const data = world.path('data');
const log = world.path('executed.log');
const cloneServer = fixture('clone-server.mjs');
let upstreamUrl = '';
let gateway: Gateway;

const labelOf = (leg: Leg, line: ClientLine): string => `${leg}.${line}`;
const tokenOf = (label: string): string => `plg_token-of-${label}`;

function addressOf(leg: Leg, line: ClientLine): Address {
  const label = labelOf(leg, line);
  if (leg === 'serve-stdio' || leg === 'serve-http') return { url: `${gateway.url}/mcp/${leg === 'serve-stdio' ? 'stdio' : 'http'}`, token: tokenOf(label) };
  const upstream = leg === 'run-command' ? ['--', process.execPath, cloneServer, '--stdio', '--log', log] : ['--upstream', upstreamUrl];
  return { command: [process.execPath, program, 'run', '--policy', policyFile('approved'), '--data', data, '--label', label, '--server', 'registry', ...upstream], env: world.env, cwd: world.directory };
}

interface Waiting {
  readonly id: string;
  readonly name: string;
  readonly arguments: string | null;
  readonly rule: string;
}

/** The one request of this way that waits, as the command line shows it. */
async function waitingOf(leg: Leg, line: ClientLine): Promise<Waiting> {
  const list = async (): Promise<Waiting[]> => {
    const { stdout } = await world.policylayer(['approvals', 'list', '--json', '--data', data, '--grant', labelOf(leg, line)]);
    return stdout.split('\n').filter((text) => text !== '').map((text) => JSON.parse(text) as Waiting);
  };
  const [only] = await until('a request waits', list, (found) => found.length === 1);
  if (only === undefined) throw new Error('no request waits');
  return only;
}

const decide = (decision: 'approve' | 'deny', id: string): Promise<{ readonly status: number | null }> => world.policylayer(['approvals', decision, id, '--as', 'alice', '--data', data]);

beforeAll(async () => {
  upstreamUrl = await world.httpServer(cloneServer, ['--http', '0', '--log', log]);
  gateway = await world.serve(JSON.stringify({
    listen: '127.0.0.1:0',
    servers: { stdio: { command: [process.execPath, cloneServer, '--stdio', '--log', log] }, http: { url: upstreamUrl } },
    policies: { approved: policyFile('approved') },
    grants: (['serve-stdio', 'serve-http'] as const).flatMap((leg) => CLIENT_LINES.map((line) => ({ label: labelOf(leg, line), server: leg === 'serve-stdio' ? 'stdio' : 'http', policies: ['approved'], token: tokenOf(labelOf(leg, line)) }))),
  }), data);
}, 60_000);

afterAll(async () => {
  expect(await world.close()).toEqual([]);
}, 60_000);

it('the policy of this file is the third example of the design, word for word', () => {
  expect(readFileSync(policyFile('approved'), 'utf8')).toBe(`version: "1"
default: deny
tools:
  "describe_*": allow
  CloneContainerToECR: require_approval
`);
});

describe.each(WAYS)('third example, %s, %s', (leg, line) => {
  it('holds the call until somebody decides: approved it runs once, denied it does not, and repeating it asks anew', async () => {
    const session = await connect(line, addressOf(leg, line));
    const image = { source: `${leg}/${line}`, target: 'prod' };
    const reached = (): number => executed(log).filter(({ args }) => args['source'] === image.source).length;
    expect((await session.list()).map(({ name }) => name)).toEqual([CLONE, 'describe_image', 'delete_image']);
    expect(await session.call('describe_image', { image: image.source })).toMatchObject({ isError: false, decision: null });
    expect(await session.call('delete_image', { image: image.source })).toMatchObject({ isError: true, decision: { code: 'default_denied' } });

    const first = session.call(CLONE, image);
    const asked = await waitingOf(leg, line);
    expect(asked).toMatchObject({ name: CLONE, rule: RULE });
    expect(JSON.parse(asked.arguments ?? 'null')).toEqual(image);
    expect(reached()).toBe(0);
    expect(await decide('approve', asked.id)).toMatchObject({ status: 0 });
    expect(await first).toEqual({ isError: false, text: `${image.source} was copied to prod`, decision: null, error: null });
    expect(reached()).toBe(1);

    const second = session.call(CLONE, image);
    const again = await waitingOf(leg, line);
    expect(again.id).not.toBe(asked.id);
    expect(await decide('deny', again.id)).toMatchObject({ status: 0 });
    expect(await second).toMatchObject({ isError: true, error: null, decision: { code: 'approval_denied', rule: RULE, approval: { id: again.id } } });
    expect(reached()).toBe(1);
    await session.close();

    const rows = (await world.logs(data, '--grant', labelOf(leg, line))).filter(({ method, name }) => method === 'tools/call' && name === CLONE);
    expect(rows.filter(({ outcome }) => outcome === 'ok')).toHaveLength(1);
    expect(rows.filter(({ code }) => code === 'approval_denied')).toHaveLength(1);
  }, 60_000);
});
