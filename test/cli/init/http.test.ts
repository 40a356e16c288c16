import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunOptions } from '../../../src/cli/run-options.ts';
import { StdioClient, codeOf, policylayer, start } from '../support.ts';
import { httpServer, init, machine, type Machine } from './support.ts';

function cursor(on: Machine, server: object): string {
  const file = join(on.home, '.cursor/mcp.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify({ mcpServers: { it: server } }, null, 2));
  return file;
}

/** A server that answers everything with one status. */
async function answering(status: number): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => void response.writeHead(status, { 'WWW-Authenticate': 'Bearer' }).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, close: () => void server.close() };
}

describe('servers over HTTP', () => {
  it('one that wants its client to sign in (OAuth) is left alone with a line that says so, status 0', async () => {
    const server = await answering(401);
    const on = machine('', 'none');
    const file = cursor(on, { url: server.url });
    const before = readFileSync(file);
    const { status, stdout } = await init(on, '--yes');
    expect(status).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain('left alone: the client signs in to it by itself (OAuth)');
    expect(readFileSync(file)).toEqual(before);
    server.close();
  });

  it('one that refuses the configured credential is a problem, and the credential is not printed', async () => {
    const server = await answering(401);
    const on = machine('', 'none');
    cursor(on, { url: server.url, headers: { Authorization: 'Bearer fixture-secret-wrong' } });
    const { status, stdout, stderr } = await init(on, '--yes');
    expect(status).toBe(2);
    expect(stdout).toContain('credentials_needed');
    expect(stdout + stderr).not.toContain('fixture-secret');
    server.close();
  });

  it.each([404, 405])('one that answers POST with %i is named as what it may be', async (code) => {
    const server = await answering(code);
    const on = machine('', 'none');
    cursor(on, { url: server.url });
    const { status, stdout } = await init(on, '--yes');
    expect(status).toBe(2);
    expect(stdout.replace(/\s+/g, ' ')).toContain('older HTTP+SSE transport');
    server.close();
  });

  it('one on another machine that nobody has asked is not wrapped without credentials: it may want a sign-in', async () => {
    const on = machine('', 'none');
    const file = cursor(on, { url: 'https://mcp.example.com/mcp' });
    const { status, stdout } = await init(on, '--yes', '--no-scan');
    expect(status).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain('nobody knows whether the client has to sign in');
    expect(readFileSync(file, 'utf8')).not.toContain('--policy');
    cursor(on, { url: 'https://mcp.example.com/mcp', headers: { 'X-Key': 'fixture-secret' } });
    await init(on, '--yes', '--no-scan');
    expect(readFileSync(file, 'utf8')).toContain('--policy');
  });

  it('its credentials are in no process list while it runs, and reach the server', async () => {
    const server = await httpServer();
    const on = machine('', 'none');
    const file = cursor(on, { url: `${server.url}?api_key=fixture-secret-query`, headers: { Authorization: 'Bearer fixture-secret-header', 'X-Extra': 'fixture-secret-extra' } });
    expect(await init(on, '--yes')).toMatchObject({ status: 0 });
    const { it: entry } = (JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, { args: string[]; env: Record<string, string> }> }).mcpServers;
    const child = start(entry?.args.slice(1) ?? [], { cwd: on.project, env: { ...on.env, ...entry?.env } });
    const client = new StdioClient(child);
    await client.initialize();
    expect((await client.call('get_ticket', { id: '1' })).result).toMatchObject({ content: [{ text: 'called get_ticket' }] });
    expect(codeOf(await client.call('delete_everything'))).toBeNull();
    expect(server.seen.at(-1)).toBe('/mcp?api_key=fixture-secret-query Bearer fixture-secret-header fixture-secret-extra');
    if (existsSync('/proc/self/cmdline')) {
      const lists = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return '';
        }
      });
      expect(lists.some((line) => line.includes(on.data))).toBe(true);
      for (const line of lists) expect(line).not.toContain('fixture-secret-');
    }
    await client.end();
    server.close();
  });

  it('a server that says its own token when it fails does not get it printed', async () => {
    const on = machine('', 'none');
    const script = join(on.root, 'fails.mjs');
    writeFileSync(script, 'process.stderr.write(`bad value ${process.env.IT} ${process.argv[3]} ${process.argv[4].slice(8)}\\n`); process.exit(3);');
    cursor(on, { command: process.execPath, args: [script, '--api-key', 'fixture-secret-argument', '--token=fixture-secret-other'], env: { IT: 'fixture-secret-env' } });
    const { status, stdout, stderr } = await init(on, '--yes');
    expect(status).toBe(2);
    expect(stdout).toContain('bad value');
    expect(stdout + stderr).not.toContain('fixture-secret');
  });
});

describe('run, for what init writes', () => {
  const url = (args: readonly string[], env: Record<string, string>): unknown => {
    const upstream = readRunOptions(['--policy', 'p.yaml', ...args], env)?.upstream;
    return upstream?.kind === 'http' ? [upstream.spec.url.href, { ...upstream.spec.headers }] : upstream;
  };

  it('takes its URL and a bearer token from variables', () => {
    expect(url(['--upstream-env', 'U', '--bearer-env', 'T'], { U: 'https://a.example/mcp?k=1', T: 'token' })).toEqual(['https://a.example/mcp?k=1', { Authorization: 'Bearer token' }]);
  });

  it.each<[string[], Record<string, string>, RegExp]>([
    [['--upstream-env', 'U'], {}, /variable `U` is not set/],
    [['--upstream-env', 'U'], { U: '' }, /variable `U` is not set or empty/],
    [['--upstream', 'https://a.example', '--upstream-env', 'U'], { U: 'https://b.example' }, /both --upstream and --upstream-env/],
    [['--upstream-env', 'U', '--bearer-env', 'T'], { U: 'https://a.example' }, /variable `T` is not set/],
    [['--upstream-env', 'U', '--bearer-env', 'T', '--header-env', 'authorization=T'], { U: 'https://a.example', T: 'x' }, /given twice/],
    [['--upstream-env', 'U', '--bearer-env', 'T'], { U: 'https://a.example', T: 'x\ny' }, /character/],
    [['--upstream-env', 'U'], { U: 'https://u:p@a.example' }, /user name or password/],
    [['--bearer-env', 'T', '--', 'node'], { T: 'x' }, /no effect on a command/],
    [['--upstream-env', '__proto__'], {}, /not set/],
  ])('%j is refused, and shows no value', (args, env, message) => {
    expect(() => url(args, env)).toThrow(message);
    expect(() => url(args, env)).not.toThrow(/b\.example|u:p/);
  });

  it('its help names them', async () => {
    const { stdout } = await policylayer(['run', '--help']);
    expect(stdout).toContain('--bearer-env VAR');
    expect(stdout).toContain('--upstream-env VAR');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(90);
  });
});
