import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, demoServer, policylayer, start, StdioClient, temporary } from '../support.ts';
import { files } from './capture.ts';

const SHADOW = 'version: "1"\nmode: observe\ndefault: deny\n';
const STRICT = `version: "1"
default: deny
tools:
  "describe_*": allow
  clone_container: { rate_limit: { max: 2, window: 60 } }
  delete_image: { require: args.image == 'old' }
`;

describe('the author and the running program', () => {
  it('what `run` recorded under observation, `simulate` replays: from the database and from `logs --json` alike', async () => {
    const directory = temporary({ 'shadow.policy.yaml': SHADOW, 'strict.policy.yaml': STRICT });
    const client = new StdioClient(start(['run', '--policy', 'shadow.policy.yaml', '--data', 'data', '--', process.execPath, demoServer], { cwd: directory }));
    await client.initialize();
    await client.call('describe_image', { image: 'web' });
    for (let call = 0; call < 3; call += 1) await client.call('clone_container', { image: 'web', target: `copy-${call}` });
    await client.call('delete_image', { image: 'old' });
    await client.call('rotate_credentials', {});
    await client.call('no_such_tool', {});
    expect(await client.end()).toBe(0);

    const expected = { calls: 6, changes: { same: 3, newly_refused: 2, newly_allowed: 0, needs_approval: 0, unknown: 1 }, notReplayed: { no_such_target: 1 } };
    const direct = await policylayer(['simulate', 'strict.policy.yaml', '--data', 'data', '--json'], { cwd: directory });
    expect(direct.stderr).toBe('');
    expect(JSON.parse(direct.stdout)).toMatchObject(expected);

    const rows = await policylayer(['logs', '--json', '--data', 'data', '--limit', '1000'], { cwd: directory });
    writeFileSync(join(directory, 'journal.jsonl'), rows.stdout);
    const read = await policylayer(['simulate', 'strict.policy.yaml', '--journal', 'journal.jsonl', '--json', '--fail-on-change'], { cwd: directory });
    expect(JSON.parse(read.stdout)).toEqual(JSON.parse(direct.stdout));
    expect(read.status).toBe(1);
    const piped = await policylayer(['simulate', 'strict.policy.yaml', '--journal', '-', '--json'], { cwd: directory, input: rows.stdout });
    expect(piped).toEqual({ ...direct, status: 0 });
  });

  it('a call that was held and approved is replayed as approved, one that was not as waiting', async () => {
    const policy = 'version: "1"\ndefault: deny\ntools:\n  delete_image: { action: require_approval, approval: { wait: 1m } }\n  clone_container: { action: require_approval, approval: { wait: 0 } }\n';
    const directory = temporary({ 'asking.policy.yaml': policy, 'open.policy.yaml': 'version: "1"\ndefault: allow\n' });
    const client = new StdioClient(start(['run', '--policy', 'asking.policy.yaml', '--data', 'data', '--', process.execPath, demoServer], { cwd: directory }));
    await client.initialize();
    const held = client.call('delete_image', { image: 'old' });
    const waiting = async (): Promise<string> => {
      for (;;) {
        const { stdout } = await policylayer(['approvals', 'list', '--json', '--data', 'data'], { cwd: directory });
        const id = stdout.trim() === '' ? undefined : (JSON.parse(stdout.split('\n')[0] ?? '') as { id?: string }).id;
        if (id !== undefined) return id;
      }
    };
    const approved = await policylayer(['approvals', 'approve', await waiting(), '--as', 'alice', '--data', 'data'], { cwd: directory });
    expect(approved.stderr).toBe('');
    expect((await held).result).toMatchObject({ content: [{ type: 'text' }] });
    expect(codeOf(await client.call('clone_container', { image: 'web', target: 'copy' }))).toBe('approval_pending');
    await client.end();

    const simulate = async (candidate: string): Promise<unknown> => (JSON.parse((await policylayer(['simulate', candidate, '--data', 'data', '--json'], { cwd: directory })).stdout) as { changes: unknown }).changes;
    expect(await simulate('asking.policy.yaml')).toMatchObject({ same: 2, needs_approval: 0 });
    expect(await simulate('open.policy.yaml')).toMatchObject({ same: 1, newly_allowed: 1 });
  });

  it('the status of `test` and `explain` is that of the cases and the call', async () => {
    expect((await policylayer(['test', join(files, 'passing.test.yaml')])).status).toBe(0);
    expect((await policylayer(['test', join(files, 'failing.test.yaml')])).status).toBe(1);
    expect((await policylayer(['test', join(files, 'broken.test.yaml')])).status).toBe(2);
    const policy = join(files, 'stripe.policy.yaml');
    expect((await policylayer(['explain', policy, '--tool', 'get_charge', '--args', '{"id":"ch_1"}'])).status).toBe(0);
    expect((await policylayer(['explain', policy, '--tool', 'export_all'])).status).toBe(1);
    expect((await policylayer(['explain', policy, '--call', '-'], { input: '{ tool: get_charge }' })).status).toBe(0);
  });

  it('`check` takes the command of a server behind --, and leaves its options to it', async () => {
    const policy = join(files, 'stripe.policy.yaml');
    const { stdout, stderr } = await policylayer(['check', policy, '--json', '--', process.execPath, demoServer, '--strict', '--', 'x']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ against: { origin: 'demo-registry', tools: 5 }, files: [{ file: policy, ok: true }] });
    const failed = await policylayer(['check', policy, '--', 'no-such-program-anywhere']);
    expect(failed).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('the definitions cannot be had') as string });
  });
});
