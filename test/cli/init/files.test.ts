import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { init, machine, snapshot, type Machine } from './support.ts';

const GOOD = '{ "mcpServers": { "good": { "command": "@NODE@", "args": ["server"] } } }\n';

/** A machine with one good file (Cursor) and one of another kind (Claude Desktop). */
function two(spoil: (path: string, on: Machine) => void): { on: Machine; good: string; bad: string } {
  const on = machine('http://127.0.0.1:9/', 'none');
  const good = join(on.home, '.cursor/mcp.json');
  const bad = join(on.home, '.config/Claude/claude_desktop_config.json');
  for (const path of [good, bad]) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, GOOD);
  }
  spoil(bad, on);
  return { on, good, bad };
}

const BAD: readonly [title: string, spoil: (path: string, on: Machine) => void, message: RegExp][] = [
  ['invalid JSON', (path) => writeFileSync(path, '{\n  "mcpServers": {\n    "a" "b"\n'), /no valid JSON: line 3, column 9: expected `:`/],
  ['the same key twice', (path) => writeFileSync(path, '{"mcpServers": {}, "mcpServers": {"x": {}}}'), /"mcpServers" stands here twice/],
  ['servers that are a list', (path) => writeFileSync(path, '{"mcpServers": [{"command": "x"}]}'), /expected an object of servers/],
  ['a document that is a list', (path) => writeFileSync(path, '[]'), /expected an object as the whole document/],
  ['NUL bytes', (path) => writeFileSync(path, `${GOOD.slice(0, 20)}\0${GOOD.slice(20)}`), /NUL bytes/],
  ['UTF-16', (path) => writeFileSync(path, Buffer.from(`\ufeff${GOOD}`, 'utf16le')), /UTF-16/],
  ['Latin-1', (path) => writeFileSync(path, Buffer.from('{"a": "\u00e9", "mcpServers": {}}', 'latin1')), /not UTF-8/],
  ['50 MB', (path) => truncateSync(path, 50 * 1024 * 1024), /50 MB; expected at most 32/],
  ['a directory in place of the file', (path) => {
    rmSync(path);
    mkdirSync(path);
  }, /directory; expected a file/],
  ['a link to nowhere', (path) => {
    rmSync(path);
    symlinkSync('nowhere.json', path);
  }, /link to a file that does not exist/],
  ['a link to itself', (path) => {
    rmSync(path);
    symlinkSync(path, path);
  }, /circle/],
  ['a named pipe', (path) => {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  }, /no regular file/],
  ['no write permission', (path) => chmodSync(path, 0o444), /read-only \(mode 0444\)/],
  ['a read-only directory', (path) => chmodSync(join(path, '..'), 0o555), /directory .* is read-only/],
  ['a second hard link', (path) => linkSync(path, `${path}.link`), /hard links/],
  ['deep nesting', (path) => writeFileSync(path, `{"a": ${'['.repeat(100_000)}`), /200 levels/],
];

describe('a file that cannot be used', () => {
  it.each(BAD)('%s: is reported and not touched, others are done, status 2', async (_title, spoil, message) => {
    const { on, good, bad } = two(spoil);
    const before = lstatSync(bad);
    const content = before.isFile() && before.size < 1_000_000 ? readFileSync(bad) : null;
    const { status, stdout, stderr } = await init(on, '--no-scan', '--yes', '--json');
    expect(stderr).toBe('');
    expect(status).toBe(2);
    const { problems, servers } = JSON.parse(stdout) as { problems: string[]; servers: { path: string; state: string }[] };
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).toContain('claude_desktop_config.json');
    expect(readFileSync(good, 'utf8')).toContain('--policy');
    expect(servers.filter(({ state }) => state === 'wrapped').map(({ path }) => path)).toEqual([good]);
    if (content !== null) expect(readFileSync(bad)).toEqual(content);
    chmodSync(join(bad, '..'), 0o755);
    expect((await init(on, '--undo')).status).toBe(0);
    expect(readFileSync(good, 'utf8')).toBe(GOOD);
  });

  it('an empty file, one with comments only, and one without servers are no problem', async () => {
    for (const text of ['', '// nothing\n', '{ "theme": "dark" }\n', '{ "mcpServers": null }']) {
      const { on } = two((path) => writeFileSync(path, text));
      expect(await init(on, '--no-scan', '--yes', '--json')).toMatchObject({ status: 0 });
    }
  });

  it('--config with a file that is not there is a usage error', async () => {
    expect(await init(machine('', 'none'), '--config', 'nowhere.json', '--yes')).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such file') as string });
  });
});

describe('what stays as it is', () => {
  it('a link stays a link, and the file behind it is changed and taken back', async () => {
    const on = machine('', 'none');
    mkdirSync(join(on.home, '.cursor'));
    mkdirSync(join(on.root, 'dotfiles'));
    writeFileSync(join(on.root, 'dotfiles/mcp.json'), GOOD, { mode: 0o600 });
    symlinkSync('../../dotfiles/mcp.json', join(on.home, '.cursor/mcp.json'));
    utimesSync(join(on.root, 'dotfiles/mcp.json'), 1_700_000_000, 1_700_000_123);
    const before = snapshot(on.home, join(on.root, 'dotfiles'));
    expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
    expect(readlinkSync(join(on.home, '.cursor/mcp.json'))).toBe('../../dotfiles/mcp.json');
    expect(lstatSync(join(on.root, 'dotfiles/mcp.json')).isFile()).toBe(true);
    expect(readFileSync(join(on.root, 'dotfiles/mcp.json'), 'utf8')).toContain('--policy');
    expect(statSync(join(on.root, 'dotfiles/mcp.json')).mode & 0o777).toBe(0o600);
    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(snapshot(on.home, join(on.root, 'dotfiles'))).toEqual(before);
  });

  it('a file that two clients share by a link is wrapped once', async () => {
    const on = machine('', 'none');
    mkdirSync(join(on.home, '.cursor'));
    mkdirSync(join(on.home, '.codeium/windsurf'), { recursive: true });
    writeFileSync(join(on.home, '.cursor/mcp.json'), GOOD);
    symlinkSync(join(on.home, '.cursor/mcp.json'), join(on.home, '.codeium/windsurf/mcp_config.json'));
    const { stdout } = await init(on, '--no-scan', '--yes', '--json');
    expect((JSON.parse(stdout) as { servers: object[] }).servers).toHaveLength(1);
    expect(readFileSync(join(on.home, '.cursor/mcp.json'), 'utf8').match(/--policy/g)).toHaveLength(1);
  });

  it.each([0o600, 0o640, 0o644, 0o755])('the mode %o', async (mode) => {
    const { on, good } = two((path) => rmSync(path));
    chmodSync(good, mode);
    await init(on, '--no-scan', '--yes');
    expect(statSync(good).mode & 0o7777).toBe(mode);
  });

  it.skipIf(process.getuid?.() !== 0)('the owner, where root does the work for somebody', async () => {
    const { on, good } = two((path) => rmSync(path));
    chownSync(good, 1_234, 2_345);
    expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
    expect(statSync(good)).toMatchObject({ uid: 1_234, gid: 2_345 });
    expect(await init(on, '--undo')).toMatchObject({ status: 0 });
    expect(statSync(good)).toMatchObject({ uid: 1_234, gid: 2_345 });
  });

  it('no file is left beside those that were changed', async () => {
    const on = machine();
    const before = Object.keys(snapshot(on.home, on.project));
    await init(on, '--no-scan', '--yes');
    expect(Object.keys(snapshot(on.home, on.project))).toEqual(before);
  });
});

describe('asking first', () => {
  /** A server that leaves a file behind when it is started. */
  function marking(on: Machine): { marker: string; file: string } {
    const marker = join(on.root, 'was-started');
    const file = join(on.home, '.cursor/mcp.json');
    mkdirSync(join(on.home, '.cursor'), { recursive: true });
    writeFileSync(file, JSON.stringify({ mcpServers: { marking: { command: 'touch', args: [marker] } } }));
    return { marker, file };
  }

  it('without a terminal and without --yes nothing is started, nothing is written, and it says so', async () => {
    const on = machine('', 'none');
    const { marker } = marking(on);
    const before = snapshot(on.root);
    const { status, stdout } = await init(on);
    expect(status).toBe(2);
    expect(stdout.replace(/\s+/g, ' ')).toContain('Nothing was started and nothing was changed');
    expect(existsSync(marker)).toBe(false);
    expect(snapshot(on.root)).toEqual(before);
  });

  it.each([['--dry-run'], ['--dry-run', '--yes'], ['--dry-run', '--json']])('%s %s starts nothing and leaves no file anywhere', async (...flags) => {
    const on = machine('', 'none');
    const { marker } = marking(on);
    const before = snapshot(on.root);
    const { status, stdout } = await init(on, ...flags);
    expect(status).toBe(0);
    expect(stdout).toContain('+++');
    expect(existsSync(marker)).toBe(false);
    expect(snapshot(on.root)).toEqual(before);
    expect(existsSync(on.data)).toBe(false);
  });

  it('--no-scan starts nothing, and the policy denies everything', async () => {
    const on = machine('', 'none');
    const { marker, file } = marking(on);
    expect(await init(on, '--no-scan', '--yes')).toMatchObject({ status: 0 });
    expect(existsSync(marker)).toBe(false);
    expect(readFileSync(file, 'utf8')).toContain('--policy');
    const policy = join(on.data, 'policies/marking.policy.yaml');
    expect(readFileSync(policy, 'utf8')).toMatch(/^default: deny$/m);
    expect(statSync(policy).mode & 0o777).toBe(0o600);
  });

  it('--yes names every command before it starts it; a server that fails is left alone, status 2', async () => {
    const on = machine('', 'none');
    const { marker, file } = marking(on);
    const before = readFileSync(file);
    const { status, stdout } = await init(on, '--yes');
    expect(stdout).toContain(`marking: touch ${marker}`);
    expect(existsSync(marker)).toBe(true);
    expect(status).toBe(2);
    expect(stdout).toContain('left alone');
    expect(readFileSync(file)).toEqual(before);
  });

  it('--yes does not start what a file of the project names: a cloned repository may name anything', async () => {
    const on = machine('', 'none');
    const marker = join(on.root, 'was-started');
    writeFileSync(join(on.project, '.mcp.json'), JSON.stringify({ mcpServers: { evil: { command: 'touch', args: [marker] } } }));
    const { status, stdout } = await init(on, '--yes');
    expect(status).toBe(0);
    expect(existsSync(marker)).toBe(false);
    expect(stdout.replace(/\s+/g, ' ')).toContain('add --trust-project');
    await init(on, '--yes', '--trust-project');
    expect(existsSync(marker)).toBe(true);
  });

  it.each([
    ['of the user', {}],
    ['of the user, disabled', { disabled: true }],
  ])('--yes starts no entry of the project that has the command of one %s: its variables can run any code', async (_title, own) => {
    const on = machine('', 'none');
    const file = join(on.home, '.cursor/mcp.json');
    mkdirSync(join(file, '..'));
    const entry = { command: 'sh', args: ['-c', 'touch "$MARKER"'] };
    writeFileSync(file, JSON.stringify({ mcpServers: { same: { ...entry, ...own, env: { MARKER: join(on.root, 'by-user') } } } }));
    writeFileSync(join(on.project, '.mcp.json'), JSON.stringify({ mcpServers: { same: { ...entry, env: { MARKER: join(on.root, 'by-project') } } } }));
    await init(on, '--yes');
    expect(existsSync(join(on.root, 'by-project'))).toBe(false);
    expect(existsSync(join(on.root, 'by-user'))).toBe(!('disabled' in own));
  });

  it('the variables that a project sets for a command are named before it is started', async () => {
    const on = machine('', 'none');
    writeFileSync(join(on.project, '.mcp.json'), JSON.stringify({ mcpServers: { a: { command: 'true', env: { NODE_OPTIONS: '--require=./a.cjs' } } } }));
    const { stdout } = await init(on, '--yes', '--trust-project');
    expect(stdout.replace(/\s+/g, ' ')).toContain('a: true (named by a file of this project, which sets NODE_OPTIONS)');
    expect(stdout).not.toContain('a.cjs');
  });

  it('a disabled server is not started', async () => {
    const on = machine('', 'none');
    const { marker, file } = marking(on);
    writeFileSync(file, JSON.stringify({ mcpServers: { marking: { command: 'touch', args: [marker], disabled: true } } }));
    expect(await init(on, '--yes')).toMatchObject({ status: 0 });
    expect(existsSync(marker)).toBe(false);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ mcpServers: { marking: { disabled: true, args: expect.arrayContaining(['--policy', 'touch', marker]) as string[] } } });
  });

  it('a reference that only the client can fill in: left alone, and --no-scan wraps it', async () => {
    const on = machine('', 'none');
    const file = join(on.home, '.config/Code/User/mcp.json');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '{ "servers": { "asks": { "command": "node", "args": ["${input:token}"] } } }');
    const { status, stdout } = await init(on, '--yes');
    expect(status).toBe(2);
    expect(stdout.replace(/\s+/g, ' ')).toContain('${input:token}');
    expect(await init(on, '--yes', '--no-scan')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toContain('"node", "${input:token}"');
  });
});

describe('policies', () => {
  it('one that was edited is never replaced, one that was not is', async () => {
    const on = machine('', 'none');
    mkdirSync(join(on.home, '.cursor'));
    const file = join(on.home, '.cursor/mcp.json');
    const server = machine();
    writeFileSync(file, JSON.stringify({ mcpServers: { it: { command: process.execPath, args: [join(server.root, 'demo-server.mjs')] } } }));
    const policy = join(on.data, 'policies/it.policy.yaml');
    const round = async (...flags: string[]): Promise<string> => {
      expect((await init(on, '--yes', ...flags)).status).toBe(0);
      expect((await init(on, '--undo')).status).toBe(0);
      return readFileSync(policy, 'utf8');
    };
    const first = await round('--no-scan');
    expect(first).toContain('tools: {}');
    const second = await round();
    expect(second).toContain('list_images');
    expect(await round('--no-scan')).toBe(second);
    writeFileSync(policy, `${second}# mine\n`);
    expect(await round()).toBe(`${second}# mine\n`);
    writeFileSync(policy, 'version: "1"\ndefault: perhaps\n');
    const { status, stdout } = await init(on, '--yes');
    expect(status).toBe(2);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/its policy has an error: line 2/);
    expect(readFileSync(file, 'utf8')).not.toContain('--policy');
  });

  it('one for a tool whose schema cannot be used does not ask for it: that would refuse every call', async () => {
    const on = machine('', 'none');
    mkdirSync(join(on.home, '.cursor'));
    const server = join(on.root, 'server.mjs');
    const tool = { name: 'start_job', description: 'Starts a job', inputSchema: { type: 'object', properties: { id: { type: 'string', pattern: '^(?=x)' } } } };
    writeFileSync(server, `import { createInterface } from 'node:readline';
      createInterface({ input: process.stdin }).on('line', (line) => {
        const { id, method, params } = JSON.parse(line);
        const result = method === 'initialize' ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } : { tools: [${JSON.stringify(tool)}] };
        if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });`);
    writeFileSync(join(on.home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { it: { command: process.execPath, args: [server] } } }));
    expect(await init(on, '--yes')).toMatchObject({ status: 0 });
    const policy = readFileSync(join(on.data, 'policies/it.policy.yaml'), 'utf8');
    expect(policy).toContain('start_job: { rate_limit:');
    expect(policy).not.toContain('schema: upstream');
  });

  it('two servers of one name that are not the same have a policy each', async () => {
    const on = machine('', 'none');
    for (const [path, args] of [['.cursor/mcp.json', ['a']], ['.gemini/settings.json', ['b']]] as const) {
      mkdirSync(join(on.home, path, '..'), { recursive: true });
      writeFileSync(join(on.home, path), JSON.stringify({ mcpServers: { db: { command: 'node', args } } }));
    }
    await init(on, '--yes', '--no-scan');
    expect(readFileSync(join(on.home, '.cursor/mcp.json'), 'utf8')).toContain('/db.policy.yaml');
    expect(readFileSync(join(on.home, '.gemini/settings.json'), 'utf8')).toContain('/db-2.policy.yaml');
  });
});

describe('secrets', () => {
  it.each([['--dry-run'], ['--dry-run', '--json'], ['--no-scan', '--yes'], ['--no-scan', '--yes', '--json']])('%s %s prints none', async (...flags) => {
    const { stdout, stderr } = await init(machine('http://127.0.0.1:9/mcp'), ...flags);
    expect(stdout).toContain('registry');
    expect(stdout + stderr).not.toContain('fixture-secret');
  });

  it('what is kept of them is for the owner only', async () => {
    const on = machine();
    await init(on, '--no-scan', '--yes');
    const kept = snapshot(on.data);
    expect(Object.keys(kept).length).toBeGreaterThan(10);
    for (const [path, state] of Object.entries(kept)) expect([path, state.slice(0, 6)]).toEqual([path, '100600']);
    for (const directory of ['', 'policies', 'init', 'init/backups']) expect(statSync(join(on.data, directory)).mode & 0o077).toBe(0);
  });

  it('no wrapped entry has one among its arguments', async () => {
    const on = machine('http://127.0.0.1:9/mcp');
    const { stdout } = await init(on, '--no-scan', '--yes', '--json');
    expect((JSON.parse(stdout) as { servers: { state: string }[] }).servers.filter(({ state }) => state === 'wrapped').length).toBeGreaterThan(20);
    for (const path of Object.keys(snapshot(on.home, on.project))) {
      for (const [list] of readFileSync(path, 'utf8').matchAll(/"?args"?\s*[:=]\s*\[[^\]]*\]/g)) expect(list).not.toContain('fixture-secret');
    }
  });
});

describe('hostile names', () => {
  it('a name with control characters is shown escaped, and names no file outside of the policies', async () => {
    const on = machine('', 'none');
    mkdirSync(join(on.home, '.cursor'));
    writeFileSync(join(on.home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { '../../\u001b[2Jevil\u202e': { command: 'node', args: ['\u001b]0;x\u0007'] } } }));
    const { stdout, status } = await init(on, '--yes', '--no-scan');
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(Object.keys(snapshot(join(on.data, 'policies')))).toEqual([join(on.data, 'policies/2Jevil.policy.yaml')]);
  });
});
