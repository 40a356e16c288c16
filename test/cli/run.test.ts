import { existsSync, readFileSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StdioClient, codeOf, demoServer, policylayer, start, temporary } from './support.ts';

const ALLOW_LIST = 'version: "1"\ndefault: deny\ntools:\n  list_images: allow\n  describe_image: allow\n  rotate_credentials: hide\n';
const DENY_ALL = 'version: "1"\ndefault: deny\n';

function runDemo(directory: string, args: readonly string[] = []): StdioClient {
  return new StdioClient(start(['run', '--policy', join(directory, 'p.yaml'), ...args, '--', process.execPath, demoServer], { cwd: directory }));
}

describe('run', () => {
  it('holds the policy on a real server: allowed, refused with code, hidden like a tool that does not exist', async () => {
    const client = runDemo(temporary({ 'p.yaml': ALLOW_LIST }));
    expect((await client.initialize()).result.serverInfo.name).toBe('demo-registry');
    const { tools } = (await client.request('tools/list')).result;
    expect(tools.map((tool: { name: string }) => tool.name)).toEqual(['list_images', 'describe_image', 'clone_container', 'delete_image']);
    const allowed = await client.call('describe_image', { image: 'api:1.4' });
    expect(allowed.result.structuredContent.sizeMb).toBe(182);
    const denied = await client.call('delete_image', { image: 'api:1.4' });
    expect([codeOf(denied), denied.result.isError]).toEqual(['default_denied', true]);
    const hidden = await client.call('rotate_credentials');
    const unknown = await client.call('no_such_tool');
    expect(JSON.stringify(hidden.error)).toBe(JSON.stringify(unknown.error).replaceAll('no_such_tool', 'rotate_credentials'));
    expect(await client.end()).toBe(0);
  });

  it('ends with the status of the server', async () => {
    const directory = temporary({ 'p.yaml': DENY_ALL });
    const code = "process.stdin.once('data', () => process.exit(7)); process.stdin.resume();";
    const result = await policylayer(['run', '--policy', 'p.yaml', '--', process.execPath, '-e', code], { cwd: directory, input: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\n' });
    expect(result.status).toBe(7);
  });

  it('[D2] writes nothing but the protocol to stdout, also when there is much to say', async () => {
    const directory = temporary({ 'p.yaml': 'version: "1"\ndefault: deny\ntools:\n  "list_*":\n    rate_limit: 5/minute\n' });
    const client = runDemo(directory);
    await client.initialize();
    await client.stderr.match(/warning: /);
    expect(await client.end()).toBe(0);
  });

  const broken: readonly [title: string, files: Readonly<Record<string, string>>, args: readonly string[], messages: readonly RegExp[]][] = [
    ['a missing policy file', {}, ['--policy', 'p.yaml'], [/p\.yaml:1:1: error: there is no such file/]],
    ['a directory', {}, ['--policy', '.'], [/error: this is not a file/]],
    ['a file that is not UTF-8', { 'p.yaml': '' }, ['--policy', 'latin1.yaml'], [/error: the file is not UTF-8/]],
    ['three mistakes in two files', { 'p.yaml': 'version: "1"\ndefault: alow\ntols: {}\n', 'q.yaml': 'version: "2"\ndefault: deny\n' }, ['--policy', 'p.yaml', '--policy', 'q.yaml'], [/p\.yaml:2:10: error: /, /p\.yaml:3:1: error: .*\n(.*\n)*.*did you mean `tools`/, /q\.yaml:1:10: error: /]],
    ['a class that there is not, beside other mistakes', { 'p.yaml': 'version: "1"\ndefault: deny\ntools:\n  a: { require: "args.x < " }\n  b: { budget: { sum: args.x, max: 0, window: 60 } }\n  "@reed": allow\n' }, ['--policy', 'p.yaml'], [/4:\d+: error: /, /5:\d+: error: /, /6:3: error: .*there is no class/]],
  ];

  it.each(broken)('%s: every mistake is reported, status 2, and the server is never started', async (_title, files, args, messages) => {
    const directory = temporary(files);
    writeFileSync(join(directory, 'latin1.yaml'), Buffer.from('version: "1"\ndefault: deny # \xe9\n', 'latin1'));
    const marker = join(directory, 'started');
    const result = await policylayer(['run', ...args, '--', process.execPath, '-e', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`], { cwd: directory });
    for (const message of messages) expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
    expect(result.status).toBe(2);
    expect(existsSync(marker)).toBe(false);
  });

  const edits: readonly [title: string, edit: (path: string, text: string) => void][] = [
    ['written in place', (path, text) => writeFileSync(path, text)],
    ['written beside and renamed, as editors do', (path, text) => {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    }],
    ['removed and made again', (path, text) => {
      unlinkSync(path);
      writeFileSync(path, text);
    }],
    ['renamed away, then written, as vim does', (path, text) => {
      renameSync(path, `${path}~`);
      writeFileSync(path, text);
    }],
  ];

  it.each(edits)('[#48] a policy that is %s holds for the next call, and the client is told', async (_title, edit) => {
    const directory = temporary({ 'p.yaml': ALLOW_LIST });
    const path = join(directory, 'p.yaml');
    const client = runDemo(directory);
    await client.initialize();
    expect(codeOf(await client.call('list_images'))).toBeNull();
    edit(path, DENY_ALL);
    await client.stderr.match(/policy reloaded: p@/);
    await client.notified('notifications/tools/list_changed');
    expect(codeOf(await client.call('list_images'))).toBe('default_denied');
    edit(path, ALLOW_LIST);
    await client.stderr.match(/policy reloaded: p@(.|\n)*policy reloaded: p@/);
    expect(codeOf(await client.call('list_images'))).toBeNull();
    expect(await client.end()).toBe(0);
  });

  it('[#48] an edit with a mistake is reported and changes nothing, and the next good one counts', async () => {
    const directory = temporary({ 'p.yaml': ALLOW_LIST });
    const path = join(directory, 'p.yaml');
    const client = runDemo(directory);
    await client.initialize();
    for (const bad of ['version: "1"\ndefault: allow\ntoools: {}\n', '', 'version: "1"\ndefault: allow\ntools: [\n']) {
      const from = client.stderr.text.length;
      writeFileSync(path, bad);
      await client.stderr.match(/p\.yaml:\d+:\d+: error: (.|\n)*the last valid version stays in force/, from);
      expect(codeOf(await client.call('delete_image', { image: 'x' }))).toBe('default_denied');
      expect(codeOf(await client.call('list_images'))).toBeNull();
    }
    unlinkSync(path);
    await client.stderr.match(/there is no such file(.|\n)*the last valid version stays in force/);
    expect(codeOf(await client.call('list_images'))).toBeNull();
    writeFileSync(path, DENY_ALL);
    await client.stderr.match(/policy reloaded/);
    expect(codeOf(await client.call('list_images'))).toBe('default_denied');
    expect(await client.end()).toBe(0);
  });

  it('several policies: the strictest wins, and each is reloaded', async () => {
    const directory = temporary({ 'p.yaml': 'version: "1"\ndefault: allow\n', 'q.yaml': 'version: "1"\ndefault: allow\ntools:\n  delete_image: deny\n' });
    const client = runDemo(directory, ['--policy', join(directory, 'q.yaml')]);
    await client.initialize();
    expect(codeOf(await client.call('delete_image', { image: 'x' }))).toBe('denied');
    expect(codeOf(await client.call('list_images'))).toBeNull();
    writeFileSync(join(directory, 'q.yaml'), 'version: "1"\ndefault: allow\ntools:\n  list_images: deny\n');
    await client.stderr.match(/policy reloaded/);
    expect(codeOf(await client.call('list_images'))).toBe('denied');
    expect(await client.end()).toBe(0);
  });

  it('a limit holds across two runs of one label, and the journal has a row for every call', async () => {
    const directory = temporary({ 'p.yaml': 'version: "1"\ndefault: deny\ntools:\n  list_images:\n    rate_limit: { max: 3, window: 600, per: grant }\n' });
    const codes: (string | null)[] = [];
    for (let round = 0; round < 2; round += 1) {
      const client = runDemo(directory, ['--label', 'me']);
      await client.initialize();
      for (let call = 0; call < 2; call += 1) codes.push(codeOf(await client.call('list_images')));
      expect(await client.end()).toBe(0);
    }
    expect(codes).toEqual([null, null, null, 'rate_limited']);
    const other = runDemo(directory, ['--label', 'you']);
    await other.initialize();
    expect(codeOf(await other.call('list_images'))).toBeNull();
    await other.end();
    const status = JSON.parse((await policylayer(['status', '--json'], { cwd: directory })).stdout);
    expect(status.journal.lastHour).toEqual({ ok: 4, refused: 1 });
    expect(status.journal.codes).toEqual({ rate_limited: 1 });
    const logs = async (...args: string[]) => (await policylayer(['logs', '--json', ...args], { cwd: directory })).stdout.trim().split('\n').map((line) => JSON.parse(line));
    expect((await logs()).map((row) => [row.grant, row.name, row.outcome])).toEqual([['me', 'list_images', 'ok'], ['me', 'list_images', 'ok'], ['me', 'list_images', 'ok'], ['me', 'list_images', 'refused'], ['you', 'list_images', 'ok']]);
    expect((await logs('--outcome', 'refused')).map((row) => [row.code, row.rule])).toEqual([['rate_limited', '/tools/list_images/rate_limit']]);
  });

  it('everything it keeps is readable by the owner only', async () => {
    const directory = temporary({ 'p.yaml': ALLOW_LIST });
    const client = runDemo(directory);
    await client.initialize();
    await client.call('list_images');
    await client.end();
    const data = join(directory, 'state', 'policylayer');
    const entries = readdirSync(data, { recursive: true, withFileTypes: true });
    expect(entries.some((entry) => entry.name.endsWith('.db'))).toBe(true);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      expect((statSync(path).mode & 0o777).toString(8), path).toBe(entry.isDirectory() ? '700' : '600');
    }
  });

  it('a checked policy is kept, and a damaged or foreign copy of it is never believed', async () => {
    const directory = temporary({ 'p.yaml': ALLOW_LIST });
    const cache = join(directory, 'state', 'policylayer', 'policy-cache');
    const decide = async (): Promise<string | null> => {
      const client = runDemo(directory);
      await client.initialize();
      const code = codeOf(await client.call('delete_image', { image: 'x' }));
      await client.end();
      return code;
    };
    expect(await decide()).toBe('default_denied');
    const [name = ''] = readdirSync(cache);
    const kept = readFileSync(join(cache, name), 'utf8');
    expect(kept).toContain('policylayer/checked-policy@2');
    for (const damaged of ['', '{', kept.slice(0, -5), kept.replace('"default":"deny"', '"default":"alow"'), kept.replace('"name":"p"', '"name":"q"')]) {
      writeFileSync(join(cache, name), damaged);
      expect(await decide()).toBe('default_denied');
    }
  });

  it.skipIf(process.platform === 'win32')('[D3] SIGTERM ends the server and the run; a server that ignores it does not survive', async () => {
    const directory = temporary({ 'p.yaml': DENY_ALL });
    const pidFile = join(directory, 'pid');
    const stubborn = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdin.resume(); process.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{}}\\n');`;
    const client = new StdioClient(start(['run', '--policy', 'p.yaml', '--', process.execPath, '-e', stubborn], { cwd: directory }));
    await client.stderr.match(/^/);
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await new Promise((done) => setTimeout(done, 20));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    client.child.kill('SIGTERM');
    const status = await new Promise((done) => client.child.once('close', (code) => done(code)));
    expect(status).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
