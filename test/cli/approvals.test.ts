import { describe, expect, it } from 'vitest';
import { databasePath, openState } from '../../src/state/open.ts';
import { connect } from '../e2e/sdk-client.ts';
import { request } from '../state/builders.ts';
import { demoServer, Output, policylayer, start, temporary, type Finished } from './support.ts';

const TOKEN = 'plg_test-token-of-the-approvals-tests';
const POLICY = `version: "1"
default: allow
tools:
  delete_image: { action: require_approval, reason: Deleting cannot be undone, approval: { wait: 20s } }
  rotate_credentials: { action: require_approval, approval: { wait: 0, approvers: [alice, bob] } }
  clone_container: { action: require_approval, approval: { wait: 0, via: [webhook, link] } }
`;
const CONFIG = `listen: 127.0.0.1:0
servers:
  demo: { command: ["${process.execPath}", "${demoServer}"] }
policies: { p: p.yaml }
grants:
  - { label: agent, server: demo, policies: [p], token: "\${TEST_TOKEN}" }
`;

interface Requested {
  readonly id: string;
  readonly status: string;
  readonly name: string;
}

/** A running gateway with a connected client, and the program in the same directory. */
async function world() {
  const cwd = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
  const child = start(['serve', '--json'], { cwd, env: { TEST_TOKEN: TOKEN } });
  const [, line = ''] = await new Output(child.stdout).match(/^(.+)\n/);
  const { url } = JSON.parse(line) as { url: string };
  const client = await connect('sdk2-modern', { url: `${url}/mcp/demo`, token: TOKEN });
  const run = (...args: string[]): Promise<Finished> => policylayer(['approvals', ...args], { cwd });
  const list = async (...args: string[]): Promise<Requested[]> => (await run('list', '--json', ...args)).stdout.trim().split('\n').filter((one) => one !== '').map((one) => JSON.parse(one) as Requested);
  /** The request of this tool, once its call has come that far. */
  const waiting = async (name: string): Promise<Requested> => {
    for (let tries = 0; tries < 50; tries += 1) {
      const found = (await list()).find((record) => record.name === name);
      if (found !== undefined) return found;
    }
    throw new Error(`no request for ${name}`);
  };
  return { cwd, url, client, run, list, waiting };
}

describe('policylayer approvals', () => {
  it('approves and denies the call of a connected client while it is held', async () => {
    const { client, run, waiting } = await world();
    const first = client.call('delete_image', { image: 'api:1.4' });
    const { id } = await waiting('delete_image');
    const shown = await run('show', id.slice(0, 8));
    expect(shown.stdout).toMatch(/Call +delete_image\nServer +demo\nMethod +tools\/call\n[\s\S]*agent[\s\S]*Deleting cannot be undone[\s\S]*"image": "api:1\.4"/);
    const approved = await run('approve', id.slice(0, 8), '--as', 'alice', '--comment', 'fine');
    expect([approved.status, approved.stdout]).toEqual([0, `${id}: approved; the call may run once (as alice)\n`]);
    expect(await first).toMatchObject({ isError: false });

    const second = client.call('delete_image', { image: 'api:1.4' });
    const again = await waiting('delete_image');
    expect(again.id).not.toBe(id);
    expect((await run('deny', again.id, '--comment', 'once is enough')).status).toBe(0);
    expect(await second).toMatchObject({ isError: true, text: expect.stringContaining('once is enough'), decision: { code: 'approval_denied' } });
    expect((await run('list', '--all')).stdout).toMatch(/ID +STATUS[\s\S]*denied[\s\S]*used/);
  });

  it('a link decides on the page that it names', async () => {
    const { client, run, waiting, url } = await world();
    await client.call('clone_container', { image: 'api:1.4', target: 'x' });
    const { id } = await waiting('clone_container');
    const made = await run('link', id, '--for', 'carol');
    const [page = '', secret = ''] = made.stdout.trim().split('#');
    expect([made.status, page]).toEqual([0, `${url}/approvals/${id}`]);
    expect(made.stderr).toContain('decides once, as carol');
    const decided = await fetch(`${page}/decide`, { method: 'POST', body: new URLSearchParams({ secret, decision: 'approve' }) });
    expect(decided.status).toBe(200);
    expect(await client.call('clone_container', { image: 'api:1.4', target: 'x' })).toMatchObject({ error: null, decision: null });
  });

  it('says why a decision does not count, and ends with 1', async () => {
    const { client, run, waiting } = await world();
    await client.call('rotate_credentials');
    await client.call('clone_container', { image: 'a', target: 'b' });
    const [named, linked] = [await waiting('rotate_credentials'), await waiting('clone_container')];
    const because = async (...args: string[]): Promise<[number | null, string]> => {
      const { status, stderr } = await run(...args);
      return [status, stderr];
    };
    expect(await because('approve', 'nothing-like-it')).toEqual([1, 'policylayer: there is no request nothing-like-it; see: policylayer approvals list --all\n']);
    expect(await because('show', '../x')).toEqual([1, 'policylayer: that is not the id of a request\n']);
    expect(await because('approve', named.id, '--as', 'carol')).toEqual([1, `policylayer: "carol" is not an approver of this rule, which names "alice", "bob"; decide with --as NAME\n`]);
    expect(await because('approve', linked.id, '--as', 'carol')).toEqual([1, 'policylayer: the rule does not allow the command line; it allows link, webhook\n']);
    expect(await because('link', named.id, '--for', 'carol')).toEqual([1, `policylayer: "carol" is not an approver of this rule, which names "alice", "bob"; say who with --for NAME\n`]);
    expect((await run('approve', named.id, '--as', 'bob')).status).toBe(0);
    expect(await because('deny', named.id, '--as', 'alice')).toEqual([1, `policylayer: request ${named.id} was decided already: approved by "bob"\n`]);
    const several = await run('approve', named.id, 'zzzz', '--as', 'alice', '--json');
    expect([several.status, several.stdout.trim().split('\n').map((line) => (JSON.parse(line) as { error: { code: string } }).error.code)]).toEqual([1, ['not_pending', 'not_found']]);
  });

  it('what cannot be shown whole is approved with --force only', async () => {
    const cwd = temporary();
    const state = await openState({ path: databasePath(cwd) });
    const deep = `${'['.repeat(500)}${'{},'.repeat(3_000)}{}${']'.repeat(500)}`;
    const ids: string[] = [];
    for (const over of [{ argumentsText: deep }, { alsoSent: `{"meta":${deep}}` }]) {
      const answer = state.requestApproval(request(JSON.stringify(over), over));
      if (answer.status !== 'too_many') ids.push(answer.record.id);
    }
    state.close();
    const run = (...args: string[]): Promise<Finished> => policylayer(['approvals', ...args, '--data', cwd], { cwd });
    expect(ids).toHaveLength(2);
    for (const id of ids) {
      expect((await run('show', id)).stdout).toContain('Not everything is shown');
      const refused = await run('approve', id, '--as', 'alice');
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/cannot be shown whole.*--force/)]);
      expect((await run('approve', id, '--as', 'alice', '--force')).stdout).toContain('approved; the call may run once');
    }
  });

  it('wrong usage and a missing database end with 2', async () => {
    const cwd = temporary();
    const because = async (...args: string[]): Promise<[number | null, string]> => {
      const { status, stderr } = await policylayer(['approvals', ...args], { cwd });
      return [status, stderr.split('\n')[0] ?? ''];
    };
    expect(await because('list', '--data', cwd)).toEqual([2, expect.stringContaining('does not exist')]);
    expect(await because('list', '--status', 'waiting')).toEqual([2, 'policylayer: --status "waiting" is not a status']);
    expect(await because('list', '--all', '--status', 'used')).toEqual([2, 'policylayer: --all and --status exclude each other']);
    expect(await because('list', '--limit', '0')).toEqual([2, 'policylayer: --limit is not a number of requests']);
    expect(await because('approve')).toEqual([2, "policylayer: missing required argument 'id'"]);
    expect(await because('approve', 'x', '--as', ' ')).toEqual([2, 'policylayer: this system does not say who you are']);
    expect(await because('approve', 'x', '--comment', 'x'.repeat(501))).toEqual([2, 'policylayer: --comment is longer than 500 characters']);
    expect(await because('undo')).toEqual([2, "policylayer: unknown command 'undo'"]);
  });

  it('watch tells of every request and of its end, as JSON', async () => {
    const { cwd, client, run, waiting } = await world();
    await client.call('rotate_credentials');
    const child = start(['approvals', 'watch', '--json'], { cwd });
    const output = new Output(child.stdout);
    await output.match(/"event":"requested".*"name":"rotate_credentials"/);
    const held = client.call('delete_image', { image: 'api:1.4' });
    await output.match(/"event":"requested".*"name":"delete_image"/);
    const { id } = await waiting('delete_image');
    await run('approve', id);
    await output.match(new RegExp(`"event":"decided","id":"${id}","status":"(?:approved|used)"`));
    expect(await held).toMatchObject({ isError: false });
    child.kill('SIGINT');
    expect(await new Promise((done) => child.once('close', done))).toBe(0);
  });

  it('lists nothing when nothing waits, and says so', async () => {
    const { run } = await world();
    expect(await run('list')).toEqual({ status: 0, stdout: '', stderr: 'policylayer: no call waits for approval\n' });
  });
});
