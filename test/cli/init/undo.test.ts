import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { init, machine, snapshot, type Machine } from './support.ts';

const TEXT = '{\n  // mine\n  "mcpServers": {\n    "a": { "command": "node", "args": ["a"] }, // first\n    "b": { "command": "node", "args": ["b"], "env": {"TOKEN": "fixture-secret"} }\n  },\n  "theme": 1.0\n}\n';

/** One file of Cursor with two servers, wrapped. */
async function wrapped(): Promise<{ on: Machine; file: string }> {
  const on = machine('', 'none');
  const file = join(on.home, '.cursor/mcp.json');
  mkdirSync(join(on.home, '.cursor'));
  writeFileSync(file, TEXT, { mode: 0o600 });
  utimesSync(file, 1_700_000_000, 1_700_000_123);
  expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
  return { on, file };
}

const edit = (file: string, from: string | RegExp, to: string): void => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

describe('init --undo', () => {
  it('twice init, once undo: everything is as it was before the first', async () => {
    const on = machine('', 'none');
    const file = join(on.home, '.cursor/mcp.json');
    mkdirSync(join(on.home, '.cursor'));
    writeFileSync(file, TEXT);
    utimesSync(file, 1_700_000_000, 1_700_000_123);
    const before = snapshot(on.home);
    expect(await init(on, '--no-scan', '--yes', '--server', 'a')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8').match(/--policy/g)).toHaveLength(1);
    expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8').match(/--policy/g)).toHaveLength(2);
    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(snapshot(on.home)).toEqual(before);
  });

  it('a backup that is used up is removed, with the secrets in it', async () => {
    const { on } = await wrapped();
    expect(readdirSync(join(on.data, 'init/backups'))).toHaveLength(1);
    await init(on, '--undo');
    expect(readdirSync(join(on.data, 'init/backups'))).toEqual([]);
  });

  it('--dry-run tells and touches nothing', async () => {
    const { on } = await wrapped();
    const before = snapshot(on.root);
    expect((await init(on, '--undo', '--dry-run')).stdout).toContain('would be restored');
    expect(snapshot(on.root)).toEqual(before);
  });

  it('a file that was changed since: our entries are taken back, what was changed stays', async () => {
    const { on, file } = await wrapped();
    edit(file, '"theme": 1.0', '"theme": 2,\n  // added\n  "more": []');
    const { status, stdout } = await init(on, '--undo');
    expect(status).toBe(0);
    expect(stdout).toContain('only our entries are taken back');
    expect(readFileSync(file, 'utf8')).toBe(TEXT.replace('"theme": 1.0', '"theme": 2,\n  // added\n  "more": []'));
  });

  it('a file that its client wrote anew, in another format: our entries are recognised by what they mean', async () => {
    const { on, file } = await wrapped();
    const value = JSON.parse(readFileSync(file, 'utf8').replace(/\/\/.*/g, '')) as object;
    writeFileSync(file, JSON.stringify({ started: 2, ...value }, null, 4));
    const { status, stdout } = await init(on, '--undo');
    expect(status).toBe(0);
    expect(stdout).toContain('formatted anew');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ started: 2, ...(JSON.parse(TEXT.replace(/\/\/.*/g, '')) as object) });
  });

  it.each([
    ['inline tables', (name: string, fields: string[]) => `[mcp_servers]\n${name} = { ${fields.join(', ')} }\n`],
    ['dotted keys', (name: string, fields: string[]) => fields.map((field) => `mcp_servers.${name}.${field}\n`).join('')],
  ])('TOML that its client wrote anew with %s: stays, with a reason that is true, and so does the backup', async (_title, written) => {
    const on = machine('', 'none');
    const file = join(on.home, '.codex/config.toml');
    mkdirSync(join(on.home, '.codex'));
    const text = '[mcp_servers.a]\ncommand = "node"\nargs = ["a"]\n';
    writeFileSync(file, text);
    expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
    const fields = readFileSync(file, 'utf8').replace(/\[\n\s*/, '[').split('\n').filter((line) => line.includes(' = '));
    writeFileSync(file, written('a', fields));
    for (const flags of [['--dry-run'], []]) {
      const { status, stdout } = await init(on, '--undo', ...flags);
      expect(status).toBe(2);
      expect(stdout).toContain('written anew in another form');
      expect(readFileSync(file, 'utf8')).toBe(written('a', fields));
    }
    expect(await init(on, '--undo', '--force')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('an entry that was edited since is left, named, and stays in the backup; --force restores the whole file', async () => {
    const { on, file } = await wrapped();
    edit(file, /"args": \["[^\]]*"b"\]/, (readFileSync(file, 'utf8').match(/"args": \["[^\]]*"b"\]/)?.[0] ?? '').replace('"b"]', '"b", "--verbose"]'));
    const { status, stdout } = await init(on, '--undo');
    expect(status).toBe(2);
    expect(stdout).toContain('b: was edited and still runs through PolicyLayer');
    expect(readFileSync(file, 'utf8')).toContain('"a": { "command": "node", "args": ["a"] }, // first');
    expect(readFileSync(file, 'utf8')).toContain('"--verbose"');
    expect(await init(on, '--undo', '--force')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toBe(TEXT);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('an entry that somebody removed or unwrapped by hand is no problem', async () => {
    const { on, file } = await wrapped();
    writeFileSync(file, '{ "mcpServers": { "a": { "command": "other" } } }');
    const { status, stdout } = await init(on, '--undo');
    expect(status).toBe(0);
    expect(stdout).toContain('a: no longer runs through PolicyLayer');
    expect(stdout).toContain('b: removed since');
    expect(readFileSync(file, 'utf8')).toBe('{ "mcpServers": { "a": { "command": "other" } } }');
  });

  it('a file that is gone is no problem; one that is broken is, and keeps its backup', async () => {
    const { on, file } = await wrapped();
    writeFileSync(file, '{ broken');
    expect(await init(on, '--undo')).toMatchObject({ status: 2, stdout: expect.stringContaining('no valid JSON') as string });
    expect(readFileSync(file, 'utf8')).toBe('{ broken');
    rmSync(file);
    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(existsSync(file)).toBe(false);
  });

  it('a file that was moved away keeps its copy until it is back', async () => {
    const { on, file } = await wrapped();
    renameSync(file, `${file}.away`);
    expect(await init(on, '--undo')).toMatchObject({ status: 0, stdout: expect.stringContaining('its copy is kept') as string });
    renameSync(`${file}.away`, file);
    expect(await init(on, '--undo')).toMatchObject({ status: 0, stdout: expect.stringContaining('restored, byte for byte') as string });
    expect(readFileSync(file, 'utf8')).not.toContain('--policy');
    rmSync(file);
    expect(await init(on, '--undo', '--force')).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing to undo') as string });
  });

  it('a copy that was tampered with is not put back', async () => {
    const { on, file } = await wrapped();
    const before = readFileSync(file);
    const [directory = ''] = readdirSync(join(on.data, 'init/backups'));
    appendFileSync(join(on.data, 'init/backups', directory, 'file-1'), 'x');
    expect(await init(on, '--undo')).toMatchObject({ status: 2, stdout: expect.stringContaining('damaged') as string });
    expect(readFileSync(file)).toEqual(before);
  });

  it.each([
    ['broken', (path: string) => writeFileSync(path, '{'), /cannot be read/],
    ['of another shape', (path: string) => writeFileSync(path, '[]'), /cannot be read/],
    ['one that others can write', (path: string) => chmodSync(path, 0o666), /not to be trusted/],
  ] as const)('a manifest that is %s is refused', async (_title, spoil, message) => {
    const { on, file } = await wrapped();
    const before = readFileSync(file);
    const [directory = ''] = readdirSync(join(on.data, 'init/backups'));
    spoil(join(on.data, 'init/backups', directory, 'manifest.json'));
    const { status, stderr } = await init(on, '--undo');
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(readFileSync(file)).toEqual(before);
  });

  it('only one client', async () => {
    const on = machine('http://127.0.0.1:9/mcp');
    const before = snapshot(on.home, on.project);
    await init(on, '--no-scan', '--yes');
    await init(on, '--undo', '--client', 'codex');
    const after = snapshot(on.home, on.project);
    const codex = join(on.home, '.codex/config.toml');
    expect(after[codex]).toBe(before[codex]);
    expect(Object.keys(after).filter((path) => after[path] === before[path])).toEqual([codex]);
    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(snapshot(on.home, on.project)).toEqual(before);
  });

  it('a file that another program changes while init works is not overwritten', async () => {
    const { on, file } = await wrapped();
    await init(on, '--undo');
    const { readConfigFile } = await import('../../../src/cli/init/config-file.ts');
    const { replaceFile } = await import('../../../src/cli/init/replace-file.ts');
    const read = readConfigFile({ client: 'cursor', scope: 'user', format: 'jsonc', path: file, containers: [['mcpServers']] });
    if (read === null) throw new Error('no file');
    writeFileSync(file, '{ "mcpServers": {}, "other": 1 }');
    expect(() => replaceFile(read, Buffer.from('ours'))).toThrow('changed by another program');
    expect(readFileSync(file, 'utf8')).toBe('{ "mcpServers": {}, "other": 1 }');
    expect(readdirSync(join(file, '..'))).toEqual(['mcp.json']);
  });
});

describe('the command line', () => {
  it.each([
    [['--client', 'emacs'], '--client is none of the clients'],
    [['--undo', '--no-scan'], '--undo takes back whole files'],
    [['--undo', '--server', 'a'], '--undo takes back whole files'],
    [['--force'], '--force has an effect with --undo only'],
    [['--timeout', 'soon'], '--timeout'],
    [['--server', 'nobody', '--yes'], 'no client has a server of that name'],
    [['--unknown'], 'unknown option'],
  ])('%j is refused', async (flags, message) => {
    const { status, stderr, stdout } = await init(machine('', 'none'), ...flags);
    expect([status, stdout]).toEqual([2, stdout.startsWith('No configuration') ? '' : stdout]);
    expect(stderr).toContain(message);
  });

  it('nothing to find: says where it looked', async () => {
    expect(await init(machine('', 'none'))).toMatchObject({ status: 0, stdout: expect.stringContaining('Claude Code, Claude Desktop, Cursor') as string });
  });
});
